"""What is told of held-out cubes, judged seed by seed: numbers with errors, and how often the errors hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import Curves, Number, Row, Series
from core.recipes.ionization.cubes import realisation
from core.recipes.ionization.regression import INTERVALS, Quantity, Told


@dataclass(frozen=True)
class JudgedCube:
    """One cube: the number of its class, None where that is unknown, and what every model says of its planes.

    Where there is a regression, also the true quantities (Q,), NaN where unknown, and what network and trees tell.
    """

    universe: Universe
    kind: int | None
    guesses: dict[str, Array]
    truth: Array
    told: Told | None = None
    by_trees: Array | None = None


def over_seeds(judged: Sequence[JudgedCube], values: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean of the values of all cubes, and its standard error by seeds: cubes of one seed have the same structures.

    NaN counts as unknown; None for what too few can say.
    """
    by_seed: dict[str, list[float]] = {}
    for item, value in zip(judged, values, strict=True):
        if np.isfinite(value):
            by_seed.setdefault(realisation(item.universe), []).append(value)
    if not by_seed:
        return None, None
    means = [np.mean(known) for known in by_seed.values()]
    error = float(np.std(means, ddof=1) / np.sqrt(len(means))) if len(means) > 1 else None
    return float(np.mean([value for known in by_seed.values() for value in known])), error


def regression_numbers(
    names: Sequence[Quantity], constants: dict[str, float], judged: Sequence[JudgedCube]
) -> Iterator[Number]:
    """Errors of each quantity beside those of trees and of the mean, and how many planes their intervals hold."""
    for column, name in enumerate(names):
        words, middle = name.replace("_", " "), constants[f"mean.{name}"]
        truth = [item.truth[column] for item in judged]
        alone, _ = _rms(judged, [np.array([middle - true]) for true in truth])
        beside = "baseline: the mean of the training cubes"
        for key, who, told in (
            (f"rms_{name}", "network", [item.told.value for item in judged if item.told]),
            (f"rms_{name}_trees", "extra trees", [item.by_trees for item in judged if item.by_trees is not None]),
        ):
            value, error = _rms(judged, [some[:, column] - true for some, true in zip(told, truth, strict=True)])
            yield Number(key, f"rms error of {words} of a plane, {who}", value, "", error, alone, note=beside)
        scale = f"deviations of the network times {constants[f'scale.{name}']:.3g}, from the validation cubes"
        for share, width in INTERVALS.items():
            value, error = over_seeds(judged, [float(coverage(item, width)[column]) for item in judged])
            yield Number(
                f"within_{share}_{name}",
                f"planes whose {words} lies within {share} % intervals",
                value,
                "",
                error,
                note=scale,
            )


def _rms(judged: Sequence[JudgedCube], misses: Sequence[Array]) -> tuple[float | None, float | None]:
    """Root of the mean square of what is missed of each cube's planes (m,), and its error."""
    square, error = over_seeds(judged, [float(np.mean(miss**2)) for miss in misses])
    if not square:
        return square, None
    return square**0.5, None if error is None else error / (2 * square**0.5)


def coverage(item: JudgedCube, half_width: float) -> Array:
    """Share of planes (Q,) whose truth lies within so many deviations of what is told; NaN where it is unknown."""
    assert item.told is not None
    within = np.abs(item.told.value - item.truth) <= half_width * item.told.deviation
    return np.where(np.isfinite(item.truth), within.mean(0), np.nan)


def regression_figure(names: Sequence[Quantity], judged: Sequence[JudgedCube]) -> Row:
    """Each quantity as told, the mean of a cube's planes with the error of one of them, against the truth."""
    panels = []
    for column, name in enumerate(names):
        known = [item for item in judged if item.told is not None and np.isfinite(item.truth[column])]
        true = np.array([item.truth[column] for item in known])
        told = np.array([item.told.value[:, column].mean() for item in known if item.told])
        error = np.array([item.told.deviation[:, column].mean() for item in known if item.told])
        ends = np.array([true.min(), true.max()]) if len(true) else np.zeros(0)
        words = name.replace("_", " ")
        panels.append(
            Curves(
                words,
                (
                    Series("told", true, told, told - error, told + error, "points"),
                    Series("true", ends, ends, style="dashed"),
                ),
                f"true {words}",
                f"{words} as told",
            )
        )
    return Row("Numbers told from planes", tuple(panels))
