"""HDF5 snapshots of GADGET-2/3/4, AREPO and SWIFT: the header, without reading bulk data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import EllipsisType
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.header import Header, complete, parts_of, positive, unreadable
from core.errors import InputError
from core.files import damage

SIGNATURE = b"\x89HDF\r\n\x1a\n"

DARK = ("PartType1", "PartType2", "PartType3")
"""The groups of dark matter; higher ones are stars and black holes."""


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An HDF5 file open for reading.

    Raises: InputError for one that is damaged, here or while it is read, and for what leads out of it.
    """
    from core.hdf5 import DAMAGE, File

    try:
        with File(path) as file:
            yield file
    except PermissionError as error:
        raise unreadable(path, error) from error
    except DAMAGE as error:
        raise InputError(f"{path} is cut off or damaged ({damage(error)})", "copy or make it again") from error


def dataset(group: Any, name: str) -> Any:
    """A dataset of a group. Raises: KeyError where it is not there, InputError for a group in its place."""
    from core import hdf5

    return hdf5.dataset(group, name)


def values(found: Any, path: Path, rows: slice | EllipsisType = ...) -> Array:
    """A dataset, read whole or some rows of it. Raises: InputError that names it where it cannot be read."""
    from core import hdf5

    return hdf5.values(found, path, rows)


def is_snapshot(file: Any) -> bool:
    """Whether an open HDF5 file is laid out like a snapshot."""
    return "Header" in file and any(name.startswith("PartType") for name in file)


def read_header(path: Path) -> Header:
    """The header of a snapshot of one or many files.

    Raises: InputError for a file that is cut off, or whose header and datasets disagree.
    """
    parts = parts_of(path)
    dark = others = 0
    header: Header | None = None
    for part in parts:
        with opened(part) as file:
            if not is_snapshot(file):
                raise InputError(f"{part} is HDF5 but no snapshot", "`halodeck info` tells what it is")
            here = header_of(file, parts)
            if header is None:
                complete(parts, int(number(file, ("Header", "NumFilesPerSnapshot")) or 1))
                header = here
            check_alike(parts[0], header, part, here)
            for name, count in _counts(file, part).items():
                if name in DARK:
                    dark += count
                else:
                    others += count
    assert header is not None
    return Header(**{**vars(header), "count": dark, "others": others})


def check_alike(first: Path, header: Header, part: Path, other: Header) -> None:
    """Refuse parts of different snapshots. Raises: InputError."""
    for name in ("redshift", "box_size", "omega_matter", "h", "w0", "wa"):
        ours, theirs = getattr(header, name), getattr(other, name)
        if ours != theirs:
            raise InputError(
                f"{first} has {name} = {ours}, {part} has {theirs}", "give the parts of one snapshot, and no others"
            )


def unit_length(file: Any) -> float | None:
    """UnitLength_in_cm of GADGET and AREPO, where an open file states it."""
    return number(file, *((group, "UnitLength_in_cm") for group in ("Header", "Parameters", "Units")))


def header_of(file: Any, parts: tuple[Path, ...]) -> Header:
    """What an open snapshot or group catalogue says about itself, but for its counts."""
    box = _numbers(file["Header"].attrs.get("BoxSize", 0.0), parts[0], "BoxSize")
    if box.min() != box.max():
        raise InputError(f"{parts[0]}: the box is not a cube ({', '.join(f'{side:g}' for side in box)})", "cut it")
    omega = number(file, ("Header", "Omega0"), ("Parameters", "Omega0"), ("Cosmology", "Omega_m"))
    baryon = number(file, ("Header", "OmegaBaryon"), ("Parameters", "OmegaBaryon"), ("Cosmology", "Omega_b"))
    h = number(file, ("Header", "HubbleParam"), ("Parameters", "HubbleParam"), ("Cosmology", "h"))
    redshift = number(file, ("Header", "Redshift"), ("Cosmology", "Redshift"))
    if redshift is None and (a := positive(number(file, ("Header", "Time")) or 0)) and a <= 1:
        redshift = 1 / a - 1  # of GADGET and its like; SWIFT's Time is one, but it states the redshift
    return Header(
        format="hdf5-snapshot",
        count=0,
        box_size=positive(box[0]),
        redshift=redshift,
        omega_matter=positive(omega or 0),
        omega_lambda=number(
            file, ("Header", "OmegaLambda"), ("Parameters", "OmegaLambda"), ("Cosmology", "Omega_lambda")
        ),
        omega_baryon=positive(baryon or 0),
        h=positive(h or 0),
        w0=number(file, *_anywhere("w_0", "w0")),
        wa=number(file, *_anywhere("w_a", "wa")),
        omega_radiation=number(file, *_anywhere("Omega_r", "OmegaRadiation")),
        omega_neutrino=number(file, *_anywhere("Omega_nu_0", "OmegaNu", "Omega_nu")),
        omega_curvature=number(file, *_anywhere("Omega_k", "OmegaK")),
        parts=parts,
    )


def _anywhere(*names: str) -> list[tuple[str, str]]:
    """Attributes of these names wherever headers are written."""
    return [(group, name) for name in names for group in ("Header", "Parameters", "Cosmology")]


def names_of(table: Any) -> tuple[str, ...]:
    """The columns of a table: the datasets of a group, or the fields of a dataset of compounds."""
    return tuple(table.dtype.names or ()) if _of_compounds(table) else tuple(table)


def rows_of(table: Any, name: str) -> int:
    """How many rows such a table has, by one of its columns."""
    return len(table) if _of_compounds(table) else len(dataset(table, name))


def column(table: Any, name: str, path: Path) -> Array:
    """A column of such a table. Raises: InputError where it is damaged."""
    return np.asarray(table[name]) if _of_compounds(table) else values(table[name], path)


def _of_compounds(table: Any) -> bool:
    from core.hdf5 import Dataset

    return isinstance(table, Dataset)


def scalar(file: Any, name: str) -> float | None:
    """A number that stands as a dataset of its own, alone or in an array; None where it is not there."""
    if name not in file:
        return None
    path = Path(file.file.filename)
    found = _numbers(values(file[name], path), path, name)
    return float(found[0]) if len(found) else None


def number(file: Any, *places: tuple[str, str]) -> float | None:
    """The first of these attributes (group, name) that is there."""
    for group, name in places:
        if group in file and name in file[group].attrs:
            return float(_numbers(file[group].attrs[name], Path(file.file.filename), name)[0])
    return None


def _numbers(value: Any, path: Path, name: str) -> Array:
    """An attribute as numbers, be it text or an array. Raises: InputError for text that is no number."""
    try:
        return np.array([float(item) for item in np.ravel(value)])
    except (TypeError, ValueError):
        raise InputError(f"{path}: {name} is {value!r}, which is no number", "correct it in the file") from None


def _counts(file: Any, path: Path) -> dict[str, int]:
    """Particles per group, as the datasets have them and as the header must say."""
    stated = np.ravel(file["Header"].attrs.get("NumPart_ThisFile", ()))
    counts = {}
    for index in range(7):
        name = f"PartType{index}"
        if name in file and "Coordinates" not in file[name] and len(file[name]):
            counts[name] = 0  # tracers and the like have no places: they are passed over
            continue
        count = len(dataset(file[name], "Coordinates")) if name in file else 0
        if index < len(stated) and int(stated[index]) != count:
            raise InputError(
                f"{path}: the header says {int(stated[index])} particles of type {index}, the file holds {count}",
                "copy or make it again",
            )
        counts[name] = count
    return counts
