"""Lines and error bars as braille dots, two across and four down a cell, and how several share a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.frame import Axes, Values

Dots = NDArray[np.bool_]
"""(4 x rows, 2 x columns), the first row is the top."""
Layer = tuple[int, Dots]
"""Dots and the colour they are drawn in."""

_HAIR = 1e-6
DASH = 5
"""Dots of a dash, and of the gap behind it."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_TURN = 2
"""Cells after which curves that share their cells take turns."""


@dataclass(frozen=True)
class Grid:
    """The dots between two axes; like the points of `framed`, limits lie in the middle of the outermost cells."""

    axes: Axes
    columns: int
    rows: int

    def across(self, x: Values) -> Values:
        """The places of values, in dots from the left."""
        low, high = self.axes.x_limits
        return 1 + 2 * (self.columns - 1) * (x - low) / (high - low)

    def down(self, y: Values) -> Values:
        """The places of values, in dots from the top."""
        low, high = self.axes.y_limits
        # what lies between two cells is drawn in the upper one, as ticks are
        return 4 * self.rows - 2 - _HAIR - 4 * (self.rows - 1) * (y - low) / (high - low)

    def none(self) -> Dots:
        return np.zeros((4 * self.rows, 2 * self.columns), dtype=bool)

    def line(self, x: Values, y: Values, dashes: int | None = None) -> Dots:
        """A line through points, with gaps at NaN; with `dashes` every other dash, so many dots along, is left out."""
        dots, points = self.none(), np.stack([self.across(x), self.down(y)])
        start, way = points[:, :-1], np.diff(points, axis=1)
        first, last = self._visible(start, way)
        length = np.where(np.isfinite(way).all(axis=0), np.hypot(*way), 0.0)
        before = np.concatenate([[0.0], np.cumsum(length)])[:-1]
        seen = np.flatnonzero(last >= first)
        # two steps a dot, for one may be missed by rounding
        steps = np.ceil(2 * (last - first)[seen] * np.abs(way[:, seen]).max(axis=0, initial=0)).astype(np.intp) + 1
        which = np.repeat(seen, steps)
        place = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
        share = first[which] + (last - first)[which] * place / np.maximum(1, np.repeat(steps, steps) - 1)
        if dashes is not None:
            drawn = ((before[which] + share * length[which] + dashes) // DASH) % 2 == 0
            which, share = which[drawn], share[drawn]
        self._set(dots, *(start[:, which] + share * way[:, which]))
        alone = np.isfinite(points).all(axis=0)
        alone &= ~np.concatenate([[False], alone[:-1]]) & ~np.concatenate([alone[1:], [False]])
        self._set(dots, *points[:, alone])
        return dots

    def bars(self, x: Values, low: Values, high: Values, shift: int = 0) -> Dots:
        """Vertical bars between two bounds, so many dots aside, with a cap where an end is inside."""
        dots = self.none()
        known = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        ends = (np.floor(self.down(bound[known])) for bound in (high, low))
        for column, top, bottom in zip(np.floor(self.across(x[known])).astype(int) + shift, *ends, strict=True):
            if not 0 <= column < dots.shape[1]:
                continue
            dots[int(max(top, 0)) : int(min(bottom, len(dots) - 1)) + 1, column] = True
            for end in (top, bottom):
                if 0 <= end < len(dots) and bottom > top:
                    dots[int(end), column - column % 2 : column - column % 2 + 2] = True
        return dots

    def _visible(self, start: Values, way: Values) -> tuple[Values, Values]:
        """From which share of each segment up to which one it lies between the axes; an empty range outside."""
        size = np.array([[2.0 * self.columns], [4.0 * self.rows]])
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = -start / way, (size - 1e-9 - start) / way
        inside = (start >= 0) & (start < size)
        still = way == 0
        enter = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(one, other))
        leave = np.where(still, np.inf, np.maximum(one, other))
        first, last = np.maximum(0.0, enter.max(axis=0)), np.minimum(1.0, leave.min(axis=0))
        known = np.isfinite(start).all(axis=0) & np.isfinite(way).all(axis=0)
        return np.where(known, first, 1.0), np.where(known, last, 0.0)

    def _set(self, dots: Dots, across: Values, down: Values) -> None:
        column, row = np.floor(across), np.floor(down)
        inside = (column >= 0) & (column < dots.shape[1]) & (row >= 0) & (row < len(dots))
        dots[row[inside].astype(np.intp), column[inside].astype(np.intp)] = True


def near(dots: Dots) -> Dots:
    """The dots with those above and below them."""
    grown = dots.copy()
    grown[1:] |= dots[:-1]
    grown[:-1] |= dots[1:]
    return grown


def lay(canvas: Canvas, row: int, column: int, layers: list[Layer]) -> None:
    """Write layers of dots into the blank cells from a cell on; where several share cells, their colours take turns."""
    if not layers:
        return
    inks, masks = zip(*layers, strict=True)
    rows, columns = masks[0].shape[0] // 4, masks[0].shape[1] // 2
    cells = np.stack(masks).reshape(len(masks), rows, 4, columns, 2)
    present = cells.any(axis=(2, 4))
    codes = (cells.any(axis=0) * _BITS[:, None, :]).sum(axis=(1, 3))
    count = present.sum(axis=0)
    turn = (np.arange(columns) // _TURN) % np.maximum(count, 1)
    owner = np.argmax(present & (np.cumsum(present, axis=0) - 1 == turn), axis=0)
    area = (slice(row, row + rows), slice(column, column + columns))
    text, ink = canvas.text[area], canvas.ink[area]
    free = (codes > 0) & (text == " ")
    text[free] = (0x2800 + codes[free]).astype(np.uint32).view("<U1")
    ink[free] = np.array(inks)[owner[free]]
