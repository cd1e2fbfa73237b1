"""Paths completed as they are typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from core.patience import within

_PATIENCE = 0.3
"""Seconds for a folder to say what is in it."""
_MOST = 500


def completed(text: str, one: bool = False) -> tuple[str, list[str]]:
    """The text with its last path as far as that is clear, and the names that may follow.

    Without `one` paths are parted by blanks and quoted, as a shell has them. Folders end in a slash.
    """
    head, typed = ("", text) if one else _last(text)
    folder, start = os.path.split(typed)
    try:
        names = within(lambda: _inside(Path(folder or ".").expanduser(), start), _PATIENCE) or []
    except OSError:
        names = []
    if not names:
        return text, []
    path = typed[: len(typed) - len(start)] + _common(names)
    return head + (path if one else _quoted(path)), names if len(names) > 1 else []


def _common(names: list[str]) -> str:
    """What sorted names begin with, all of them."""
    first, last = names[0], names[-1]
    same = next((k for k, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[: min(same, len(last))]


def _last(text: str) -> tuple[str, str]:
    """What stands before the last path, and the path without quotes."""
    for at in [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]:
        try:
            words = shlex.split(text[at:])
        except ValueError:  # a quote is open: it is closed here
            words = [text[at:].strip("'\"")]
        try:
            shlex.split(text[:at])
        except ValueError:
            continue
        if len(words) <= 1 and (words or at == len(text)):
            return text[:at], words[0] if words else ""
    return text, ""


def _quoted(path: str) -> str:
    """A path as a shell has it; the tilde keeps its meaning."""
    return path if path.startswith("~") and shlex.quote(path[1:] or "x") == (path[1:] or "x") else shlex.quote(path)


def _inside(folder: Path, start: str) -> list[str]:
    """Names in a folder that begin so, folders with a slash; hidden ones only where they are asked for."""
    names = []
    with os.scandir(folder) as items:
        for item in items:
            if item.name.startswith(start) and (start.startswith(".") or not item.name.startswith(".")):
                names.append(item.name + ("/" if item.is_dir() else ""))
                if len(names) >= _MOST:
                    break
    return sorted(names)
