"""A slice in a pane: a cursor over it, and what the mouse does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip

from app.tui.widgets.figure_view import FigureView

if TYPE_CHECKING:
    from app.draw import Depth
    from app.draw.image import Layout
    from core.figures import Figure

_CURSOR = "╋"


class SliceView(FigureView, inherit_bindings=False):
    """Shows a Slice; a click points at a place, dragging pulls the window, the wheel goes deeper or closer."""

    class Pointed(Message):
        """A place in axis units has been clicked."""

        def __init__(self, view: SliceView, x: float, y: float) -> None:
            self.view, self.x, self.y = view, x, y
            super().__init__()

    class Pulled(Message):
        """The image has been pulled by this, in axis units."""

        def __init__(self, view: SliceView, x: float, y: float) -> None:
            self.view, self.x, self.y = view, x, y
            super().__init__()

    class Wheeled(Message):
        """The wheel has been turned, up by 1 or down by -1; `closer` with ctrl or shift."""

        def __init__(self, view: SliceView, by: int, closer: bool) -> None:
            self.view, self.by, self.closer = view, by, closer
            super().__init__()

    def __init__(self, depth: Depth, id: str) -> None:
        super().__init__(depth, id)
        self._pointer: tuple[float, float] | None = None
        self._period = 0.0
        self._grip: Offset | None = None
        self._pulled = False
        self._cursor_shown: tuple[int, int] | None = None
        self._measured: tuple[Figure, Offset, Layout | None] | None = None

    def point(self, place: tuple[float, float] | None, period: float) -> None:
        """Put the cursor at a place in axis units, which repeats with a period."""
        self._pointer, self._period = place, period
        self._refresh_cursor()

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and row of the cursor, where it is on the image."""
        from core.figures import Slice

        figure, layout = self.figure_shown, self.layout_shown
        if self._pointer is None or layout is None or not isinstance(figure, Slice):
            return None
        corner = (figure.extent[0], figure.extent[2])
        x, y = (low + (place - low) % self._period for place, low in zip(self._pointer, corner, strict=True))
        return layout.cell(figure, x, y)

    @property
    def layout_shown(self) -> Layout | None:
        """Where the image lies in the pane."""
        from app.draw.image import colour_scale, slice_layout
        from core.figures import Slice

        figure, size = self.figure_shown, self.scrollable_content_region.size
        if not isinstance(figure, Slice):
            return None
        where = Offset(size.width, size.height)
        if self._measured is None or self._measured[0] is not figure or self._measured[1] != where:
            scale = colour_scale(figure)
            self._measured = (figure, where, slice_layout(figure, scale, *where, self._depth) if scale else None)
        return self._measured[2]

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        cell = self.cursor
        if cell is None or cell[1] != y:
            return strip
        under = next(iter(strip.crop(cell[0], cell[0] + 1)), Segment(" "))
        mark = Strip([Segment(_CURSOR, _over(under))])
        return Strip.join([strip.crop(0, cell[0]), mark, strip.crop(cell[0] + 1)])

    def _put(self, strips: list[Strip]) -> None:
        super()._put(strips)
        self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        """Send the lines that the cursor has left and come to."""
        before, self._cursor_shown = self._cursor_shown, self.cursor
        if before != self._cursor_shown:
            for cell in (before, self._cursor_shown):
                if cell:
                    self.refresh(Region(0, cell[1], self.size.width, 1))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self._grip, self._pulled = event.offset, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        from core.figures import Slice

        figure, layout = self.figure_shown, self.layout_shown
        if self._grip is None or layout is None or not isinstance(figure, Slice):
            return
        by = event.offset - self._grip
        if by:
            x0, x1, y0, y1 = figure.extent
            self._grip, self._pulled = event.offset, True
            self.post_message(self.Pulled(self, by.x * (x1 - x0) / layout.columns, -by.y * (y1 - y0) / layout.rows))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        from core.figures import Slice

        gripped, self._grip = self._grip is not None, None
        self.release_mouse()
        figure, layout, where = self.figure_shown, self.layout_shown, event.get_content_offset(self)
        if not gripped or self._pulled or layout is None or where is None or not isinstance(figure, Slice):
            return
        place = layout.place(figure, where.x, where.y)
        if place:
            self.post_message(self.Pointed(self, *place))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(self.Wheeled(self, by, event.ctrl or event.shift))


def best_grid(count: int, width: int, height: int) -> int:
    """How many images stand side by side so that square ones are largest; a cell is twice as high as wide."""

    return max(range(1, count + 1), key=lambda across: _side(count, across, width, height))


def spare_rows(count: int, across: int, width: int, height: int) -> int:
    """Lines that such a grid leaves free."""
    return height - -(-count // across) * (_side(count, across, width, height) // 2 + 6)


def _side(count: int, across: int, width: int, height: int) -> int:
    """The side of each image in columns, without its axes and colour bar."""
    down = -(-count // across)
    return min(width // across - 12, 2 * (height // down - 6))


def _over(under: Segment) -> Style:
    """White on a dark cell, black on a light one."""
    paper = under.style.bgcolor if under.style else None
    if paper is None:
        return Style(bold=True)
    light = sum(paper.get_truecolor()) > 3 * 128
    return Style(color="black" if light else "bright_white", bgcolor=paper, bold=True)
