"""A page of curves: which of them are shown, and how each is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import events

from app.tui.frame.calculating import CalculatingScreen
from app.tui.frame.curve_view import CurveView
from app.tui.frame.lines import entitle
from app.tui.screens.statistics.curve_window import (
    RATIO_RANGES,
    CurveWindow,
    on_curve,
    panned,
    stepped,
    turned_x,
    zoomed,
)

if TYPE_CHECKING:
    from core.figures import Curves, Report

ORDER = ("power", "mass_function", "correlation", "transfer", "pdf")
MOST_PANES = 4
BANDS = ("jackknife", "poisson", "none")
_ROOMY, _TALL = 150, 40
_WIDE = 110


class CurvePage(CalculatingScreen):
    """The curves of a report in panes, the chosen one with a cursor."""

    def __init__(self, read: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(read)
        self.report: Report | None = None
        self.figures: dict[str, Curves] = {}
        """Of the report, as they are looked at."""
        self.windows: dict[str, CurveWindow] = {}
        self.chosen = ORDER[0]
        self._page: list[str] = []
        self._bands, self._ratio, self._theory, self._single = BANDS[0], RATIO_RANGES[0], True, False

    def _tell(self) -> None:
        """Say what is shown."""
        raise NotImplementedError

    def _tell_values(self) -> None:
        """Say what is under the cursor."""
        raise NotImplementedError

    @property
    def _panes(self) -> list[CurveView]:
        return list(self.query(CurveView))

    @property
    def _count(self) -> int:
        """How many figures are shown at once."""
        size = self.app.size
        return 1 if self._single or size.width < _ROOMY or size.height < _TALL else MOST_PANES

    @property
    def names(self) -> list[str]:
        """The figures there are, in order."""
        return list(self.figures)

    def _make_figures(self) -> None:
        """Make the figures anew from the report and from how they are looked at."""
        from core.figures import Curves

        found = self.report.figures if self.report else {}
        self.figures = {}
        for name in (*ORDER, *(name for name in found if name not in ORDER)):
            if isinstance(figure := found.get(name), Curves):
                window = self.windows.get(name, CurveWindow())
                self.figures[name] = window.applied(figure, self._ratio, self._theory, self._bands != "none")
        if self.figures and self.chosen not in self.figures:
            self.chosen = self.names[0]
        self._arrange()
        self._tell()

    def _arrange(self) -> None:
        """Lay out the page of figures that holds the chosen one."""
        names, count = self.names, self._count
        where = names.index(self.chosen) if self.chosen in names else 0
        page = names[where // count * count :][:count]
        box = self.query_one("#panes")
        across = 2 if len(page) > 1 else 1
        box.styles.grid_size_columns, box.styles.grid_size_rows = across, -(-max(1, len(page)) // across)
        self.query_one("#values").display = self.app.size.width >= _WIDE
        self.query_one("#readout").display = self.app.size.width < _WIDE
        for k, pane in enumerate(self._panes):
            pane.display = k < max(1, len(page))
            if k >= len(page):
                entitle(pane, "")
                pane.show(None, self._problem if k == 0 else "")
                continue
            name, figure = page[k], self.figures[page[k]]
            place = f"{names.index(name) + 1} of {len(names)}  " if len(names) > count else ""
            entitle(pane, place + figure.title)
            pane.show(replace(figure, title=""), "")
            pane.point(self.windows.get(name, CurveWindow()).cursor)
            if name == self.chosen and self.focused is not pane and self.screen is self.app.screen:
                pane.focus()
        self._page = page

    def action_turn(self, by: int) -> None:
        if self.figures:
            self.chosen = self.names[(self.names.index(self.chosen) + by) % len(self.names)]
            self._arrange()
            self._tell()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for pane, name in zip(self._panes, self._page, strict=False):
            if pane is event.widget and name != self.chosen:
                self.chosen = name
                self._tell()

    def action_alone(self) -> None:
        self._single = not self._single
        self._arrange()

    def action_step(self, by: int) -> None:
        self._change(lambda figure, window: stepped(figure, window, by))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a cursor there is none to take away."""
        return action != "no_cursor" or self.windows.get(self.chosen, CurveWindow()).cursor is not None

    def action_line(self, by: int) -> None:
        """The next curve, where the cursor reads them; else the next figure."""
        if self.windows.get(self.chosen, CurveWindow()).cursor is None:
            self.action_turn(by)
        else:
            self._change(lambda figure, window: on_curve(figure, window, by))

    def action_no_cursor(self) -> None:
        self._change(lambda figure, window: replace(window, cursor=None))

    def action_zoom(self, factor: float) -> None:
        self._change(lambda figure, window: zoomed(figure, window, factor))

    def action_pan(self, by: int) -> None:
        self._change(lambda figure, window: panned(figure, window, by))

    def action_log_y(self) -> None:
        self._change(lambda figure, window: replace(window, y_log=not figure.y_log))

    def action_log_x(self) -> None:
        self._change(lambda figure, window: turned_x(window, not figure.x_log))

    def on_curve_view_pointed(self, message: CurveView.Pointed) -> None:
        self._change(lambda figure, window: replace(window, cursor=message.x))

    def on_pointed_view_wheeled(self, message: CurveView.Wheeled) -> None:
        self.action_zoom(1.25 if message.by > 0 else 0.8)

    def _change(self, change: Callable[[Curves, CurveWindow], CurveWindow]) -> None:
        """Look at the chosen figure in another way; a cursor alone draws nothing anew."""
        figure = self.figures.get(self.chosen)
        if figure is None:
            return
        before = self.windows.get(self.chosen, CurveWindow())
        after = self.windows[self.chosen] = change(figure, before)
        if replace(after, cursor=before.cursor, curve=before.curve) != before:
            self._make_figures()
            return
        for pane, name in zip(self._panes, self._page, strict=False):
            if name == self.chosen:
                pane.point(after.cursor)
        self._tell_values()
