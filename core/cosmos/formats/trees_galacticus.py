"""Galacticus' merger-tree HDF5: one table `forestHalos` with units, cosmology and flags as attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import positive, unreadable
from core.cosmos.trees import Block, RawTrees
from core.errors import InputError

_MPC, _MSUN, _KM = 3.0856776e22, 1.98892e30, 1000.0
"""Metres, kilograms and metres a second."""
_GROUPS = ("forestHalos", "haloTrees")
"""Names of the table, in layouts 2 and 1."""
ROWS = 1 << 17
"""Halos that are read at once."""


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
    """The trees of a file. Raises: InputError for one that is damaged or lacks what is needed."""
    with opened(path) as file:
        table = _Table(file, path)
        for names in (("nodeIndex",), ("descendantIndex", "descendentIndex"), ("nodeMass",), ("position",)):
            table.needed(*names)
        if "hostIndex" not in table.halos:
            raise InputError(f"{path} has no host ids (hostIndex)", "make the merger-tree file again with subhalos")
        if int(table.halos.attrs.get("velocitiesIncludeHubbleFlow", 0)):
            raise InputError(f"{path} has velocities with the Hubble flow in them", "make it with peculiar velocities")
        cosmology = file["cosmology"].attrs
        matter = cosmology["OmegaMatter"] if "OmegaMatter" in cosmology else cosmology["Omega0"]
        particle_mass = None
        if (particles := table.find("particleCount")) is not None and len(particles):
            some = table.block(slice(0, ROWS))
            particle_mass = positive(float(np.median(some["mass"] / np.maximum(particles[:ROWS], 1))))
        return RawTrees(
            path,
            lambda: _blocks(path),
            Cosmology(
                float(matter),
                float(cosmology.get("OmegaBaryon", 0.0)),
                float(cosmology["HubbleParam"]),
                float(cosmology.get("sigma_8", 0.0)),
                float(cosmology.get("powerSpectrumIndex", 0.0)),
            ),
            float(file["simulation"].attrs["boxSize"]) if "simulation" in file else 0.0,
            particle_mass,
            ("masses are those of the file, radii those of 200 times the mean density at that mass",),
        )


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An open file of trees. Raises: InputError for one that is damaged or lacks a part."""
    with hdf5.opened(path) as file:
        try:
            yield file
        except KeyError as error:
            raise InputError(f"{path} lacks {error.args[0]}", "make the merger-tree file again") from error


def _blocks(path: Path) -> Iterator[Block]:
    with opened(path) as file:
        table = _Table(file, path)
        for start in range(0, len(table.needed("nodeIndex")), ROWS):
            yield table.block(slice(start, start + ROWS))


class _Table:
    """The halos of an open file."""

    def __init__(self, file: Any, path: Path) -> None:
        self.file, self.path = file, path
        self.halos = file[next(group for group in _GROUPS if group in file)]

    def find(self, *names: str) -> Any:
        """A dataset by one of its names, None where there is none."""
        import h5py

        # an old spelling may be a link to the new one, or an empty dataset may stand in its place
        for name in names:
            if name in self.halos and isinstance(self.halos[name], h5py.Dataset) and self.halos[name].shape:
                return self.halos[name]
        return None

    def needed(self, *names: str) -> Any:
        """The same. Raises: InputError."""
        found = self.find(*names)
        if found is None:
            raise InputError(f"{self.path} has no {names[0]}", "make the merger-tree file again with it")
        return found

    def block(self, rows: slice) -> Block:
        """Some halos in comoving Mpc/h, Msun/h and km/s."""

        def read(*names: str) -> Array:
            return hdf5.values(self.needed(*names), self.path, rows)

        a = read("expansionFactor") if self.find("expansionFactor") is not None else 1 / (1 + read("redshift"))
        h = float(self.file["cosmology"].attrs["HubbleParam"])
        length = _factor(self.file, self.path, "length", _MPC, h, a)
        block = {
            "id": read("nodeIndex"),
            "descendant_id": read("descendantIndex", "descendentIndex"),
            "host_id": read("hostIndex"),
            "tree": self._trees(rows.start, len(a)),
            "scale_factor": a,
            "mass": read("nodeMass") * _factor(self.file, self.path, "mass", _MSUN, h, a) * h,
            "position": read("position") * (length * h / a)[:, None],
            "velocity": read("velocity") * _factor(self.file, self.path, "velocity", _KM, h, a)[:, None],
        }
        if self.find("scaleRadius") is not None:
            block["scale_radius"] = read("scaleRadius") * length * h / a
        if (spin := self.find("spin")) is not None and spin.ndim == 1:
            block["spin"] = read("spin")
        return block

    def _trees(self, start: int, count: int) -> Array:
        """Which forest each halo is in, as far as the file tells it."""
        index: Any = next((self.file[name] for name in ("forestIndex", "treeIndex") if name in self.file), {})
        first = np.sort(np.ravel(index["firstNode"])) if "firstNode" in index else np.zeros(1)
        return np.maximum(np.searchsorted(first, np.arange(start, start + count), "right") - 1, 0)


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
