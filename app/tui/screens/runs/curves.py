"""The live curves: tracks of runs as a Curves figure, thinned to what a screen can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.figures import Curves, Series
from core.runs.history import History, Track

MOST_BINS = 400
"""Each keeps its lowest and highest value: more points than a terminal line has dots."""
TRACKS = ("training", "validation")

Values = NDArray[np.float64]


def live_curves(
    histories: Mapping[str, History],
    metric: str,
    log: bool,
    smooth: bool,
    tracks: Iterable[str] = TRACKS,
    last_step: int = 0,
) -> Curves:
    """Values of one metric over the step, of one run or of several overlaid: each keeps its place, and so its colour,
    where another has no such values.

    The axes reach to round numbers, `last_step` at most, so that one more step changes few cells of the picture. Where
    a value is not positive, such as a likelihood's loss, the axis is linear: a logarithmic one would leave it out.
    """
    series = []
    for name, history in histories.items():
        for track_name in tracks:
            track = (history.train if track_name == "training" else history.validation).get(metric)
            if not track or not track.steps:
                if len(histories) > 1:
                    series.append(Series("", np.zeros(0), np.zeros(0)))
                continue
            steps, values = _arrays(track)
            if track_name == "training" and smooth:
                values = smoothed(values)
                track_name = "training, smoothed"
            title = track_name if len(histories) == 1 else f"{name} {track_name}"
            series.append(Series(title, *thinned(steps, values), style="line" if len(steps) > 1 else "points"))
    if not any(each.x.size for each in series):
        series = []
    log = log and not any((each.y <= 0).any() for each in series)
    furthest = max((float(each.x[-1]) for each in series if each.x.size), default=0.0)
    limits = (0.0, round_up(furthest, last_step)) if furthest else None
    return Curves("", tuple(series), "step", metric, y_log=log, x_limits=limits, y_limits=_round_limits(series, log))


def round_up(step: float, most: int = 0) -> float:
    """The next round number of steps, some tenth of them away; `most` if that is less and not passed yet."""
    unit = 10.0 ** np.floor(np.log10(step / 4))
    unit *= max(m for m in (1, 2, 5) if m * unit <= step / 4)
    rounded = float(np.ceil(step / unit) * unit)
    return float(most) if step <= most < rounded else rounded


def _round_limits(series: Iterable[Series], log: bool) -> tuple[float, float] | None:
    """Limits of the values at round numbers; None without a value that the axis can show."""
    values = np.concatenate([each.y for each in series] or [np.zeros(0)])
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not values.size or values.min() == values.max():
        return None
    low, high = float(values.min()), float(values.max())
    if log:
        marks = np.array([1.0, 1.5, 2, 3, 4, 5, 6, 8, 10])
        below, above = (10.0 ** np.floor(np.log10(edge)) for edge in (low, high))
        return float(below * marks[marks <= low / below * 1.000001][-1]), float(above * marks[marks >= high / above][0])
    unit = 10.0 ** np.floor(np.log10(high - low)) / 2
    return float(np.floor(low / unit) * unit), float(np.ceil(high / unit) * unit)


def smoothed(values: Values) -> Values:
    """Running mean over some twentieth of all values, at least 5; NaN is passed over."""
    half = max(2, 1 << max(0, (len(values) // 40).bit_length() - 1))  # a width that changes seldom
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
