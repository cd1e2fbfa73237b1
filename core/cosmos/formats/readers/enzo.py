"""Outputs of Enzo as cubes: fields of the root grid, assembled from its tiles.

Fields are datasets (z, y, x). Gas of the root grid is the mean of that of finer grids. Dark_Matter_Density is not: each
grid has that of its own particles alone, so that it lacks what lies in finer grids and what crosses the faces of the
grid, and runs without gas have none. It is painted from the particles of all grids, whose mass is a density in a cell
of theirs; only where OutputSmoothedDarkMatter is set it is read. Source: Enzo, Grid_WriteGrid.C and
Grid_DepositParticlePositions.C.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.blocks import Block, assembled, check_tiling, chosen, named
from core.cosmos.formats.enzo import ENDING, Output, parameters_of, read_output
from core.cosmos.formats.reader import CubeWish, Facts, RawCube, Reader, header_facts
from core.errors import InputError
from core.reading import open_regular

_DARK = "Dark_Matter_Density"
_DENSITIES = (_DARK, "Density")
_PARTICLES = ("particle_position_x", "particle_position_y", "particle_position_z", "particle_mass")
_TYPE = "particle_type"
_DARK_TYPES = (1, 4)
"""Dark matter, and that around which grids are refined; others are stars and tracers."""
_CHUNK = 1 << 22
"""Particles painted at once."""
_FEWEST = 1000
"""Cells for each particle that a density may have."""


def sniff(path: Path, start: bytes) -> str:
    """ "enzo" for a parameter file, or the hierarchy beside it."""
    if not start or start.startswith(hdf5.SIGNATURE):
        return ""
    hierarchy = parameters_of(path).with_name(parameters_of(path).name + ENDING)
    if not hierarchy.is_file() or not parameters_of(path).is_file():
        return ""
    with open_regular(hierarchy) as file:
        return "enzo" if file.read(100).lstrip().startswith(b"Grid = ") else ""


def describe(path: Path) -> Facts:
    """Fields, cells and cosmology."""
    found = read_output(path)
    finer = max(grid.level for grid in found.grids)
    levels = {"finer levels": f"{finer}, of which the particles alone are used"} if finer else {}
    facts = {"fields": named(_fields(found)), "cells": f"{found.cells}^3", "grids": str(len(found.grids))}
    return facts | levels | header_facts(found.header, box_known=True)


def read_cube(path: Path, wish: CubeWish) -> RawCube:
    """One field of the root grid. Raises: InputError, UsageError."""
    found = read_output(path)
    field = chosen(path, _fields(found), wish, (_DARK,))
    check_tiling(path, found.blocks, found.cells)
    if field == _DARK and not found.smoothed:
        return RawCube(_painted(path, found), found.header, "density", (f"painted from {found.particles} particles",))
    for block in found.blocks:
        _values(block, field, read=False)
    values = assembled(path, found.blocks, found.cells, lambda block: _values(block, field))
    return RawCube(values, found.header, "density" if field in _DENSITIES else None)


@contextmanager
def _group(block: Block) -> Iterator[Any]:
    """The group of a grid in its open file; of one that has a file of its own, the root."""
    with hdf5.opened(block.file) as file:
        yield file.get(f"Grid{block.place:08d}", file)


def _fields(found: Output) -> list[str]:
    """What can be read: the datasets of a root grid in three dimensions, and what its particles give."""
    from core.hdf5 import Dataset

    with _group(found.blocks[0]) as group:
        there = [name for name in group if isinstance(item := group[name], Dataset) and item.ndim == 3]
    return [*([_DARK] if found.particles and _DARK not in there else []), *there]


@np.errstate(all="ignore")
def _painted(path: Path, found: Output) -> Array:
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
            near = all(x.min() > -1 and x.max() < found.cells + 1 for x in position)  # by rounding; false for NaN
            if not (near and mass.min() >= 0 and np.isfinite(mass).all()):
                raise InputError(
                    f"{grid.block.file}: particles of grid {grid.block.place} lie outside the box or have no mass",
                    "copy or make it again",
                )
            _deposit(mesh, position, mass)
    return mesh


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
