"""The environment of halos: the linear density around where their matter came from."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe

RADIUS = 8.0
"""Of the sphere whose mean linear overdensity is the environment [Mpc/h]."""
_MOST = 128
"""Cells per side on which spheres are averaged."""


def surroundings(universe: Universe, places: Array) -> Array:
    """Mean linear overdensity in spheres of 8 Mpc/h around Lagrangian positions (N, 3); NaN without a linear field."""
    if "delta_linear" not in universe.fields or not len(places):
        return np.full(len(places), np.nan)
    coarse = coarsened(universe.field("delta_linear").values, _MOST)
    n, size = len(coarse), universe.box_size
    k = 2 * np.pi / size * np.fft.fftfreq(n, 1 / n)
    kr = RADIUS * np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + (2 * np.pi / size * np.arange(n // 2 + 1)) ** 2)
    kr[0, 0, 0] = 1.0
    window = 3 * (np.sin(kr) - kr * np.cos(kr)) / kr**3
    window[0, 0, 0] = 1.0
    smooth = np.fft.irfftn(np.fft.rfftn(coarse) * window, coarse.shape, axes=(0, 1, 2))
    x, y, z = (np.floor(np.asarray(places, dtype=np.float64).T * n / size).astype(np.int64)) % n
    return np.asarray(smooth[x, y, z])


def coarsened(values: Array, most: int) -> Array:
    """A cube (n, n, n) as means of blocks, at most so many a side where n can be divided; plane by plane."""
    n = values.shape[0]
    block = next((size for size in range(1, n + 1) if n % size == 0 and n // size <= most), 1)
    m = n // block
    planes = [
        np.asarray(values[i * block : (i + 1) * block], dtype=np.float64).reshape(block, m, block, m, block)
        for i in range(m)
    ]
    return np.stack([plane.mean(axis=(0, 2, 4)) for plane in planes])
