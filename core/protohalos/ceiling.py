"""What an emulator of the initial conditions can reach at best: the truth evolved again, against itself.

Twice the time steps move particles a little, and groups that hang together by a few of them come apart: which they are
no initial condition tells to a network that has seen one such run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.figures import Report
from core.learning.metrics import foreground_dice, two_class_dice
from core.progress import Progress, each, silent
from core.protohalos.matching import match
from core.protohalos.resimulated import LARGEST, Steps, resimulated, steps_of
from core.protohalos.truth import TrueHalos


def again(
    universes: Sequence[Universe], truths: Sequence[TrueHalos], minimum_cells: int, progress: Progress = silent
) -> list[TrueHalos] | None:
    """The halos of these universes evolved in twice the steps; None where the truth is not such an N-body, or where
    that takes minutes."""
    made = [steps_of(universe) for universe in universes]
    ours = all("fof" in truth.halos.definition for truth in truths)
    if not ours or any(one is None for one in made) or max(universe.cells for universe in universes) > LARGEST:
        return None
    pairs = [(u, t, one) for u, t, one in zip(universes, truths, made, strict=True) if one]
    return [
        resimulated(universe, Steps(2 * one.steps, one.mesh_ratio), minimum_cells, truth.halos.redshift)
        for universe, truth, one in each(progress, pairs, lambda pair: f"ceiling, {pair[0].name}")
    ]


def measure(
    universes: Sequence[Universe],
    truths: Sequence[TrueHalos],
    minimum_cells: int,
    minimum: float,
    large: float,
    progress: Progress = silent,
) -> dict[str, float]:
    """`scores` of the universes evolved again; empty where they are not."""
    others = again(universes, truths, minimum_cells, progress)
    return scores(truths, others, minimum, large) if others else {}


def scores(truths: Sequence[TrueHalos], others: Sequence[TrueHalos], minimum: float, large: float) -> dict[str, float]:
    """How well one truth tells another: halos of at least two masses [Msun/h] and their cells, the mean over boxes."""
    pairs = list(zip(truths, others, strict=True))
    true, made = [t.halos for t in truths], [o.halos for o in others]
    masks = [(other.mask, truth.mask) for truth, other in pairs]
    return {
        "dice": float(np.mean([two_class_dice(ours, mask) for ours, mask in masks])),
        "foreground_dice": float(np.mean([foreground_dice(ours, mask) for ours, mask in masks])),
        "collapsed_fraction": float(np.mean([ours.sum() / max(mask.sum(), 1) for ours, mask in masks])),
        "matched": _found(true, made, minimum),
        "matched_large": _found(true, made, large),
        "pure": _found(made, true, minimum),
        "count": _counts(made, minimum) / max(_counts(true, minimum), 1),
        "count_large": _counts(made, large) / max(_counts(true, large), 1),
    }


def with_ceiling(report: Report, ceilings: Mapping[str, float]) -> Report:
    """A report with the ceilings of its numbers by their keys; NaN and others' keys are passed over."""
    numbers = tuple(
        replace(number, ceiling=value) if np.isfinite(value := ceilings.get(number.key, np.nan)) else number
        for number in report.numbers
    )
    if not any(number.ceiling is not None for number in numbers):
        return report
    told = "the same universes evolved in twice the steps, against the truth: what a perfect emulator could reach"
    return replace(report, numbers=numbers, facts={**report.facts, "ceiling": told})


def _found(these: Sequence[Catalogue], those: Sequence[Catalogue], mass: float) -> float:
    """Share of these halos of at least a mass that match one of those; NaN without any."""
    hits: list[Array] = [match(a, b)[a["mass"] >= mass] >= 0 for a, b in zip(these, those, strict=True)]
    every = np.concatenate(hits)
    return float(every.mean()) if len(every) else float("nan")


def _counts(many: Sequence[Catalogue], mass: float) -> int:
    return sum(len(halos.at_least(mass)) for halos in many)
