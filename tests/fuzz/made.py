"""A file to be damaged, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Read = Callable[[], Any]


@dataclass(frozen=True)
class Made:
    """A file to damage and what reads it, in pieces of which each may refuse it."""

    file: Path
    reads: tuple[Read, ...]


Kind = Callable[[Path], Made]
