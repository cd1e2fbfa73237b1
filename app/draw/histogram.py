"""Histograms: one set of counts as bars, several as steps."""

from __future__ import annotations

import numpy as np

from app.draw.canvas import Canvas
from app.draw.colour import Depth, series_ink
from app.draw.curves import NATURAL_ROWS, curves_canvas, foot, footed
from app.draw.frame import Axes, Values
from app.draw.image import NOTHING, message
from app.draw.legend import Legend, header
from app.draw.limits import Limits, on_axis, x_limits, y_limits
from app.draw.plot import panel
from app.draw.ticks import apart, ticks
from core.figures import Curves, Histogram, Series

_EIGHTHS = np.array(list(" ▁▂▃▄▅▆▇█"))


def histogram_canvas(figure: Histogram, width: int, height: int | None, depth: Depth) -> Canvas:
    """One set of counts as bars, several as steps."""
    if len(figure.counts) != 1:
        return curves_canvas(as_steps(figure), width, height, depth)
    steps = as_steps(figure)
    spans = x_limits(steps), y_limits(steps)
    if spans[0] is None or spans[1] is None:
        return message(figure.title, NOTHING, width, height)
    [(name, counts)] = figure.counts.items()
    canvas = Canvas(width, height or NATURAL_ROWS)
    top = header(canvas, figure.title, figure.y_label, [Legend(0, "█", name)] if name else [], depth)
    rows = canvas.height - top - footed(canvas, figure.x_label)
    y_ticks = ticks(spans[1], figure.y_log, max(2, rows // 3))
    label_width = max((len(tick.label) for tick in y_ticks), default=1)
    if width - label_width < 8 or rows < 4:
        return message(figure.title, "too small to draw", width, height)
    edges = on_axis(np.asarray(figure.edges, dtype=np.float64), figure.x_log)
    heights = on_axis(np.asarray(counts, dtype=np.float64), figure.y_log)
    columns = _whole(edges, width - label_width - 1)
    inner = _inner(spans[0], columns), _inner(spans[1], rows - 2)
    axes = Axes(*inner, apart(inner[0], figure.x_log, columns), y_ticks, label_width)
    drawn = panel([], axes, columns + label_width + 1, rows, depth)
    canvas.paste(drawn.canvas, top, 0)
    places = np.linspace(*inner[0], drawn.columns)
    bins = np.searchsorted(edges, places, side="right") - 1
    known = (bins >= 0) & (bins < len(heights))
    share = (heights[np.clip(bins, 0, len(heights) - 1)] - spans[1][0]) / (spans[1][1] - spans[1][0])
    eighths = np.where(known & np.isfinite(share), np.clip(share, 0, 1) * 8 * drawn.rows, 0).round()
    # what is counted can be seen, however little it is
    eighths = np.where(known & np.isfinite(share) & (share > 0), np.maximum(eighths, 1), eighths)
    above = np.arange(drawn.rows)[::-1, None] * 8
    filled = np.clip(eighths - above, 0, 8).astype(np.intp)
    area = (slice(top, top + drawn.rows), slice(drawn.left, drawn.left + drawn.columns))
    canvas.text[area] = _EIGHTHS[filled]
    canvas.ink[area] = series_ink(0, depth)
    foot(canvas, figure.x_label, drawn)
    return canvas


def as_steps(figure: Histogram) -> Curves:
    """A histogram as stepped curves."""
    edges = np.repeat(np.asarray(figure.edges, dtype=np.float64), 2)[1:-1]
    series = tuple(
        Series(name, edges, np.repeat(np.asarray(counts, dtype=np.float64), 2))
        for name, counts in figure.counts.items()
    )
    limits = None
    if not figure.y_log:
        highest = max((float(np.nanmax(s.y)) for s in series if np.isfinite(s.y).any()), default=0.0)
        limits = (0.0, 1.05 * highest) if highest > 0 else None
    return Curves(figure.title, series, figure.x_label, figure.y_label, figure.x_log, figure.y_log, y_limits=limits)


def _whole(edges: Values, columns: int) -> int:
    """As many columns as let equal bins be equally wide, where there is one for each of them."""
    widths = np.diff(edges)
    equal = np.isfinite(widths).all() and np.ptp(widths) <= 1e-6 * np.abs(widths).max()
    return columns // len(widths) * len(widths) if equal and columns >= max(8, len(widths)) else columns


def _inner(span: Limits, cells: int) -> Limits:
    """The middles of the outermost cells, which axes end at; bars fill cells from their edge."""
    half = (span[1] - span[0]) / (2 * cells)
    return span[0] + half, span[1] - half
