"""The halo at a point of a box, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.views.overlays import radii
from core.cosmos.box import Catalogue, Frame, by_mass, nearest_image, position_in
from core.cosmos.universe import Universe


@dataclass(frozen=True)
class HaloHere:
    """A halo around a point: its row, rank by mass from 1, of how many, mass [Msun/h] and radius [Mpc/h]."""

    row: int
    rank: int
    count: int
    mass: float
    radius: float
    catalogue: str = ""

    @property
    def words(self) -> str:
        """ "halo 3 of 565 (fof), 2.27e+14 Msun/h, radius 1.2 Mpc/h"."""
        which = f"halo {self.rank} of {self.count} ({self.catalogue})"
        return f"{which}, {self.mass:.3g} Msun/h, radius {self.radius:.3g} Mpc/h"


def halo_here(
    halos: Catalogue,
    universe: Universe,
    frame: Frame,
    at: tuple[float, float, float],
    name: str,
) -> HaloHere | None:
    """The halo whose sphere holds a point [Mpc/h], the deepest inside of several; None outside all of them."""
    if position_in(frame) not in halos or not len(halos):
        return None
    places, sizes = np.asarray(halos[position_in(frame)], dtype=np.float64), radii(halos, universe, frame)
    # a point stands for its cell, which may be larger than a halo
    reach = np.maximum(sizes, universe.box_size / universe.cells)
    away = np.linalg.norm(nearest_image(places - np.asarray(at), universe.box_size), axis=1) / reach
    row = int(np.argmin(away))
    if away[row] > 1:
        return None
    order = by_mass(halos)
    rank = int(np.flatnonzero(order == row)[0]) + 1
    return HaloHere(row, rank, len(halos), float(halos["mass"][row]), float(sizes[row]), name)
