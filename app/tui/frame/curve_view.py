"""Curves in a pane: a cursor over them, and what the mouse does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip

from app.tui.frame.pointed_view import PointedView

if TYPE_CHECKING:
    from app.draw import Depth
    from app.draw.curves import PanelRows
    from core.figures import Figure

_CURSOR = "│"


class CurveView(PointedView, inherit_bindings=False):
    """Shows Curves; a click or a drag points at an x, the wheel zooms."""

    class Pointed(Message):
        """An x has been clicked."""

        def __init__(self, view: CurveView, x: float) -> None:
            self.view, self.x = view, x
            super().__init__()

    def __init__(self, depth: Depth, id: str) -> None:
        super().__init__(depth, id)
        self._x: float | None = None
        self._held = False
        self._measured: tuple[Figure, Offset, PanelRows | None] | None = None

    def point(self, x: float | None) -> None:
        """Put the cursor at an x, or take it away."""
        self._x = x
        self.refresh_cursor()

    @property
    def column(self) -> int | None:
        """The column of the cursor, where it is between the axes."""
        import math

        from core.figures import Curves

        figure, plan = self.figure_shown, self._plan
        if self._x is None or plan is None or not isinstance(figure, Curves):
            return None
        if figure.x_log and self._x <= 0:
            return None
        place = math.log10(self._x) if figure.x_log else self._x
        low, high = plan.upper.x_limits
        columns = self.scrollable_content_region.width - plan.left
        share = (place - low) / (high - low)
        # the limits lie in the middle of the outermost cells
        return plan.left + int(0.5 + share * (columns - 1)) if -1e-9 <= share <= 1 + 1e-9 else None

    def x_at(self, column: int) -> float | None:
        """The x under a column, None outside of the axes."""
        from core.figures import Curves

        figure, plan = self.figure_shown, self._plan
        if plan is None or not isinstance(figure, Curves):
            return None
        low, high = plan.upper.x_limits
        columns = self.scrollable_content_region.width - plan.left
        if not 0 <= column - plan.left < columns:
            return None
        place = low + (column - plan.left) / max(1, columns - 1) * (high - low)
        return float(10.0**place) if figure.x_log else place

    @property
    def _plan(self) -> PanelRows | None:
        """Where the panels lie in the pane."""
        from app.draw.curves import curves_plan
        from core.figures import Curves

        figure, size = self.figure_shown, self.scrollable_content_region.size
        if not isinstance(figure, Curves) or not size:
            return None
        where = Offset(size.width, size.height)
        if self._measured is None or self._measured[0] is not figure or self._measured[1] != where:
            self._measured = (figure, where, curves_plan(figure, *where))
        return self._measured[2]

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        column, plan = self.column, self._plan
        if column is None or plan is None or not plan.top <= y < plan.top + plan.rows - 1:
            return strip
        under = next(iter(strip.crop(column, column + 1)), Segment(" "))
        paper = under.style.bgcolor if under.style else None
        sign = _CURSOR if under.text in (*" ─╌░▀▄", "") else under.text
        mark = Strip([Segment(sign, Style(bold=True, bgcolor=paper, reverse=sign != _CURSOR))])
        return Strip.join([strip.crop(0, column), mark, strip.crop(column + 1)])

    @property
    def cursor(self) -> tuple[int, int] | None:
        """The top of the cursor's column."""
        column = self.column
        return None if column is None else (column, 0)

    def covered(self, cell: tuple[int, int]) -> Region:
        """What a cursor changes: its column."""
        return Region(cell[0], 0, 1, self.size.height)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held = event.button == 1
        self._point_at(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._point_at(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._held = False

    def _point_at(self, event: events.MouseEvent) -> None:
        where = event.get_content_offset(self)
        x = self.x_at(where.x) if self._held and where else None
        if x is not None:
            self.post_message(self.Pointed(self, x))
