"""Foreign text as it is shown: names, notes, units and log lines may hold what a terminal would obey."""

from __future__ import annotations

import unicodedata

from app.draw.blocks import pixels_of_images

_SIGNS = {"\n": "⏎", "\t": " ", "\x7f": "␡"}
_NO_LETTER = "\ufffd"


def shown(text: str, lines: bool = False) -> str:
    """The text with a visible sign for every character that a terminal obeys or hides, one for one.

    Those are the control characters, C1 among them, marks that turn the direction of writing, and bytes of file names
    that are no text. The ends of `lines` stay.
    """
    if text.isprintable():
        return text
    return "".join(each if harmless(each) or (lines and each == "\n") else _sign(each) for each in text)


def harmless(character: str) -> bool:
    """Whether a character is shown as it is: Python before 3.14 does not know that octants can be printed."""
    return character.isprintable() or character in pixels_of_images()


def cells(text: str) -> int:
    """The cells that a text takes: wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, room: int) -> str:
    """The text with blanks up to so many cells."""
    return text + " " * (room - cells(text))


def shortened(text: str, room: int) -> str:
    """The text in at most `room` cells, with an ellipsis where it was cut."""
    if cells(text) <= room:
        return text
    return _start(text, max(0, room - 1)).rstrip() + "…"[:room]


def without_middle(text: str, room: int) -> str:
    """The text in at most `room` cells: its middle goes first, since names of a kind differ at their ends."""
    if cells(text) <= room:
        return text
    end = max(1, room // 2 - 1)
    return f"{_start(text, max(1, room - end - 1))}…{_start(text[::-1], end)[::-1]}"


def _start(text: str, room: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text, room)


def _sign(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    if character < " ":
        return chr(0x2400 + ord(character))  # the picture of a control character
    return " " if unicodedata.category(character) == "Zs" else _NO_LETTER
