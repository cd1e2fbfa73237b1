"""A figure with a cursor over it, and the mouse's wheel: what slices and curves have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from app.tui.frame.figure_view import FigureView

if TYPE_CHECKING:
    from app.draw import Depth


class PointedView(FigureView, inherit_bindings=False):
    """Tells of the wheel, and sends only what its cursor has left and come to."""

    class Wheeled(Message):
        """The wheel has been turned, up by 1 or down by -1; `closer` with ctrl or shift."""

        def __init__(self, view: PointedView, by: int, closer: bool) -> None:
            self.view, self.by, self.closer = view, by, closer
            super().__init__()

    def __init__(self, depth: Depth, id: str) -> None:
        super().__init__(depth, id)
        self._cursor_shown: tuple[int, int] | None = None

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and row of the cursor, where it is on the figure."""
        return None

    def covered(self, cell: tuple[int, int]) -> Region:
        """What a cursor in a cell changes: its line."""
        return Region(0, cell[1], self.size.width, 1)

    def _put(self, strips: list[Strip]) -> None:
        super()._put(strips)
        self.refresh_cursor()

    def refresh_cursor(self) -> None:
        """Send the places that the cursor has left and come to."""
        before, self._cursor_shown = self._cursor_shown, self.cursor
        if before != self._cursor_shown:
            for cell in (before, self._cursor_shown):
                if cell:
                    self.refresh(self.covered(cell))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(self.Wheeled(self, by, event.ctrl or event.shift))
