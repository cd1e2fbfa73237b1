"""From an embedding to halos: particles that are friends there, and the cells around them that are likely in a halo.

A particle's place in the embedding is where a simple theory takes it, moved further by the network. Particles with some
chance to be in a halo that are closer there than a linking length are one halo; cells above another chance that touch
one on the lattice are added. Linking length and both chances are measured on validation universes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from core.cosmos.box import Array, Catalogue, lattice, wrap
from core.cosmos.halos import rank
from core.cosmos.linking import link
from core.protohalos.growth import grown, score
from core.protohalos.regions import by_size, catalogue, sizes

LINKS = (0.15, 0.18, 0.2, 0.22, 0.25, 0.3, 0.4, 0.5, 0.7)
"""Linking lengths [cells] that are tried; 0.2 is that of friends of friends."""

CHANCES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Least chances to be in a halo of particles that found one, as they are tried."""

JOIN = (0.6, 0.8)
"""Chances above which a cell joins the halo that it touches, as they are tried."""


@dataclass(frozen=True)
class Linking:
    """How particles are linked: length [cells] and least chance; and the chance above which others join."""

    length: float
    chance: float
    join: float

    def as_constants(self) -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        return {"linking.length": self.length, "linking.chance": self.chance, "linking.join": self.join}


def from_constants(constants: dict[str, float]) -> Linking:
    """The linking saved by `as_constants`."""
    return Linking(*(constants[f"linking.{name}"] for name in ("length", "chance", "join")))


def halos(probability: Array, displacement: Array, linking: Linking, minimum_cells: int) -> tuple[Array, Array]:
    """Labels (n, n, n) int32 of halos of at least `minimum_cells`, 1 for the largest, 0 for none, and their cells (L,).

    probability (n, n, n); displacement (3, n, n, n) [cells] of every particle from the lattice to the embedding.
    """
    cells = probability.shape[0]
    chosen = np.flatnonzero(probability.reshape(-1) > linking.chance)
    places = lattice(cells, float(cells))[chosen] + displacement.reshape(3, -1).T[chosen]
    # groups that are almost large enough may grow
    found = rank(link(wrap(places.astype(np.float64), float(cells)), float(cells), linking.length), minimum_cells // 2)
    label = np.zeros(cells**3, dtype=np.int32)
    label[chosen] = found
    label = grown(label.reshape((cells,) * 3), np.ascontiguousarray(probability, dtype=np.float32), linking.join)
    return by_size(label, sizes(label), minimum_cells)


def calibrate(
    boxes: Sequence[tuple[Array, Array]], truths: Sequence[Catalogue], particle_mass: float, minimum_cells: int
) -> Linking:
    """The linking with the highest `score`.

    boxes: probability and displacement [cells] of universes with these true halos; particle_mass is a cell's [Msun/h].
    """

    def worth(linking: Linking) -> float:
        return score(
            (truth, catalogue(*halos(*box, linking, minimum_cells), truth.box_size, particle_mass, "clusters"))
            for box, truth in zip(boxes, truths, strict=True)
        )

    return max((Linking(*chosen) for chosen in product(LINKS, CHANCES, JOIN)), key=worth)
