"""The image of a slice as cells of two colours, as fine as the terminal's mosaics and a frame of its link allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.draw.blocks import GRID, Blocks, characters
from app.draw.canvas import Canvas
from app.draw.colour import Depth
from app.draw.colour_scale import ColourScale
from app.draw.maps import Codes, Pixels, paint
from app.draw.mosaic import grouped, two_labels
from app.draw.resample import most_frequent, resample
from core.figures import ColourMap, Slice

_COARSER = (1, 2, 3, 4, 6, 8, 12, 16)
"""Pixels that are made one, each way, until an image fits into its frame."""
_CHANGE_BYTES: dict[Depth, int] = {"truecolor": 42, "256": 27, "16": 22, "none": 1}
"""Of cells of other colours than the one before."""
_SIGN_BYTES: dict[Blocks, int] = {"half": 1, "quadrant": 3, "sextant": 4, "octant": 4}
"""Of the character of a cell; links pack those of half-blocks, which are all the same."""
_FINE: tuple[Depth, ...] = ("truecolor", "256")
"""Depths whose pixels are not dithered."""


@dataclass(frozen=True)
class Cells:
    """An image cell by cell, each array (rows, columns), row 0 at the top."""

    text: NDArray[np.str_]
    ink: Codes | None
    """Without colour there are only characters."""
    paper: Codes | None
    shares: Pixels
    """What a cell is on the whole: its share of the colours, or its label."""
    sign_bytes: int = 1

    def lay(self, canvas: Canvas, row: int, column: int) -> None:
        """Lay the image on a canvas from a cell on."""
        rows, columns = self.text.shape
        place = (slice(row, row + rows), slice(column, column + columns))
        canvas.text[place] = self.text
        if self.ink is not None and self.paper is not None:
            canvas.ink[place], canvas.paper[place] = self.ink, self.paper

    def sent(self, depth: Depth) -> int:
        """About the bytes of it: equal neighbours are sent together."""
        if self.ink is None or self.paper is None:
            return self.text.size
        looks = self.ink.astype(np.int64) << 32 | self.paper
        return self.text.size * self.sign_bytes + _CHANGE_BYTES[depth] * int(
            np.count_nonzero(looks[:, 1:] != looks[:, :-1])
        )


def painted(
    figure: Slice, scale: ColourScale, size: tuple[int, int], depth: Depth, blocks: Blocks, frame: float | None
) -> Cells:
    """The image of a slice in so many rows and columns of cells, of `frame` bytes at most.

    Finer mosaics than half-blocks where colours are many; where they would send too much, half-blocks, or pixels that
    are larger still.
    """
    rows, columns = size
    if blocks != "half" and depth in _FINE:
        found = _mosaics(figure, scale, size, depth, blocks)
        if frame is None or found.sent(depth) <= frame:
            return found
    down = rows if depth == "none" else 2 * rows
    for coarser in _COARSER:
        shares = _pixels(figure, scale, -(-down // coarser), -(-columns // coarser))
        shares = shares.repeat(coarser, 0).repeat(coarser, 1)[:down, :columns] if coarser > 1 else shares
        found = halves(shares, figure.colour_map, depth)
        if frame is None or found.sent(depth) <= frame:
            break
    return found


def halves(shares: Pixels, colour_map: ColourMap, depth: Depth) -> Cells:
    """Pixels, twice as many rows as there are cells, as half-blocks; without colour one shade character a pixel."""
    codes = paint(shares, colour_map, depth, depth == "16")
    if depth == "none":
        return Cells(_characters(codes), None, None, shares)
    whole = shares[0::2] if colour_map == "labels" else (shares[0::2] + shares[1::2]) / 2
    return Cells(np.full(whole.shape, "▀"), codes[0::2], codes[1::2], whole)


def _mosaics(figure: Slice, scale: ColourScale, size: tuple[int, int], depth: Depth, blocks: Blocks) -> Cells:
    """The finest that two colours a cell can show."""
    (rows, columns), (down, across) = size, GRID[blocks]
    pixels = _pixels(figure, scale, rows * down, columns * across)
    inside = pixels.reshape(rows, down, columns, across).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    labels = figure.colour_map == "labels"
    bright, ink, paper = two_labels(inside) if labels else grouped(inside)
    inks, papers = (paint(shares, figure.colour_map, depth, False) for shares in (ink, paper))
    bits = (bright << np.arange(down * across)).sum(axis=-1)
    share = bright.mean(axis=-1)
    whole = paper if labels else np.where(bright.any(axis=-1), share * ink + (1 - share) * paper, paper)
    text = np.array(list(characters(blocks)))[np.where(inks == papers, 0, bits)]
    return Cells(text, inks, papers, whole, _SIGN_BYTES[blocks])


def _pixels(figure: Slice, scale: ColourScale, rows: int, columns: int) -> Pixels:
    """Shares (or labels) of this many pixels, top row first."""
    if figure.colour_map == "labels":
        if figure.pooling == "max":
            return np.asarray(resample(figure.values, rows, columns, "max")[::-1], dtype=np.float64)
        return np.asarray(most_frequent(figure.values, rows, columns)[::-1], dtype=np.float64)
    return scale.shares(resample(figure.values, rows, columns, figure.pooling)[::-1])


def _characters(codes: Codes) -> NDArray[np.str_]:
    return np.ascontiguousarray(codes, dtype=np.int32).view("<U1")
