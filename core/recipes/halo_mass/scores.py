"""Scores of predicted against true values; None where there is nothing to measure."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array


def correlation(true: Array, found: Array) -> float | None:
    varies = len(true) > 2 and np.ptp(true) > 0 and np.ptp(found) > 0
    return float(np.corrcoef(true, found)[0, 1]) if varies else None


def half_range(values: Array) -> float | None:
    """Half the range of the middle 68 %."""
    return float(np.subtract(*np.percentile(values, (84, 16))) / 2) if len(values) else None


def median(values: Array) -> float | None:
    return float(np.median(values)) if len(values) else None
