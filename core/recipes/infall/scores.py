"""How well fates are told: tolerance accuracies (Petulante 2023, eqs 2.7 to 2.9), baselines, and who is told badly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.recipes.infall.rows import InfallRows

TOLERANCES: dict[str, tuple[float, ...]] = {
    "survived": (0.0,),
    "final_mass": (0.05, 0.2, 0.5),
    "final_distance": (0.05, 0.2, 0.5),
    "merge_time": (0.5, 1.5, 3.0),
}
"""Errors that count as right: shares of the mass at accretion, radii of the host, crossing times."""

PAPER: dict[str, tuple[float, ...]] = {
    "survived": (0.944,),
    "final_mass": (0.565, 0.893, 0.993),
    "final_distance": (0.39, 0.821, 0.988),
    "merge_time": (0.416, 0.835, 0.974),
}
"""The thesis's accuracies at these tolerances."""

PAPER_BASELINE: dict[str, tuple[float, ...]] = {
    "survived": (0.64,),
    "final_mass": (0.15, 0.65, 0.93),
    "final_distance": (0.13, 0.47, 0.99),
    "merge_time": (0.403, 0.83, 0.988),
}
"""The thesis's accuracies where every subhalo is told the mean; for survival the share of the commoner fate."""


@dataclass(frozen=True)
class Score:
    """Errors (n,) of the rows that have an outcome, as its tolerances measure them."""

    outcome: str
    rows: Array
    error: Array

    def accuracy(self, tolerance: float) -> float:
        return float(np.mean(self.error <= tolerance)) if len(self.error) else float("nan")

    def accuracies(self) -> tuple[float, ...]:
        return tuple(self.accuracy(tolerance) for tolerance in TOLERANCES[self.outcome])


def score(table: InfallRows, outcome: str, said: Array, rows: Array) -> Score:
    """The errors of what was said (n,) of some rows, in the units of the targets."""
    true = table.targets[outcome][rows]
    if outcome == "survived":
        return Score(outcome, rows, ((said > 0.5) != (true > 0.5)).astype(float))
    if outcome == "final_mass":
        return Score(outcome, rows, _mass_error(table, rows, 10**said))
    if outcome == "final_distance":
        blur = 2 * table.rest["softening"][rows] / table.rest["host_final_radius"][rows]
        return Score(outcome, rows, np.abs(said - true) - blur)
    return Score(outcome, rows, np.abs(said - true) / table.rest["crossing_time"][rows])


def baseline(table: InfallRows, outcome: str, rows: Array) -> Score:
    """The errors when every row is told the mean of the training rows: of the mass the mean share that is left, of the
    merge time the mean number of crossing times, of survival the commoner fate."""
    known = table.rows(outcome, table.training)
    true = table.targets[outcome]
    if outcome == "survived":
        return score(table, outcome, np.full(len(rows), round(float(true[known].mean()))), rows)
    if outcome == "final_mass":
        share = np.mean(10 ** true[known] / table.rest["sub_mass"][known])
        return Score(outcome, rows, _mass_error(table, rows, share * table.rest["sub_mass"][rows]))
    if outcome == "merge_time":
        crossings = np.mean(true[known] / table.rest["crossing_time"][known])
        return score(table, outcome, crossings * table.rest["crossing_time"][rows], rows)
    return score(table, outcome, np.full(len(rows), true[known].mean()), rows)


def _mass_error(table: InfallRows, rows: Array, said: Array) -> Array:
    """Eq. 2.7: the error as a share of the mass at accretion, less twice the noise of its number of particles."""
    mass, particle = table.rest["sub_mass"][rows], table.rest["particle_mass"][rows]
    noise = 2 * np.sqrt(mass * particle) / mass
    return np.asarray(np.abs(said - 10 ** table.targets["final_mass"][rows]) / mass - noise)


@dataclass(frozen=True)
class BinnedError:
    """Mean error over the mean of all, in bins of one feature that hold equal numbers, at the median of each.

    `spread` is the standard error of the mean of a bin, in the same unit.
    """

    at: Array
    error: Array
    spread: Array


def by_bin(values: Array, error: Array, bins: int = 12) -> BinnedError:
    """Equal-count bins (Petulante 2023, figs 2.5, 2.7, 2.9, 2.11)."""
    parts = np.array_split(np.argsort(values, kind="stable"), min(bins, len(values)))
    mean = error.mean()
    return BinnedError(
        np.array([np.median(values[part]) for part in parts]),
        np.array([error[part].mean() / mean for part in parts]),
        np.array([error[part].std() / np.sqrt(len(part)) / mean for part in parts]),
    )


def best_and_worst(result: Score, share: float = 0.15) -> tuple[Array, Array]:
    """Rows told best and worst: the share of least and largest errors; for survival the right and the wrong ones."""
    if result.outcome == "survived":
        return result.rows[result.error == 0], result.rows[result.error > 0]
    count = max(1, round(share * len(result.rows)))
    order = np.argsort(result.error, kind="stable")
    return result.rows[order[:count]], result.rows[order[-count:]]


def narrow_bin(table: InfallRows, names: tuple[str, ...], best: Array, worst: Array, fewest: int = 20) -> Array:
    """Rows (N,) in a box of the given features in which these do not tell the best from the worst (p > 0.0027 each).

    The box starts with all rows; again and again the feature that tells most is narrowed about the middle of the worst.
    All False where the box comes to hold too few of either.
    """
    from scipy.stats import ks_2samp

    columns = [table.column(name) for name in names]
    half = [0.5] * len(names)
    while True:
        inside = np.ones(len(table), dtype=bool)
        for values, share in zip(columns, half, strict=True):
            if share < 0.5:
                low, high = np.quantile(values[worst], (0.5 - share, 0.5 + share))
                inside &= (values >= low) & (values <= high)
        good, bad = best[inside[best]], worst[inside[worst]]
        if min(len(good), len(bad)) < fewest:
            return np.zeros(len(table), dtype=bool)
        telling = [float(ks_2samp(values[good], values[bad]).pvalue) for values in columns]
        if min(telling) > THREE_SIGMA:
            return inside
        half[int(np.argmin(telling))] *= _NARROWER


_NARROWER = 0.8
THREE_SIGMA = 0.0027
"""Probability of a difference by chance below which two distributions count as different."""


def differences(
    table: InfallRows, names: tuple[str, ...], best: Array, worst: Array, inside: Array
) -> dict[str, float]:
    """p-values of two-sample Kolmogorov-Smirnov tests between best and worst rows in a narrow bin, by feature."""
    from scipy.stats import ks_2samp

    good, bad = best[inside[best]], worst[inside[worst]]
    if not len(good) or not len(bad):
        return {}
    values = {name: table.rest[name] if name in table.rest else table.column(name) for name in names}
    return {name: float(ks_2samp(column[good], column[bad]).pvalue) for name, column in values.items()}
