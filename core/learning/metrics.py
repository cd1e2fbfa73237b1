"""How well a prediction agrees with the truth: classification and correlation of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled

_CURVE = 4096
"""Steps of the stored curve along the sum of both rates: it has at most one point more."""


@dataclass(frozen=True)
class Roc:
    """Receiver operating characteristic: rates of false and true positives for falling thresholds, and its area."""

    false_positive: Array
    true_positive: Array
    area: float


def roc(score: Array, truth: Array) -> Roc:
    """ROC of a score for a boolean truth of equal shape; ties count half.

    The area is exact: the share of pairs of a true and a false cell that the score puts in order. The curve keeps at
    most 4,097 points. All is NaN where the truth has but one class or a score is NaN, which has no rank.
    A cell costs 8 bytes, sorted in place: 1 GiB for 512^3.
    """
    keys, positive = _keys(score, truth), int(np.count_nonzero(truth))
    negative = keys.size - positive
    if not positive or not negative or np.isnan(score).any():
        return Roc(np.array([0.0, 1.0]), np.full(2, np.nan), float("nan"))
    keys.sort()
    points, pairs = _walk(keys, positive, negative, _CURVE)
    return Roc(points[:, 0] / negative, points[:, 1] / positive, pairs / 2 / (positive * negative))


def _keys(score: Array, truth: Array) -> Array:
    """Integers (N,) in the order of the scores, the last bit the truth.

    The bits of a positive float are in its order, those of a negative one in the opposite. Single precision leaves the
    last bit free; scores in double precision that differ by it alone are ties.
    """
    keys = score.reshape(-1).astype(np.float64)
    keys += 0.0  # -0 is 0
    bits = keys.view(np.int64)
    for start in range(0, bits.size, 1 << 20):
        part = bits[start : start + (1 << 20)]
        part ^= (part >> 63) & np.int64(2**63 - 1)
        part &= ~np.int64(1)
        part |= truth.reshape(-1)[start : start + (1 << 20)]
    return bits


@compiled
def _walk(keys: Array, positive: int, negative: int, steps: int) -> tuple[Array, int]:
    """False and true positives at the points of the curve (N, 2), and twice the number of ordered pairs."""
    points = np.zeros((steps + 1, 2))
    found, wrong, pairs, step, point = 0, 0, 0, 0, 0
    last = keys.size - 1
    while last >= 0:
        value, hits, misses = keys[last] >> 1, 0, 0
        while last >= 0 and keys[last] >> 1 == value:
            hits += keys[last] & 1
            misses += 1 - (keys[last] & 1)
            last -= 1
        pairs += misses * (2 * found + hits)
        found += hits
        wrong += misses
        reached = int((found / positive + wrong / negative) / 2 * steps)
        if reached > step or last < 0:
            step, point = reached, min(point + 1, steps)
            points[point, 0], points[point, 1] = wrong, found
    return points[: point + 1], pairs


def correlation(a: Array, b: Array) -> float:
    """Pearson's correlation coefficient of two fields of equal shape; NaN where one is constant."""
    x, y = (item.reshape(-1).astype(np.float64) - item.mean(dtype=np.float64) for item in (a, b))
    norm = np.sqrt(x.dot(x) * y.dot(y))
    return float(x.dot(y) / norm) if norm else float("nan")


def foreground_dice(predicted: Array, truth: Array) -> float:
    """2 |A n B| / (|A| + |B|) of two boolean masks."""
    total = np.count_nonzero(predicted) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(predicted & truth) / total if total else 1.0


def two_class_dice(probability: Array, truth: Array) -> float:
    """The paper's Dice coefficient over foreground and background (arXiv:1805.04537, equation 2).

    A probability of 0 everywhere scores 1 - f for a truth that fills the fraction f: every cell adds 1 to both norms
    and the 1 - f cells outside are right.
    """
    p, g = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    overlap = (g * p + (1 - g) * (1 - p)).sum()
    return float(2 * overlap / (g + (1 - g) + p * p + (1 - p) ** 2).sum())


def of_mask(probability: Array, truth: Array) -> dict[str, float]:
    """Dice of the paper, foreground Dice at 0.5 and area under the ROC curve, of any equal shapes."""
    return {
        "dice": two_class_dice(probability, truth),
        "foreground_dice": foreground_dice(probability > 0.5, truth),
        "auc": roc(probability, truth).area,
    }
