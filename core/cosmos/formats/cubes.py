"""Cubes of one quantity made by others: .npy, raw floats, any HDF5 dataset, boxes of 21cmFAST.

Only 21cmFAST in HDF5 says what it holds, how large its box is and in which cosmology; the rest is for the user to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from core.cosmos.box import Array, Assignment, Field
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given, Known, settle
from core.cosmos.formats.header import CubeFormat, Header, positive, unreadable
from core.cosmos.formats.names import told_by_name
from core.cosmos.universe import check_field
from core.errors import InputError, UsageError, did_you_mean

NPY = b"\x93NUMPY"

UNITS = {
    "density": "overdensity",
    "delta_linear": "overdensity",
    "brightness_temperature": "mK",
    "neutral_fraction": "",
}
"""Fields with a known unit; others have none."""

_21CMFAST = {"density": "density", "brightness_temp": "brightness_temperature", "xH_box": "neutral_fraction"}
_21CMFAST |= {"neutral_fraction": "neutral_fraction", "brightness_temperature": "brightness_temperature"}
"""Datasets of 21cmFAST and what they are here."""

_21CMFAST_NUMBERS = {
    "omega_matter": "OMm",
    "omega_baryon": "OMb",
    "h": "hlittle",
    "sigma8": "SIGMA_8",
    "spectral_index": "POWER_INDEX",
    "redshift": "redshift",
    "box_size": "BOX_LEN",
}
"""Attributes of 21cmFAST, in one group or another by its version; BOX_LEN in Mpc."""

_SMALLEST, _LARGEST = 1e-15, 1e15
"""Numbers beyond are no physical field in any unit: what floats of the wrong byte order look like."""

_SAMPLE = 4096


@dataclass(frozen=True)
class Cube:
    """A field in halodeck's conventions, its cosmology, and what was done to it."""

    field: Field
    known: Known
    format: CubeFormat
    source: Path
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawShape:
    """Cells per side, type and byte order of a headerless cube."""

    cells: int
    dtype: np.dtype[Any]


def read_cube(
    path: Path, given: Given, name: str | None = None, dataset: str | None = None, cells: int | None = None
) -> Cube:
    """Read a cube as the field `name` (density, brightness_temperature, ...), float32.

    `dataset` is the path in an HDF5 file, `cells` the cells per side of raw floats. A density without negative values
    is divided by its mean, less 1. What neither options nor file say may be in its name, as 21cmFAST writes them.
    Raises: InputError for anything that cannot be used; what is missing is named all at once. UsageError for options
    that do not fit the file.
    """
    form = form_of(path)
    if dataset is not None and form not in ("hdf5", "21cmfast"):
        raise UsageError(f"--dataset is for HDF5, {path} is {form}", "leave it out")
    header = Header(form, 0, parts=(path,))
    if form in ("npy", "raw"):
        told = told_by_name(path)
        name, cells = name or told.field, cells or told.cells
        box_size = told.length * given.h if told.length and given.h else None
        header = replace(header, redshift=told.redshift, box_size=box_size)
    if form == "npy":
        values = read_npy(path)
    elif form == "raw":
        values = _read_raw(path, cells)
    else:
        values, header, found = _read_hdf5(path, dataset, header)
        name = name or _21CMFAST.get(found)
    if values.ndim == 1 and cells is not None and values.size == cells**3:
        values = values.reshape((cells,) * 3)
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
    with np.errstate(over="ignore"):  # found below
        values = np.ascontiguousarray(values, dtype=np.float32)
    check_field(Field(path.name, values, box_size))
    name, values, repairs = _named(path, name, values)
    frame, redshift = ("lagrangian", 0.0) if name == "delta_linear" else ("eulerian", known.redshift)
    painted: Assignment | None = "cic" if name == "density" else None  # as most codes do; no format says
    field = Field(name, values, box_size, UNITS.get(name, ""), redshift, frame, painted)  # type: ignore[arg-type]
    return Cube(field, known, form, path, repairs)


