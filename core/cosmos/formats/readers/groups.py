"""Friends-of-friends groups of SUBFIND in HDF5, as GADGET-4 and AREPO write them: masses, places and members.

Groups are /Group/GroupMass, GroupPos, ...; a snapshot of the same output holds the particles of each type in the order
of the groups, so that GroupLenType alone says which belong to which. AREPO may add the ids (/IDs/ID), in that order
group by group. GADGET-4: arXiv:2010.03567, section 7; TNG: www.tng-project.org/data/docs/specifications.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5, integers
from core.cosmos.formats.given import LENGTH_UNITS, Given
from core.cosmos.formats.halo_parts import Part, check_lengths, gathered, joined
from core.cosmos.formats.header import Header, parts_of
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader, header_facts
from core.cosmos.formats.units import factor
from core.errors import InputError

_DARK = slice(1, 4)
"""Particle types that are dark matter, as in formats.hdf5."""

_CENTIMETRES = {"kpc/h": 3.0857e21, "Mpc/h": 3.0857e24}
"""UnitLength_in_cm of the codes' units; comoving lengths and masses of these codes are per h."""

_BESIDE = {"position": (3,), "by_type": (6,)}
"""Shapes of the rows of columns that are no single numbers."""

_COLUMNS = {"mass": "GroupMass", "position": "GroupPos", "radius": "Group_R_Mean200"}


def is_groups(file: Any) -> bool:
    """Whether an open HDF5 file is a group catalogue; one without groups has the header alone."""
    return "Header" in file and any(name in file["Header"].attrs for name in ("Ngroups_Total", "Ngroups_ThisFile"))


def read_header(path: Path) -> Header:
    """The header of a catalogue of one or many files; `count` are the groups. Raises: InputError for damaged files."""
    parts = parts_of(path)
    return joined(parts, lambda file: _part(file, parts), "groups")


def _part(file: Any, parts: tuple[Path, ...]) -> Part:
    header = replace(hdf5.header_of(file, parts), format="subfind")
    files, total, here = (
        hdf5.number(file, *(("Header", name) for name in names))
        for names in (("NumFiles", "NumFilesPerSnapshot"), ("Ngroups_Total",), ("Ngroups_ThisFile",))
    )
    held = len(hdf5.dataset(file, "Group/GroupMass")) if "GroupMass" in file.get("Group", ()) else 0
    stated = int(total or 0) if here is None else int(here)
    return Part(header, held, stated, None if total is None else int(total), int(files or 1))


def read_groups(path: Path, given: Given) -> RawHalos:
    """The groups of every file, in order; units stated, from --length-unit, or from the box.

    Raises: InputError for damaged files, and for units that nothing tells.
    """
    header = read_header(path)
    columns = gathered(parts_of(path), {name: f"Group/{column}" for name, column in _COLUMNS.items()})
    if header.count:
        if "position" not in columns:
            raise InputError(f"{path} does not say where its groups are", "GroupPos is read")
        columns["count"] = _member_counts(path)
        check_lengths(path, header, columns)
    length, header = _length_unit(path, header, given)
    units = {"position": length, "radius": length, "mass": f"1e10 Msun{'/h' if length.endswith('/h') else ''}"}
    return RawHalos(columns, units, header, "fof", apart=True)


def read_members(path: Path) -> Members:
    """Which dark matter particles are in which group, by their ids, or by the order of the snapshot."""
    lengths = _member_counts(path)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    ids = gathered(parts_of(path), {"ids": "IDs/ID", "by_type": "Group/GroupLenType"})
    if "ids" not in ids:
        return Members(rows, None, "the order of the snapshot, which is that of the groups")
    # within a group its particles lie type after type
    by_type = integers.whole(ids["by_type"], f"{path}: GroupLenType")
    ends = np.cumsum(by_type.ravel()).reshape(by_type.shape)
    if ends[-1, -1] != len(ids["ids"]):
        raise InputError(
            f"{path}: its groups have {ends[-1, -1]} members, {len(ids['ids'])} ids are there", "copy all of its files"
        )
    chosen = [
        np.arange(ends[group, kind] - by_type[group, kind], ends[group, kind])
        for group in range(len(by_type))
        for kind in range(_DARK.start, _DARK.stop)
    ]
    return Members(
        rows,
        integers.whole(ids["ids"], f"{path}: IDs/ID")[np.concatenate(chosen)],
        "the ids of members in the catalogue",
    )


def _member_counts(path: Path) -> Array:
    by_type = gathered(parts_of(path), {"by_type": "Group/GroupLenType"}).get("by_type")
    if by_type is None:
        raise InputError(f"{path} does not say how many particles of each type its groups have", "GroupLenType is read")
    return np.asarray(integers.whole(by_type, f"{path}: GroupLenType")[:, _DARK].sum(axis=1))


def _length_unit(path: Path, header: Header, given: Given) -> tuple[str, Header]:
    """The unit of length, and the header with its box in Mpc/h."""
    unit = given.length_unit
    if unit is None:
        with hdf5.opened(parts_of(path)[0]) as file:
            centimetres = hdf5.unit_length(file)
        if centimetres is not None:
            unit = next((name for name, cm in _CENTIMETRES.items() if abs(centimetres / cm - 1) < 1e-2), None)
            if unit is None:
                raise InputError(f"{path} has a unit of length of {centimetres:g} cm", "give --length-unit")
    h = given.h or header.h
    if unit is None and header.box_size is not None and given.box_size is not None:
        for name in LENGTH_UNITS:
            if (name.endswith("/h") or h) and abs(header.box_size * factor(path, name, h) / given.box_size - 1) < 1e-3:
                unit = name
                break
    if unit is None:
        raise InputError(f"{path} does not state its unit of length", "give --length-unit")
    size = None if header.box_size is None else header.box_size * factor(path, unit, h)
    return unit, replace(header, box_size=size)


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "subfind" if is_groups(file) and not hdf5.is_snapshot(file) else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header)


READERS = (
    Reader(
        ("subfind",),
        "halos",
        _sniff,
        _describe,
        order=20,
        header=read_header,
        halos=lambda path, given, columns: read_groups(path, given),
        members=read_members,
    ),
)
