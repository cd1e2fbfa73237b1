"""Galacticus' merger-tree HDF5: one table `forestHalos` with units, cosmology and flags as attributes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats import hdf5, integers
from core.cosmos.formats.header import positive, unreadable
from core.cosmos.trees import RawTrees
from core.errors import InputError

_MPC, _MSUN, _KM = 3.0856776e22, 1.98892e30, 1000.0
"""Metres, kilograms and metres a second."""
_VECTORS = ("position", "velocity")
_AGAIN = "make the merger-tree file again"
_GROUPS = ("forestHalos", "haloTrees")
"""Names of the table, in layouts 2 and 1."""


def is_galacticus(path: Path) -> bool:
    """Whether a file is HDF5 with such a table. Raises: InputError for HDF5 that cannot be opened."""
    try:
        with path.open("rb") as file:
            if not file.read(8).startswith(hdf5.SIGNATURE):
                return False
    except OSError as error:
        raise unreadable(path, error) from error
    with hdf5.opened(path) as file:
        return has_trees(file)


def has_trees(file: Any) -> bool:
    """Whether an open HDF5 file has such a table."""
    return any(group in file for group in _GROUPS)


def read_galacticus(path: Path) -> RawTrees:
    """Read the trees of a file. Raises: InputError for one that is damaged or lacks what is needed."""
    with hdf5.opened(path) as file:
        try:
            return _read(file, path)
        except KeyError as error:
            raise InputError(f"{path} lacks {error.args[0]}", _AGAIN) from error


def _read(file: Any, path: Path) -> RawTrees:
    import h5py

    halos = file[next(group for group in _GROUPS if group in file)]

    def column(*names: str) -> Array | None:
        # an old spelling may be a link to the new one, or an empty dataset may stand in its place
        for name in names:
            if name in halos and isinstance(halos[name], h5py.Dataset) and halos[name].shape:
                found = hdf5.values(halos[name], path)
                rows = len(hdf5.dataset(halos, "nodeIndex"))
                if found.shape != ((rows, 3) if name in _VECTORS else (rows,)):
                    raise InputError(f"{path}: {name} has the shape {found.shape}, there are {rows} halos", _AGAIN)
                return found
        return None

    def needed(*names: str) -> Array:
        values = column(*names)
        if values is None:
            raise InputError(f"{path} has no {names[0]}", f"{_AGAIN} with it")
        return values

    ids = needed("nodeIndex")
    hosts = column("hostIndex")
    if hosts is None:
        raise InputError(f"{path} has no host ids (hostIndex)", f"{_AGAIN} with subhalos")
    a = column("expansionFactor")
    if a is None:
        a = 1 / (1 + needed("redshift", "expansionFactor"))
    cosmology = file["cosmology"].attrs
    h = float(cosmology["HubbleParam"])
    length = _factor(file, path, "length", _MPC, h, a)
    mass = needed("nodeMass") * _factor(file, path, "mass", _MSUN, h, a) * h
    columns = {
        "scale_factor": a,
        "mass": mass,
        "position": needed("position") * (length * h / a)[:, None],
        "velocity": needed("velocity") * _factor(file, path, "velocity", _KM, h, a)[:, None],
    }
    box_size = float(file["simulation"].attrs["boxSize"]) if "simulation" in file else 0.0
    remarks = ["masses are those of the file, radii those of 200 times the mean density at that mass"]
    if (scale_radius := column("scaleRadius")) is not None:
        columns["scale_radius"] = scale_radius * length * h / a
    if "spin" in halos and halos["spin"].ndim == 1 and (spin := column("spin")) is not None:
        columns["spin"] = spin
    particle_mass = None
    if (count := column("particleCount")) is not None:
        particle_mass = positive(float(np.median(mass / np.maximum(count, 1))))
    if int(halos.attrs.get("velocitiesIncludeHubbleFlow", 0)):
        raise InputError(f"{path} has velocities with the Hubble flow in them", "make it with peculiar velocities")
    matter = cosmology["OmegaMatter"] if "OmegaMatter" in cosmology else cosmology["Omega0"]
    return RawTrees(
        integers.whole(ids, f"{path}: nodeIndex"),
        integers.whole(needed("descendantIndex", "descendentIndex"), f"{path}: descendantIndex"),
        integers.whole(hosts, f"{path}: hostIndex"),
        columns,
        Cosmology(
            float(matter),
            float(cosmology.get("OmegaBaryon", 0.0)),
            h,
            float(cosmology.get("sigma_8", 0.0)),
            float(cosmology.get("powerSpectrumIndex", 0.0)),
        ),
        box_size,
        particle_mass,
        tuple(remarks),
    )


def _factor(file: Any, path: Path, what: str, unit: float, h: float, a: Array) -> Array:
    """What turns numbers of the file into physical units: its unit times powers of h and a. Raises: InputError."""
    units = file["units"].attrs
    power_h, power_a = (int(units[f"{what}{name}Exponent"]) for name in ("Hubble", "ScaleFactor"))
    factor = float(units[f"{what}UnitsInSI"]) / unit
    if not (factor > 0 and 0.1 < h < 10 and max(abs(power_h), abs(power_a)) <= 3 and (a > 0).all()):
        raise InputError(f"{path} has units of {what}, an h or scale factors that cannot be", "make it again")
    # 1.9891e30 kg or 1.98892e30 kg: both mean one solar mass
    decade = 10.0 ** round(math.log10(factor))
    factor = decade if abs(factor / decade - 1) < 1e-3 else factor
    return np.asarray(factor * h**power_h * a**power_a)
