"""Curves: legend, limits and ticks, and a ratio panel below whose x axis lines up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.colour import Depth, marker, series_ink
from app.draw.image import NOTHING, message
from app.draw.plot import Axes, Panel, Trace, Values, panel
from app.draw.shown import shortened
from app.draw.ticks import Tick, linear_ticks, log_ticks
from core.figures import Curves, Series

NATURAL_ROWS = 20
_RATIO_SHARE = 0.35
_STROKES = {"line": "─", "dashed": "╌"}

Limits = tuple[float, float]


@dataclass(frozen=True)
class Legend:
    """What stands for a series in the legend: a sign in the series' colour, and its name."""

    number: int
    sign: str
    name: str


@dataclass(frozen=True)
class PanelRows:
    """Where the panels of a figure lie: rows from the top, and their axes; no `lower` without room for a ratio."""

    top: int
    rows: int
    ratio_rows: int
    upper: Axes
    lower: Axes | None

    @property
    def left(self) -> int:
        """The first column of the data."""
        return self.upper.label_width + 1


def curves_canvas(figure: Curves, width: int, height: int | None, depth: Depth) -> Canvas:
    """Curves in at most `width` x `height` cells."""
    canvas = Canvas(width, height or NATURAL_ROWS + 2 * bool(ratios(figure)))
    plan = _plan(figure, canvas, depth)
    if isinstance(plan, str):
        return message(figure.title, plan, width, height)
    traces = [_trace(number, series, figure) for number, series in enumerate(figure.series)]
    drawn = panel(traces, plan.upper, width, plan.rows - plan.ratio_rows, depth)
    canvas.paste(drawn.canvas, plan.top, 0)
    if plan.lower:
        marked = tuple((1.0 - half, 1.0 + half) for half in figure.ratio_bands)
        below = panel(
            [_trace(number, series, figure, y_log=False) for number, series in ratios(figure)],
            plan.lower, width, plan.ratio_rows, depth, marked, rule=1.0,
        )  # fmt: skip
        first = plan.top + plan.rows - plan.ratio_rows
        canvas.paste(below.canvas, first, 0)
        canvas.write(first - 1, drawn.left + 1, f" {shortened(figure.ratio_label, drawn.columns - 4)} ")
    foot(canvas, figure.x_label, drawn)
    return canvas


def curves_plan(figure: Curves, width: int, height: int) -> PanelRows | None:
    """Where `curves_canvas` draws the panels; None where it draws none."""
    plan = _plan(figure, Canvas(width, height), "none")
    return None if isinstance(plan, str) else plan


