"""HDF5 catalogues in several files: one header for all of them, every file whole and of the same snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import Header, complete
from core.errors import InputError


@dataclass(frozen=True)
class Part:
    """What one file says, and how many halos it holds."""

    header: Header
    """Its count is of no account."""
    held: int
    stated: int
    """Halos that it says it holds."""
    total: int | None
    """Halos that it says all files hold, where it does."""
    files: int
    """As how many there should be."""


def joined(parts: tuple[Path, ...], look: Callable[[Any], Part], what: str = "halos") -> Header:
    """The header of all files, with the count of all, from what `look` says of each that is open.

    Raises: InputError for files that are missing, of other snapshots, or hold not what they say.
    """
    first: Part | None = None
    count = 0
    for path in parts:
        with hdf5.opened(path) as file:
            part = look(file)
            if first is None:
                complete(parts, part.files)
                first = part
            hdf5.check_alike(parts[0], first.header, path, part.header)
            if part.held != part.stated:
                raise InputError(
                    f"{path}: the header says {part.stated} {what}, the file holds {part.held}", "copy or make it again"
                )
            count += part.held
    assert first is not None
    if first.total not in (None, count):
        raise InputError(
            f"{parts[0]}: the header says {first.total} {what} in all, {count} are there", "copy all of its files"
        )
    return replace(first.header, count=count)


BESIDE = {"position": (3,), "velocity": (3,), "by_type": (6,)}
"""Shapes of the rows of columns that are no single numbers."""


def gathered(parts: tuple[Path, ...], names: Mapping[str, str]) -> dict[str, Array]:
    """Datasets of all files joined, by other names; those that no file has are left out.

    Raises: InputError for one whose rows have another shape than such a column has.
    """
    found: dict[str, list[Array]] = {}
    for part in parts:
        with hdf5.opened(part) as file:
            for name, place in names.items():
                if place in file:
                    values = hdf5.values(file[place], part)
                    if values.shape[1:] != BESIDE.get(name, ()) or not values.ndim:
                        raise InputError(f"{part}: {place} has the shape {values.shape}", "make the file again")
                    found.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in found.items()}


def check_lengths(path: Path, header: Header, columns: Mapping[str, Array]) -> None:
    """Refuse columns that do not go with the halos. Raises: InputError."""
    for name, values in columns.items():
        if len(values) != header.count:
            raise InputError(f"{path} has {header.count} halos, but {len(values)} of {name}", "make it again")
