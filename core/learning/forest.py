"""The Forest: a Learner whose step is some trees, for one or more targets of one table.

A random forest votes with trees grown on bootstraps of the rows; boosting adds trees that are fitted to what is still
wrong, under the Huber loss (Friedman 2001, algorithm 4; the scheme of scikit-learn's GradientBoostingRegressor). Every
tree is a function of the rows, the seed and the trees before it, so resuming from the trees alone is exact.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.cosmos.box import Array
from core.errors import RunError
from core.learning.learner import Step
from core.learning.samples import Batch, Samples, mix

if TYPE_CHECKING:
    from core.learning.trees import BinnedFeatures, DecisionTrees

HUBER_SHARE = 0.9
"""Residuals beyond this quantile count linearly."""


@dataclass(frozen=True)
class Ensemble:
    """How one target is learnt: by votes (of 0 and 1) or by boosting."""

    method: Literal["forest", "boosting"]
    trees: int
    depth: int
    learning_rate: float = 1.0
    tried: Literal["root", "all"] = "root"
    """Features that each split of a vote looks at: the square root of their number, or all; boosting looks at all."""


@dataclass(frozen=True)
class TableSamples:
    """Rows of a table: features (N, F) and targets (N, T), NaN where a row does not have a target."""

    training_rows: Batch
    validation_rows: Batch
    constants: dict[str, float]

    def training(self, step: int) -> Batch:
        return self.training_rows

    def validation(self) -> Iterator[Batch]:
        yield self.validation_rows


class Grown:
    """The trees of one model. `start` is where boosting starts."""

    def __init__(self, model: Ensemble, seed: int) -> None:
        from core.learning.trees import no_trees

        self.model, self.seed = model, seed
        self.start = 0.0
        self.trees: DecisionTrees = no_trees(model.depth)

    def predict(self, features: Array) -> Array:
        """The share of votes, or the value (N,)."""
        if self.model.method == "forest":
            return self.trees.total(features) / max(len(self.trees), 1)
        return self.start + self.trees.total(features)


class Growing:
    """One model at work on its rows: what the trees so far say of them is kept up to date."""

    def __init__(self, grown: Grown, data: BinnedFeatures, features: Array, targets: Array) -> None:
        self.grown, self.data, self.targets = grown, data, targets
        if grown.model.method == "boosting" and not len(grown.trees):
            grown.start = float(np.median(targets))
        self.said = np.full(len(targets), grown.start)
        for each in grown.trees.each(features):  # in the order in which they were added, rounding included
            self.said += each

    def add(self) -> None:
        """Grow one tree."""
        from core.learning.trees import grow, join

        grown, model, rows = self.grown, self.grown.model, len(self.targets)
        seed = mix(grown.seed, len(grown.trees))
        columns = self.data.bins.shape[1]
        if model.method == "forest":
            weights = _drawn(seed, rows)
            tried = columns if model.tried == "all" else max(1, int(np.sqrt(columns)))
            feature, threshold, value, leaf = grow(self.data, self.targets, weights, model.depth, tried, seed)
        else:
            wrong = self.targets - self.said
            limit = float(_quantile(np.abs(wrong), HUBER_SHARE))
            slope = np.clip(wrong, -limit, limit)
            feature, threshold, value, leaf = grow(self.data, slope, np.ones(rows), model.depth, columns, seed)
            value = model.learning_rate * _huber_values(leaf, wrong, limit, len(value))
        grown.trees = join(grown.trees, feature, threshold, value)
        self.said += value[leaf]

    def error(self) -> float:
        return relative_error(self.grown.model, self.prediction(), self.targets)

    def prediction(self) -> Array:
        """What the trees so far say of the training rows."""
        return self.said / len(self.grown.trees) if self.grown.model.method == "forest" else self.said


class Forest:
    """Learns the targets, the columns of the samples, by one model each; a step adds a share of every model's trees."""

    def __init__(self, models: Mapping[str, Ensemble], steps: int, seed: int) -> None:
        self.models = dict(models)
        self.step, self.steps = 0, steps
        self.constants: dict[str, float] = {}
        self.grown = {name: Grown(model, mix(seed, k)) for k, (name, model) in enumerate(self.models.items())}

    def take_turns(self, turns: int) -> None:
        """Refuse: trees see all rows at once. Raises: RunError."""
        raise RunError("forests grow in one process", "train them on one rank")

    def fit(self, samples: Samples) -> Iterator[Step]:
        self.constants = samples.constants
        batch = samples.training(1)
        features, targets = _arrays(batch)
        growing = {
            name: grow_on(self.grown[name], features, targets[:, column]) for column, name in enumerate(self.models)
        }
        while self.step < self.steps:
            start = time.perf_counter()
            self.step += 1
            for one in growing.values():
                goal = -(-one.grown.model.trees * self.step // self.steps)
                while len(one.grown.trees) < goal:
                    one.add()
            errors = {name: one.error() for name, one in growing.items()}
            loss = float(np.mean(list(errors.values())))
            yield Step(self.step, {"loss": loss, **errors, "seconds": time.perf_counter() - start})

    def validate(self, samples: Samples) -> dict[str, float]:
        """The errors of the validation rows, each over that of a constant, and their mean."""
        [batch] = samples.validation()
        features, targets = _arrays(batch)
        errors = {}
        for column, (name, model) in enumerate(self.models.items()):
            known = np.isfinite(targets[:, column])
            said = self.grown[name].predict(features[known])
            errors[name] = relative_error(model, said, targets[known, column])
        return {"loss": float(np.mean(list(errors.values()))), **errors}

    def predict(self, features: Array) -> dict[str, Array]:
        """What is told of each row (N,), by target; features (N, F)."""
        return {name: grown.predict(features) for name, grown in self.grown.items()}

    def weights(self) -> dict[str, Any]:
        trees = {name: {"start": grown.start, **grown.trees.as_tensors()} for name, grown in self.grown.items()}
        return {"trees": trees, "constants": self.constants, "step": self.step}

    def load_weights(self, weights: dict[str, Any]) -> None:
        from core.learning.trees import from_tensors

        if weights.get("trees", {}).keys() != self.grown.keys():
            raise RunError("the saved trees tell of other outcomes", "use the settings that they were grown with")
        for name, grown in self.grown.items():
            saved = weights["trees"][name]
            grown.start, grown.trees = saved["start"], from_tensors(saved, grown.model.depth)
        self.constants, self.step = weights["constants"], weights["step"]

    def state(self) -> dict[str, Any]:
        return self.weights()

    def restore(self, state: dict[str, Any]) -> None:
        self.load_weights(state)


def grow_on(grown: Grown, features: Array, targets: Array) -> Growing:
    """A model set to work on the rows that have the target."""
    from core.learning.trees import bin_features

    known = np.isfinite(targets)
    return Growing(grown, bin_features(features[known]), features[known], targets[known])


def train(model: Ensemble, features: Array, targets: Array, seed: int) -> Grown:
    """Grow all trees of one model."""
    growing = grow_on(Grown(model, seed), features, targets)
    for _ in range(model.trees):
        growing.add()
    return growing.grown


def out_of_bag(grown: Grown, features: Array) -> Array:
    """What the trees of a vote say of the rows (N,) that they were grown on, each asked of those it was not shown.

    `features` (N, F) are those rows in their order. NaN where every tree was shown a row.
    """
    rows = len(features)
    said, asked = np.zeros(rows), np.zeros(rows)
    for number, told in enumerate(grown.trees.each(features)):
        left_out = _drawn(mix(grown.seed, number), rows) == 0
        said[left_out] += told[left_out]
        asked += left_out
    return np.divide(said, asked, out=np.full(rows, np.nan), where=asked > 0)


def _drawn(seed: int, rows: int) -> Array:
    """How often each row (N,) is in the bootstrap of a tree."""
    return np.bincount(np.random.default_rng(seed).integers(rows, size=rows), minlength=rows)


def relative_error(model: Ensemble, said: Array, targets: Array) -> float:
    """Mean absolute error over that of the median; for votes the share of wrong ones over that of the rarer class."""
    if model.method == "forest":
        wrong, idle = np.mean((said > 0.5) != (targets > 0.5)), min(targets.mean(), 1 - targets.mean())
    else:
        wrong, idle = np.mean(np.abs(said - targets)), np.mean(np.abs(np.median(targets) - targets))
    return float(wrong / idle) if idle > 0 else float(wrong)


def _huber_values(leaf: Array, wrong: Array, limit: float, nodes: int) -> Array:
    """The step of each leaf: the median of what is wrong in it, and the mean of the rest within the limit."""
    values = np.zeros(nodes)
    order = np.argsort(leaf, kind="stable")
    ends = np.flatnonzero(np.diff(leaf[order])) + 1
    for rows in np.split(order, ends):
        middle = _quantile(wrong[rows], 0.5)
        rest = wrong[rows] - middle
        values[leaf[rows[0]]] = middle + np.mean(np.clip(rest, -limit, limit))
    return values


def _quantile(values: Array, share: float) -> Array:
    """The smallest value that `share` of the values do not exceed."""
    place = max(math.ceil(share * len(values)) - 1, 0)
    return np.asarray(np.partition(values, place)[place])


def _arrays(batch: Batch) -> tuple[Array, Array]:
    return batch.inputs.cpu().numpy().astype(np.float64), batch.targets.cpu().numpy().astype(np.float64)
