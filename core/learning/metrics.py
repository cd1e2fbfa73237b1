"""How well a prediction agrees with the truth: classification and correlation of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array

_BINS = 1 << 16
"""Scores are ranked in this many steps: the area under the curve is exact to about 1e-5, at any size of box."""


@dataclass(frozen=True)
class Roc:
    """Receiver operating characteristic: rates of false and true positives for falling thresholds, and its area."""

    false_positive: Array
    true_positive: Array
    area: float


def roc(score: Array, truth: Array) -> Roc:
    """ROC of a score for a boolean truth; ties count half. Any equal shapes."""
    score, truth = score.reshape(-1), truth.reshape(-1)
    low, high = float(score.min()), float(score.max())
    step = (score.astype(np.float64) - low) * ((_BINS - 1) / (high - low or 1.0))
    bins = step.astype(np.int64)
    positive = np.bincount(bins[truth], minlength=_BINS)[::-1]
    negative = np.bincount(bins[~truth], minlength=_BINS)[::-1]
    tpr = np.concatenate([[0], np.cumsum(positive) / max(positive.sum(), 1)])
    fpr = np.concatenate([[0], np.cumsum(negative) / max(negative.sum(), 1)])
    return Roc(fpr, tpr, float(np.trapezoid(tpr, fpr)))


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
    """The paper's Dice coefficient over foreground and background (arXiv:1805.04537, equation 2)."""
    p, g = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    overlap = (g * p + (1 - g) * (1 - p)).sum()
    return float(2 * overlap / (g + (1 - g) + p * p + (1 - p) ** 2).sum())
