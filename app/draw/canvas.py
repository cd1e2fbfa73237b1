"""A sheet of terminal cells to write on, and the finished drawing that Rich and Textual show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from app.draw.colour import NO_INK, Depth
from app.draw.shown import shown

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement


@dataclass
class Drawing:
    """Lines of coloured text: a Rich renderable whose lines become a Textual widget's strips."""

    lines: list[list[Segment]]

    @property
    def width(self) -> int:
        """Cells of the longest line."""
        return max((sum(segment.cell_length for segment in line) for line in self.lines), default=0)

    def plain(self) -> str:
        """The text alone, without trailing blanks."""
        return "\n".join("".join(segment.text for segment in line).rstrip() for line in self.lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement(self.width, self.width)


class Canvas:
    """Cells with a character, an ink, a paper (background) and a weight; row 0 is the top.

    An empty character marks the second half of a wide one.
    """

    def __init__(self, width: int, height: int) -> None:
        self.text: NDArray[np.str_] = np.full((height, width), " ", dtype="<U1")
        self.ink = np.full((height, width), NO_INK, dtype=np.int32)
        self.paper = np.full((height, width), NO_INK, dtype=np.int32)
        self.bold = np.zeros((height, width), dtype=bool)

    @property
    def width(self) -> int:
        return self.text.shape[1]

    @property
    def height(self) -> int:
        return self.text.shape[0]

    def write(
        self, row: int, column: int, text: str, ink: int = NO_INK, paper: int = NO_INK, bold: bool = False
    ) -> None:
        """Write from a cell to the right; what falls outside is cut."""
        if not 0 <= row < self.height:
            return
        cells = cells_of(text)[max(0, -column) : max(0, self.width - column)]
        column = max(0, column)
        if cells and column + len(cells) == self.width and cell_len(cells[-1]) == 2:
            cells[-1] = " "  # half of a wide character does not exist
        place = (row, slice(column, column + len(cells)))
        self.text[place] = cells
        self.ink[place] = ink
        self.paper[place] = paper
        self.bold[place] = bold

    def paste(self, other: Canvas, row: int, column: int) -> None:
        """Lay another canvas over this one; what falls outside is cut."""
        height, width = min(other.height, self.height - row), min(other.width, self.width - column)
        if height > 0 and width > 0:
            place = (slice(row, row + height), slice(column, column + width))
            for name in ("text", "ink", "paper", "bold"):
                getattr(self, name)[place] = getattr(other, name)[:height, :width]

    def drawing(self, depth: Depth) -> Drawing:
        """The finished lines: equal neighbours merged, blank ends dropped."""
        return Drawing([self._line(row, depth) for row in range(self.height)])

    def _line(self, row: int, depth: Depth) -> list[Segment]:
        text, ink, paper, bold = self.text[row], self.ink[row], self.paper[row], self.bold[row]
        used = np.flatnonzero((text != " ") | (paper != NO_INK))
        if not used.size:
            return []
        end = int(used[-1]) + 1
        changes = (ink[1:end] != ink[: end - 1]) | (paper[1:end] != paper[: end - 1])
        changes |= bold[1:end] != bold[: end - 1]
        starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
        # numpy keeps text as UTF-32, and an empty cell as a zero
        whole = text[:end].tobytes().decode("utf-32")
        looks = zip(ink[starts].tolist(), paper[starts].tolist(), bold[starts].tolist(), strict=True)
        pieces = [whole[start:stop] for start, stop in zip(starts, [*starts[1:], end], strict=True)]
        if "\0" in whole:
            pieces = [piece.replace("\0", "") for piece in pieces]
        return [Segment(piece, _style(*look, depth)) for piece, look in zip(pieces, looks, strict=True)]


def cells_of(text: str) -> list[str]:
    """The text cell by cell: wide characters take two, combining characters none."""
    if text.isascii() and text.isprintable():
        return list(text)
    return list(_cells(shown(text)))


def _cells(text: str) -> Iterator[str]:
    for character in text:
        size = cell_len(character)
        if size:
            yield character
            yield from [""] * (size - 1)


@lru_cache(maxsize=16384)
def _style(ink: int, paper: int, bold: bool, depth: Depth) -> Style | None:
    if ink == NO_INK and paper == NO_INK and not bold:
        return None
    return Style(color=_colour(ink, depth), bgcolor=_colour(paper, depth), bold=bold or None)


def _colour(code: int, depth: Depth) -> Color | None:
    if code == NO_INK:
        return None
    if depth == "truecolor":
        return Color.from_rgb(code >> 16, code >> 8 & 255, code & 255)
    return Color.from_ansi(code)
