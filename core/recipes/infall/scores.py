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

MIDDLE = {"survived": 0.0, "final_mass": 0.2, "final_distance": 0.2, "merge_time": 1.5}
"""The tolerance at which the thesis tells what features add."""

FURTHER = {"final_distance": 0.25, "merge_time": 2.0}
"""Tolerances of the thesis's summary (section 2.5)."""


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
