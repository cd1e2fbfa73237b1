"""Gradient-boosted trees on what theory says of a cell: what can be had without a network.

scikit-learn grows them on a sample of the cells; they are kept as arrays whose sum is the answer, never as objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import RunError
from core.learning.samples import mix
from core.learning.trees import DecisionTrees, from_tensors
from core.protohalos import physics
from core.protohalos.dynamics import CheapRun, outcome

if TYPE_CHECKING:
    import torch

BOXES = 4
"""Training universes that the trees see: more change nothing in the third digit."""
SAMPLE = 160_000
"""Cells that they see, of all boxes together: about four seconds of one core."""
TREES, DEPTH, RATE = 60, 6, 0.15
"""Trees of at most 2^depth leaves, and the share of what is left that each one explains; 150 smaller steps end at the
same area under the ROC curve to the third digit."""
ROWS = 1 << 18
"""Cells that are asked at once: their features are doubles."""

Learnt = Literal["chance", "value"]


@dataclass(frozen=True)
class PhysicsTrees:
    """Trees on `physics.features`, and the cheap run among them, if any, to a redshift."""

    trees: DecisionTrees
    run: CheapRun | None = None
    redshift: float = 0.0

    def __call__(self, features: Array) -> Array:
        """The sum of the trees for features (F, ...): a log odds or a value, in the same shape."""
        flat = features.reshape(len(features), -1)
        parts = [self.trees.total(flat[:, start : start + ROWS].T) for start in range(0, flat.shape[1], ROWS)]
        return np.concatenate(parts).reshape(features.shape[1:])

    def told(self, universe: Universe, moved: torch.Tensor | None = None) -> Array:
        """The sum of the trees for every cell (n, n, n); `moved` is the outcome of the cheap run where it is known."""
        return self(physics.features(universe, self.run, self.redshift, moved))

    def chance(self, universe: Universe, moved: torch.Tensor | None = None) -> Array:
        """The probability (n, n, n) float32 that trees of the kind "chance" tell."""
        return sigmoid(self.told(universe, moved)).astype(np.float32)

    def outcome(self, universe: Universe) -> torch.Tensor | None:
        """Where the cheap run that they see takes the particles, None where they see none."""
        return outcome(universe, self.run, self.redshift) if self.run else None

    def as_tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """Arrays to be saved with a learner's weights."""
        import torch

        tensors = {f"{prefix}.{name}": tensor for name, tensor in self.trees.as_tensors().items()}
        if self.run is not None:
            run = self.run
            numbers = [run.steps, run.mesh_ratio, run.groups, self.redshift]
            tensors[f"{prefix}.run"] = torch.tensor(numbers, dtype=torch.float64)
        return tensors


def from_saved(tensors: Mapping[str, torch.Tensor], prefix: str) -> PhysicsTrees | None:
    """The trees saved under this prefix, None without any. Raises: RunError for other features or depths."""
    if f"{prefix}.feature" not in tensors:
        return None
    arrays = {name: tensors[f"{prefix}.{name}"] for name in ("feature", "threshold", "value")}
    depth = (arrays["feature"].shape[-1] + 1).bit_length() - 2
    trees = from_tensors(arrays, depth)
    run, redshift = None, 0.0
    if f"{prefix}.run" in tensors:
        steps, mesh_ratio, groups, redshift = tensors[f"{prefix}.run"].tolist()
        run = CheapRun(steps=int(steps), mesh_ratio=mesh_ratio, groups=bool(groups))
    if trees.feature.max(initial=-1) >= physics.count(run):
        raise RunError("the saved trees are of other features", "put the run's own file back")
    return PhysicsTrees(trees, run, redshift)


def fit_cells(
    universes: Sequence[Universe],
    target: Callable[[Universe], Array],
    learnt: Learnt,
    seed: int,
    run: CheapRun | None = None,
    redshift: float = 0.0,
) -> PhysicsTrees:
    """Trees for a target (n, n, n) of cells, a mask of which they learn the chance or a value, from a sample."""
    chosen = universes[:BOXES]
    drawn = []
    for number, universe in enumerate(chosen):
        features, values = physics.features(universe, run, redshift), target(universe).reshape(-1)
        draw = np.random.default_rng(mix(seed, number)).permutation(len(values))[: SAMPLE // len(chosen)]
        drawn.append((features.reshape(len(features), -1)[:, draw].T, values[draw]))
    table, values = (np.concatenate(part) for part in zip(*drawn, strict=True))
    return PhysicsTrees(fit(table, values, learnt, seed), run, redshift)


def fit(features: Array, targets: Array, learnt: Learnt, seed: int) -> DecisionTrees:
    """Trees whose sum is the log odds of a mask, or the value, of rows of features (N, F)."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    if learnt == "chance" and not 0 < np.count_nonzero(targets) < len(targets):
        return _constant(-LARGEST if not targets.any() else LARGEST)
    kind = HistGradientBoostingClassifier if learnt == "chance" else HistGradientBoostingRegressor
    model = kind(
        learning_rate=RATE,
        max_iter=TREES,
        max_depth=DEPTH,
        max_leaf_nodes=None,
        early_stopping=False,
        random_state=seed % 2**32,
    )
    # sums of several threads differ in the last digits from run to run
    with threadpool_limits(1):
        model.fit(features, targets)
    return converted(model)


LARGEST = 20.0
"""Log odds where all or none of the cells are in halos."""


def converted(model: Any) -> DecisionTrees:
    """scikit-learn's histogram trees in heap order; the first is a single leaf, where boosting starts."""
    grown = [predictor for [predictor] in model._predictors]
    first = _constant(float(np.ravel(model._baseline_prediction)[0]))
    trees = [_in_heap(predictor.nodes) for predictor in grown]
    feature, threshold, value = (np.stack(part) for part in zip(*trees, strict=True))
    return DecisionTrees(
        np.concatenate([first.feature, feature]),
        np.concatenate([first.threshold, threshold]),
        np.concatenate([first.value, value]),
    )


def sigmoid(odds: Array) -> Array:
    """The probability of a log odds."""
    return 1 / (1 + np.exp(-odds))


def _in_heap(nodes: Array) -> tuple[Array, Array, Array]:
    """Feature, threshold and value of a tree whose nodes name their children."""
    size = 2 ** (DEPTH + 1) - 1
    feature, threshold, value = np.full(size, -1, np.int16), np.zeros(size), np.zeros(size)
    waiting = [(0, 0)]
    while waiting:
        node, place = waiting.pop()
        row = nodes[node]
        if row["is_leaf"]:
            value[place] = row["value"]
        else:
            feature[place], threshold[place] = row["feature_idx"], row["num_threshold"]
            waiting += [(int(row["left"]), 2 * place + 1), (int(row["right"]), 2 * place + 2)]
    return feature, threshold, value


def _constant(value: float) -> DecisionTrees:
    """One tree that says the same of all."""
    size = 2 ** (DEPTH + 1) - 1
    values = np.zeros((1, size))
    values[0, 0] = value
    return DecisionTrees(np.full((1, size), -1, np.int16), np.zeros((1, size)), values)
