"""The end of a text: as many of its last lines as there is room for."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class Tail(Widget):
    """Shows the last lines of a log."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.lines: list[str] = []

    def show(self, text: str) -> None:
        """Show the end of a text."""
        lines = text.splitlines()
        if lines != self.lines:
            self.lines = lines
            self.refresh()

    def render(self) -> Content:
        return Content("\n".join(self.lines[-self.size.height :]) if self.size.height else "")
