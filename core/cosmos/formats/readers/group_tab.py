"""Friends-of-friends groups of GADGET-3 in binary: group_tab_NNN.0, .1, ... as the Quijote simulations have them.

Per file: int32 groups, int32 groups of all files, int32 ids, int64 ids of all, int32 files; then for all groups
lengths, offsets, masses [1e10 Msun/h], positions, velocities [km/s over 1 + z], and lengths and masses by type. Box,
redshift and cosmology are not in them. Beside them group_ids_NNN.0, .1, ... list the members, group after group: the
same header, int32 ids in earlier files, then those of 32 or 64 bits (Pylians3, library/readfof.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.given import LENGTH_UNITS, Given
from core.cosmos.formats.header import Header, unreadable
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader
from core.cosmos.formats.units import factor
from core.errors import InputError

_HEADER = np.dtype([("groups", "<i4"), ("all", "<i4"), ("ids", "<i4"), ("all_ids", "<i8"), ("files", "<i4")])
_GROUP = 4 + 4 + 4 + 12 + 12 + 24 + 24
"""Bytes of a group."""
_BEFORE_TYPES = 4 + 4 + 4 + 12 + 12
"""Bytes of a group before its lengths by type."""
_EXTRAS = (0, 4, 8)
"""Bytes of a group that some codes add: star formation, type."""
_IDS_HEADER = _HEADER.itemsize + 4
"""Bytes of the header of a file of ids."""
_DARK = slice(1, 4)
"""Particle types that are dark matter, as in formats.hdf5."""


def files_of(path: Path) -> tuple[Path, ...]:
    """All files of the snapshot that this one is of."""
    stem = re.sub(r"\.\d+$", "", path.name)
    first = path.with_name(f"{stem}.0")
    if not first.exists():
        return (path,)
    count = int(_head(first)["files"])
    files: list[Path] = []
    for number in range(max(count, 1)):  # a damaged count may be anything: the first that is missing ends it
        files.append(path.with_name(f"{stem}.{number}"))
        if not files[-1].exists():
            raise InputError(f"{files[-1]} is missing, one of {count} files", "copy all of them")
    return tuple(files)


def _head(path: Path) -> Array:
    try:
        with path.open("rb") as file:
            start = file.read(_HEADER.itemsize)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(start) < _HEADER.itemsize:
        raise InputError(f"{path} is cut off", "copy or make it again")
    return np.frombuffer(start, _HEADER, 1)[0]


def read_header(path: Path) -> Header:
    """How many groups there are: all that these files say. Raises: InputError for those cut off or mixed."""
    files = files_of(path)
    heads = [_head(file) for file in files]
    total = sum(int(head["groups"]) for head in heads)
    if any(int(head["all"]) != total for head in heads):
        raise InputError(
            f"{files[0]} and its like hold {total} groups, not {heads[0]['all']}", "copy all of them again"
        )
    for file, head in zip(files, heads, strict=True):
        body = file.stat().st_size - _HEADER.itemsize
        if body not in [int(head["groups"]) * (_GROUP + extra) for extra in _EXTRAS]:
            raise InputError(f"{file} is cut off or damaged", "copy or make it again")
    return Header("group-tab", total, parts=files)


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All groups; the unit of length is --length-unit, else that in which they fill the box."""
    header = read_header(path)
    count, mass, position, velocity = [], [], [], []
    for file, head in zip(header.parts, map(_head, header.parts), strict=True):
        groups = int(head["groups"])
        with file.open("rb") as opened:
            opened.seek(_HEADER.itemsize)
            count.append(np.fromfile(opened, "<i4", groups))
            opened.seek(4 * groups, 1)  # offsets
            mass.append(np.fromfile(opened, "<f4", groups))
            position.append(np.fromfile(opened, "<f4", 3 * groups).reshape(-1, 3))
            velocity.append(np.fromfile(opened, "<f4", 3 * groups).reshape(-1, 3))
    found = {
        "mass": np.concatenate(mass).astype(np.float64),
        "position": np.concatenate(position).astype(np.float64),
        "count": np.concatenate(count).astype(np.int64),
    }
    if given.redshift is not None:
        found["velocity"] = np.concatenate(velocity) * (1 + given.redshift)
    unit = given.length_unit or _unit(path, found["position"], given)
    units = {"mass": "1e10 Msun/h", "position": unit}
    return RawHalos(found, units, replace(header, box_size=None), "fof", apart=True)


def read_members(path: Path) -> Members | None:
    """The members in the files of ids, group after group.

    None without such files, or for groups with gas or stars: nothing tells which of their ids are dark matter.
    Raises: InputError for files of another catalogue, or cut off.
    """
    beside = path.with_name(path.name.replace("_tab_", "_ids_"))
    if not beside.exists():
        return None
    files = read_header(path).parts
    lengths = np.concatenate([_column(file, 0, "<i4") for file in files])
    by_type = np.concatenate([_column(file, _BEFORE_TYPES, "<i4", 6) for file in files])
    if np.delete(by_type, _DARK, axis=1).any():
        return None
    stated = int(_head(files[0])["all_ids"])
    ids = np.concatenate([_ids(file) for file in files_of(beside)])
    if lengths.min(initial=0) < 0 or lengths.sum(dtype=np.int64) != len(ids) or len(ids) != stated:
        raise InputError(
            f"{beside} and its like list {len(ids)} members, the groups have {lengths.sum(dtype=np.int64)}",
            "copy the files of ids of this catalogue",
        )
    return Members(np.repeat(np.arange(len(lengths)), lengths), ids, f"the ids in {beside.name}")


def _column(file: Path, skip: int, kind: str, width: int = 1) -> Array:
    """A column of the groups of one file, `skip` bytes a group after its header."""
    groups = int(_head(file)["groups"])
    values = np.fromfile(file, kind, width * groups, offset=_HEADER.itemsize + skip * groups)
    return values.reshape(-1, width) if width > 1 else values


def _ids(file: Path) -> Array:
    """The ids in one file, int64; they have as many bytes as fill it."""
    count, body = int(_head(file)["ids"]), file.stat().st_size - _IDS_HEADER
    if count == body == 0:
        return np.zeros(0, np.int64)
    if count <= 0 or body not in (4 * count, 8 * count):
        raise InputError(f"{file} is cut off or damaged", "copy or make it again")
    return np.fromfile(file, "<u4" if body == 4 * count else "<i8", count, offset=_IDS_HEADER).astype(np.int64)


def _unit(path: Path, position: Array, given: Given) -> str:
    """The unit of length in which the groups fill the box. Raises: InputError where none does."""
    if given.box_size is None:
        return "kpc/h"  # the box is asked for next
    for unit in LENGTH_UNITS:
        if unit.endswith("/h") or given.h is not None:
            reach = float(position.max(initial=0)) * factor(path, unit, given.h) / given.box_size
            if 0.5 < reach < 1.001:
                return unit
    raise InputError(
        f"{path}: its groups fill no box of {given.box_size:g} Mpc/h", "correct --box-size, or give --length-unit"
    )


def _sniff(path: Path, start: bytes) -> str:
    if not re.match(r"(group_tab|groups?_tab)_\d+(\.\d+)?$", path.name) or path.is_dir():
        return ""
    return "group-tab"


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count), "files": str(len(header.parts))}


READERS = (
    Reader(
        ("group-tab",),
        "halos",
        _sniff,
        _describe,
        order=12,
        header=read_header,
        halos=read_halos,
        members=read_members,
    ),
)
