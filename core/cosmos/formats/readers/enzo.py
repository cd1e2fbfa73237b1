"""Outputs of Enzo: a parameter file, its .hierarchy and HDF5 files of grids; the root grid, assembled from its tiles.

The hierarchy has a block of `name = value` for each grid, and pointers from which its level follows. The active cells
of a grid are GridStartIndex to GridEndIndex; its fields are datasets (z, y, x) of the group Grid00000001, ... in the
file whose name, with the path it had when it was written, is BaryonFileName. Gas of the root grid is the mean of that
of finer grids.

Dark_Matter_Density is not: each grid has that of its own particles alone, so that it lacks what lies in finer grids and
what crosses the faces of the grid, and runs without gas have none. It is painted from the particles of all grids, whose
mass is a density in a cell of their grid; only where OutputSmoothedDarkMatter is set it is read.

Source: Enzo, Grid_WriteGrid.C, Grid_DepositParticlePositions.C, WriteDataHierarchy.C, CosmologyWriteParameters.C; yt,
frontends/enzo.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.blocks import Block, assembled, check_tiling, chosen, cut_off, inside, named, text_of
from core.cosmos.formats.header import Header, positive
from core.cosmos.formats.reader import CubeWish, Facts, RawCube, Reader, header_facts
from core.errors import InputError
from core.reading import open_regular

_ENDING = ".hierarchy"
_DARK = "Dark_Matter_Density"
_DENSITIES = (_DARK, "Density")
_POINTER = re.compile(r"^Pointer: Grid\[(\d{1,9})\]->NextGrid(This|Next)Level = (\d{1,9})[ \t]*$", re.MULTILINE)
_GRID = re.compile(r"^Grid = (\d{1,9})[ \t]*$", re.MULTILINE)
_VALUE = re.compile(r"^(\w+)[ \t]*=(.*)$", re.MULTILINE)
_CLOSE = 0.01
"""Of a cell that edges may lie from where they belong: they are written with fewer digits than they have."""
_MOST_CELLS = 10**6
"""A side."""
_MOST_REFINED, _MOST_LEVELS = 8, 100
_CHUNK = 1 << 22
"""Particles painted at once."""
_FEWEST = 1000
"""Cells for each particle that a density may have."""


@dataclass(frozen=True)
class _Grid:
    """A grid of any level: its particles, and the volume of its cells in those of the root grid."""

    level: int
    block: Block
    particles: int
    volume: float


@dataclass(frozen=True)
class _Output:
    """The root grid, all grids, edges [its cells] of the domain, and what the parameters say."""

    cells: int
    low: Array
    cell: Array
    grids: tuple[_Grid, ...]
    smoothed: bool
    header: Header

    @property
    def blocks(self) -> list[Block]:
        """The tiles of the root grid."""
        return [grid.block for grid in self.grids if grid.level == 0]

    @property
    def particles(self) -> int:
        """Of all grids."""
        return sum(grid.particles for grid in self.grids)

    def fields(self) -> list[str]:
        """Names of what can be read."""
        with _group(self.blocks[0]) as group:
            there = _fields(group)
        return [*([_DARK] if self.particles and _DARK not in there else []), *there]


def sniff(path: Path, start: bytes) -> str:
    """ "enzo" for a parameter file, or the hierarchy beside it."""
    if not start or start.startswith(hdf5.SIGNATURE):
        return ""
    hierarchy = _parameters(path).with_name(_parameters(path).name + _ENDING)
    if not hierarchy.is_file() or not _parameters(path).is_file():
        return ""
    with open_regular(hierarchy) as file:
        return "enzo" if file.read(100).lstrip().startswith(b"Grid = ") else ""


def describe(path: Path) -> Facts:
    """Fields, cells and cosmology."""
    found = _output(path)
    finer = max(grid.level for grid in found.grids)
    levels = {"finer levels": f"{finer}, of which the particles alone are used"} if finer else {}
    facts = {"fields": named(found.fields()), "cells": f"{found.cells}^3", "grids": str(len(found.grids))}
    return facts | levels | header_facts(found.header, box_known=True)


def read_cube(path: Path, wish: CubeWish) -> RawCube:
    """One field of the root grid. Raises: InputError, UsageError."""
    found = _output(path)
    field = chosen(path, found.fields(), wish, (_DARK,))
    check_tiling(path, found.blocks, found.cells)
    if field == _DARK and not found.smoothed:
        return RawCube(_painted(path, found), found.header, "density", (f"painted from {found.particles} particles",))
    for block in found.blocks:
        _values(block, field, read=False)
    values = assembled(path, found.blocks, found.cells, lambda block: _values(block, field))
    return RawCube(values, found.header, "density" if field in _DENSITIES else None)


def _parameters(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_ENDING)) if path.name.removesuffix(_ENDING) else path


@np.errstate(all="ignore")  # what comes of nonsense is looked at
def _output(path: Path) -> _Output:
    """Raises: InputError for files that are damaged, a run that is not cosmological, or no cube."""
    folder, name = path.parent, _parameters(path).name
    parameters, hierarchy = inside(folder, name), inside(folder, name + _ENDING)
    told = _values_in(text_of(parameters))
    if told.get("ComovingCoordinates") == "0":
        raise InputError(f"{path} is no cosmological run", "halodeck works on cosmological boxes")
    try:
        shape = [int(word) for word in told["TopGridDimensions"].split()]
        refine = int(told.get("RefineBy", "2"))
        low, high = (_numbers(told.get(f"Domain{side}Edge", default)) for side, default in _EDGES.items())
    except (KeyError, ValueError) as error:
        raise cut_off(parameters) from error
    if len(shape) != 3 or not 0 < shape[0] <= _MOST_CELLS or len(set(shape)) != 1 or np.ptp(high - low) > 1e-6:
        raise InputError(f"{path}: the root grid is no cube ({' x '.join(map(str, shape))} cells)", "cut it")
    if not ((high - low).min() > 0 and 2 <= refine <= _MOST_REFINED):
        raise cut_off(parameters)
    cell = (high - low) / shape[0]
    grids = _grids(hierarchy, low, cell, refine)
    files = dict.fromkeys(grid.block.file for grid in grids)
    header = _header(told, shape[0], (parameters, hierarchy, *files))
    return _Output(shape[0], low, cell, grids, told.get("OutputSmoothedDarkMatter", "0") != "0", header)


_EDGES = {"Left": "0 0 0", "Right": "1 1 1"}
"""What Enzo takes where the edges of its domain are not stated."""


def _header(told: dict[str, str], cells: int, parts: tuple[Path, ...]) -> Header:
    def number(name: str) -> float | None:
        try:
            found = float(told.get(f"Cosmology{name}", "nan").split()[0])
        except (ValueError, IndexError):
            return None
        return found if np.isfinite(found) else None

    matter, dark = positive(number("OmegaMatterNow") or 0), positive(number("OmegaDarkMatterNow") or 0)
    return Header(
        "enzo",
        cells**3,
        box_size=positive(number("ComovingBoxSize") or 0),
        redshift=number("CurrentRedshift"),
        omega_matter=matter,
        omega_lambda=number("OmegaLambdaNow"),
        omega_baryon=matter - dark if matter and dark and dark < matter else None,
        h=positive(number("HubbleConstantNow") or 0),
        omega_radiation=positive(number("OmegaRadiationNow") or 0),
        parts=parts,
    )


def _grids(hierarchy: Path, low: Array, cell: Array, refine: int) -> tuple[_Grid, ...]:
    """All grids, of levels each `refine` times finer. Raises: InputError for a hierarchy that is damaged."""
    text, known = text_of(hierarchy), dict[str, Path]()
    pieces = _GRID.split(text)
    levels = _levels(hierarchy, text, [int(number) for number in pieces[1::2]])
    grids = []
    for number, words in zip(map(int, pieces[1::2]), pieces[2::2], strict=True):
        told = _values_in(words)
        try:
            first, last = (_numbers(told[f"Grid{end}Index"]) for end in ("Start", "End"))
            left, right = ((_numbers(told[f"Grid{side}Edge"]) - low) / cell for side in _EDGES)
            level, particles = levels[number], int(told["NumberOfParticles"])
            name = (told.get("BaryonFileName") or told["ParticleFileName"]).rsplit("/", 1)[-1]  # its path was another
        except (KeyError, ValueError) as error:
            raise cut_off(hierarchy) from error
        shape, ratio = last - first + 1, float(refine) ** level
        left, right = left * ratio, right * ratio
        start = np.rint(left)
        if not (shape.min() >= 1 and shape.max() <= _MOST_CELLS and np.abs(start).max() <= _MOST_CELLS * ratio):
            raise cut_off(hierarchy)
        if not max(np.abs(left - start).max(), np.abs(right - start - shape).max()) < _CLOSE:
            raise InputError(f"{hierarchy}: grid {number} does not lie on the cells of its level", "copy it again")
        if name not in known:
            known[name] = inside(hierarchy.parent, name)
        block = Block(tuple(map(int, start)), tuple(map(int, shape)), known[name], number)
        grids.append(_Grid(level, block, particles, ratio**-3))
    return tuple(grids)


def _levels(hierarchy: Path, text: str, numbers: list[int]) -> dict[int, int]:
    """The level of each grid: it has pointers to the next on its level and to the first on the next one, or to 0.

    Raises: InputError where a pointer or a grid is missing.
    """
    levels, pointers = {1: 0}, _POINTER.findall(text)
    for source, which, target in pointers:
        if int(source) not in levels:
            raise cut_off(hierarchy)
        if int(target):
            levels[int(target)] = levels[int(source)] + (which == "Next")
    told = sorted((int(source), which) for source, which, _ in pointers)
    if max(levels.values()) > _MOST_LEVELS:
        raise cut_off(hierarchy)
    if sorted(levels) != sorted(numbers) or told != sorted((n, way) for n in numbers for way in ("This", "Next")):
        raise cut_off(hierarchy)
    return levels


def _values_in(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in _VALUE.findall(text)}


def _numbers(text: str) -> Array:
    """Three finite numbers. Raises: ValueError."""
    found = np.array(text.split(), np.float64)
    if found.shape != (3,) or not np.isfinite(found).all():
        raise ValueError(text)
    return found


@contextmanager
def _group(block: Block) -> Iterator[Any]:
    """The group of a grid in its open file; of one that has a file of its own, the root."""
    with hdf5.opened(block.file) as file:
        yield file.get(f"Grid{block.place:08d}", file)


def _fields(group: Any) -> list[str]:
    """The fields of a grid in three dimensions, but for the columns of particles and groups of them."""
    from core.hdf5 import Dataset

    return [name for name in group if isinstance(item := group[name], Dataset) and item.ndim == 3]


@np.errstate(all="ignore")
def _painted(path: Path, found: _Output) -> Array:
    """The density of the particles of all grids on the root grid, by clouds in cells. Raises: InputError."""
    if found.cells**3 > _FEWEST * found.particles:
        raise InputError(f"{path} has {found.particles} particles for {found.cells}^3 cells", "name another --dataset")
    with_some = [grid for grid in found.grids if grid.particles]
    for grid in with_some:
        with _group(grid.block) as group:
            for name in (*_PARTICLES, *([_TYPE] if _TYPE in group else [])):
                if name not in group or hdf5.dataset(group, name).shape != (grid.particles,):
                    raise InputError(
                        f"{grid.block.file} holds no {name} of the {grid.particles} particles of grid "
                        f"{grid.block.place}",
                        "copy or make it again",
                    )
    mesh = np.zeros((found.cells,) * 3)
    for grid in with_some:
        for first in range(0, grid.particles, _CHUNK):
            with _group(grid.block) as group:
                part = slice(first, first + _CHUNK)
                *places, masses = (hdf5.values(group[name], grid.block.file, part) for name in _PARTICLES)
                kinds = hdf5.values(group[_TYPE], grid.block.file, part) if _TYPE in group else None
            position = [(x.astype(np.float64) - a) / d for x, a, d in zip(places, found.low, found.cell, strict=True)]
            mass = masses.astype(np.float64) * grid.volume
            if kinds is not None:
                mass *= np.isin(kinds, _DARK_TYPES)
            inside_box = all(x.min() >= 0 and x.max() <= found.cells for x in position)  # false for NaN too
            if not (inside_box and mass.min() >= 0 and np.isfinite(mass).all()):
                raise InputError(
                    f"{grid.block.file}: particles of grid {grid.block.place} lie outside the box or have no mass",
                    "copy or make it again",
                )
            _deposit(mesh, position, mass)
    return mesh


_PARTICLES = ("particle_position_x", "particle_position_y", "particle_position_z", "particle_mass")
_TYPE = "particle_type"
_DARK_TYPES = (1, 4)
"""Dark matter, and that around which grids are refined; others are stars and tracers."""


def _deposit(mesh: Array, position: Sequence[Array], mass: Array) -> None:
    """Add masses at positions in units of cells, whose centres are at 1/2, 3/2, ..."""
    first = [np.floor(x - 0.5).astype(np.int64) for x in position]
    share = [x - 0.5 - node for x, node in zip(position, first, strict=True)]
    for corner in itertools.product((0, 1), repeat=3):
        nodes = tuple((node + step) % len(mesh) for node, step in zip(first, corner, strict=True))
        weight = mass * np.prod([s if step else 1 - s for s, step in zip(share, corner, strict=True)], axis=0)
        np.add.at(mesh, nodes, weight)


def _values(block: Block, field: str, read: bool = True) -> Array:
    """A field of one grid, or proof that it is there with its shape. Raises: InputError."""
    with _group(block) as group:
        if field not in group:
            raise InputError(f"{block.file} has no {field} of grid {block.place}", "copy or make it again")
        found = hdf5.dataset(group, field)
        if found.shape != block.shape[::-1]:
            shape = " x ".join(map(str, found.shape or ()))
            raise InputError(f"{block.file}: {field} of grid {block.place} has the shape {shape}", "copy all of it")
        return hdf5.values(found, block.file).T if read else np.empty(0)


READERS = (Reader(("enzo",), "cube", sniff, describe, order=8, cube=read_cube, several=True),)