def form_of(path: Path) -> CubeFormat:
    """Which kind of cube a file is. Raises: InputError for none."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from error
    if start.startswith(NPY):
        return "npy"
    if start == hdf5.SIGNATURE:
        with hdf5.opened(path) as file:
            return "21cmfast" if "BOX_LEN" in _attributes(file) else "hdf5"
    return "raw"


def read_npy(path: Path) -> Array:
    """A memory map of a .npy file. Raises: InputError for one that is damaged or holds objects."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, TypeError, EOFError, OSError, SyntaxError, TokenError) as error:  # its header is Python text
        raise InputError(f"{path} is cut off, damaged or holds objects ({error})", "copy or make it again") from error


def raw_shape(path: Path) -> RawShape | None:
    """What a file without header holds if it is a cube of floats, None if it cannot be one.

    Its length alone tells the type: 4 n^3 and 8 m^3 are never equal. Its byte order is the one that gives numbers.
    """
    size = path.stat().st_size
    for width in (4, 8):
        cells = round((size / width) ** (1 / 3))
        if cells >= 2 and width * cells**3 == size:
            for order in "<>":
                dtype = np.dtype(f"{order}f{width}")
                if _plausible(np.memmap(path, dtype, "r")):
                    return RawShape(cells, dtype)
    return None


def _plausible(values: Array) -> bool:
    """Whether a sample of numbers, spread over a file, could be a physical field."""
    with np.errstate(invalid="ignore"):  # what is no number is not plausible
        sample = np.abs(values[:: max(1, len(values) // _SAMPLE)].astype(np.float64))
        sample = sample[sample != 0]
        return not len(sample) or float(np.mean((sample > _SMALLEST) & (sample < _LARGEST))) > 0.99


def _read_raw(path: Path, cells: int | None) -> Array:
    if cells is None:
        raise InputError(f"{path} has no header that is known here", "of a cube of raw floats give --cells")
    size = path.stat().st_size
    if size not in (4 * cells**3, 8 * cells**3):
        raise InputError(
            f"{path} has {size} bytes, {cells}^3 floats have {4 * cells**3} or {8 * cells**3}",
            "it is cut off, or --cells is wrong",
        )
    shape = raw_shape(path)
    if shape is None or shape.cells != cells:
        raise InputError(f"{path} holds no floats of either byte order", "copy or make it again")
    return np.memmap(path, shape.dtype, "r", shape=(cells,) * 3)


def _read_hdf5(path: Path, dataset: str | None, header: Header) -> tuple[Array, Header, str]:
    """Values, header and last name of a dataset: the one asked for, or the only cube there is."""
    with hdf5.opened(path) as file:
        cubes = cubes_in(file)
        if dataset is None:
            if len(cubes) != 1:
                listed = f"several cubes ({', '.join(cubes)})" if cubes else "no cube"
                raise InputError(f"{path} has {listed}", "name one with --dataset" if cubes else "give another file")
            (dataset,) = cubes
        dataset = dataset.strip("/")
        if dataset not in cubes:
            raise UsageError(f"{path} has no cube {dataset!r}", did_you_mean(dataset, cubes))
        values = file[dataset][...]
        attributes = _attributes(file)
    numbers = {
        ours: attributes[theirs]
        for ours, theirs in _21CMFAST_NUMBERS.items()
        if header.format == "21cmfast"
        if theirs in attributes
    }
    if "box_size" in numbers:
        h = positive(numbers.get("h", 0))
        if h is None:
            raise InputError(f"{path} has its box in Mpc and no h", "make it again")
        numbers["box_size"] *= h
    return values, Header(header.format, 0, parts=header.parts, **numbers), dataset.rsplit("/", 1)[-1]  # type: ignore[arg-type]


def cubes_in(file: Any) -> list[str]:
    """Paths of the cubic datasets of an open HDF5 file."""
    import h5py

    found: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 3 and len(set(item.shape)) == 1 and item.dtype.kind in "fiu":
            found.append(name)

    file.visititems(visit)
    return found


def _attributes(file: Any) -> dict[str, float]:
    """The numbers of 21cmFAST among the attributes of all groups."""
    found: dict[str, float] = {}

    def collect(_: str, item: Any) -> None:
        for name in _21CMFAST_NUMBERS.values():
            if np.ndim(value := item.attrs.get(name, "")) == 0 and isinstance(value, (int, float, np.number)):
                found.setdefault(name, float(value))

    collect("", file)
    file.visititems(collect)
    return found


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
