"""All readers there are, and which of them is for a path."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from core.cosmos.formats import readers as folder
from core.cosmos.formats.header import parts_of, unreadable
from core.cosmos.formats.reader import Holds, Reader
from core.errors import InputError

GROUP = "halodeck.readers"
_START = 32
"""Bytes that tell a binary format."""


def readers() -> tuple[Reader, ...]:
    """Every reader, ours and other distributions', in the order in which they are asked."""
    found = [reader for name in _modules() for reader in getattr(import_module(name), "READERS", ())]
    return tuple(sorted([*found, *_brought()[0]], key=lambda reader: reader.order))


def broken_readers() -> dict[str, str]:
    """Readers of other distributions that cannot be used, by name of their entry point, and why."""
    return _brought()[1]


def reader_of(path: Path, holds: Holds | None = None) -> tuple[Reader, str] | None:
    """The reader for a path, of those that read particles, halos, ..., and the name of its format; None for no known.

    Raises: InputError for what does not exist, may not be read, or is a known format but damaged.
    """
    start = start_of(path)
    for reader in readers():
        if (holds is None or reader.holds == holds) and (name := reader.sniff(path, start)):
            return reader, name
    return None


def start_of(path: Path) -> bytes:
    """The first bytes of a file, or of the first of many of one name; none of a folder. Raises: InputError."""
    if path.is_dir():
        return b""
    try:
        with parts_of(path)[0].open("rb") as file:
            return file.read(_START)
    except OSError as error:
        raise unreadable(path, error) from error


def named(holds: Holds) -> str:
    """The names of all formats of one kind, for a sentence."""
    return ", ".join(dict.fromkeys(name for reader in readers() if reader.holds == holds for name in reader.names))


@cache
def _modules() -> tuple[str, ...]:
    return tuple(f"{folder.__name__}.{item.name}" for item in pkgutil.iter_modules(folder.__path__))


@cache
def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _brought() -> tuple[list[Reader], dict[str, str]]:
    good: list[Reader] = []
    broken: dict[str, str] = {}
    for point in _points():
        try:
            loaded = point.load()
            found = loaded if isinstance(loaded, tuple) else (loaded,)
            if not all(isinstance(item, Reader) for item in found):
                raise InputError(f"{point.value} is no Reader", "see core/cosmos/formats/reader.py")
            good += found
        except Exception as error:  # whatever somebody else's module does when it is imported
            broken[point.name] = f"{type(error).__name__}: {error}"
    return good, broken
