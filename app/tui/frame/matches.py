"""Matches of words in lines of text: which lines they are in, which comes next, and how they stand out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from app.tui.frame.filter import has_all

_LIT = Style(reverse=True)


def lines_with(lines: Sequence[str], words: str) -> list[int]:
    """The lines with all the words, or where none has, because a cell is written over several, with any of them."""
    if not words.strip():
        return []
    all_of_them = [number for number, line in enumerate(lines) if has_all(line, words)]
    return all_of_them or [k for k, line in enumerate(lines) if any(has_all(line, word) for word in words.split())]


def next_of(found: Sequence[int], at: int | None, by: int) -> int | None:
    """The match after a line, or before it; from the beginning or the end where none was gone to; None past those."""
    ahead = [line for line in (found if by > 0 else reversed(found)) if at is None or (line - at) * by > 0]
    return ahead[0] if ahead else None


def spans(line: str, words: str) -> list[tuple[int, int]]:
    """Where words stand in a line, in its order, parts that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(m.span() for word in words.split() for m in re.finditer(re.escape(word), line, re.I)):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def lit(strip: Strip, words: str) -> Strip:
    """A line in which words stand out."""
    parts, done, text = [], 0, strip.text
    for start, end in spans(text, words):
        left, right = cell_len(text[:start]), cell_len(text[:end])
        parts += [strip.crop(done, left), Strip(list(strip.crop(left, right))).apply_style(_LIT)]
        done = right
    return Strip.join([*parts, strip.crop(done)]) if parts else strip


def lit_text(text: str, words: str) -> Content:
    """The same of a text."""
    content = Content(text)
    for start, end in spans(text, words):
        content = content.stylize("reverse", start, end)
    return content
