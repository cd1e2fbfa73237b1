"""Halos from first crossings alone: what excursion-set theory without a network makes of a realisation.

From the largest mass scale down, connected regions of cells that first cross the barrier on that scale become halos of
that mass about their centres; cells inside a halo's sphere belong to it and found no others (after Bond & Myers 1996).
Where spheres overlap the larger keeps the cells, and the mass of the smaller is that of the cells left to it.
"""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Field
from core.cosmos.measures.crossing import FirstCrossing
from core.cosmos.universe import Universe
from core.protohalos.finder import Found, claim
from core.protohalos.regions import connected


def excursion_halos(crossing: FirstCrossing, field: Field, mean_density: float, minimum_cells: int) -> Found:
    """Halos of at least `minimum_cells` cells from one of the two fields of first-crossing masses."""
    first = np.asarray(field.values)
    cells, cell = field.cells, field.cell_size
    label = np.zeros(first.shape, dtype=np.int32)
    centres: list[tuple[float, ...]] = []
    for level, mass in enumerate(crossing.masses):
        radius = (3 * mass / (4 * np.pi * mean_density)) ** (1 / 3) / cell
        if 4 / 3 * np.pi * radius**3 < minimum_cells:
            break
        for centre in connected((first >= mass) & (label == 0)):
            i, j, k = (round(x) % cells for x in centre)
            if label[i, j, k]:
                continue
            centres.append((*centre, level))
            claim(label, centre, radius, len(centres))
    own = np.bincount(label.reshape(-1), minlength=len(centres) + 1)
    own[0] = 0
    order = np.argsort(-own, kind="stable")[: np.count_nonzero(own >= minimum_cells)]
    ranked = np.zeros(len(own), dtype=np.int32)
    ranked[order] = np.arange(1, len(order) + 1)
    table = np.array(centres).reshape(-1, 4)[order - 1]
    return Found(ranked[label], table[:, :3], (3 * own[order] / (4 * np.pi)) ** (1 / 3), table[:, 3].astype(np.int64))


def halos_of(universe: Universe, minimum_cells: int) -> Found:
    """Halos of the constant barrier (EPS) in the linear density of a universe."""
    from core.cosmos.measures.crossing import first_crossing

    crossing = first_crossing(universe.field("delta_linear"), universe.cosmology)
    return excursion_halos(crossing, crossing.eps, universe.cosmology.mean_density, minimum_cells)
