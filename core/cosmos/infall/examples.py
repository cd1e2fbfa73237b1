"""Two subhalos of a table followed from their infall to their end, one of each fate (Petulante 2023, fig. 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe

CATALOGUE = "orbits"
DEFINITION = "orbits"


@dataclass(frozen=True)
class Orbit:
    """A subhalo in its host, from the last snapshot before its entry to today or to its end, T times.

    Positions (T, 3) are comoving [Mpc/h] about the host's centre, radii R200b of the host, comoving too [Mpc/h].
    """

    survived: bool
    scale_factor: Array
    position: Array
    mass: Array
    host_radius: Array

    def __len__(self) -> int:
        return len(self.mass)


def as_catalogue(orbits: Sequence[Orbit], box_size: float) -> Catalogue:
    """Orbits one after the other, in the order of time."""
    columns = {
        "mass": np.concatenate([orbit.mass for orbit in orbits]),
        "position": np.concatenate([orbit.position for orbit in orbits]),
        "survived": np.concatenate([np.full(len(orbit), float(orbit.survived)) for orbit in orbits]),
        "scale_factor": np.concatenate([orbit.scale_factor for orbit in orbits]),
        "host_radius": np.concatenate([orbit.host_radius for orbit in orbits]),
    }
    units = {"mass": "Msun/h", "position": "Mpc/h", "host_radius": "Mpc/h"}
    return Catalogue(columns, box_size, 0.0, DEFINITION, units)


def orbits_of(universe: Universe) -> list[Orbit]:
    """The orbits that come with a table, the surviving one first; none in tables of earlier versions."""
    if CATALOGUE not in universe.halos:
        return []
    rows = universe.catalogue(CATALOGUE)
    if any(name not in rows for name in ("survived", "scale_factor", "host_radius")):
        return []
    found = []
    for fate in (1, 0):
        chosen = rows["survived"] == fate
        if np.count_nonzero(chosen) > 1:
            parts = (rows[name][chosen] for name in ("scale_factor", "position", "mass", "host_radius"))
            found.append(Orbit(fate == 1, *parts))
    return found
