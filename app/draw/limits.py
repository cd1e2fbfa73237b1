"""The ranges that the axes of curves show, in the axes' own terms: log10 of a logarithmic one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.draw.frame import Values
from app.draw.ratio import ratios
from core.figures import Array, Curves, Series

Limits = tuple[float, float]
_MARGIN = 0.04
_LOG_FROM = 4.0
"""Ratios that differ by more than this factor are shown on a logarithmic axis."""
_NARROWEST = 0.01
"""Ratios closer to 1 than this are shown as being so."""
_CERTAIN = 0.5
"""Ratios less certain than this share of themselves do not choose the range, where others are."""


def on_axis(values: Array, log: bool) -> Values:
    """Values in the axis' own terms; what an axis cannot show becomes NaN."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log10(values) if log else values
    return np.where(np.isfinite(values), values, np.nan)


def x_limits(figure: Curves) -> Limits | None:
    """The range of x; None without a finite point."""
    if given := _given(figure.x_limits, figure.x_log):
        return given
    seen = [on_axis(s.x, figure.x_log)[np.isfinite(on_axis(s.y, figure.y_log))] for s in figure.series]
    # points at the very edge would lie on the axis
    return _limits(seen, _MARGIN / 2 if any(series.style == "points" for series in figure.series) else 0.0)


def y_limits(figure: Curves) -> Limits | None:
    """The range of y and of its bands; None without a finite point."""
    if given := _given(figure.y_limits, figure.y_log):
        return given
    shown = [_within(s, figure.x_limits) for s in figure.series]
    values = [s.y for s in shown]
    seen = _limits([on_axis(y, figure.y_log) for y in values], _MARGIN)
    edges = [edge for s in shown for edge in (s.low, s.high) if edge is not None]
    with_bands = _limits([on_axis(y, figure.y_log) for y in (*values, *edges)], _MARGIN)
    if seen is None or with_bands is None or not figure.y_log:
        return with_bands
    # a band that reaches down to zero would squeeze the curves of a log axis
    return max(with_bands[0], seen[0] - 1.0), with_bands[1]


def ratio_limits(figure: Curves, everything: bool = False) -> tuple[Limits, bool]:
    """The range of the ratio panel, and whether its axis is logarithmic.

    Where the figure fixes none it is that of the data: 1, every series, and the error bands as far as those leave the
    series legible. Dashed curves, which are theory, may take as much room again on each side. `everything` leaves
    nothing outside, however uncertain.
    """
    if figure.ratio_limits is not None:
        log = bool(figure.ratio_log) and figure.ratio_limits[0] > 0
        return _given(figure.ratio_limits, log) or (0.5, 1.5), log
    shown = [_within(series, figure.x_limits) for _, series in ratios(figure) if series.name != figure.ratio_to]
    measured = [series for series in shown if series.style != "dashed"] or shown
    values = _finite([series.y if everything else _certain(series) for series in measured])
    if not values.size:
        values = _finite([series.y for series in measured])
    bounds = _finite([edge for series in measured for edge in (series.low, series.high) if edge is not None])
    theory = _finite([series.y for series in shown])
    if everything:
        values = np.concatenate([values, bounds, theory])
    positive = np.concatenate([values, [1.0]])
    log = bool(positive.min() > 0 and positive.max() > _LOG_FROM * positive.min())
    if figure.ratio_log is not None:
        log = figure.ratio_log
    values, bounds, theory = (on_axis(part, log) for part in (positive, bounds, theory))
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    least = float(np.log10(1 + _NARROWEST)) if log else _NARROWEST
    middle = 0.0 if log else 1.0
    low, high = min(low, middle - least), max(high, middle + least)
    for part, room in ((bounds, 0.5), (theory, 1.0)):
        low, high = _widened(low, high, part, room)
    margin = _MARGIN * (high - low)
    return (low - margin, high + margin), log


def _widened(low: float, high: float, values: Values, room: float) -> Limits:
    """The range widened to hold values, by so much of itself at most."""
    values = values[np.isfinite(values)]
    if not values.size:
        return low, high
    most = room * (high - low)
    return min(low, max(float(values.min()), low - most)), max(high, min(float(values.max()), high + most))


def _certain(series: Series) -> Values:
    """The values that are larger than their error."""
    if series.low is None or series.high is None:
        return np.asarray(series.y, dtype=np.float64)
    y = np.asarray(series.y, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((series.high - series.low) / 2 <= _CERTAIN * np.abs(y), y, np.nan)


def _within(series: Series, limits: Limits | None) -> Series:
    """The points of a series that lie inside the limits of x."""
    if limits is None:
        return series
    x = np.asarray(series.x, dtype=np.float64)
    inside = (x >= limits[0]) & (x <= limits[1])
    if not inside.any():
        return series
    low, high = (None if edge is None else edge[inside] for edge in (series.low, series.high))
    return replace(series, x=x[inside], y=series.y[inside], low=low, high=high)


def _given(limits: Limits | None, log: bool) -> Limits | None:
    """Limits that a figure fixes, in the axis' own terms; None where it fixes none that can be shown."""
    if limits is None:
        return None
    low, high = on_axis(np.array(limits), log)
    return (float(low), float(high)) if np.isfinite(low) and np.isfinite(high) and high > low else None


def _finite(arrays: Sequence[Array]) -> Values:
    parts = [np.asarray(array, dtype=np.float64).ravel() for array in arrays]
    values = np.concatenate(parts) if parts else np.zeros(0)
    return values[np.isfinite(values)]


def _limits(arrays: Sequence[Array], margin: float) -> Limits | None:
    values = _finite(arrays)
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = abs(low) / 2 or 1.0
        return low - half, high + half
    return low - margin * (high - low), high + margin * (high - low)
