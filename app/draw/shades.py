"""The paper between two axes: ranges that are marked, and error bands, which are grey where they overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.colour import Depth, quiet_shade, series_shade
from app.draw.dots import Grid
from app.draw.frame import Values

Area = tuple[slice, slice]
Band = tuple[int, Values, Values, Values]
"""The number of a series, its x, and the lower and the upper bound."""
_HIGH = 6
"""Dots from which on a band is shaded: a cell and a half."""


def mark_ranges(
    canvas: Canvas, area: Area, grid: Grid, ranges: tuple[tuple[float, float], ...], shades: list[int], depth: Depth
) -> None:
    """Shade ranges of y to half a cell, the widest first."""
    text, ink, paper = (getattr(canvas, name)[area] for name in ("text", "ink", "paper"))
    for shade, (low, high) in zip(shades, sorted(ranges, key=lambda pair: pair[0] - pair[1]), strict=True):
        upper, lower = (
            np.broadcast_to(half[:, None], text.shape)
            for half in _halves(grid, np.array([low]), np.array([high]))[:, :, 0]
        )
        if depth == "none":
            text[(upper | lower) & (text == " ")] = "░"
            continue
        for half, character in ((upper & ~lower, "▀"), (lower & ~upper, "▄")):
            edge = half & np.isin(text, (" ", "▀", "▄"))
            text[edge], ink[edge] = character, shade
        both = upper & lower
        paper[both] = shade
        text[both & np.isin(text, ("▀", "▄"))] = " "


def shade_bands(canvas: Canvas, area: Area, grid: Grid, bands: list[Band], depth: Depth) -> None:
    """Shade the cells whose middle lies in a band that is so high that one always does; what several share is grey.

    Their dotted edges tell them apart, and thinner ones have nothing else: single cells would look like data.
    """
    text, paper = canvas.text[area], canvas.paper[area]
    covered = []
    places = np.linspace(*grid.axes.x_limits, grid.columns)
    for _, x, low, high in bands:
        low, high = _between(places, x, low), _between(places, x, high)
        top, bottom = grid.down(high), grid.down(low)
        middle = 4.0 * np.arange(grid.rows)[:, None] + 2
        with np.errstate(invalid="ignore"):
            covered.append((middle >= top) & (middle <= bottom) & (bottom - top >= _HIGH))
    if not covered:
        return
    inside = np.stack(covered)
    count = inside.sum(axis=0)
    if depth == "none":
        text[(count > 0) & np.isin(text, (" ", "▀", "▄"))] = "░"
        return
    shades = np.array([series_shade(number, depth) for number, *_ in bands])
    one, several = count == 1, count > 1
    paper[one] = shades[np.argmax(inside, axis=0)[one]]
    paper[several] = quiet_shade(depth, 1)
    text[(count > 0) & np.isin(text, ("▀", "▄"))] = " "


def _halves(grid: Grid, low: Values, high: Values) -> NDArray[np.bool_]:
    """Whether the middles of the upper and of the lower halves of cells lie between two bounds, given per column."""
    middles = (4.0 * np.arange(grid.rows)[:, None] + np.array([1.0, 3.0])[:, None, None]) * np.ones(len(low))
    with np.errstate(invalid="ignore"):
        return (middles >= grid.down(high)) & (middles <= grid.down(low))


def _between(places: Values, x: Values, y: Values) -> Values:
    """A bound at each place; NaN outside its range and in its gaps."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.full(len(places), np.nan)
    order = np.argsort(x[known])
    half = (places[-1] - places[0]) / max(1, len(places) - 1) / 2
    inside = (places >= x[known].min() - half) & (places <= x[known].max() + half)
    return np.where(inside, np.interp(places, x[known][order], y[known][order]), np.nan)
