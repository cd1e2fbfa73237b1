"""Cells of more than two pixels: which character shows which pixels, and which pixels have which of two colours.

A cell has two colours however many pixels it has, so they are put into two groups: the ink is the colour of the
brighter one, the paper that of the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.draw.blocks import Blocks

GRID: dict[Blocks, tuple[int, int]] = {"half": (2, 1), "quadrant": (2, 2), "sextant": (3, 2), "octant": (4, 2)}
"""Pixels of a cell, down and across."""
Values = NDArray[np.floating[Any]]
Codes = NDArray[np.int32]

_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_SEXTANTS, _OCTANTS = 0x1FB00, 0x1CD00
# mosaics that were characters before their block was: these have code points of their own
_OLDER_SEXTANTS = {0: 0x20, 21: 0x258C, 42: 0x2590, 63: 0x2588}
_OLDER_OCTANTS = {
    **{0: 0x20, 1: 0x1CEA8, 2: 0x1CEAB, 3: 0x1FB82, 5: 0x2598, 10: 0x259D, 15: 0x2580, 20: 0x1FBE6, 40: 0x1FBE7},
    **{63: 0x1FB85, 64: 0x1CEA3, 80: 0x2596, 85: 0x258C, 90: 0x259E, 95: 0x259B, 128: 0x1CEA0, 160: 0x2597},
    **{165: 0x259A, 170: 0x2590, 175: 0x259C, 192: 0x2582, 240: 0x2584, 245: 0x2599, 250: 0x259F, 252: 0x2586},
    **{255: 0x2588},
}
_BELOW = -1.0
"""Stands for missing values among shares of 0 to 1."""


@lru_cache
def mosaic(blocks: Blocks) -> Codes:
    """The code point for each set of pixels with the ink: bit 0 is the upper left, then to the right, then down."""
    if blocks in ("half", "quadrant"):
        return np.array([ord(sign) for sign in (" ▀▄█" if blocks == "half" else _QUADRANTS)], dtype=np.int32)
    down, across = GRID[blocks]
    code, older = (_SEXTANTS, _OLDER_SEXTANTS) if blocks == "sextant" else (_OCTANTS, _OLDER_OCTANTS)
    codes = []
    for pixels in range(1 << down * across):
        codes.append(older.get(pixels, code))
        code += pixels not in older
    return np.array(codes, dtype=np.int32)


def grouped(pixels: Values) -> tuple[NDArray[np.bool_], Values, Values]:
    """The pixels of cells, last axis, in two groups: which belong to the brighter, its mean and that of the other.

    The groups are those that differ least inside (Otsu's threshold). Missing ones (NaN) are the darkest; where they
    are the whole of a group its mean is missing.
    """
    count = pixels.shape[-1]
    missing = np.isnan(pixels)
    filled = np.where(missing, _BELOW, pixels)
    ranked = np.sort(filled, axis=-1)
    below = np.cumsum(ranked, axis=-1)[..., :-1]
    total = below[..., -1:] + ranked[..., -1:]
    sizes = np.arange(1, count)
    between = below**2 / sizes + (total - below) ** 2 / (count - sizes)
    threshold = np.take_along_axis(ranked, between.argmax(axis=-1)[..., None], axis=-1)
    bright = filled > threshold
    paper = _mean(pixels, ~bright & ~missing)
    return bright, np.where(bright.any(axis=-1), _mean(pixels, bright & ~missing), paper), paper


def two_labels(pixels: Values) -> tuple[NDArray[np.bool_], Values, Values]:
    """As `grouped`, of labels: the most frequent label is the paper, the most frequent of the others the ink."""
    votes = (pixels[..., :, None] == pixels[..., None, :]).sum(axis=-1)
    paper = np.take_along_axis(pixels, votes.argmax(axis=-1)[..., None], axis=-1)
    other = pixels != paper
    ink = np.take_along_axis(pixels, np.where(other, votes, 0).argmax(axis=-1)[..., None], axis=-1)
    return other, ink[..., 0], paper[..., 0]


def _mean(pixels: Values, chosen: NDArray[np.bool_]) -> Values:
    number = chosen.sum(axis=-1)
    total = np.where(chosen, pixels, 0.0).sum(axis=-1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
