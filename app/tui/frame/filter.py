"""A filter for any list: words are typed in the last line, and what has them all is what is left."""

from __future__ import annotations

from typing import Protocol

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.line import Line


class Filtered(Protocol):
    """A list that shows only what has some words."""

    words: str
    hint: str
    """What can be typed."""

    def filter_by(self, words: str) -> None:
        """Show what has all these words, anywhere."""
        ...


def has_all(text: str, words: str) -> bool:
    """Whether a text has all the words, in any order and case."""
    return all(word in text.lower() for word in words.lower().split())


def tell_filter(shown_in: Widget, words: str, shown: int, of: int) -> None:
    """Write below a list what it is filtered by, and how much of it that leaves; it takes a line while it is so."""
    shown_in.border_subtitle = Content(f"/{words} · {shown} of {of}") if words else None
    shown_in.set_class(bool(words), "-filtered")


class FilterScreen(ModalScreen[None]):
    """Asks for the words while the list below changes with them; enter keeps them, esc shows all again."""

    BINDINGS = bindings(KEYS, "filter")
    DEFAULT_CSS = """
    FilterScreen { background: transparent; }
    FilterScreen Input { dock: bottom; height: 1; border: none; padding: 0 1; background: $panel; }
    """

    def __init__(self, of: Filtered) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        hint = f"{self._of.hint}; enter keeps them, esc shows all"
        yield Line(self._of.words, placeholder=hint, select_on_focus=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._of.filter_by(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(None)

    def action_back(self) -> None:
        self._of.filter_by("")
        self.dismiss(None)
