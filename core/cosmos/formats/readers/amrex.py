"""Plotfiles of AMReX, as Nyx writes them: a folder with Header, Level_0/Cell_H and files of FABs; the coarsest level.

Header: its type; number of fields and their names; dimensions, time, finest level; edges of the domain; factors of
refinement; the cells of each level; steps; sizes of cells; coordinates, 0; of each level its number, boxes and time,
the edges of its boxes and the name of its cells. Cell_H: version, how, fields, ghost cells; the boxes; for each
`FabOnDisk: file offset`. A FAB is a line that says type, byte order, box and fields, then field by field, x fastest.

Nyx keeps comoving Mpc without h and Msun/Mpc^3, the scale factor in comoving_a, the cosmology in job_info and
the_parameters. Source: AMReX, Amr::writePlotFile, VisMF and FPC; Nyx, Source/IO/Nyx_output.cpp; yt, frontends/amrex.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.blocks import Block, assembled, check_tiling, chosen, cut_off, inside, named, text_of
from core.cosmos.formats.header import Header, positive, unreadable
from core.cosmos.formats.reader import CubeWish, Facts, RawCube, Reader, header_facts
from core.errors import InputError
from core.reading import open_regular

_SIGN = b"HyperCLaw-V1.1"
_DARK = ("particle_mass_density", "dm_density", "dark_matter_density")
_DENSITIES = (*_DARK, "density", "Density", "total_density")
"""Names of fields that are densities."""
_BOX = r"\(\((-?\d{1,9},-?\d{1,9},-?\d{1,9})\) \((-?\d{1,9},-?\d{1,9},-?\d{1,9})\) \(0,0,0\)\)"
_FAB = re.compile(rf"FAB \(\(8, \(([\d ]+)\)\),\((\d), \(([\d ]+)\)\)\){_BOX} (\d+)\n")
_TYPES = {"32 8 23 0 1 9 0 127": "f4", "64 11 52 0 1 12 0 1023": "f8"}
_ORDERS = {"1 2 3 4": ">", "4 3 2 1": "<", "1 2 3 4 5 6 7 8": ">", "8 7 6 5 4 3 2 1": "<"}
_LONGEST = 1000
"""Bytes of the line before a FAB."""
_MOST_LEVELS = 100
_NUMBER = r"[ \t]{0,40}(?:\(nvals = 1\)[ \t]{0,9}::)?[= \t\[\"]{0,40}([-+.\deE]{1,40})[\]\"]{0,9}[ \t]{0,40}$"
_SAID = {
    "omega_matter": (rf"^Omega_m \(comoving\):{_NUMBER}", rf"^nyx\.comoving_OmM{_NUMBER}"),
    "omega_baryon": (rf"^nyx\.comoving_OmB{_NUMBER}",),
    "h": (rf"^h \(comoving\):{_NUMBER}", rf"^nyx\.comoving_h{_NUMBER}"),
}
"""How job_info and the_parameters say it."""


@dataclass(frozen=True)
class _Plotfile:
    """The coarsest level: its fields, cells a side, side of the box in the file's unit, blocks, finer levels."""

    fields: tuple[str, ...]
    cells: int
    length: float
    first: tuple[int, ...]
    blocks: tuple[Block, ...]
    finer: int
    parts: tuple[Path, ...]


def sniff(path: Path, start: bytes) -> str:
    """ "amrex" for the folder of a plotfile."""
    if start or not path.is_dir() or not (path / "Header").is_file():
        return ""
    with open_regular(path / "Header") as file:
        return "amrex" if file.read(len(_SIGN)) == _SIGN else ""


def describe(path: Path) -> Facts:
    """Fields, cells and what Nyx says of the run."""
    found = _plotfile(path)
    header = _header(path, found, None)
    levels = {"finer levels": f"{found.finer}, which are not used"} if found.finer else {}
    facts = {"fields": named(found.fields), "cells": f"{found.cells}^3", "boxes": str(len(found.blocks))}
    return facts | levels | header_facts(header, box_known=True)


