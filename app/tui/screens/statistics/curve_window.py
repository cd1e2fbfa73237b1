"""How curves are looked at: axes, zoom, cursor. Only the figure changes, nothing is measured again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.figures import Curves

Range = tuple[float, float]
RATIO_RANGES = ("fitted", "wide", "log", "50 %", "20 %", "5 %", "2 %")
"""Of the ratio panel: as the figure has it, all values and errors, on a logarithmic axis, so much about 1."""
_STEP = 0.25
"""Share of the window that a pan moves by."""
_NARROWEST = 0.02
"""Share of the whole range that a window keeps."""


@dataclass(frozen=True)
class CurveWindow:
    """How one figure is looked at; None is the figure's own choice. `x_range` and `cursor` are in units of x,
    `curve` is the name of the series that the cursor is on."""

    x_log: bool | None = None
    y_log: bool | None = None
    x_range: Range | None = None
    cursor: float | None = None
    curve: str | None = None

    def applied(self, figure: Curves, ratio: str, theory: bool, bands: bool) -> Curves:
        """The figure as it is looked at."""
        series = figure.series
        if not theory:
            kept = tuple(item for item in series if item.style != "dashed" or item.name == figure.ratio_to)
            series = kept or series
        if not bands:
            series = tuple(replace(item, low=None, high=None) for item in series)
        return with_ratio(
            replace(
                figure,
                series=series,
                x_log=figure.x_log if self.x_log is None else self.x_log,
                y_log=figure.y_log if self.y_log is None else self.y_log,
                x_limits=self.x_range or figure.x_limits,
            ),
            ratio,
        )


def with_ratio(figure: Curves, ratio: str) -> Curves:
    """The figure with one of the ranges of the ratio panel."""
    if ratio == "log":
        return replace(figure, ratio_limits=None, ratio_log=True)
    if ratio == "wide":
        from app.draw.limits import ratio_limits

        limits, log = ratio_limits(replace(figure, ratio_limits=None), everything=True)
        return replace(figure, ratio_limits=(10.0 ** limits[0], 10.0 ** limits[1]) if log else limits, ratio_log=log)
    if ratio.endswith("%"):
        half = float(ratio[:-1]) / 100
        return replace(figure, ratio_limits=(1 - half, 1 + half), ratio_log=False)
    return figure


def turned_x(window: CurveWindow, log: bool) -> CurveWindow:
    """With a logarithmic or a linear x axis, on which another window makes sense."""
    cursor = window.cursor if not log or (window.cursor or 0) > 0 else None
    return replace(window, x_log=log, x_range=None, cursor=cursor)


def whole(figure: Curves) -> Range | None:
    """The range of x of a figure; None where it is empty."""
    from app.draw.limits import x_limits

    limits = x_limits(replace(figure, x_limits=None))
    return None if limits is None else _back(figure, limits)


def zoomed(figure: Curves, window: CurveWindow, factor: float) -> CurveWindow:
    """Closer to the cursor by a factor, or away from it; 0 shows all."""
    full = whole(figure)
    if full is None or factor == 0:
        return replace(window, x_range=None)
    low, high = _on(figure, full)
    start, end = _on(figure, window.x_range or full)
    middle = (start + end) / 2 if window.cursor is None else _on(figure, (window.cursor, window.cursor))[0]
    width = max((end - start) / factor, _NARROWEST * (high - low))
    if width >= high - low:
        return replace(window, x_range=None)
    share = min(max((middle - start) / (end - start), 0.0), 1.0)
    start = min(max(middle - share * width, low), high - width)
    return replace(window, x_range=_back(figure, (start, start + width)))


def panned(figure: Curves, window: CurveWindow, by: int) -> CurveWindow:
    """The window moved by a quarter of itself, as far as there is something to see."""
    full = whole(figure)
    if full is None or window.x_range is None:
        return window
    (low, high), (start, end) = _on(figure, full), _on(figure, window.x_range)
    width = end - start
    start = min(max(start + by * _STEP * width, low), high - width)
    return replace(window, x_range=_back(figure, (start, start + width)))


def stepped(figure: Curves, window: CurveWindow, by: int) -> CurveWindow:
    """The cursor so many points on along the first curve, within the window; a first single step is to the middle."""
    from app.draw.numbers import points

    low, high = window.x_range or (-math.inf, math.inf)
    places = [x for x in points(figure) if low <= x * (1 + 1e-9) and x <= high * (1 + 1e-9)]
    if not places:
        return window
    if window.cursor is None:
        nearest, by = len(places) // 2, by if abs(by) > 1 else 0
    else:
        cursor = window.cursor
        nearest = min(range(len(places)), key=lambda k: abs(places[k] - cursor))
    return replace(window, cursor=places[min(max(nearest + by, 0), len(places) - 1)])


def on_curve(figure: Curves, window: CurveWindow, by: int) -> CurveWindow:
    """The cursor on the next curve in the order of the legend."""
    names = [series.name for series in figure.series]
    at = names.index(window.curve) if window.curve in names else 0
    return replace(window, curve=names[(at + by) % len(names)])


def _on(figure: Curves, ends: Range) -> Range:
    """A window in the axis' own terms."""
    return (math.log10(ends[0]), math.log10(ends[1])) if figure.x_log else ends


def _back(figure: Curves, ends: Range) -> Range:
    return (10.0 ** ends[0], 10.0 ** ends[1]) if figure.x_log else ends
