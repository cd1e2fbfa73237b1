"""Curves: braille or markers in the terminal, lines and bands on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.draw.colour import SERIES_RGB
from app.draw.curves import curves_canvas
from app.draw.drawer import Drawer, written
from app.draw.limits import ratio_limits
from app.draw.paper import log_ticks_of, scales
from app.draw.ratio import ratios
from core.figures import Curves, Series

_MARKERS = "o^sDvP*X"
_LINES = {"line": "-", "dashed": "--", "points": "none"}


def _picture(page: Any, figure: Curves) -> None:
    relative = ratios(figure)
    if relative:
        axes, below = page.subplots(2, 1, sharex=True, height_ratios=[0.68, 0.32])
        (low, high), log = ratio_limits(figure)
        span = (10.0**low, 10.0**high) if log else (low, high)
        for number_, series in relative:
            # over itself a series is 1, where there is a line anyway
            _series(below, number_, series, only_band=series.name == figure.ratio_to)
        below.axhline(1.0, color="0.5", linewidth=0.8)
        for half in figure.ratio_bands:
            below.axhspan(1 - half, 1 + half, color="0.5", alpha=0.15, linewidth=0)
        below.set(xlabel=figure.x_label, ylabel=figure.ratio_label, ylim=span)
        if log:
            below.set_yscale("log", nonpositive="mask")
            log_ticks_of(below.yaxis, span, 5)
    else:
        axes = page.subplots()
        axes.set(xlabel=figure.x_label)
    for number_, series in enumerate(figure.series):
        _series(axes, number_, _above_zero(series) if figure.y_log else series)
    axes.set(title=figure.title, ylabel=figure.y_label)
    scales(axes, figure)
    if figure.x_limits is not None:
        axes.set_xlim(*figure.x_limits)
    if figure.y_limits is not None:
        axes.set_ylim(*figure.y_limits)
    if any(series.name for series in figure.series):
        axes.legend()


def _above_zero(series: Series) -> Series:
    """A band that reaches to zero has no end on a logarithmic axis: it is drawn down to a tenth of the curve."""
    return series if series.low is None else replace(series, low=np.where(series.low > 0, series.low, series.y / 10))


def _series(axes: Any, number_: int, series: Series, only_band: bool = False) -> None:
    colour = f"C{number_ % len(SERIES_RGB)}"
    marker = _MARKERS[number_ % len(_MARKERS)] if series.style == "points" else None
    lettered = rf"$\mathrm{{{series.sign}}}$" if marker and series.sign else None
    if not only_band:
        axes.plot(
            series.x, series.y, linestyle=_LINES[series.style], color=colour, marker=lettered or marker,
            markersize=6 if lettered else 4, linewidth=1.2, label=series.name or None,
        )  # fmt: skip
    if series.low is None or series.high is None:
        return
    if series.style == "points":
        # between points there is nothing
        axes.vlines(series.x, series.low, series.high, color=colour, linewidth=1.0)
    else:
        axes.fill_between(series.x, series.low, series.high, color=colour, alpha=0.25, linewidth=0)


def _numbers(figure: Curves) -> Iterator[Sequence[str | float]]:
    yield ["series", figure.x_label, figure.y_label, "low", "high"]
    for series in figure.series:
        edges = [[""] * len(series.x) if edge is None else edge for edge in (series.low, series.high)]
        for x, y, low, high in zip(series.x, series.y, *edges, strict=True):
            yield [series.name, *(written(value) for value in (x, y, low, high))]


DRAWER = Drawer(
    lambda figure, width, height, terminal: curves_canvas(figure, width, height, terminal.depth),
    _picture,
    lambda figure: (4.6, 3.6 + (1.2 if ratios(figure) else 0.0)),
    _numbers,
    shaded=True,
)
