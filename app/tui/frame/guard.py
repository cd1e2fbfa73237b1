"""The last look at what is sent to the terminal: text that is still text, and holds nothing that a terminal obeys."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from app.draw.shown import harmless, shown


class Guard(LineFilter):
    """Takes out of every line what foreign text must not bring in; the line stays as long as it is.

    What is shown of foreign text has signs in these places already (`shown`): this is for what was forgotten.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(part.control or part.text.isprintable() for part in segments):
            return segments
        return [part if part.control else Segment(_harmless(part.text), part.style) for part in segments]


def _harmless(text: str) -> str:
    """The text without what has no cell of its own and is no letter; signs for the rest."""
    if text.isprintable():
        return text
    return "".join(each if harmless(each) else shown(each)[: cell_len(each)] for each in text)
