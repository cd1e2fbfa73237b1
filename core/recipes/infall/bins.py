"""Do those told best and worst differ in other features, at fixed best ones? (Petulante 2023, sections 2.4.2 to 2.4.6)

The thesis takes "a narrow bin" of the best features in which their distributions are the same. Here it is the box,
about one of the subhalos, that holds most of both kinds and passes a Kolmogorov-Smirnov test in each of its features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.recipes.infall.rows import InfallRows

THREE_SIGMA = 0.0027
"""Probability of a difference by chance below which two distributions count as different."""
SAME = 0.05
"""Probability above which the best features of a bin count as the same for both: stricter than three sigma."""
FEWEST = 30
"""Rows of either kind that a bin must hold: with so many, distributions that differ by 0.47 are told apart."""
_NARROWER = 0.8
_MOST = 1500
"""Most rows of either kind that are looked at."""
_CENTRES = 100
"""Most subhalos of either kind about which boxes are tried."""


@dataclass(frozen=True)
class NarrowBin:
    """Rows told best (n,) and worst (m,) in a box of the best features; none where no box serves."""

    best: Array
    worst: Array

    def __bool__(self) -> bool:
        return bool(len(self.best) and len(self.worst))


NO_BIN = NarrowBin(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def narrow_bin(table: InfallRows, names: tuple[str, ...], best: Array, worst: Array, fewest: int = FEWEST) -> NarrowBin:
    """The box in these features that holds most rows of both kinds, and in none of them tells one from the other.

    About each of many subhalos a box of all rows is narrowed, again and again in the feature that tells most, by a
    fifth of its width in ranks, until no feature tells or too few rows are left.
    """
    if min(len(best), len(worst)) < fewest or not names:
        return NO_BIN
    best, worst = (rows[:: -(-len(rows) // _MOST)] for rows in (best, worst))
    values = np.column_stack([table.column(name)[np.concatenate([best, worst])] for name in names])
    good = np.arange(len(values)) < len(best)
    ranks = _ranks(values, good)
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    # equal values count at the last of them
    ends = np.vstack([ordered[1:] != ordered[:-1], np.ones((1, len(names)), dtype=bool)])
    found = np.zeros(len(values), dtype=bool)
    most = fewest - 1
    for kind in (np.flatnonzero(good), np.flatnonzero(~good)):
        for centre in kind[:: max(1, len(kind) // _CENTRES)]:
            inside = _narrowed(np.abs(ranks - ranks[centre]), good, order, ends, most + 1)
            if inside is not None:
                found, most = inside, _fewer(inside, good)
    return NarrowBin(best[found[good]], worst[found[~good]])


def _narrowed(apart: Array, good: Array, order: Array, ends: Array, fewest: int) -> Array | None:
    """Which rows (N,) lie in the first box that passes; None where too few of a kind are left before."""
    half = np.ones(apart.shape[1])
    while True:
        inside = np.all(apart <= half, axis=1)
        if _fewer(inside, good) < fewest:
            return None
        same = _same(inside, good, order, ends)
        if same.min() > SAME:
            return inside
        half[int(np.argmin(same))] *= _NARROWER


def _same(inside: Array, good: Array, order: Array, ends: Array) -> Array:
    """The probability (F,) of a two-sample Kolmogorov-Smirnov test in each feature, as for many rows."""
    from scipy.special import kolmogorov

    one, other = np.count_nonzero(inside & good), np.count_nonzero(inside & ~good)
    weight = np.where(good, 1 / one, -1 / other) * inside
    distance = np.max(np.abs(np.cumsum(weight[order], axis=0)) * ends, axis=0)
    return np.asarray(kolmogorov(distance * np.sqrt(one * other / (one + other))))


def _fewer(inside: Array, good: Array) -> int:
    """Rows of the kind of which fewer lie inside."""
    return min(int(np.count_nonzero(inside & good)), int(np.count_nonzero(inside & ~good)))


def _ranks(values: Array, good: Array) -> Array:
    """Places of values (N, F) between 0 and 1, both kinds having the same weight."""
    return np.column_stack(
        [
            sum(np.searchsorted(np.sort(column[kind]), column) / np.count_nonzero(kind) for kind in (good, ~good)) / 2
            for column in values.T
        ]
    )


def differences(table: InfallRows, names: tuple[str, ...], found: NarrowBin) -> dict[str, float]:
    """p-values of two-sample Kolmogorov-Smirnov tests between the best and the worst rows of a bin, by feature."""
    from scipy.stats import ks_2samp

    if not found:
        return {}
    values = {name: table.rest[name] if name in table.rest else table.column(name) for name in names}
    return {name: float(ks_2samp(column[found.best], column[found.worst]).pvalue) for name, column in values.items()}
