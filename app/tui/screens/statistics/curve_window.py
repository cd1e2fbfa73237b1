"""How curves are looked at: axes, zoom, cursor. Only the figure changes, nothing is measured again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.figures import Curves

Window = tuple[float, float]
RATIO_RANGES = (0.0, 0.2, 0.05, 0.02)
"""Half heights of the ratio panel about 1; 0 is the figure's own."""
_STEP = 0.25
"""Share of the window that a pan moves by."""
_NARROWEST = 0.02
"""Share of the whole range that a window keeps."""


@dataclass(frozen=True)
class Look:
    """How one figure is looked at; None is the figure's own choice. `window` and `cursor` are in units of x."""

    x_log: bool | None = None
    y_log: bool | None = None
    window: Window | None = None
    cursor: float | None = None

    def applied(self, figure: Curves, ratio: float, theory: bool, bands: bool) -> Curves:
        """The figure as it is looked at."""
        series = figure.series
        if not theory:
            kept = tuple(item for item in series if item.style != "dashed" or item.name == figure.ratio_to)
            series = kept or series
        if not bands:
            series = tuple(replace(item, low=None, high=None) for item in series)
        return replace(
            figure,
            series=series,
            x_log=figure.x_log if self.x_log is None else self.x_log,
            y_log=figure.y_log if self.y_log is None else self.y_log,
            x_limits=self.window or figure.x_limits,
            ratio_limits=(1 - ratio, 1 + ratio) if ratio else figure.ratio_limits,
        )


def turned_x(look: Look, log: bool) -> Look:
    """With a logarithmic or a linear x axis, on which another window makes sense."""
    cursor = look.cursor if not log or (look.cursor or 0) > 0 else None
    return replace(look, x_log=log, window=None, cursor=cursor)


def whole(figure: Curves) -> Window | None:
    """The range of x of a figure; None where it is empty."""
    from app.draw.curves import x_limits

    limits = x_limits(replace(figure, x_limits=None))
    return None if limits is None else _back(figure, limits)


def zoomed(figure: Curves, look: Look, factor: float) -> Look:
    """Closer to the cursor by a factor, or away from it; 0 shows all."""
    full = whole(figure)
    if full is None or factor == 0:
        return replace(look, window=None)
    low, high = _on(figure, full)
    start, end = _on(figure, look.window or full)
    middle = (start + end) / 2 if look.cursor is None else _on(figure, (look.cursor, look.cursor))[0]
    width = max((end - start) / factor, _NARROWEST * (high - low))
    if width >= high - low:
        return replace(look, window=None)
    share = min(max((middle - start) / (end - start), 0.0), 1.0)
    start = min(max(middle - share * width, low), high - width)
    return replace(look, window=_back(figure, (start, start + width)))


def panned(figure: Curves, look: Look, by: int) -> Look:
    """The window moved by a quarter of itself, as far as there is something to see."""
    full = whole(figure)
    if full is None or look.window is None:
        return look
    (low, high), (start, end) = _on(figure, full), _on(figure, look.window)
    width = end - start
    start = min(max(start + by * _STEP * width, low), high - width)
    return replace(look, window=_back(figure, (start, start + width)))


def stepped(figure: Curves, look: Look, by: int) -> Look:
    """The cursor on the next point of the first curve, within the window; the first step puts it in the middle."""
    from app.draw.numbers import points

    low, high = look.window or (-math.inf, math.inf)
    places = [x for x in points(figure) if low <= x * (1 + 1e-9) and x <= high * (1 + 1e-9)]
    if not places:
        return look
    if look.cursor is None:
        return replace(look, cursor=places[len(places) // 2])
    cursor = look.cursor
    nearest = min(range(len(places)), key=lambda k: abs(places[k] - cursor))
    return replace(look, cursor=places[min(max(nearest + by, 0), len(places) - 1)])


def _on(figure: Curves, window: Window) -> Window:
    """A window in the axis' own terms."""
    return (math.log10(window[0]), math.log10(window[1])) if figure.x_log else window


def _back(figure: Curves, window: Window) -> Window:
    return (10.0 ** window[0], 10.0 ** window[1]) if figure.x_log else window
