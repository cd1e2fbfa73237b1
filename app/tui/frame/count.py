"""A count typed before a key: how often the key is to be pressed, or to which line to go."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

MOST = 999


@dataclass(frozen=True)
class Counted:
    """A key and how often it is to be pressed."""

    times: int
    key: str


class CountScreen(ModalScreen[Counted | None]):
    """Takes digits, and then any other key."""

    DEFAULT_CSS = """
    CountScreen { background: transparent; }
    CountScreen Static { dock: bottom; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._digits = ""

    def compose(self) -> ComposeResult:
        yield Static(self._words(), markup=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key.isdigit() and event.key.isascii():
            self._digits = str(min(MOST, int(self._digits + event.key)))
            self.query_one(Static).update(self._words())
        elif event.key == "escape" or not self._digits:
            self.dismiss(None)
        else:
            self.dismiss(Counted(int(self._digits), event.key))

    def _words(self) -> str:
        return f":{self._digits}  a number, then a key that is pressed so often; enter goes to that line"
