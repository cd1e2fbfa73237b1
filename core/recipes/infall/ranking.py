"""Which features tell most: the range of binned means (Petulante 2023, section 2.4.1).

The first feature is the one in whose bins of equal count the mean outcome ranges most. The next is the one with the
largest range at fixed values of those already chosen, averaged over their bins. Ranges are shares of the outcome's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.learning.samples import mix

RANKS = 4
"""Features that are ranked: the rows do not suffice for bins in more dimensions."""
FIRST_BINS, LATER_BINS = 10, 5
"""Bins of the first feature, and most bins of the others."""
USUAL, FEWEST = 20, 10
"""Rows that a bin of the last rank should have, and those that it must have for its mean to count."""
_TIE = 0.995
"""Ranges closer than this share are equal."""


@dataclass(frozen=True)
class Ranking:
    """Features in the order of their choice, the range of each, and that of random numbers at the last rank."""

    names: tuple[str, ...]
    ranges: tuple[float, ...]
    noise: float
    noise_error: float


def rank(names: Sequence[str], features: Array, target: Array, seed: int, runs: int = 100) -> Ranking:
    """Rank the four most telling features (N, F) for a target (N,); the noise floor from `runs` random features.

    Of features that carry the same information, such as mass and radius, the first in the order of `names` is taken
    and the other never.
    """
    span = float(target.max() - target.min())
    cell = np.zeros(len(target), dtype=np.int64)
    order = [np.argsort(values, kind="stable") for values in features.T]
    chosen: list[int] = []
    known: set[int] = set()
    ranges: list[float] = []
    for bins in bins_of(len(target)):
        if len(known) == features.shape[1]:
            break
        found = [
            -1.0 if column in known else _mean_range(cell, features[:, column], target, bins) / span
            for column in range(features.shape[1])
        ]
        best = next(column for column, value in enumerate(found) if value >= _TIE * max(found))
        before = cell
        chosen.append(best)
        known |= {column for column in range(len(order)) if np.array_equal(order[column], order[best])}
        ranges.append(found[best])
        cell = cell * bins + _bins(before, features[:, best], bins)
    random = np.random.default_rng(mix(seed, len(target)))
    noise = [_mean_range(before, random.random(len(target)), target, bins) / span for _ in range(runs)]
    return Ranking(
        tuple(names[column] for column in chosen), tuple(ranges), float(np.mean(noise)), float(np.std(noise))
    )


def bins_of(rows: int) -> tuple[int, ...]:
    """Bins of the feature that is looked at, by rank: as many as the rows fill."""
    later = int((rows / (FIRST_BINS * USUAL)) ** (1 / (RANKS - 1)))
    return (FIRST_BINS, *(RANKS - 1) * (min(max(later, 2), LATER_BINS),))


def _bins(cell: Array, values: Array, bins: int) -> Array:
    """The bin of equal count (N,) of each value among those of its cell; equal values share one."""
    order = np.lexsort((values, cell))
    ordered_cell, ordered = cell[order], values[order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered_cell)) + 1])
    counts = np.diff(np.append(starts, len(cell)))
    within = np.arange(len(cell)) - np.repeat(starts, counts)
    # the place of the first of equal values stands for all of them
    new = np.ones(len(cell), dtype=bool)
    new[1:] = (np.diff(ordered) != 0) | (np.diff(ordered_cell) != 0)
    first = np.maximum.accumulate(np.where(new, np.arange(len(cell)), 0))
    place = within[first]
    result = np.empty(len(cell), dtype=np.int64)
    result[order] = place * bins // np.repeat(counts, counts)
    return result


def _mean_range(cell: Array, values: Array, target: Array, bins: int) -> float:
    """The range of the mean target over the bins of a feature within each cell, averaged over the rows' cells."""
    _, cells = np.unique(cell, return_inverse=True)
    count = int(cells.max()) + 1
    index = cells * bins + _bins(cell, values, bins)
    number = np.bincount(index, minlength=count * bins).reshape(count, bins)
    total = np.bincount(index, target, count * bins).reshape(count, bins)
    enough = number >= FEWEST
    means = np.divide(total, number, out=np.full(total.shape, np.nan), where=enough)
    valid = enough.sum(axis=1) >= 2
    if not valid.any():
        return 0.0
    spread = np.nanmax(means[valid], axis=1) - np.nanmin(means[valid], axis=1)
    return float(np.average(spread, weights=number[valid].sum(axis=1)))
