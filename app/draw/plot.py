"""Lines, points, error bars and bands between two axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.colour import Depth, frame_ink, marker, quiet_shade, series_ink
from app.draw.dots import DASH, Grid, Layer, lay, near
from app.draw.frame import Axes, Points, Values, framed
from app.draw.shades import mark_ranges, shade_bands

_MARKER_SPACING = 14  # cells between the markers on a line
_OWN = 0xE000  # the first character for private use: plotext is given one for each series


@dataclass(frozen=True)
class Trace:
    """One series in the axes' own terms (log10 already taken); NaN leaves a gap.

    `marked` lines carry the series' marker every few cells; points with a `sign` are drawn as that letter. The style
    "band" is a band alone.
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
    """Traces between axes, in `width` x `height` cells; the first lies on top.

    `marked` are ranges of y to shade, `rule` a y to draw a line at. Arrows at the edge mark what lies beyond it.
    """
    left = axes.label_width + 1
    grid = Grid(axes, width - left, height - 1 - bool(axes.x_ticks))
    shifts = _shifts(traces)
    canvas = Canvas(width, height)
    for row, line in enumerate(framed(axes, _points(traces, shifts, grid), width, height)):
        canvas.text[row] = list(line)
    canvas.ink[: grid.rows + 1, left - 1] = frame_ink(depth)
    canvas.ink[grid.rows, left:] = frame_ink(depth)
    _show_markers(canvas, depth)
    drawn = Panel(canvas, left, grid.columns, grid.rows)
    _write_signs(drawn, grid, traces, depth)
    _mark_beyond(drawn, grid, traces, depth)
    lines, edges = _layers(traces, shifts, grid, depth)
    lay(canvas, 0, left, lines)
    if rule is not None:
        lay(canvas, 0, left, [(frame_ink(depth), grid.line(np.array(axes.x_limits), np.array([rule, rule])))])
    lay(canvas, 0, left, edges)
    area = (slice(0, grid.rows), slice(left, width))
    mark_ranges(canvas, area, grid, marked, [quiet_shade(depth, level) for level in range(len(marked))], depth)
    bands = [
        (trace.number, trace.x, trace.low, trace.high)
        for trace in traces
        if trace.style != "points" and trace.low is not None and trace.high is not None
    ]
    shade_bands(canvas, area, grid, bands, depth)
    return drawn


def _layers(traces: list[Trace], shifts: dict[int, int], grid: Grid, depth: Depth) -> tuple[list[Layer], list[Layer]]:
    """The lines and error bars, and the dotted edges of the bands as far as they are clear of the line."""
    lines: list[Layer] = []
    edges: list[Layer] = []
    for trace in traces:
        ink, drawn = series_ink(trace.number, depth), grid.none()
        if trace.style in ("line", "dashed"):
            # the dashes of neighbours in the legend fill each other's gaps
            drawn = grid.line(trace.x, trace.y, trace.number * DASH if trace.style == "dashed" else None)
            lines.append((ink, drawn))
        if trace.low is None or trace.high is None:
            continue
        if trace.style == "points":
            lines.append((ink, grid.bars(trace.x, trace.low, trace.high, 2 * shifts.get(trace.number, 0))))
            continue
        edge = grid.line(trace.x, trace.low) | grid.line(trace.x, trace.high)
        edge[:, 1::2] = False
        edges.append((ink, edge & ~near(near(drawn))))
    return lines, edges


def _shifts(traces: list[Trace]) -> dict[int, int]:
    """How many cells aside points with error bars are drawn that others with the same x would hide."""
    barred = [trace for trace in traces if trace.style == "points" and trace.low is not None and not trace.sign]
    shifts = {}
    for trace in barred:
        same = [other.number for other in barred if np.array_equal(other.x, trace.x)]
        shifts[trace.number] = same.index(trace.number) - (len(same) - 1) // 2
    return shifts


