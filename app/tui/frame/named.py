"""Commands that messages name: found in their words, and started as tasks."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

_NAMED = re.compile(r"`(halodeck [^`]+)`")
_OPEN = re.compile(r"[A-Z]{2,}|\.\.\.|<.*>")
"""What a user must fill in."""


def command_in(message: str) -> list[str]:
    """The words of the first whole command that a message names in backticks; none where something is to fill in."""
    for line in _NAMED.findall(message):
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        if len(words) > 1 and not any(_OPEN.fullmatch(word) for word in words):
            return words
    return []


def started(root: Path, words: list[str]) -> str:
    """Start a command as a task of these runs. Raises: HalodeckError."""
    from app.background import tasks

    tasks.start(root, shlex.join(words[1:]), words[1:])
    return f"{shlex.join(words)}: started; data (1) shows it"
