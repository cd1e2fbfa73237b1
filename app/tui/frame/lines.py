"""Texts of a fixed size that are sent only when they have changed."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from app.draw.shown import shown


class Lines(Widget):
    """Shows some lines of text in the room it has."""

    content: Content = Content()

    def show(self, content: Content) -> None:
        """Show a text; the same again costs nothing."""
        content = visible(content)
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


def visible(content: Content) -> Content:
    """A text with a sign for what a terminal would obey; styles and lines stay."""
    text = shown(content.plain, lines=True)
    return content if text == content.plain else Content(text, list(content.spans))


def entitle(widget: Widget, words: str | Content) -> None:
    """Write a pane's title as it stands; Textual would send the whole pane again for the same words."""
    title = Content(shown(words)) if isinstance(words, str) else visible(words)
    if (widget.border_title or "") != title.markup:
        widget.border_title = title if title else None
