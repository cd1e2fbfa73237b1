"""The live curves: tracks of a run as a Curves figure, thinned to what a screen can show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tui.history import History, Track
from core.figures import Curves, Series

MOST_BINS = 400
"""Each keeps its lowest and highest value: more points than a terminal line has dots."""

Values = NDArray[np.float64]


def live_curves(history: History, metric: str, log: bool, smooth: bool) -> Curves:
    """Training and validation values of one metric over the step."""
    series = []
    if (track := history.train.get(metric)) and track.steps:
        steps, values = _arrays(track)
        values = smoothed(values) if smooth else values
        series.append(Series("training, smoothed" if smooth else "training", *thinned(steps, values)))
    if (track := history.validation.get(metric)) and track.steps:
        steps, values = _arrays(track)
        series.append(Series("validation", *thinned(steps, values), style="line" if len(steps) > 1 else "points"))
    return Curves("", tuple(series), "step", metric, y_log=log)


def smoothed(values: Values) -> Values:
    """Running mean over a twentieth of all values, at least 5; NaN is passed over."""
    half = max(2, len(values) // 40)
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    first = np.maximum(np.arange(len(values)) - half, 0)
    last = np.minimum(np.arange(len(values)) + half + 1, len(values))
    number = counts[last] - counts[first]
    return np.where(number > 0, (sums[last] - sums[first]) / np.maximum(number, 1), np.nan)


def thinned(steps: Values, values: Values) -> tuple[Values, Values]:
    """At most 2 MOST_BINS points: the lowest and the highest of each bin of neighbours, in order."""
    if len(values) <= 2 * MOST_BINS:
        return steps, values
    size = -(-len(values) // MOST_BINS)
    padded = np.full(size * MOST_BINS, np.nan)
    padded[: len(values)] = values
    bins = padded.reshape(MOST_BINS, size)
    start = np.arange(MOST_BINS) * size
    lowest = start + np.where(np.isnan(bins), np.inf, bins).argmin(axis=1)
    highest = start + np.where(np.isnan(bins), -np.inf, bins).argmax(axis=1)
    kept = np.unique(np.concatenate([lowest, highest]))
    kept = kept[kept < len(values)]
    return steps[kept], values[kept]


def _arrays(track: Track) -> tuple[Values, Values]:
    steps: NDArray[Any] = np.frombuffer(track.steps, dtype=np.int64)
    return steps.astype(np.float64), np.frombuffer(track.values, dtype=np.float64).copy()
