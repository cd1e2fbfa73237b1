"""Decision trees: grown on binned features, kept as arrays, asked in one loop.

A tree of depth d has 2^(d+1) - 1 nodes in the order of a heap: the children of node i are 2 i + 1 and 2 i + 2. Rows
with `x <= threshold` go to the first. Trees are grown level by level on features cut into at most 256 bins of equal
count; the split is the one that lowers the variance of the targets most, which for 0 and 1 is the Gini criterion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled
from core.errors import RunError

BINS = 256


@dataclass(frozen=True)
class BinnedFeatures:
    """Features (N, F) as the number of their bin, and the edges: bin b holds edges[b - 1] < x <= edges[b]."""

    bins: Array
    edges: Array
    """(F, 255), filled up with infinity."""


@dataclass(frozen=True)
class DecisionTrees:
    """Trees of one depth: arrays (trees, nodes); `feature` is -1 at a leaf, whose `value` counts."""

    feature: Array
    threshold: Array
    value: Array

    def __len__(self) -> int:
        return len(self.feature)

    def each(self, features: Array) -> Array:
        """What each tree says of features (N, F): (trees, N)."""
        return _ask(np.ascontiguousarray(features, dtype=np.float64), self.feature, self.threshold, self.value)

    def total(self, features: Array) -> Array:
        """The sum of what the trees say (N,), tree by tree."""
        return _ask_sum(np.ascontiguousarray(features, dtype=np.float64), self.feature, self.threshold, self.value)

    def first(self, count: int) -> DecisionTrees:
        """The trees that were grown first."""
        return DecisionTrees(self.feature[:count], self.threshold[:count], self.value[:count])

    def as_tensors(self) -> dict[str, Any]:
        import torch

        return {name: torch.from_numpy(getattr(self, name).copy()) for name in ("feature", "threshold", "value")}


def no_trees(depth: int) -> DecisionTrees:
    nodes = 2 ** (depth + 1) - 1
    return DecisionTrees(np.empty((0, nodes), np.int16), np.empty((0, nodes)), np.empty((0, nodes)))


def from_tensors(tensors: dict[str, Any], depth: int) -> DecisionTrees:
    """What `as_tensors` gave. Raises: RunError for trees of another depth, or that go deeper than their arrays."""
    arrays = [tensors[name].cpu().numpy() for name in ("feature", "threshold", "value")]
    if any(array.shape != (len(arrays[0]), 2 ** (depth + 1) - 1) for array in arrays):
        raise RunError("the saved trees are of another depth", "use the settings that they were grown with")
    if (arrays[0][:, 2**depth - 1 :] >= 0).any():
        raise RunError("the saved trees go deeper than their arrays", "put the run's own file back")
    return DecisionTrees(*arrays)


def join(trees: DecisionTrees, feature: Array, threshold: Array, value: Array) -> DecisionTrees:
    """One tree more."""
    return DecisionTrees(
        np.concatenate([trees.feature, feature[None]]),
        np.concatenate([trees.threshold, threshold[None]]),
        np.concatenate([trees.value, value[None]]),
    )


def bin_features(features: Array) -> BinnedFeatures:
    """Cut features (N, F) into bins: one for each value where there are few, of equal count otherwise."""
    count = features.shape[1]
    edges = np.full((count, BINS - 1), np.inf)
    bins = np.empty(features.shape, dtype=np.uint8)
    for column in range(count):
        values = np.unique(features[:, column])
        if len(values) <= BINS:
            cuts = (values[1:] + values[:-1]) / 2
        else:
            cuts = np.unique(np.quantile(features[:, column], np.arange(1, BINS) / BINS, method="midpoint"))
        edges[column, : len(cuts)] = cuts
        bins[:, column] = np.searchsorted(cuts, features[:, column], side="left")
    return BinnedFeatures(bins, edges)


def grow(
    data: BinnedFeatures, targets: Array, weights: Array, depth: int, tried: int, seed: int
) -> tuple[Array, Array, Array, Array]:
    """One tree on rows of these weights (N,): feature, threshold and value of its nodes, and the leaf of each row.

    Each split looks at `tried` features drawn from `seed`; all of them where that is their number.
    """
    columns = data.bins.shape[1]
    looked = np.ones((2**depth - 1, columns), dtype=bool)
    if tried < columns:
        looked = np.argsort(np.random.default_rng(seed).random((2**depth - 1, columns)), axis=1) < tried
    feature, split, value, leaf = _grow(
        data.bins, np.asarray(targets, float), np.asarray(weights, float), depth, looked
    )
    threshold = np.where(feature >= 0, data.edges[feature, split], 0.0)
    return feature, threshold, value, leaf


@compiled
def _grow(bins: Array, targets: Array, weights: Array, depth: int, looked: Array) -> tuple[Array, Array, Array, Array]:
    rows, columns = bins.shape
    nodes = 2 ** (depth + 1) - 1
    feature = np.full(nodes, -1, dtype=np.int16)
    split = np.zeros(nodes, dtype=np.int64)
    weight = np.zeros(nodes)
    total = np.zeros(nodes)
    leaf = np.zeros(rows, dtype=np.int32)
    for row in range(rows):
        weight[0] += weights[row]
        total[0] += weights[row] * targets[row]
    for level in range(depth):
        first, width = 2**level - 1, 2**level
        sums = np.zeros((width, columns, 256, 2))
        for row in range(rows):
            k = leaf[row] - first
            if k < 0 or weights[row] == 0:
                continue
            w, wy = weights[row], weights[row] * targets[row]
            for column in range(columns):
                if looked[first + k, column]:
                    b = bins[row, column]
                    sums[k, column, b, 0] += w
                    sums[k, column, b, 1] += wy
        for k in range(width):
            node = first + k
            best = 1e-12 * (1 + abs(total[node]))
            if weight[node] < 2:
                continue
            for column in range(columns):
                if not looked[node, column]:
                    continue
                w = 0.0
                wy = 0.0
                for b in range(255):
                    if sums[k, column, b, 0] == 0:
                        continue
                    w += sums[k, column, b, 0]
                    wy += sums[k, column, b, 1]
                    rest = weight[node] - w
                    if rest < 0.5:  # weights are whole numbers
                        break
                    gain = wy * wy / w + (total[node] - wy) ** 2 / rest - total[node] ** 2 / weight[node]
                    if gain > best:
                        best = gain
                        feature[node], split[node] = column, b
                        weight[2 * node + 1], total[2 * node + 1] = w, wy
            if feature[node] >= 0:
                weight[2 * node + 2] = weight[node] - weight[2 * node + 1]
                total[2 * node + 2] = total[node] - total[2 * node + 1]
        for row in range(rows):
            node = leaf[row]
            if node >= first and feature[node] >= 0:
                leaf[row] = 2 * node + (1 if bins[row, feature[node]] <= split[node] else 2)
    value = np.zeros(nodes)
    for node in range(nodes):
        if weight[node] > 0:
            value[node] = total[node] / weight[node]
    return feature, split, value, leaf


@compiled
def _walk(features: Array, row: int, feature: Array, threshold: Array) -> int:
    node = 0
    while feature[node] >= 0:
        node = 2 * node + (1 if features[row, feature[node]] <= threshold[node] else 2)
    return node


@compiled
def _ask(features: Array, feature: Array, threshold: Array, value: Array) -> Array:
    said = np.empty((feature.shape[0], features.shape[0]))
    for tree in range(feature.shape[0]):
        for row in range(features.shape[0]):
            said[tree, row] = value[tree, _walk(features, row, feature[tree], threshold[tree])]
    return said


@compiled
def _ask_sum(features: Array, feature: Array, threshold: Array, value: Array) -> Array:
    said = np.zeros(features.shape[0])
    for tree in range(feature.shape[0]):
        for row in range(features.shape[0]):
            said[row] += value[tree, _walk(features, row, feature[tree], threshold[tree])]
    return said
