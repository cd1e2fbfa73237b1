"""One's own particles, as three lines of numpy write them: an .npz file, or HDF5 with datasets at its root.

position (N, 3) [Mpc/h], velocity (N, 3) peculiar [km/s] or none, id (N,) or none;
box_size [Mpc/h], redshift, omega_matter, h and what else of the cosmology is known, as numbers
(in HDF5 as datasets or as attributes of the root).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given, Known
from core.cosmos.formats.header import Header, parts_of
from core.cosmos.formats.reader import Facts, RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units
from core.errors import HalodeckError, InputError, did_you_mean

NUMBERS = ("box_size", "redshift", "omega_matter", "omega_baryon", "h", "sigma8", "spectral_index", "w0", "wa")
COLUMNS = ("position", "velocity", "id")

Get: TypeAlias = Callable[[str], Array | None]
"""An array or number by name, None where the file has none of it."""
_ZIP = b"PK\x03\x04"


def read_header(path: Path) -> Header:
    """The numbers beside the particles. Raises: InputError for arrays that do not belong together."""
    return _with_arrays(path, lambda get: _header(path, get))


def _header(path: Path, get: Get) -> Header:
    numbers: dict[str, float] = {}
    for name in NUMBERS:
        if (value := get(name)) is not None:
            if value.size != 1 or value.dtype.kind not in "fiu":
                raise InputError(f"{path}: {name} is no number", "write one number")
            numbers[name] = float(value.reshape(-1)[0])
    form = "particles-npz" if _is_npz(path) else "particles-hdf5"
    position = get("position")
    count = 0 if position is None else len(np.atleast_1d(position))
    return Header(form, count, parts=(path,), **numbers)  # type: ignore[arg-type]


def read_particles(path: Path, header: Header, total_matter: bool) -> RawParticles:
    """The particles as they are. Raises: InputError for arrays of other shapes or kinds."""

    def arrays(get: Get) -> RawParticles:
        position, velocity, ids = (get(name) for name in COLUMNS)
        if position is None or position.ndim != 2 or position.shape[1] != 3 or position.dtype.kind not in "fiu":
            raise InputError(
                f"{path}: position has the shape {getattr(position, 'shape', ())}", "write it as numbers (N, 3)"
            )
        if velocity is not None and velocity.shape != position.shape:
            raise InputError(f"{path}: velocity has the shape {velocity.shape}, not {position.shape}", "write it alike")
        if ids is not None and (ids.shape != position.shape[:1] or ids.dtype.kind not in "iu"):
            raise InputError(f"{path}: id is {ids.dtype} of the shape {ids.shape}", "write whole numbers (N,)")
        if total_matter:
            raise InputError(f"{path} holds one kind of matter", "leave --total-matter out")
        return RawParticles(position, velocity, None if ids is None else ids.astype(np.int64), None)

    return _with_arrays(path, arrays)


def _with_arrays(path: Path, read: Callable[[Get], Any]) -> Any:
    """What `read` makes of the arrays by name. Raises: InputError for damaged files."""
    if not _is_npz(path):
        with hdf5.opened(path) as file:

            def of_hdf5(name: str) -> Array | None:
                if name in file:
                    return hdf5.values(file[name], path)
                return np.asarray(file.attrs[name]) if name in file.attrs else None

            _check_names(path, [*file, *file.attrs])
            return read(of_hdf5)
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            _check_names(path, file.files)
            return read(lambda name: np.asarray(file[name]) if name in file else None)
    except HalodeckError:
        raise
    except Exception as error:  # zip, zlib and the text of an array's head raise whatever the bytes lead them to
        raise InputError(f"{path} is cut off, damaged or holds objects ({error})", "copy or make it again") from error


def _check_names(path: Path, names: Iterable[str]) -> None:
    """Refuse a name that is no part of the layout: it may be a wrong word for one that is. Raises: InputError."""
    known = (*COLUMNS, *NUMBERS)
    if unknown := next((name for name in names if name not in known), None):
        raise InputError(
            f"{path} holds {unknown!r}",
            did_you_mean(unknown, known) or f"known are {', '.join(known)}: leave others out",
        )


def _is_npz(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _ZIP


def _sniff(path: Path, start: bytes) -> str:
    if start.startswith(_ZIP):
        try:
            with zipfile.ZipFile(path) as file:
                return "particles-npz" if "position.npy" in file.namelist() else ""
        except Exception:  # a damaged directory of an archive raises more than BadZipFile
            return "particles-npz" if path.suffix == ".npz" else ""
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "particles-hdf5" if "position" in file and hasattr(file["position"], "shape") else ""


def _describe(path: Path) -> Facts:
    return particle_facts(read_header(path), box_known=True)


def _units(path: Path, header: Header, raw: RawParticles, known: Known, given: Given) -> Units:
    return Units(1.0, 1.0, 1.0, "Mpc/h and km/s, by its layout")


READERS = (
    Reader(
        ("particles-npz", "particles-hdf5"),
        "particles",
        _sniff,
        _describe,
        order=15,
        header=read_header,
        particles=read_particles,
        units=_units,
        box_in_mpc=True,
    ),
)
