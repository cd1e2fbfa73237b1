"""Texts of a fixed size that are sent only when they have changed."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class Lines(Widget):
    """Shows some lines of text in the room it has."""

    content: Content = Content()

    def show(self, content: Content) -> None:
        """Show a text; the same again costs nothing."""
        if content.markup != self.content.markup:
            self.content = content
            self.refresh()

    def render(self) -> Content:
        return self.content


class Tail(Lines):
    """Shows the last lines of a log."""

    def render(self) -> Content:
        lines = self.content.split("\n", allow_blank=True)
        return Content("\n").join(lines[-self.size.height :])


def entitle(widget: Widget, words: str) -> None:
    """Write a pane's title, in markup; Textual would send the whole pane again for the same words."""
    if widget.border_title != widget.render_str(words).markup:
        widget.border_title = words
