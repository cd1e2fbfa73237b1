"""Cubes of one quantity made by others: .npy, raw floats, any HDF5 dataset, boxes of 21cmFAST, grids of Nyx and Enzo.

21cmFAST in HDF5, Nyx and Enzo say what they hold, how large the box is and in which cosmology; the rest is for the user
to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Assignment, Field
from core.cosmos.formats.given import Given, Known, settle
from core.cosmos.formats.reader import CubeWish
from core.cosmos.formats.readers import cubes
from core.cosmos.formats.registry import named, reader_of
from core.cosmos.formats.snapshots import LARGEST_BOX
from core.cosmos.universe import check_field
from core.errors import InputError, UsageError

UNITS = {
    "density": "overdensity",
    "delta_linear": "overdensity",
    "brightness_temperature": "mK",
    "neutral_fraction": "",
}
"""Fields with a known unit; others have none."""


@dataclass(frozen=True)
class Cube:
    """A field in halodeck's conventions, its cosmology, and what was done to it."""

    field: Field
    known: Known
    format: str
    source: Path
    parts: tuple[Path, ...]
    """The files it was read from."""
    repairs: tuple[str, ...] = ()


def read_cube(
    path: Path, given: Given, name: str | None = None, dataset: str | None = None, cells: int | None = None
) -> Cube:
    """Read a cube as the field `name` (density, brightness_temperature, ...), float32.

    `dataset` is the name of the cube in a file of several, `cells` the cells per side of raw floats. A density without
    negative values is divided by its mean, less 1. What neither options nor file say may be in its name, as 21cmFAST
    writes them.
    Raises: InputError for anything that cannot be used; what is missing is named all at once. UsageError for options
    that do not fit the file.
    """
    found = reader_of(path, "cube")
    reader, form = found or (cubes.RAW, "raw")
    if reader.cube is None:
        raise InputError(f"{path} is no cube", f"these are read: {named('cube')}")
    if dataset is not None and not reader.several:
        raise UsageError(f"{path} is {form}, of one cube, and --dataset names one of several", "leave --dataset out")
    raw = reader.cube(path, CubeWish(name, dataset, cells, given.h))
    values, header, name = raw.values, replace(raw.header, format=form), name or raw.name
    if values.ndim == 1 and cells is not None and values.size == cells**3:
        values = values.reshape((cells,) * 3)
    if values.ndim == 4 and 3 in (values.shape[0], values.shape[-1]):
        raise InputError(f"{path} holds vectors", "a displacement of particles is --field displacement")
    if values.ndim != 3 or len(set(values.shape)) != 1:
        raise InputError(
            f"{path} has the shape {' x '.join(map(str, values.shape))}",
            "a cube is needed; of a flat list give --cells, the cells per side",
        )
    if values.dtype.kind not in "fiu":
        raise InputError(f"{path} holds {values.dtype}, not real numbers", "write it as float32")
    if name == "delta_linear" and header.redshift is None and given.redshift is None:
        given = replace(given, redshift=0.0)  # by definition
    known = settle(header, given)
    box_size = given.box_size if given.box_size is not None else (header.box_size or 0.0)
    if box_size > LARGEST_BOX:
        raise InputError(
            f"{path}: a box of {box_size:g} Mpc/h is larger than all that can be seen", "correct it, or --box-size"
        )
    with np.errstate(over="ignore"):  # found below
        values = np.ascontiguousarray(values, dtype=np.float32)
    check_field(Field(path.name, values, box_size))
    name, values, repairs = _named(path, name, values)
    frame, redshift = ("lagrangian", 0.0) if name == "delta_linear" else ("eulerian", known.redshift)
    painted: Assignment | None = "cic" if name == "density" else None  # as most codes do; no format says
    field = Field(name, values, box_size, UNITS.get(name, ""), redshift, frame, painted)  # type: ignore[arg-type]
    return Cube(field, known, form, path, header.parts or (path,), (*raw.repairs, *repairs))


def _named(path: Path, name: str | None, values: Array) -> tuple[str, Array, tuple[str, ...]]:
    """The field's name, its values and what was done to them; without a name only an overdensity is known by itself."""
    low, mean, scatter = float(values.min()), float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    centred = low >= -1.0 and abs(mean) < 1e-2 * scatter
    if name is None and not centred:
        raise InputError(
            f"{path} is no overdensity (mean {mean:.3g}, smallest {low:.3g})",
            "say what it is with --field, e.g. density or brightness_temperature",
        )
    if name not in (None, "density"):
        return str(name), values, ()
    if not centred and low >= 0 and mean > 0:
        return "density", values / np.float32(mean) - 1, (f"density divided by its mean of {mean:.6g}, less 1",)
    if not centred:
        raise InputError(
            f"{path} is no density (mean {mean:.3g}, smallest {low:.3g})",
            "an overdensity has the mean 0 and lies above -1; a linear one is --field delta_linear",
        )
    return "density", values, ()