def read_cube(path: Path, wish: CubeWish) -> RawCube:
    """One field of the coarsest level, which covers the whole box. Raises: InputError, UsageError."""
    found = _plotfile(path)
    field = chosen(path, found.fields, wish, _DARK)
    check_tiling(path, found.blocks, found.cells)
    for block in found.blocks:
        with open_regular(block.file) as file:
            _fab(file, block, found)
    values = assembled(path, found.blocks, found.cells, lambda block: _values(block, found, found.fields.index(field)))
    return RawCube(values, _header(path, found, wish.h), "density" if field in _DENSITIES else None)


def _plotfile(path: Path) -> _Plotfile:
    """Raises: InputError for a Header or Cell_H that is damaged, and for what is no cube of cells."""
    header = inside(path, "Header")
    lines = text_of(header).split("\n")
    try:
        count = int(lines[1])
        if not 0 < count < len(lines):
            raise cut_off(header)
        fields, lines = tuple(line.strip() for line in lines[2 : 2 + count]), lines[2 + count :]
        dimensions, finest = int(lines[0]), int(lines[2])
        low, high = (np.array(lines[number].split(), np.float64) for number in (3, 4))
        box = re.match(_BOX, lines[6])
        if box is None or not 0 <= finest < _MOST_LEVELS or len(set(fields)) != count:
            raise cut_off(header)
        at = 8 + finest + 1  # behind the sizes of cells
        coordinates, (level, boxes, _) = int(lines[at]), lines[at + 2].split()
        cells_name = lines[at + 4 + 3 * int(boxes)].strip()
    except (ValueError, IndexError) as error:
        raise cut_off(header) from error
    first, shape = _cells(box[1], box[2])
    if dimensions != 3 or coordinates != 0 or level != "0" or not low.shape == high.shape == (3,):
        raise InputError(f"{path} is no plotfile of three Cartesian dimensions", "give another one")
    with np.errstate(all="ignore"):  # what comes of nonsense is looked at
        sides = high - low
    if not (np.isfinite(sides).all() and sides.min() > 0):
        raise cut_off(header)
    if len(set(shape)) != 1 or sides.max() > sides.min() * (1 + 1e-6):
        raise InputError(f"{path}: the box is not a cube ({' x '.join(map(str, shape))} cells)", "cut it")
    index = inside(path, f"{cells_name}_H")
    blocks = tuple(_blocks(index, first, count))
    if len(blocks) != int(boxes):
        raise InputError(f"{header} speaks of {int(boxes)} boxes, {index} of {len(blocks)}", "copy all of it")
    beside = [name for name in ("comoving_a", "job_info", "the_parameters") if (path / name).exists()]
    parts = (header, index, *(inside(path, name) for name in beside))
    return _Plotfile(fields, shape[0], float(sides[0]), first, blocks, finest, parts)


def _blocks(index: Path, first: tuple[int, ...], fields: int) -> Sequence[Block]:
    """The boxes of a level and where they are. Raises: InputError for a Cell_H that is damaged."""
    lines = text_of(index).split("\n")
    try:
        version, stated, count = int(lines[0]), int(lines[2]), int(lines[4].split()[0].lstrip("("))
        if version != 1:
            raise InputError(f"{index} is of version {version}", "write it with vismf.headerversion = 1")
        if not 0 < count < len(lines) or stated != fields:
            raise cut_off(index)
        boxes = [re.fullmatch(_BOX, line.strip()) for line in lines[5 : 5 + count]]
        places = [line.split() for line in lines[7 + count : 7 + 2 * count]]
        if lines[5 + count].strip() != ")" or int(lines[6 + count]) != count or len(places) != count:
            raise cut_off(index)
        found, known = [], dict[str, Path]()
        for box, (word, name, offset) in zip(boxes, places, strict=True):
            if box is None or word != "FabOnDisk:" or not re.fullmatch(r"\d{1,18}", offset):
                raise cut_off(index)
            if name not in known:
                known[name] = inside(index.parent, name)
            start, shape = _cells(box[1], box[2])
            start = tuple(a - b for a, b in zip(start, first, strict=True))
            found.append(Block(start, shape, known[name], int(offset)))
        return found
    except (ValueError, IndexError) as error:
        raise cut_off(index) from error


