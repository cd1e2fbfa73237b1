"""Friends-of-friends groups of GADGET-3 in binary: group_tab_NNN.0, .1, ... as the Quijote simulations have them.

Per file: int32 groups, int32 groups of all files, int32 ids, int64 ids of all, int32 files; then for all groups
lengths, offsets, masses [1e10 Msun/h], positions, velocities [km/s over 1 + z], and lengths and masses by type. Box,
redshift and cosmology are not in them.
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
from core.cosmos.formats.reader import Facts, RawHalos, Reader
from core.cosmos.formats.units import factor
from core.errors import InputError

_HEADER = np.dtype([("groups", "<i4"), ("all", "<i4"), ("ids", "<i4"), ("all_ids", "<i8"), ("files", "<i4")])
_GROUP = 4 + 4 + 4 + 12 + 12 + 24 + 24
"""Bytes of a group."""
_EXTRAS = (0, 4, 8)
"""Bytes of a group that some codes add: star formation, type."""


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
    return RawHalos(found, {"mass": "1e10 Msun/h", "position": unit}, replace(header, box_size=None), "fof")


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


READERS = (Reader(("group-tab",), "halos", _sniff, _describe, order=12, header=read_header, halos=read_halos),)