def _plan(figure: Curves, canvas: Canvas, depth: Depth) -> PanelRows | str:
    """Write title and legend and lay out the panels in the rest; or what is said instead."""
    width = canvas.width
    x_span, y_span = x_limits(figure), y_limits(figure)
    if x_span is None or y_span is None:
        return NOTHING
    top = header(canvas, figure.title, figure.y_label, _legends(figure), depth)
    rows = canvas.height - top - footed(canvas, figure.x_label)
    # an odd number, so that a ratio of 1 lies in the middle of a row
    ratio_rows = max(5, round(_RATIO_SHARE * rows)) | 1 if rows >= 13 and ratios(figure) else 0
    x_ticks = ticks(x_span, figure.x_log, width // 10)
    y_ticks = ticks(y_span, figure.y_log, max(2, (rows - ratio_rows) // 3))
    ratio_ticks = linear_ticks(*figure.ratio_limits, max(2, ratio_rows // 2)) if ratio_rows else []
    label_width = max((len(tick.label) for tick in (*y_ticks, *ratio_ticks)), default=1)
    if width - label_width < 8 or rows - ratio_rows < 4:
        return "too small to draw"
    upper = Axes(x_span, y_span, [] if ratio_rows else x_ticks, y_ticks, label_width)
    lower = Axes(x_span, figure.ratio_limits, x_ticks, ratio_ticks, label_width) if ratio_rows else None
    return PanelRows(top, rows, ratio_rows, upper, lower)


def ratios(figure: Curves) -> list[tuple[int, Series]]:
    """Every series over the one named by `ratio_to`, with its number; the reference itself only for its band."""
    numbered = list(enumerate(figure.series))
    reference = next((series for series in figure.series if series.name == figure.ratio_to), None)
    if reference is None:
        return []
    return [(n, _over(s, reference)) for n, s in numbered if s is not reference or s.low is not None]


def x_limits(figure: Curves) -> Limits | None:
    """The range of x in the axis' own terms (log10 of a log axis); None without a finite point."""
    if given := _given(figure.x_limits, figure.x_log):
        return given
    seen = [on_axis(s.x, figure.x_log)[np.isfinite(on_axis(s.y, figure.y_log))] for s in figure.series]
    return _limits(seen, margin=0.0)


def y_limits(figure: Curves) -> Limits | None:
    """The range of y and of its bands in the axis' own terms; None without a finite point."""
    if given := _given(figure.y_limits, figure.y_log):
        return given
    shown = [_within(s, figure.x_limits) for s in figure.series]
    values = [s.y for s in shown]
    seen = _limits([on_axis(y, figure.y_log) for y in values], margin=0.04)
    edges = [edge for s in shown for edge in (s.low, s.high) if edge is not None]
    with_bands = _limits([on_axis(y, figure.y_log) for y in (*values, *edges)], margin=0.04)
    if seen is None or with_bands is None or not figure.y_log:
        return with_bands
    # a band that reaches down to zero would squeeze the curves of a log axis
    return max(with_bands[0], seen[0] - 1.0), with_bands[1]


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


def _trace(number: int, series: Series, figure: Curves, y_log: bool | None = None) -> Trace:
    log = figure.y_log if y_log is None else y_log
    y = on_axis(series.y, log)
    low = high = None
    if series.low is not None and series.high is not None:
        low, high = on_axis(series.low, log), on_axis(series.high, log)
        low = np.where(np.isfinite(high) & ~np.isfinite(low), -1e30, low)  # log of a band's zero edge
    marked = _needs_markers(series, figure)
    return Trace(number, on_axis(series.x, figure.x_log), y, low, high, series.style, marked, series.sign)


def _needs_markers(series: Series, figure: Curves) -> bool:
    """Whether only colour would tell this line from another one."""
    return sum(other.style == series.style for other in figure.series) > 1


def _sign(number: int, series: Series, figure: Curves) -> str:
    if series.style == "points":
        return series.sign or marker(number)
    stroke = _STROKES[series.style]
    return stroke + (marker(number) if _needs_markers(series, figure) else stroke) + stroke


def on_axis(values: Values | NDArray[np.integer], log: bool) -> Values:
    """Values in the axis' own terms; what an axis cannot show becomes NaN."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log10(values) if log else values
    return np.where(np.isfinite(values), values, np.nan)


def _limits(arrays: list[Values], margin: float) -> Limits | None:
    values = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.zeros(0)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = abs(low) / 2 or 1.0
        return low - half, high + half
    return low - margin * (high - low), high + margin * (high - low)


def _over(series: Series, reference: Series) -> Series:
    """A series divided by another one, interpolated in x where their points differ."""
    x, base_x = np.asarray(series.x, dtype=np.float64), np.asarray(reference.x, dtype=np.float64)
    base = np.asarray(reference.y, dtype=np.float64)
    if not np.array_equal(x, base_x):
        known = np.isfinite(base_x) & np.isfinite(base)
        if not known.any():
            return Series(series.name, x, np.full(x.shape, np.nan), style=series.style)
        order = np.argsort(base_x[known])
        base = np.interp(x, base_x[known][order], base[known][order], left=np.nan, right=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (None if edge is None else edge / base for edge in (series.low, series.high))
        return Series(series.name, x, series.y / base, low, high, series.style)


def ticks(limits: Limits, log: bool, most: int) -> list[Tick]:
    """At most `most` ticks of a linear or a log axis."""
    return (log_ticks if log else linear_ticks)(*limits, most=min(9, most))


def header(canvas: Canvas, title: str, y_label: str, legends: list[Legend], depth: Depth) -> int:
    """Title, unit of y and legend, in as few rows as they need; the number of rows."""
    width, small = canvas.width, canvas.height < 10
    title = shortened(title, width)
    canvas.write(0, 0, title, bold=True)
    if small:
        y_label = ""
    size = sum(len(item.sign) + len(item.name) + 1 for item in legends) + 3 * max(0, len(legends) - 1)
    if title and size + len(title) + 3 <= width:
        _write_legends(canvas, 0, width - size, legends, depth)
        canvas.write(1, 0, shortened(y_label, width))
        return 1 + bool(y_label)
    row = int(bool(title))
    if size + len(y_label) + 3 <= width:
        canvas.write(row, 0, y_label)
        _write_legends(canvas, row, width - size if y_label else 0, legends, depth)
        return row + bool(y_label or legends)
    most = max(1, canvas.height // 7) + row - 1
    line: list[Legend] = []
    used = 0
    for item in legends:
        step = len(item.sign) + len(item.name) + 4
        if line and used + step - 3 > width:
            _write_legends(canvas, row, 0, line, depth)
            row, line, used = row + 1, [], 0
        if row > most:
            break
        line.append(item)
        used += step
    if line:
        _write_legends(canvas, row, 0, line, depth)
        row += 1
    canvas.write(row, 0, shortened(y_label, width))
    return row + bool(y_label)


def key(figure: Curves, width: int, most: int, depth: Depth) -> Canvas:
    """Signs and names of all series in columns, down first, in at most `most` rows."""
    items = _legends(figure)
    wide = max((len(item.sign) + len(item.name) + 1 for item in items), default=0) + 2
    across = max(1, min(len(items), (width + 2) // max(wide, 1)))
    rows = max(1, min(most, -(-len(items) // across)))
    canvas = Canvas(width, rows)
    for place, item in enumerate(items[: rows * across]):
        # a column ends where the next begins
        column = place // rows * wide
        _write_legends(canvas, place % rows, column, [item], depth)
    if len(items) > rows * across:
        last = f"+{len(items) - rows * across + 1} more"
        canvas.write(rows - 1, (across - 1) * wide, last.ljust(wide))
    return canvas


def _legends(figure: Curves) -> list[Legend]:
    return [
        Legend(number, _sign(number, series, figure), series.name)
        for number, series in enumerate(figure.series)
        if series.name
    ]


def _write_legends(canvas: Canvas, row: int, column: int, legends: list[Legend], depth: Depth) -> None:
    for item in legends:
        canvas.write(row, column, item.sign, series_ink(item.number, depth))
        canvas.write(row, column + len(item.sign) + 1, shortened(item.name, canvas.width - column - len(item.sign) - 1))
        column += len(item.sign) + len(item.name) + 4


def footed(canvas: Canvas, x_label: str) -> bool:
    """Whether the x axis' label has a row of its own."""
    return bool(x_label) and canvas.height >= 9


def foot(canvas: Canvas, x_label: str, drawn: Panel) -> None:
    """The x axis' label below a panel."""
    if footed(canvas, x_label):
        label = shortened(x_label, canvas.width)
        column = drawn.left + (drawn.columns - len(label)) // 2
        canvas.write(canvas.height - 1, min(max(0, column), canvas.width - len(label)), label)
