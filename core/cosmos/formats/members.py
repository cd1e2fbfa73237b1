"""Lists of members that anybody can write beside a catalogue: the ids of halos and of the particles in them.

Two columns, `halo` and `particle`, a row for each member: as CSV with these names in its first line, as arrays of an
.npz, or as datasets at the root of an HDF5 file. A particle may stand in several halos.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import unreadable
from core.cosmos.formats.integers import integers, whole
from core.cosmos.formats.reader import Members
from core.errors import InputError

COLUMNS = ("halo", "particle")
_WANTED = "give two columns of ids, halo and particle: a CSV with these names, an .npz or HDF5 of two arrays"


def read_members(path: Path) -> Members:
    """The members in a file, by ids. Raises: InputError for what is no such list, or damaged."""
    try:
        with path.open("rb") as file:
            start = file.read(len(hdf5.SIGNATURE))
    except OSError as error:
        raise unreadable(path, error) from error
    read = _hdf5 if start == hdf5.SIGNATURE else _npz if start.startswith(b"PK") else _csv
    halos, particles = (_ids(path, name, values) for name, values in zip(COLUMNS, read(path), strict=True))
    if len(halos) != len(particles):
        raise InputError(f"{path} has {len(halos)} halos for {len(particles)} particles", "make it again")
    if len(halos) == 0:
        raise InputError(f"{path} lists no members", _WANTED)
    return Members(halos, particles, f"the ids in {path.name}", by_id=True)


def _ids(path: Path, name: str, values: Array) -> Array:
    """int64 (N,); ids of 2^63 and more keep their 64 bits."""
    if values.ndim != 1:
        raise InputError(f"{path}: {name} is no column", _WANTED)
    return whole(values, f"{path}: {name}")


def _csv(path: Path) -> list[Array]:
    try:
        with path.open(encoding="ascii") as file:
            names = [word.strip().lower() for word in file.readline().split(",")]
            if not set(COLUMNS) <= set(names):
                raise InputError(f"{path} is no list of members", _WANTED)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")
                places = [names.index(name) for name in COLUMNS]
                rows = np.loadtxt(file, "U24", usecols=places, delimiter=",", ndmin=2).reshape(-1, 2)
            return [integers(rows[:, column]) for column in range(len(COLUMNS))]
    except ValueError as error:  # a row that is short, or a word that is no number; UnicodeDecodeError is one too
        raise InputError(f"{path} is cut off or damaged ({error})", "copy or make it again") from error


def _npz(path: Path) -> list[Array]:
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            if not set(COLUMNS) <= set(file.files):
                raise InputError(f"{path} is no list of members", _WANTED)
            return [file[name] for name in COLUMNS]
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is cut off or damaged ({error})", "copy or make it again") from error


def _hdf5(path: Path) -> list[Array]:
    with hdf5.opened(path) as file:
        if not all(name in file for name in COLUMNS):
            raise InputError(f"{path} is no list of members", _WANTED)
        return [hdf5.values(file[name], path) for name in COLUMNS]
