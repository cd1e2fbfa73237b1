"""What pictures on paper have in common: axes scaled and ticked as in the terminal."""

from __future__ import annotations

import math
from typing import Any

from app.draw.ticks import log_ticks
from core.figures import Curves, Histogram


def scales(axes: Any, figure: Curves | Histogram) -> None:
    if figure.x_log:
        axes.set_xscale("log")
        log_ticks_of(axes.xaxis, axes.get_xlim(), 6)
    if figure.y_log:
        axes.set_yscale("log", nonpositive="mask")
        log_ticks_of(axes.yaxis, axes.get_ylim(), 8)


def log_ticks_of(axis: Any, limits: tuple[float, float], most: int) -> None:
    """The terminal's ticks: on less than a decade matplotlib's own run into each other."""
    from matplotlib.ticker import NullFormatter

    if 0 < limits[0] < limits[1]:
        ticks = log_ticks(math.log10(limits[0]), math.log10(limits[1]), most)
        axis.set_ticks([10.0**tick.place for tick in ticks], [tick.label for tick in ticks])
        axis.set_minor_formatter(NullFormatter())
