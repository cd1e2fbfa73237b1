"""Cells of more than two pixels: which of them have which of the two colours that a cell has.

They are put into two groups: the ink is the colour of the brighter one, the paper that of the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
_BELOW = -1.0
"""Stands for missing values among shares of 0 to 1."""


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
