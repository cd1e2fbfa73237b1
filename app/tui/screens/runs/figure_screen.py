"""One figure of a report on the full screen, and what else is on its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from app.tui.frame.figure_view import FigureView
from app.tui.frame.filter import FilterScreen, has_all
from app.tui.frame.key import bindings
from app.tui.frame.screen import FramedScreen
from app.tui.screens.runs.keys import KEYS
from app.tui.screens.runs.pages import text_of

if TYPE_CHECKING:
    from core.figures import Figure


class FigureScreen(FramedScreen):
    """One figure as large as the terminal; gives back the number of the last one looked at."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(KEYS, "figure")
    SECTIONS = ("figure",)

    hint = "words in any page"

    def __init__(self, run_name: str, pages: Mapping[str, Figure], number: int, words: str = "") -> None:
        """`words` are looked for in the pages."""
        super().__init__()
        self.words = words
        self.subject = run_name
        self.pages = list(pages.values())
        self.number = number

    def body(self) -> ComposeResult:
        yield FigureView(self.bench.depth, id="figure")

    def on_mount(self) -> None:
        view = self.query_one(FigureView)
        view.look_for(self.words)
        view.focus()
        self._show(self.number)

    def action_turn(self, by: int) -> None:
        self._show((self.number + by) % len(self.pages))

    def _show(self, number: int, match: int = 1) -> None:
        self.number = number
        self.query_one(FigureView).show(self.pages[number], match=match)

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))

    def filter_by(self, words: str) -> None:
        """Look for words: in this page, or turn to the next that has them."""
        self.words = words.strip()
        self.query_one(FigureView).look_for(self.words)
        if self.words and not has_all(text_of(self.pages[self.number]), self.words):
            self._turn_to_match(1)

    def action_next(self, by: int) -> None:
        """The next match of what is looked for, in this page or another; without that the next page."""
        if not self.words:
            self.action_turn(by)
        elif not self.query_one(FigureView).to_match(by):
            self._turn_to_match(by)

    def _turn_to_match(self, by: int) -> None:
        ahead = [(self.number + by * step) % len(self.pages) for step in range(1, len(self.pages) + 1)]
        found = next((number for number in ahead if has_all(text_of(self.pages[number]), self.words)), None)
        if found is None:
            self.notify(f"no page has {self.words}")
        elif found == self.number:
            self.query_one(FigureView).look_for(self.words)  # round to the first again
        else:
            self._show(found, by)

    def action_sideways(self, by: int) -> None:
        self.query_one(FigureView).sideways(by)

    def action_back(self) -> None:
        self.dismiss(self.number)

    def copied(self) -> tuple[str, str]:
        """The figure or table shown, as text."""
        return "figure", self.query_one(FigureView).text()
