"""Cubes that are kept as blocks of cells in several files of one folder, each of which holds some cells of the cube."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.header import parts_of, unreadable
from core.cosmos.formats.reader import CubeWish
from core.errors import InputError, UsageError, did_you_mean
from core.reading import read_bytes

_MOST_NAMED = 12
"""Fields named before the list ends in dots."""


@dataclass(frozen=True)
class Block:
    """Cells of a cube: the first of them, how many along x, y, z, their file and where in it they are."""

    start: tuple[int, ...]
    shape: tuple[int, ...]
    file: Path
    place: int
    """What the format makes of it: an offset in bytes, the number of a grid."""

    @property
    def size(self) -> int:
        """How many cells."""
        return math.prod(self.shape)


def inside(folder: Path, name: str) -> Path:
    """A regular file below a folder, by the name that another file has for it.

    Raises: InputError for a name that leads out of the folder, be it by a link, or to no regular file.
    """
    told, path = PurePosixPath(name), folder / name
    try:
        if told.is_absolute() or ".." in told.parts or not path.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"{folder} names {name!r}, which is not in it", "copy the file itself into it")
        if not path.exists():
            raise InputError(f"{name!r} is missing in {folder}", "copy all of it")
        return parts_of(path)[0]
    except (ValueError, RuntimeError) as error:  # a null character; links that lead to themselves
        raise InputError(f"{folder} names {name!r}, which is no path", "copy it again") from error
    except OSError as error:
        raise unreadable(path, error) from error


def text_of(path: Path) -> str:
    """A whole text file of numbers and names. Raises: InputError."""
    try:
        return read_bytes(path).decode("latin-1")
    except FileNotFoundError as error:
        raise unreadable(path, error) from error


def cut_off(path: Path) -> InputError:
    """What is said of a header that ends too early or has no number where one belongs."""
    return InputError(f"{path} is cut off or damaged", "copy it again")


def chosen(path: Path, fields: Sequence[str], wish: CubeWish, dark_matter: Sequence[str]) -> str:
    """The field that is asked for; else the density of dark matter, or the only field there is.

    Raises: InputError where one has to be named; UsageError for one that is not there.
    """
    if wish.dataset is not None:
        if wish.dataset not in fields:
            raise UsageError(f"{path} has no field {wish.dataset!r}", did_you_mean(wish.dataset, fields))
        return wish.dataset
    if len(fields) == 1:
        return fields[0]
    found = next((name for name in dark_matter if name in fields), None)
    if found is None or wish.name not in (None, "density"):
        raise InputError(f"{path} has several fields ({named(fields)})", "name one with --dataset")
    return found


def named(fields: Sequence[str]) -> str:
    """The first of some names."""
    return ", ".join(fields[:_MOST_NAMED]) + (", ..." if len(fields) > _MOST_NAMED else "")


def check_tiling(path: Path, blocks: Sequence[Block], cells: int) -> None:
    """Raises: InputError for blocks that do not hold as many cells as the cube, or hold cells outside it."""
    for block in blocks:
        if any(not (0 <= a < a + n <= cells) for a, n in zip(block.start, block.shape, strict=True)):
            raise InputError(f"{path} has cells outside its {cells}^3", "copy or make it again")
    there = sum(block.size for block in blocks)
    if there != cells**3:
        raise InputError(f"{path} holds {there} cells of {cells}^3 = {cells**3}", "copy or make it again")


def assembled(path: Path, blocks: Sequence[Block], cells: int, read: Callable[[Block], Array]) -> Array:
    """The whole cube, float32, from blocks that are proven to be in their files.

    Raises: InputError where two blocks hold the same cell; ResourceError of what reads.
    """
    check_tiling(path, blocks, cells)
    values, filled = np.empty((cells,) * 3, np.float32), np.zeros((cells,) * 3, bool)
    for block in blocks:
        place = tuple(slice(a, a + n) for a, n in zip(block.start, block.shape, strict=True))
        if filled[place].any():
            raise InputError(f"{path} holds some cells twice", "copy or make it again")
        filled[place] = True
        with np.errstate(over="ignore", invalid="ignore"):  # found where a field is checked
            values[place] = read(block)
    return values
