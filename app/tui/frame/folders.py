"""Folders and what is in them, as the tree of files and the palette see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import explain
from core.patience import within

_SKIPPED = ("__pycache__", "lost+found")
LIMIT = 2.0
"""Seconds that a folder has to answer."""


@dataclass(frozen=True)
class Item:
    """A file or folder; `size` in bytes."""

    path: Path
    is_folder: bool
    size: int = 0


Inside = tuple[Item, ...] | str
"""What is in a folder, or why it cannot be read."""


def read_folder(path: Path) -> tuple[Item, ...]:
    """What is in a folder, folders first, hidden files left out. Raises: OSError."""
    items = []
    for entry in path.iterdir():
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        try:
            is_folder = entry.is_dir()
            items.append(Item(entry, is_folder, 0 if is_folder else entry.stat().st_size))
        except OSError:  # gone meanwhile, or a dead link
            continue
    return tuple(sorted(items, key=lambda item: (not item.is_folder, item.path.name.lower())))


def inside(path: Path) -> Inside:
    """What is in a folder, or in a few words why that cannot be said."""
    try:
        return read_folder(path)
    except FileNotFoundError:
        return "is not there yet"
    except OSError as error:
        return explain(error, path).problem


def walk(roots: Iterable[Path], most: int) -> Iterator[tuple[Path, tuple[Item, ...]]]:
    """The folders below some roots, nearest first and so many at most; links are not followed, nor hidden ones."""
    waiting, seen = list(roots), set[Path]()
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            items = within(lambda path=path: read_folder(path), LIMIT)  # type: ignore[misc]
        except OSError:
            continue
        if items is None:
            continue
        waiting += [item.path for item in items if item.is_folder and not item.path.is_symlink()]
        yield path, items


def resolved(path: Path) -> Path:
    """The absolute path without links; as it is where its disk does not answer."""
    return within(path.resolve, LIMIT) or path.absolute()


def stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is written or a folder gets or loses one; zeros where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
