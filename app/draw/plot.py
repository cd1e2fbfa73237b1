"""Lines and points between two axes: the one place that knows plotext.

plotext 5 is used as a private figure per panel, on linear axes only: it keeps module state, clips to the terminal's
size unless told not to, and its own log scale fails when a figure is built twice (plotext#209). Callers take log10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.colour import Depth, frame_ink, marker, quiet_shade, series_ink, series_shade
from app.draw.ticks import Tick

Values = NDArray[np.floating[Any]]
_DASH = 5  # dots of a dash, and of the gap behind it
_MARKER_SPACING = 14  # cells between the markers on a line


@dataclass(frozen=True)
class Trace:
    """One series in the axes' own terms (log10 already taken); NaN leaves a gap.

    `marked` lines carry the series' marker every few cells; points with a `sign` are drawn as that letter.
    """

    number: int
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    style: str = "line"
    marked: bool = False
    sign: str = ""


@dataclass(frozen=True)
class Axes:
    """Limits, ticks and the width kept for the labels of the y axis; no x ticks leaves no row for them."""

    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    label_width: int


@dataclass(frozen=True)
class Panel:
    """A drawn panel; the data area begins at column `left` and spans `columns` x `rows` cells from the top."""

    canvas: Canvas
    left: int
    columns: int
    rows: int


def panel(
    traces: list[Trace],
    axes: Axes,
    width: int,
    height: int,
    depth: Depth,
    marked: tuple[tuple[float, float], ...] = (),
    rule: float | None = None,
) -> Panel:
    """Traces between axes, in `width` x `height` cells.

    `marked` are ranges of y to shade, `rule` a y to draw a line at.
    """
    from plotext._figure import _figure_class

    left = axes.label_width + 1
    columns, rows = width - left, height - 1 - bool(axes.x_ticks)
    figure = _figure_class()
    figure._limit_size(False, False)
    figure.plot_size(width, height)
    figure.theme("clear")
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.xlim(*axes.x_limits)
    figure.ylim(*axes.y_limits)
    figure.xticks([tick.place for tick in axes.x_ticks], [tick.label for tick in axes.x_ticks])
    labels = [tick.label.rjust(axes.label_width) for tick in axes.y_ticks]
    # a tick far outside the panel keeps the labels' width when no tick is inside
    figure.yticks([tick.place for tick in axes.y_ticks] or [_far(axes.y_limits)], labels or [" " * axes.label_width])
    # plotext takes the axes away from a figure without data
    figure.scatter([axes.x_limits[0]], [_far(axes.y_limits)], marker=" ")
    for trace in traces:
        _add_line(figure, trace, axes, columns, rows)
    # after all lines, which would hide them; the few markers of a line last, for points are many
    for trace in sorted(traces, key=lambda trace: trace.style != "points"):
        _add_markers(figure, trace, axes, columns)
    figure.monitor.set_size([width, height])
    figure.monitor.build_plot()

    matrix = figure.monitor.matrix
    canvas = Canvas(width, height)
    for row, (characters, inks) in enumerate(zip(matrix.marker[::-1], matrix.fullground[::-1], strict=True)):
        canvas.text[row] = characters
        canvas.ink[row] = [series_ink(ink, depth) if isinstance(ink, int) else -1 for ink in inks]
    canvas.ink[: rows + 1, left - 1] = frame_ink(depth)
    canvas.ink[rows, left:] = frame_ink(depth)
    drawn = Panel(canvas, left, columns, rows)
    for level, bounds in enumerate(sorted(marked, key=lambda pair: pair[0] - pair[1])):
        low, high = (np.full(columns, bound) for bound in bounds)
        _shade(drawn, axes, low, high, quiet_shade(depth, level), depth)
    _write_signs(drawn, axes, traces, depth)
    for trace in traces:
        if trace.low is not None and trace.high is not None:
            places = np.linspace(*axes.x_limits, columns)
            low, high = (_between(places, trace.x, edge) for edge in (trace.low, trace.high))
            _shade(drawn, axes, low, high, series_shade(trace.number, depth), depth)
    if rule is not None and axes.y_limits[0] <= rule <= axes.y_limits[1]:
        row = rows - 1 - int(_pixels(np.array([rule]), axes.y_limits, rows)[0])
        empty = np.isin(canvas.text[row, left:], (" ", "░", "▀", "▄"))
        canvas.text[row, left:][empty] = "╌"
        canvas.ink[row, left:][empty] = frame_ink(depth)
    return drawn


def _add_line(figure: Any, trace: Trace, axes: Axes, columns: int, rows: int) -> None:
    """Give plotext the runs of finite points as braille lines."""
    if trace.style == "points":
        return
    # a line may leave the panel, but not so far that plotext walks there dot by dot
    span = axes.y_limits[1] - axes.y_limits[0]
    y = np.clip(trace.y, axes.y_limits[0] - 2 * span, axes.y_limits[1] + 2 * span)
    for run in _runs(np.stack([trace.x, y])):
        if trace.style == "dashed":
            figure.scatter(*_dashes(run, axes, columns, rows).tolist(), marker="braille", color=trace.number)
        else:
            figure.plot(*_thinned(run, axes, columns).tolist(), marker="braille", color=trace.number)


def _add_markers(figure: Any, trace: Trace, axes: Axes, columns: int) -> None:
    """Give plotext one character per point, or every few cells along a marked line; signs are written later."""
    if trace.sign and trace.style == "points":
        return
    inside = (trace.x >= axes.x_limits[0]) & (trace.x <= axes.x_limits[1])
    inside &= (trace.y >= axes.y_limits[0]) & (trace.y <= axes.y_limits[1])
    points = np.stack([trace.x, trace.y])[:, inside]
    if trace.style != "points":
        # the shift keeps the markers of series with the same x apart
        stretch = (_pixels(points[0], axes.x_limits, columns) + 2 + 5 * trace.number) // _MARKER_SPACING
        points = points[:, np.flatnonzero(np.diff(stretch, prepend=-1))] if trace.marked else points[:, :0]
    if points.size:
        figure.scatter(*points.tolist(), marker=marker(trace.number), color=trace.number)


def _write_signs(drawn: Panel, axes: Axes, traces: list[Trace], depth: Depth) -> None:
    """A letter at each point of traces with a sign, or in the nearest cell that no other letter has."""
    free = np.ones((drawn.rows, drawn.columns), dtype=bool)
    rows, columns = np.indices(free.shape)
    for trace in traces:
        if not trace.sign or trace.style != "points":
            continue
        known = np.isfinite(trace.x) & np.isfinite(trace.y)
        across = _pixels(trace.x[known], axes.x_limits, drawn.columns)
        down = drawn.rows - 1 - _pixels(trace.y[known], axes.y_limits, drawn.rows)
        for row, column in zip(down, across, strict=True):
            if not (0 <= row < drawn.rows and 0 <= column < drawn.columns and free.any()):
                continue
            # a cell is about twice as tall as wide
            distance = np.where(free, np.hypot(2 * (rows - row), columns - column), np.inf)
            place = np.unravel_index(np.argmin(distance), free.shape)
            free[place] = False
            drawn.canvas.write(int(place[0]), drawn.left + int(place[1]), trace.sign, series_ink(trace.number, depth))


def _runs(points: Values) -> list[Values]:
    """The stretches between gaps, each of shape (2, number)."""
    finite = np.isfinite(points).all(axis=0)
    breaks = np.flatnonzero(np.diff(finite)) + 1
    return [run for run in np.split(points, breaks, axis=1) if run.size and np.isfinite(run).all()]


def _thinned(run: Values, axes: Axes, columns: int) -> Values:
    """The lowest and the highest point of each dot column, when a long curve has many."""
    if run.shape[1] <= 8 * columns or np.any(np.diff(run[0]) < 0):
        return run
    column = _pixels(run[0], axes.x_limits, 2 * columns)
    order = np.lexsort((run[1], column))
    first = np.flatnonzero(np.diff(column[order], prepend=-1))
    last = np.append(first[1:], len(order)) - 1
    return run[:, np.unique(np.concatenate([order[first], order[last]]))]


def _dashes(run: Values, axes: Axes, columns: int, rows: int) -> Values:
    """Points one dot apart along a line, with every other dash left out."""
    run = _thinned(run, axes, columns)
    size = np.array([[2 * columns], [4 * rows]])
    low, high = (np.array([[axes.x_limits[k]], [axes.y_limits[k]]]) for k in (0, 1))
    steps = np.hypot(*np.diff((run - low) / (high - low) * size, axis=1))
    way = np.concatenate([[0.0], np.cumsum(steps)])
    along = np.arange(0.0, way[-1] + 1e-9, 0.7)
    along = along[(along // _DASH) % 2 == 0]
    return np.stack([np.interp(along, way, coordinate) for coordinate in run])


def _shade(drawn: Panel, axes: Axes, low: Values, high: Values, shade: int, depth: Depth) -> None:
    """Shade the half cells between two bounds, given per column; NaN shades nothing."""
    (y0, y1), rows = axes.y_limits, drawn.rows
    covered = np.isfinite(low) & np.isfinite(high) & (high >= y0) & (low <= y1)
    # half cells from the bottom; the limits lie in the middle of the outermost cells
    first, last = (
        0.5 + 2 * (rows - 1) * np.clip((np.where(covered, edge, y0) - y0) / (y1 - y0), -1, 2) for edge in (low, high)
    )
    middle = np.arange(2 * rows)[::-1, None]
    thin = np.round((first + last) / 2)
    inside = covered & (((middle >= first) & (middle <= last)) | (middle == thin))
    upper, lower = inside[0::2], inside[1::2]
    area = (slice(0, rows), slice(drawn.left, drawn.left + drawn.columns))
    text, ink, paper = (getattr(drawn.canvas, name)[area] for name in ("text", "ink", "paper"))
    if depth == "none":
        text[(upper | lower) & (text == " ")] = "░"
        return
    for half, character in ((upper & ~lower, "▀"), (lower & ~upper, "▄")):
        edge = half & (text == " ")
        text[edge], ink[edge] = character, shade
    both = upper & lower
    paper[both] = shade
    text[both & np.isin(text, ("▀", "▄"))] = " "


def _between(places: Values, x: Values, y: Values) -> Values:
    """A bound at each place; NaN outside its range and in its gaps."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.full(len(places), np.nan)
    order = np.argsort(x[known])
    half = (places[-1] - places[0]) / max(1, len(places) - 1) / 2
    inside = (places >= x[known].min() - half) & (places <= x[known].max() + half)
    return np.where(inside, np.interp(places, x[known][order], y[known][order]), np.nan)


def _pixels(values: Values, limits: tuple[float, float], size: int) -> NDArray[np.intp]:
    """The cell of each value, as plotext places it: the limits lie in the middle of the outermost cells."""
    share = (values - limits[0]) / (limits[1] - limits[0])
    return np.clip(np.floor(0.5 + (size - 1) * share), -1, size).astype(np.intp)


def _far(limits: tuple[float, float]) -> float:
    return limits[0] - 10 * (limits[1] - limits[0])
