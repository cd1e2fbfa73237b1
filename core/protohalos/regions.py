"""Labelled regions of the initial lattice as a catalogue of halos."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled


def catalogue(label: Array, cells: Array, box_size: float, particle_mass: float, definition: str) -> Catalogue:
    """Halos in Lagrangian space from labels (n, n, n), 1 .. L, and the number of cells (L,) of each: M = V rho_m.

    The centre is the centre of mass across the periodic boundary, the radius that of a sphere of the same volume.
    particle_mass is the mass of a cell [Msun/h].
    """
    cell = box_size / label.shape[0]
    position = (centres(label, len(cells)) * cell % box_size).astype(np.float32)
    columns: dict[str, Array] = {
        "mass": cells * particle_mass,
        "count": np.asarray(cells, dtype=np.int64),
        "position": position,
        "lagrangian_position": position,
        "lagrangian_radius": np.cbrt(3 / (4 * np.pi) * cells) * cell,
    }
    units = {"mass": "Msun/h", "position": "Mpc/h", "lagrangian_position": "Mpc/h", "lagrangian_radius": "Mpc/h"}
    return Catalogue(columns, box_size, 0.0, definition, units)


def centres(label: Array, count: int) -> Array:
    """Periodic centres of mass (count, 3) [cells] of labelled regions, measured from the first cell of each."""
    first, total = np.full((count, 3), -1, dtype=np.int64), np.zeros((count, 4))
    _sum_offsets(label, first, total)
    return (first + total[:, :3] / np.maximum(total[:, 3:], 1)) % label.shape[0]


@compiled
def _sum_offsets(label: Array, first: Array, total: Array) -> None:
    n = label.shape[0]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if label[i, j, k] == 0:
                    continue
                region = label[i, j, k] - 1
                if first[region, 0] < 0:
                    first[region, 0], first[region, 1], first[region, 2] = i, j, k
                total[region, 3] += 1
                for axis, place in enumerate((i, j, k)):
                    offset = place - first[region, axis]
                    if offset >= (n + 1) // 2:
                        offset -= n
                    elif offset < -(n // 2):
                        offset += n
                    total[region, axis] += offset
