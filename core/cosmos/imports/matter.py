"""The density of all matter: dark matter, gas, stars and black holes by their masses."""

from __future__ import annotations

from itertools import product

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.snapshots import Matter


def paint_matter(
    matter: Matter, cells: int, box_size: float, offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Array:
    """Overdensity (n, n, n) of particles of many masses, cloud in cell, on the mesh that begins at the offset."""
    scaled = (matter.positions - np.asarray(offset)) * (cells / box_size)
    low = np.floor(scaled).astype(np.int64)
    above = scaled - low
    mesh = np.zeros(cells**3)
    for corner in product((0, 1), repeat=3):
        node = np.ravel_multi_index(tuple(((low + corner) % cells).T), (cells,) * 3)
        weight = np.where(corner, above, 1 - above).prod(axis=1) * matter.shares
        mesh += np.bincount(node, weight, cells**3)
    return (mesh * cells**3 - 1).astype(np.float32).reshape((cells,) * 3)
