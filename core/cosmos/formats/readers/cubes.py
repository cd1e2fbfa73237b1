"""Cubes of one quantity: .npy, raw floats, any HDF5 dataset, boxes of 21cmFAST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import Header, parts_of, positive
from core.cosmos.formats.names import told_by_name
from core.cosmos.formats.reader import CubeWish, Facts, RawCube, Reader, shape_text
from core.cosmos.formats.trees_galacticus import has_trees
from core.errors import InputError, UsageError, did_you_mean

NPY = b"\x93NUMPY"

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

_SIGN = "BOX_LEN"
"""What 21cmFAST alone writes."""

_SMALLEST, _LARGEST = 1e-15, 1e15
"""Numbers beyond are no physical field in any unit: what floats of the wrong byte order look like."""

_SAMPLE = 4096


@dataclass(frozen=True)
class RawShape:
    """Cells per side, type and byte order of a headerless cube."""

    cells: int
    dtype: np.dtype[Any]


def read_npy(path: Path) -> Array:
    """A memory map of a .npy file. Raises: InputError for one that is damaged or holds objects."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except Exception as error:  # its header is Python text, which may hold anything
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


def _read_hdf5(path: Path, wish: CubeWish) -> RawCube:
    """Values, header and field of a dataset: the one asked for, or the only cube there is."""
    dataset = wish.dataset
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
        values = hdf5.values(file[dataset], path)
        attributes = _attributes(file)
    by_21cmfast = _SIGN in attributes
    numbers = {
        ours: attributes[theirs] for ours, theirs in _21CMFAST_NUMBERS.items() if by_21cmfast if theirs in attributes
    }
    if "box_size" in numbers:
        h = positive(numbers.get("h", 0))
        if h is None:
            raise InputError(f"{path} has its box in Mpc and no h", "make it again")
        numbers["box_size"] *= h
    name = _21CMFAST.get(dataset.rsplit("/", 1)[-1])
    return RawCube(values, Header("hdf5", 0, parts=(path,), **numbers), name)  # type: ignore[arg-type]


def _by_name(path: Path, wish: CubeWish, values: Callable[[int | None], Array]) -> RawCube:
    """A cube without header: what options do not say may be in its name."""
    told = told_by_name(path)
    box_size = told.length * wish.h if told.length and wish.h else None
    header = Header("raw", 0, redshift=told.redshift, box_size=box_size, parts=(path,))
    return RawCube(values(wish.cells or told.cells), header, wish.name or told.field)


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


_MOST_DATASETS = 12
"""Datasets named before the list ends in dots."""


def _sniff_hdf5(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        if "halodeck_format" in file.attrs:
            return ""
        return "21cmfast" if _SIGN in _attributes(file) else "hdf5"


def _describe_hdf5(path: Path) -> Facts:
    with hdf5.opened(parts_of(path)[0]) as file:
        trees = {"merger trees": "read by `halodeck infall read`"} if has_trees(file) else {}
        return trees | _datasets(file)


def _datasets(file: Any) -> Facts:
    import h5py

    found: Facts = {}

    def visit(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            if len(found) == _MOST_DATASETS:
                found["..."] = ""
                return True
            found[f"dataset {name}"] = f"{shape_text(item.shape)} {item.dtype}"
        return None

    file.visititems(visit)
    return found


def _describe_npy(path: Path) -> Facts:
    values = read_npy(path)
    return {"shape": shape_text(values.shape), "type": str(values.dtype)}


def _describe_raw(path: Path) -> Facts:
    shape = raw_shape(path)
    assert shape
    order = ", big-endian" if shape.dtype.byteorder == ">" else ""
    return {"could be": f"{shape.cells}^3 float{8 * shape.dtype.itemsize}{order}"}


RAW = Reader(
    ("raw",),
    "cube",
    lambda path, start: "raw" if start and path.is_file() and raw_shape(path) else "",
    _describe_raw,
    order=90,
    cube=lambda path, wish: _by_name(path, wish, lambda cells: _read_raw(path, cells)),
)
READERS = (
    Reader(
        ("npy",),
        "cube",
        lambda path, start: "npy" if start.startswith(NPY) else "",
        _describe_npy,
        order=10,
        cube=lambda path, wish: _by_name(path, wish, lambda cells: read_npy(path)),
    ),
    Reader(("21cmfast", "hdf5"), "cube", _sniff_hdf5, _describe_hdf5, order=80, cube=_read_hdf5, several=True),
    RAW,
)
