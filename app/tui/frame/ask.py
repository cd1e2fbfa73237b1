"""One line of text asked for: a note, a file name."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from app.draw.shown import shown
from app.tui.frame.editor import Editor
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.lines import entitle


class AskScreen(ModalScreen[str | None]):
    """Asks for a line and gives it back; None when it is left."""

    BINDINGS = bindings(KEYS, "ask")

    def __init__(self, title: str, value: str, words: str, path: bool = False) -> None:
        """A `path` is completed."""
        super().__init__()
        self._path = path
        self._title = title
        self._value = value
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(id="question", classes="asked") as box:
            entitle(box, self._title)
            line = Editor(self._value, id="answer", select_on_focus=False)
            line.paths = line.one_path = self._path
            yield line
            yield Static(shown(self._words, lines=True), id="answers", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def on_editor_completed(self, message: Editor.Completed) -> None:
        self.query_one("#answers", Static).update(shown("  ".join(message.names)))

    def action_back(self) -> None:
        self.dismiss(None)
