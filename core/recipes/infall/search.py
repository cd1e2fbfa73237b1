"""Search for the best trees by cross-validation over a grid (Petulante 2023, section 2.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from core.cosmos.infall.table import OUTCOMES
from core.errors import UsageError, did_you_mean
from core.figures import Table
from core.learning.forest import Ensemble, Grown, train
from core.progress import Progress, silent
from core.recipes.infall.rows import InfallRows
from core.recipes.infall.scores import TOLERANCES, score


@dataclass(frozen=True)
class Grid:
    """Every combination of these is tried; votes have no learning rate."""

    trees: tuple[int, ...]
    depths: tuple[int, ...]
    rates: tuple[float, ...]

    def check(self) -> None:
        """Raises: UsageError."""
        if not all((self.trees, self.depths, self.rates)):
            raise UsageError("the grid is empty", "name numbers of trees, depths and learning rates")
        if min(self.trees) < 1 or not all(1 <= depth <= 12 for depth in self.depths):
            raise UsageError("the grid has trees that cannot grow", "use at least 1 tree and depths from 1 to 12")
        if not all(0 < rate <= 1 for rate in self.rates):
            raise UsageError("the grid has a learning rate that is not in (0, 1]", "change it")


@dataclass(frozen=True)
class Tried:
    """One combination: mean accuracies of the folds left out, and of those learnt from, at every tolerance."""

    model: Ensemble
    accuracy: tuple[float, ...]
    training: tuple[float, ...]


def grid_search(
    table: InfallRows, outcome: str, grid: Grid, folds: int = 5, seed: int = 1, progress: Progress = silent
) -> list[Tried]:
    """Every combination of a grid, best first by the mean of the accuracies; the test rows are left alone.

    Raises: UsageError for an unknown outcome, an empty grid, or more folds than rows.
    """
    if outcome not in OUTCOMES:
        raise UsageError(f"unknown outcome {outcome!r}", did_you_mean(outcome, OUTCOMES))
    grid.check()
    rows = table.rows(outcome, table.training | table.validation)
    if not 2 <= folds <= len(rows):
        raise UsageError(f"{folds} folds do not fit {len(rows)} subhalos", "use 2 or more, and fewer than subhalos")
    parts = np.array_split(np.random.default_rng(seed).permutation(rows), folds)
    target = table.targets[outcome]
    boosting = outcome != "survived"
    found: list[Tried] = []
    combinations = list(product(grid.depths, grid.rates if boosting else (1.0,)))
    for number, (depth, rate) in enumerate(combinations):
        model = Ensemble("boosting" if boosting else "forest", max(grid.trees), depth, rate)
        sums = np.zeros((len(grid.trees), 2, len(TOLERANCES[outcome])))
        for fold, left_out in enumerate(parts):
            progress((number + fold / folds) / len(combinations), f"depth {depth}, learning rate {rate:g}")
            learnt = np.concatenate([part for k, part in enumerate(parts) if k != fold])
            grown = train(model, table.features[learnt], target[learnt], seed)
            # fewer trees are the first of many
            for k, trees in enumerate(grid.trees):
                few = _first(grown, trees)
                for which, judged in enumerate((left_out, learnt)):
                    told = score(table, outcome, few.predict(table.features[judged]), judged)
                    sums[k, which] += told.accuracies()
        means = sums / folds
        found += [
            Tried(replace(model, trees=trees), tuple(means[k, 0]), tuple(means[k, 1]))
            for k, trees in enumerate(grid.trees)
        ]
    progress(1.0, "done")
    return sorted(found, key=lambda tried: -float(np.mean(tried.accuracy)))


def as_table(outcome: str, found: Sequence[Tried], folds: int) -> Table:
    """What was tried, best first."""
    within = [f"within {tolerance:g}" if outcome != "survived" else "accuracy" for tolerance in TOLERANCES[outcome]]
    columns = ("trees", "depth", "learning rate", *within, *(f"training, {name}" for name in within))
    rows = tuple(
        (
            tried.model.trees,
            tried.model.depth,
            tried.model.learning_rate if tried.model.method == "boosting" else None,
            *tried.accuracy,
            *tried.training,
        )
        for tried in found
    )
    return Table(f"{OUTCOMES[outcome][0]}: {folds}-fold cross-validation", columns, rows)


def _first(grown: Grown, count: int) -> Grown:
    """The same with its first trees only."""
    few = Grown(grown.model, grown.seed)
    few.start, few.trees = grown.start, grown.trees.first(count)
    return few
