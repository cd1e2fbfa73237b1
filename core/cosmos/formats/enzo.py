"""Outputs of Enzo: a parameter file, its .hierarchy and HDF5 files of grids.

The hierarchy has a block of `name = value` for each grid, and pointers from which its level follows. The active cells
of a grid are GridStartIndex to GridEndIndex; what it holds is in the group Grid00000001, ... of the file whose name,
with the path that it had when it was written, is BaryonFileName. Source: Enzo, WriteDataHierarchy.C, Grid_WriteGrid.C,
CosmologyWriteParameters.C; yt, frontends/enzo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.blocks import Block, cut_off, inside, text_of
from core.cosmos.formats.header import Header, positive
from core.errors import InputError

ENDING = ".hierarchy"
_POINTER = re.compile(r"^Pointer: Grid\[(\d{1,9})\]->NextGrid(This|Next)Level = (\d{1,9})[ \t]*$", re.MULTILINE)
_GRID = re.compile(r"^Grid = (\d{1,9})[ \t]*$", re.MULTILINE)
_VALUE = re.compile(r"^(\w+)[ \t]*=(.*)$", re.MULTILINE)
_CLOSE = 0.01
"""Of a cell that edges may lie from where they belong: they are written with fewer digits than they have."""
_MOST_CELLS = 10**6
"""A side."""
_MOST_REFINED, _MOST_LEVELS = 8, 100
_EDGES = {"Left": "0 0 0", "Right": "1 1 1"}
"""What Enzo takes where the edges of its domain are not stated."""


@dataclass(frozen=True)
class Grid:
    """A grid of any level: its particles, and the volume of its cells in those of the root grid."""

    level: int
    block: Block
    particles: int
    volume: float


@dataclass(frozen=True)
class Output:
    """Cells a side of the root grid, low edge of the domain and size of a cell [code units], all grids, the header."""

    cells: int
    low: Array
    cell: Array
    grids: tuple[Grid, ...]
    smoothed: bool
    """Whether dark matter is smoothed over its neighbours, across grids."""
    header: Header

    @property
    def blocks(self) -> list[Block]:
        """The tiles of the root grid."""
        return [grid.block for grid in self.grids if grid.level == 0]

    @property
    def particles(self) -> int:
        """Of all grids."""
        return sum(grid.particles for grid in self.grids)


def parameters_of(path: Path) -> Path:
    """The parameter file, of itself or of its hierarchy."""
    return path.with_name(path.name.removesuffix(ENDING)) if path.name.removesuffix(ENDING) else path


@np.errstate(all="ignore")  # what comes of nonsense is looked at
def read_output(path: Path) -> Output:
    """What a parameter file and its hierarchy say; no grid is opened.

    Raises: InputError for files that are damaged, a run that is not cosmological, or no cube.
    """
    folder, name = path.parent, parameters_of(path).name
    parameters, hierarchy = inside(folder, name), inside(folder, name + ENDING)
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
    return Output(shape[0], low, cell, grids, told.get("OutputSmoothedDarkMatter", "0") != "0", header)


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


def _grids(hierarchy: Path, low: Array, cell: Array, refine: int) -> tuple[Grid, ...]:
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
        grids.append(Grid(level, block, particles, ratio**-3))
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