def _points(traces: list[Trace], shifts: dict[int, int], grid: Grid) -> Points:
    """The markers of all series: every point, or one every few cells along a marked line; the first series last, so
    that it lies on top, and the few markers of lines above the many points."""
    points: Points = {}
    last_first = list(reversed(traces))
    for trace in sorted(last_first, key=lambda trace: trace.style != "points"):
        if (trace.sign and trace.style == "points") or not (trace.marked or trace.style == "points"):
            continue
        if trace.style == "dashed":
            trace = _sampled(trace, grid)
        aside = shifts.get(trace.number, 0) * (grid.axes.x_limits[1] - grid.axes.x_limits[0]) / (grid.columns - 1)
        x, y = trace.x + aside, trace.y
        inside = (x >= grid.axes.x_limits[0]) & (x <= grid.axes.x_limits[1])
        inside &= (y >= grid.axes.y_limits[0]) & (y <= grid.axes.y_limits[1])
        x, y = x[inside], y[inside]
        if trace.style == "line":
            # the shift keeps the markers of series with the same x apart
            stretch = (_cells(x, grid) + 2 + 5 * trace.number) // _MARKER_SPACING
            chosen = np.flatnonzero(np.diff(stretch, prepend=-1))
            x, y = x[chosen], y[chosen]
        if x.size:
            points[chr(_OWN + trace.number)] = (x, y)
    return points


def _sampled(trace: Trace, grid: Grid) -> Trace:
    """A dashed line at every so many cells: it is no measurement, and its points lie where others were measured."""
    known = np.isfinite(trace.x) & np.isfinite(trace.y)
    x, y = trace.x[known], trace.y[known]
    places = np.linspace(*grid.axes.x_limits, grid.columns)[5 * (trace.number + 1) % _MARKER_SPACING :: _MARKER_SPACING]
    order = np.argsort(x)
    values = (
        np.interp(places, x[order], y[order], left=np.nan, right=np.nan) if x.size else np.full(len(places), np.nan)
    )
    return replace(trace, x=places, y=values)


def _show_markers(canvas: Canvas, depth: Depth) -> None:
    """The series' marker and colour in place of its private character."""
    for row, column in np.argwhere(canvas.text >= chr(_OWN)):
        number = ord(canvas.text[row, column]) - _OWN
        canvas.text[row, column], canvas.ink[row, column] = marker(number), series_ink(number, depth)


def _write_signs(drawn: Panel, grid: Grid, traces: list[Trace], depth: Depth) -> None:
    """A letter at each point of traces with a sign, or in the nearest cell that no other letter has."""
    free = np.ones((drawn.rows, drawn.columns), dtype=bool)
    rows, columns = np.indices(free.shape)
    for trace in traces:
        if not trace.sign or trace.style != "points":
            continue
        known = np.isfinite(trace.x) & np.isfinite(trace.y)
        across = _cells(trace.x[known], grid)
        down = np.floor(grid.down(trace.y[known]) / 4).astype(np.intp)
        for row, column in zip(down, across, strict=True):
            if not (0 <= row < drawn.rows and 0 <= column < drawn.columns and free.any()):
                continue
            # a cell is about twice as tall as wide
            distance = np.where(free, np.hypot(2 * (rows - row), columns - column), np.inf)
            place = np.unravel_index(np.argmin(distance), free.shape)
            free[place] = False
            drawn.canvas.write(int(place[0]), drawn.left + int(place[1]), trace.sign, series_ink(trace.number, depth))


def _mark_beyond(drawn: Panel, grid: Grid, traces: list[Trace], depth: Depth) -> None:
    """An arrow every few cells where a series lies beyond the edge."""
    low, high = grid.axes.y_limits
    rounding = 1e-9 * (high - low)
    for trace in traces:
        cells = _cells(trace.x, grid)
        inside = (cells >= 0) & (cells < drawn.columns)
        for row, sign, beyond in ((0, "↑", trace.y > high + rounding), (drawn.rows - 1, "↓", trace.y < low - rounding)):
            columns = cells[inside & beyond]
            for column in columns[np.flatnonzero(np.diff(columns // _MARKER_SPACING, prepend=-1))]:
                free = np.flatnonzero(drawn.canvas.text[row, drawn.left + column :] != sign)
                if free.size and free[0] < _MARKER_SPACING // 2:
                    drawn.canvas.write(row, drawn.left + int(column + free[0]), sign, series_ink(trace.number, depth))


def _cells(x: Values, grid: Grid) -> NDArray[np.intp]:
    """The columns of values; -1 or one too many outside."""
    places = np.floor(np.nan_to_num(grid.across(x), nan=-2.0) / 2)
    return np.clip(places, -1, grid.columns).astype(np.intp)
