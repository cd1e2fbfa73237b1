"""What was deleted: moved into a hidden folder beside it, until it is brought back or the trash is emptied."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError, did_you_mean
from core.files import explain

TRASH = ".trash"


@dataclass(frozen=True)
class Thrown:
    """Something in a trash: where it is now, its name, and when it was thrown away [nanoseconds]."""

    path: Path
    name: str
    when: int


def throw(path: Path) -> Path:
    """Move a file or folder into the trash beside it; returns where it is now. Raises: ResourceError."""
    target = path.parent / TRASH / f"{time.time_ns()}-{path.name}"
    try:
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    except OSError as error:
        raise explain(error, path) from error
    return target


def thrown(folder: Path) -> list[Thrown]:
    """What is in the trash of a folder, the last first. Raises: ResourceError."""
    try:
        names = [path.name for path in (folder / TRASH).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise explain(error, folder / TRASH) from error
    parts = [(name.partition("-"), name) for name in names]
    found = [Thrown(folder / TRASH / name, rest, int(when)) for (when, _, rest), name in parts if when.isdecimal()]
    return sorted((each for each in found if each.name), key=lambda each: each.when, reverse=True)


def restore(folder: Path, name: str = "") -> Path:
    """Bring back what was thrown away last, or last under a name; returns where it is again.

    Raises: InputError where there is no such thing, or its name is taken; ResourceError.
    """
    inside = thrown(folder)
    last = next((each for each in inside if not name or each.name == name), None)
    if last is None:
        remedy = did_you_mean(name, [each.name for each in inside]) if inside else "nothing has been deleted there"
        raise InputError(f"there is {f'no {name!r}' if name else 'nothing'} in the trash of {folder}", remedy)
    target = folder / last.name
    if target.exists():
        raise InputError(f"{target} is there again", f"give that another name; {last.path} is what was deleted")
    try:
        last.path.rename(target)
    except OSError as error:
        raise explain(error, target) from error
    return target


def below(folder: Path) -> list[Thrown]:
    """What is in the trash of a folder and of those below it."""
    found = thrown(folder)
    for where, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [each for name in folders for each in thrown(Path(where) / name)]
    return found


def size(each: Thrown) -> int:
    """Bytes of something in a trash."""
    if not each.path.is_dir() or each.path.is_symlink():
        return each.path.lstat().st_size
    files = (Path(where) / name for where, _, names in os.walk(each.path) for name in names)
    return sum(file.lstat().st_size for file in files)


def remove(each: Thrown) -> None:
    """Delete something in a trash for good. Raises: ResourceError."""
    try:
        shutil.rmtree(each.path) if each.path.is_dir() and not each.path.is_symlink() else each.path.unlink()
    except OSError as error:
        raise explain(error, each.path) from error
