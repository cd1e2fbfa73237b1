"""A question before something is lost."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.lines import entitle


class ConfirmScreen(ModalScreen[bool]):
    """Asks, and gives the answer back."""

    BINDINGS = bindings(KEYS, "confirm")

    def __init__(self, question: str, consequence: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        with Vertical(id="question") as box:
            entitle(box, self._question)
            yield Static(shown(self._consequence, lines=True), markup=False)
            hints = "    ".join(
                f"[@click=screen.{key.action}][b $accent]{key.signs}[/] {key.hint}[/]"
                for key in bench_of(self).keys_of("confirm")
            )
            yield Static(hints, id="answers")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
