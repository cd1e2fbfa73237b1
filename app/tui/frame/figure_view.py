"""One figure in a pane of the screen, drawn in a thread, the newest request first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events, work
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.matches import lines_with, lit, next_of

if TYPE_CHECKING:
    from app.draw import Depth, Drawing
    from core.figures import Figure


_WRAPPED = 14
"""Cells to which the texts of a table are wrapped before it goes sideways."""


@dataclass(frozen=True, eq=False, repr=False)
class DrawRequest:
    """A figure in a size, on dark or light paper, in cells that are divided so."""

    figure: Figure
    width: int
    height: int
    light: bool
    blocks: str

    def same_as(self, other: DrawRequest | None) -> bool:
        """Figures hold arrays, so they are compared by identity."""
        return other is not None and self.figure is other.figure and self._look == other._look

    @property
    def _look(self) -> tuple[int, int, bool, str]:
        return self.width, self.height, self.light, self.blocks


class FigureView(ScrollView):
    """Shows any figure in the space it has; a table larger than that is scrolled, its first column always shown.

    Drawing happens when the figure or the size has changed, and only what looks different in each line is sent.
    """

    class Drawn(Message):
        """A request has been fulfilled; without a drawing `words` say why not."""

        def __init__(
            self,
            request: DrawRequest,
            drawing: Drawing | None,
            words: str = "",
            starts: Sequence[int] = (),
            width: int = 0,
            lines: range = range(0),
        ) -> None:
            """`starts` is where the columns of a table begin that is wider, `width`, than the room; `lines` are those
            of its columns."""
            self.request = request
            self.drawing = drawing
            self.words = words
            self.starts = starts
            self.width = width
            self.lines = lines
            super().__init__()

    def __init__(self, depth: Depth, id: str | None = None) -> None:
        super().__init__(id=id)
        self._depth: Depth = depth
        self._figure: Figure | None = None
        self._words = ""
        self._asked: DrawRequest | None = None
        self._drawing_now = False
        self._strips: list[Strip] = []
        self._starts: Sequence[int] = ()
        self._wide = 0
        self._sideways = range(0)
        self._looked_for = ""
        """Words that stand out in a table."""
        self._at: int | None = None
        """The line of the match that was gone to."""
        self._wanted = 0
        """Whether the first match (1) or the last (-1) is to be gone to once the table is drawn."""
        self.figure_shown: Figure | None = None
        """The figure on the screen now: an older one while a newer is being drawn."""

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._request, init=False)
        self.watch(self.app, "blocks", self._request, init=False)

    def show(self, figure: Figure | None, words: str = "", match: int = 0) -> None:
        """Show a figure, or these words where there is none; of what is looked for the first `match` (1), or last."""
        if figure is not self._figure:
            self._at, self._wanted = None, match
            self.scroll_to(0, 0, animate=False, force=True)
        self._figure, self._words = figure, words
        # whatever is not a table fits; while it is drawn anew for less room, no scrollbar may take some of that
        self.styles.overflow_y = self.styles.overflow_x = "auto" if self._is_table else "hidden"
        self._request()

    def text(self) -> str:
        """What is shown, without colours."""
        return "\n".join(strip.text.rstrip() for strip in self._strips)

    def look_for(self, words: str) -> None:
        """Let words stand out in a table, and go to the first; none to end that."""
        self._looked_for, self._at = words.strip(), None
        if self._looked_for:
            self.to_match(1)
        self.refresh()

    def to_match(self, by: int) -> bool:
        """Go to the next match (1) or the one before (-1); False where there is none any more."""
        found = lines_with([strip.text for strip in self._strips], self._looked_for if self._is_table else "")
        line = next_of(found, self._at, by)
        if line is None:
            return False
        self._at = line
        height = self.scrollable_content_region.height
        if not self.scroll_offset.y <= line < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, line - height // 2), animate=False, force=True)
        self.refresh()
        return True

    @property
    def _is_table(self) -> bool:
        return type(self._figure).__name__ == "Table"

    def sideways(self, by: int) -> None:
        """Scroll a table that is wider than the room by so many columns."""
        if len(self._starts) < 2:
            return
        stops = [start - self._starts[1] for start in self._starts[1:]]
        place = max(number for number, stop in enumerate(stops) if stop <= self.scroll_offset.x)
        self.scroll_to(x=stops[max(0, min(place + by, len(stops) - 1))], animate=False, force=True)

    def on_resize(self, event: events.Resize) -> None:
        self._request()

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        line = top + y
        strip = self._strips[line] if line < len(self._strips) else Strip.blank(0)
        if self._looked_for and self._is_table:
            strip = lit(strip, self._looked_for)
        style = self.rich_style
        if x and self._starts:
            if line not in self._sideways:
                return strip.crop_extend(0, self.size.width, style)
            first, width = self._starts[1], self.size.width
            parts = strip.crop_extend(0, first, None), strip.crop(first + x, x + width)
            return Strip.join(parts).apply_style(style).crop_extend(0, width, style)
        return strip.apply_style(style).crop_extend(x, x + self.size.width, style)

    def on_figure_view_drawn(self, message: FigureView.Drawn) -> None:
        message.stop()
        self._drawing_now = False
        if self._figure is message.request.figure:
            self.figure_shown = self._figure
            self._starts, self._wide, self._sideways = message.starts, message.width, message.lines
            if message.drawing is None:
                self._put(_centred(message.words, self.scrollable_content_region.size))
            else:
                self._put([Strip(line) for line in message.drawing.lines])
            if self._wanted:
                self.to_match(self._wanted)
                self._wanted = 0
        self._request()
        self.call_after_refresh(self._request)  # a long table has got its scrollbar by then, and is drawn beside it

    def _request(self) -> None:
        """Start to draw what is wanted now, unless that is done or another drawing is being made."""
        size = self.scrollable_content_region.size
        if not size or self._drawing_now:
            return
        if self._figure is None:
            self._asked = self.figure_shown = None
            self._starts, self._wide = (), 0
            self._put(_centred(self._words, size))
            return
        request = DrawRequest(
            self._figure, size.width, size.height, not self.app.current_theme.dark, bench_of(self).blocks
        )
        if not request.same_as(self._asked):
            self._asked = request
            self._drawing_now = True
            self._draw(request)

    @work(thread=True, group="draw", description="draw")
    def _draw(self, request: DrawRequest) -> None:
        try:
            drawn = self.Drawn(request, *self.drawing_of(request))
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:  # a damaged report, another version's
            drawn = self.Drawn(request, None, f"this figure cannot be drawn ({error})")
        self.post_message(drawn)

    def drawing_of(self, request: DrawRequest) -> tuple[Drawing, str, Sequence[int], int, range]:
        """What is drawn for a request (any thread), and what `Drawn` tells of it besides."""
        return _drawn(request, self._depth)

    def _put(self, strips: list[Strip]) -> None:
        old, self._strips = self._strips, strips
        size = self.scrollable_content_region.size
        self.virtual_size = Size(max(size.width, self._wide), len(strips))
        if any(self.scroll_offset) or len(strips) > size.height:
            self.refresh()
            return
        nothing = Strip([])
        for y in range(max(len(old), len(strips))):
            before, after = (lines[y] if y < len(lines) else nothing for lines in (old, strips))
            if before != after:
                start, end = _changed(before, after, size.width)
                if start < end:
                    self.refresh(Region(start, y, end - start, 1))


def _drawn(request: DrawRequest, depth: Depth) -> tuple[Drawing, str, Sequence[int], int, range]:
    """A figure as large as the room; a table as large as it is, with the starts of its columns where it is wider."""
    from app.draw import draw
    from app.draw.finest import blocks_of
    from core.figures import Table

    figure, width, height = request.figure, request.width, request.height
    if not isinstance(figure, Table):
        return draw(figure, width, height, depth, request.light, blocks_of(request.blocks)), "", (), 0, range(0)
    from app.draw import tables

    whole = tables.whole_width(figure)
    if tables.whole_width(figure, _WRAPPED) <= width:
        return draw(figure, width, None, depth, request.light), "", (), 0, range(0)
    starts = tables.starts(tables.column_widths(figure, whole))
    drawing = draw(replace(figure, note=""), whole, None, depth, request.light)
    note = [[Segment(line)] for line in wrap(shown(figure.note), max(1, width - 1))]
    own = range(bool(figure.title), len(drawing.lines))
    return replace(drawing, lines=[*drawing.lines, *note]), "", starts, whole, own


def _changed(before: Strip, after: Strip, width: int) -> tuple[int, int]:
    """From which cell up to which one two lines differ; the whole line where a letter takes two cells."""
    old, new = ([(letter, part.style) for part in strip for letter in part.text] for strip in (before, after))
    if len(old) != before.cell_length or len(new) != after.cell_length:
        return 0, width
    nothing = (" ", None)
    differ = [place for place, (one, other) in enumerate(zip_longest(old, new, fillvalue=nothing)) if one != other]
    return (differ[0], differ[-1] + 1) if differ else (0, 0)


def _centred(words: str, size: Size) -> list[Strip]:
    lines = Content(shown(words, lines=True)).wrap(max(1, size.width - 2)) if words else []
    top = max(0, (size.height - len(lines)) // 2)
    blank = [Strip([])] * top
    return blank + [Strip([Segment(line.plain.center(size.width))]) for line in lines]