def _cells(low: str, high: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First cell of a box and how many it has along x, y, z."""
    first, last = (tuple(map(int, text.split(","))) for text in (low, high))
    return first, tuple(b - a + 1 for a, b in zip(first, last, strict=True))


def _fab(file: BinaryIO, block: Block, plotfile: _Plotfile) -> np.dtype[Any]:
    """The type of a FAB's numbers; the file is left where they begin.

    Raises: InputError for a FAB of another box or other fields, of unknown numbers, or that is cut off.
    """
    size = file.seek(0, 2)
    file.seek(min(block.place, size))
    told = _FAB.fullmatch(file.readline(_LONGEST).decode("latin-1"))
    if told is None:
        raise InputError(f"{block.file} has no box of cells at byte {block.place}", "copy or make it again")
    kind, order, width = _TYPES.get(told[1]), _ORDERS.get(told[3]), told[2]
    if kind is None or order is None or kind[1] != width or len(told[3].split()) != int(width):
        raise InputError(f"{block.file} holds numbers of an unknown type ({told[1]})", "write them as IEEE floats")
    start, shape = _cells(told[4], told[5])
    inner = tuple(a - b for a, b in zip(start, plotfile.first, strict=True))
    if (inner, shape, int(told[6])) != (block.start, block.shape, len(plotfile.fields)):
        raise InputError(f"{block.file} holds another box at byte {block.place} than Cell_H says", "copy all of it")
    need = len(plotfile.fields) * block.size * int(width)
    if (end := file.tell() + need) > size:
        raise InputError(f"{block.file} is cut off: {size:,} of {end:,} bytes are there", "copy it again")
    return np.dtype(order + kind)


def _values(block: Block, plotfile: _Plotfile, field: int) -> Array:
    try:
        with open_regular(block.file) as file:
            kind = _fab(file, block, plotfile)
            file.seek(field * block.size * kind.itemsize, 1)
            data = file.read(block.size * kind.itemsize)
    except OSError as error:
        raise unreadable(block.file, error) from error
    if len(data) != block.size * kind.itemsize:
        raise InputError(f"{block.file} is cut off", "copy it again")
    return np.frombuffer(data, kind).reshape(block.shape, order="F")


def _header(path: Path, found: _Plotfile, h: float | None) -> Header:
    """What Nyx says of the run; the box is in Mpc/h where h is known, be it given, and the run one of Nyx."""
    said, scale = dict[str, float](), None
    for part in found.parts[2:]:
        text = text_of(part)
        if part.name == "comoving_a":
            scale = _number(text.strip())
            if scale is None:
                raise cut_off(part)
            continue
        for name, patterns in _SAID.items():
            match = next((m for pattern in patterns if (m := re.search(pattern, text, re.MULTILINE))), None)
            if match and (number := _number(match[1])) is not None:
                said.setdefault(name, number)
    h = h or said.get("h")
    files = dict.fromkeys(block.file for block in found.blocks)
    return Header(
        "amrex",
        found.cells**3,
        box_size=found.length * h if h and scale else None,
        redshift=None if scale is None else 1 / scale - 1,
        omega_lambda=1 - said["omega_matter"] if "omega_matter" in said else None,  # by the definition of Nyx
        parts=(*found.parts, *files),
        **(said | ({"h": h} if h else {})),  # type: ignore[arg-type]
    )


def _number(text: str) -> float | None:
    try:
        return positive(float(text))
    except ValueError:
        return None


READERS = (Reader(("amrex",), "cube", sniff, describe, order=7, cube=read_cube, several=True),)
