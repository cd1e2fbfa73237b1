"""Axes with ticks and labels, and points between them: the one place that knows plotext.

Only what plotext documents is used, of whichever major is installed: 5 draws by functions of its module, 6 by a figure.
Both keep what they draw on in the module, clip it to the terminal's size unless told not to, and fail or differ on
logarithmic axes, so one panel is drawn at a time, on linear axes: callers take log10. On trial (100 x 20 cells) 5 was
loaded in 0.05 s and drew a panel in 2.5 ms, 6 in 0.22 s and 1.4 ms: constraints.txt has 5, for the first curve is what
somebody waits for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.draw.ticks import Tick

Values = NDArray[np.floating[Any]]
Points = dict[str, tuple[Values, Values]]
"""x and y of the points that are drawn as each character."""
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Axes:
    """Limits, ticks and the width kept for the labels of the y axis; no x ticks leaves no row for them."""

    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    label_width: int


def framed(axes: Axes, points: Points, width: int, height: int) -> list[str]:
    """Axes with these points in `width` x `height` cells, line by line; the limits lie in the middle of the outermost
    cells."""
    import plotext

    # the labels' width is kept without one; 6 takes no label of blanks alone
    y_ticks = axes.y_ticks or [Tick(axes.y_limits[0], "\N{NO-BREAK SPACE}")]
    x_axis = [tick.place for tick in axes.x_ticks], [tick.label for tick in axes.x_ticks]
    y_axis = [tick.place for tick in y_ticks], [tick.label.rjust(axes.label_width) for tick in y_ticks]
    draw = _by_figure if hasattr(plotext, "figure") else _by_functions
    with _ONE_AT_A_TIME:
        text: str = draw(plotext, axes, points, x_axis, y_axis, (width, height))
    lines = text.replace("\N{NO-BREAK SPACE}", " ").split("\n")
    return [line.ljust(width)[:width] for line in lines[:height]]


def _by_functions(plotext: Any, axes: Axes, points: Points, x_axis: Any, y_axis: Any, size: tuple[int, int]) -> str:
    """As plotext 5 is used."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(*size)
    plotext.theme("clear")
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.xlim(*axes.x_limits)
    plotext.ylim(*axes.y_limits)
    plotext.xticks(*x_axis)
    plotext.yticks(*y_axis)
    plotext.scatter([axes.x_limits[0]], [axes.y_limits[0]], marker=" ")  # without a point there would be no ticks
    for sign, (x, y) in points.items():
        plotext.scatter(x.tolist(), y.tolist(), marker=sign)
    return str(plotext.uncolorize(plotext.build()))


def _by_figure(plotext: Any, axes: Axes, points: Points, x_axis: Any, y_axis: Any, size: tuple[int, int]) -> str:
    """As plotext 6 is used."""
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(*size)
    figure.theme("colorless")
    figure.axes(False, side=1)
    figure.ruler("x", "lower").ticks(*x_axis).lim(*axes.x_limits)
    figure.ruler("y", "left").ticks(*y_axis).lim(*axes.y_limits)
    for sign, (x, y) in points.items():
        figure.draw(figure.signal(x.tolist(), y.tolist(), marker=sign))
    return str(figure.build().string(colorless=True))
