"""Curves: legend, limits and ticks, and a ratio panel below whose x axis lines up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.draw.canvas import Canvas
from app.draw.colour import Depth, marker
from app.draw.frame import Axes
from app.draw.image import NOTHING, message
from app.draw.legend import Legend, header
from app.draw.limits import Limits, on_axis, ratio_limits, x_limits, y_limits
from app.draw.plot import Panel, Trace, panel
from app.draw.ratio import ratios
from app.draw.shown import shortened
from app.draw.ticks import Tick, apart, evened, ticks
from core.figures import Curves, Series

NATURAL_ROWS = 20
_RATIO_SHARE = 0.35
_STROKES = {"line": "─", "dashed": "╌"}


@dataclass(frozen=True)
class PanelRows:
    """Where the panels of a figure lie: rows from the top, and their axes; no `lower` without room for a ratio."""

    top: int
    rows: int
    ratio_rows: int
    upper: Axes
    lower: Axes | None
    ratio_log: bool = False

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
    traces = [_trace(number, series, figure, figure.y_log) for number, series in enumerate(figure.series)]
    drawn = panel(traces, plan.upper, width, plan.rows - plan.ratio_rows, depth)
    canvas.paste(drawn.canvas, plan.top, 0)
    if plan.lower:
        halves = [on_axis(np.array([1 - half, 1 + half]), plan.ratio_log) for half in figure.ratio_bands]
        below = panel(
            [_trace(number, series, figure, plan.ratio_log, figure.ratio_to) for number, series in ratios(figure)],
            plan.lower,
            width,
            plan.ratio_rows,
            depth,
            tuple((float(low), float(high)) for low, high in halves),
            rule=0.0 if plan.ratio_log else 1.0,
        )
        first = plan.top + plan.rows - plan.ratio_rows
        canvas.paste(below.canvas, first, 0)
        canvas.write(first - 1, drawn.left + 1, f" {shortened(figure.ratio_label, drawn.columns - 4)} ")
    foot(canvas, figure.x_label, drawn)
    return canvas


def curves_plan(figure: Curves, width: int, height: int) -> PanelRows | None:
    """Where `curves_canvas` draws the panels; None where it draws none."""
    plan = _plan(figure, Canvas(width, height), "none")
    return None if isinstance(plan, str) else plan


def legends(figure: Curves) -> list[Legend]:
    """What stands for the series that have names."""
    return [
        Legend(
            number, sign_of(number, series, figure), series.name, series.low is not None and series.style != "points"
        )
        for number, series in enumerate(figure.series)
        if series.name
    ]


def _plan(figure: Curves, canvas: Canvas, depth: Depth) -> PanelRows | str:
    """Write title and legend and lay out the panels in the rest; or what is said instead."""
    width = canvas.width
    x_span, y_span = x_limits(figure), y_limits(figure)
    if x_span is None or y_span is None:
        return NOTHING
    top = header(canvas, figure.title, figure.y_label, legends(figure), depth)
    rows = canvas.height - top - footed(canvas, figure.x_label)
    # an odd number, so that the middle of fixed limits lies in the middle of a row
    ratio_rows = max(5, round(_RATIO_SHARE * rows)) | 1 if rows >= 13 and ratios(figure) else 0
    y_span, y_ticks = _even(
        y_span, figure.y_log, max(2, (rows - ratio_rows) // 3), rows - ratio_rows - 2 + bool(ratio_rows),
        fixed=figure.y_limits is not None,
    )  # fmt: skip
    ratio_span, ratio_log = ratio_limits(figure) if ratio_rows else ((0.5, 1.5), False)
    ratio_ticks: list[Tick] = []
    if ratio_rows:
        ratio_span, ratio_ticks = _even(
            ratio_span, ratio_log, max(2, ratio_rows // 2), ratio_rows - 2, fixed=figure.ratio_limits is not None
        )
    label_width = max((len(tick.label) for tick in (*y_ticks, *ratio_ticks)), default=1)
    if width - label_width < 8 or rows - ratio_rows < 4:
        return "too small to draw"
    x_ticks = apart(x_span, figure.x_log, width - label_width - 1)
    upper = Axes(x_span, y_span, [] if ratio_rows else x_ticks, y_ticks, label_width)
    lower = Axes(x_span, ratio_span, x_ticks, ratio_ticks, label_width) if ratio_rows else None
    return PanelRows(top, rows, ratio_rows, upper, lower, ratio_log)


def _even(limits: Limits, log: bool, most: int, cells: int, fixed: bool) -> tuple[Limits, list[Tick]]:
    """The limits of an axis of so many cells, fitted to its ticks where the figure does not fix them, and the ticks."""
    found = ticks(limits, log, most)
    wider = limits if fixed else evened(limits, found, cells)
    return wider, found if wider == limits else ticks(wider, log, most + 1)


def _trace(number: int, series: Series, figure: Curves, log: bool, reference: str | None = None) -> Trace:
    y = on_axis(series.y, log)
    low = high = None
    if series.low is not None and series.high is not None:
        low, high = on_axis(series.low, log), on_axis(series.high, log)
        low = np.where(np.isfinite(high) & ~np.isfinite(low), -1e30, low)  # log of a band's zero edge
    style: str = series.style
    if series.name == reference:
        # over itself it is 1, where there is a line anyway
        style, y = "band", np.full(y.shape, np.nan)
    marked = style != "band" and _needs_markers(series, figure)
    return Trace(number, on_axis(series.x, figure.x_log), y, low, high, style, marked, series.sign)


def _needs_markers(series: Series, figure: Curves) -> bool:
    """Whether only colour would tell this line from another one."""
    return sum(other.style == series.style for other in figure.series) > 1


def sign_of(number: int, series: Series, figure: Curves) -> str:
    """The marker of points, or a stroke of a line with its marker."""
    if series.style == "points":
        return series.sign or marker(number)
    stroke = _STROKES[series.style]
    return stroke + (marker(number) if _needs_markers(series, figure) else stroke) + stroke


def footed(canvas: Canvas, x_label: str) -> bool:
    """Whether the x axis' label has a row of its own."""
    return bool(x_label) and canvas.height >= 9


def foot(canvas: Canvas, x_label: str, drawn: Panel) -> None:
    """The x axis' label below a panel."""
    if footed(canvas, x_label):
        label = shortened(x_label, canvas.width)
        column = drawn.left + (drawn.columns - len(label)) // 2
        canvas.write(canvas.height - 1, min(max(0, column), canvas.width - len(label)), label)
