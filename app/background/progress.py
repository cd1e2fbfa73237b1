"""How far a command is, told to whoever started it: a small file, replaced now and then, whose path is in the
environment."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import HalodeckError
from core.files import write_json
from core.reading import read_json
from core.typed import typed

PROGRESS = "HALODECK_PROGRESS"
"""The variable that holds the path."""
_EVERY = 0.2
"""Least seconds between two writings."""
_MOST = 1 << 16
"""Bytes of the file."""


@dataclass(frozen=True)
class Told:
    """The fraction done and what is being done."""

    fraction: float = 0.0
    doing: str = "starting"


class ProgressFile:
    """Progress that is written to a file."""

    def __init__(self, path: Path) -> None:
        self._path, self._next, self._full = path, 0.0, False

    def __call__(self, fraction: float, doing: str) -> None:
        now = time.monotonic()
        first_full = fraction >= 1 and not self._full
        if now < self._next and not first_full:
            return
        self._next, self._full = now + _EVERY, fraction >= 1
        try:
            write_json(self._path, {"fraction": fraction, "doing": doing})
        except HalodeckError:
            self._next = now + 10  # the work matters more than what is told of it


def wanted() -> ProgressFile | None:
    """Where this process is to tell its progress, if anybody has asked for it."""
    path = os.environ.get(PROGRESS)
    return ProgressFile(Path(path)) if path else None


def read(path: Path) -> Told:
    """What was told last; nothing yet where there is no file."""
    try:
        told = typed(Told, read_json(path, _MOST))
        return replace(told, fraction=min(max(told.fraction, 0.0), 1.0))
    except (OSError, ValueError, HalodeckError):
        return Told()
