"""A slice in a pane: a cursor over it, and what the mouse does to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from app.tui.frame.bench import bench_of
from app.tui.frame.figure_view import DrawRequest
from app.tui.frame.pointed_view import PointedView

if TYPE_CHECKING:
    from app.draw import Depth, Drawing
    from app.draw.image import Layout
    from core.figures import Figure

_CURSOR = "╋"


class SliceView(PointedView, inherit_bindings=False):
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

    def __init__(self, depth: Depth, id: str) -> None:
        super().__init__(depth, id)
        self._pointer: tuple[float, float] | None = None
        self._period = 0.0
        self._grip: Offset | None = None
        self._pulled = False
        self.together = 1
        """How many slices share a frame."""
        self._measured: tuple[Figure, Offset, Layout | None] | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "sharper", self._draw_finer, init=False)

    def _draw_finer(self) -> None:
        """The same again, for a link that turned out to carry more."""
        self._asked = None
        self._request()

    def drawing_of(self, request: DrawRequest) -> tuple[Drawing, str, Sequence[int], int, range]:
        """The slice, as fine as its part of a frame allows."""
        from app.draw.finest import blocks_of
        from app.draw.image import slice_canvas
        from core.figures import Slice

        if not isinstance(request.figure, Slice):
            return super().drawing_of(request)
        frame = bench_of(self).frame / self.together
        size, blocks = (request.width, request.height), blocks_of(request.blocks)
        canvas = slice_canvas(request.figure, *size, self._depth, blocks, frame)
        return canvas.drawing(self._depth), "", (), 0, range(0)

    def point(self, place: tuple[float, float] | None, period: float) -> None:
        """Put the cursor at a place in axis units, which repeats with a period."""
        self._pointer, self._period = place, period
        self.refresh_cursor()

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
        from app.draw.colour_scale import colour_scale
        from app.draw.image import slice_layout
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


def _over(under: Segment) -> Style:
    """White on a dark cell, black on a light one."""
    paper = under.style.bgcolor if under.style else None
    if paper is None:
        return Style(bold=True)
    light = sum(paper.get_truecolor()) > 3 * 128
    return Style(color="black" if light else "bright_white", bgcolor=paper, bold=True)
