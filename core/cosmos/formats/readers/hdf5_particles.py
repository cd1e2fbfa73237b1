"""The particles of HDF5 snapshots, read by h5py alone: damage in a dataset ends the reading by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5, integers
from core.cosmos.formats.given import Given, Known
from core.cosmos.formats.header import Header, parts_of
from core.cosmos.formats.reader import Facts, RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units
from core.errors import InputError

_TYPES = tuple(f"PartType{number}" for number in range(7))
_POSITION, _VELOCITY = ("Coordinates",), ("Velocities", "Velocity")
_IDS, _MASS = ("ParticleIDs", "ParticleID"), ("Masses", "Mass")
_SWIFT_UNITS = ("Units", "InternalCodeUnits")
_MPC, _MSUN, _KM = 3.0856775814913673e24, 1.988409870698051e33, 1e5
"""In cgs."""


def read_particles(path: Path, header: Header, total_matter: bool) -> RawParticles:
    """Dark matter of all files in order, type after type within each; masses of everything."""
    dark: dict[str, list[Array]] = {"position": [], "velocity": [], "ids": [], "mass": []}
    matter: list[tuple[Array, Array]] = []
    total, massless = 0.0, False
    for part in header.parts:
        with hdf5.opened(part) as file:
            table = np.ravel(file["Header"].attrs.get("MassTable", ()))
            for number, name in enumerate(_TYPES):
                group = file.get(name)
                if group is None or "Coordinates" not in group:
                    continue
                masses = _masses(group, part, float(table[number]) if number < len(table) else 0.0)
                if masses is None:
                    massless = True
                else:
                    total += float(masses.sum(dtype=np.float64))
                position = None
                if name in hdf5.DARK or total_matter:
                    position = _column(group, part, _POSITION)
                if name in hdf5.DARK and position is not None:
                    found = {"position": position, "mass": masses}
                    found |= {"velocity": _column(group, part, _VELOCITY), "ids": _column(group, part, _IDS)}
                    for key, values in found.items():
                        dark[key] += [] if values is None else [values]
                if total_matter and position is not None and masses is not None:
                    matter.append((position, masses))
    count = sum(map(len, dark["position"]))
    whole = {key: np.concatenate(values) for key, values in dark.items() if sum(map(len, values)) == count}
    if "mass" in whole and whole["mass"].max() > whole["mass"].min() * (1 + 1e-4):
        raise InputError(f"{path} has dark matter particles of different masses", "zoom simulations cannot be used")
    if total_matter and massless:
        raise InputError(f"{path} holds no masses", "its total matter cannot be painted")
    return RawParticles(
        positions=whole["position"],
        velocities=whole.get("velocity"),
        ids=integers.whole(whole["ids"], f"{path}: its particle ids") if "ids" in whole else None,
        total_mass=total if total > 0 and "mass" in whole else None,
        matter=(np.concatenate([p for p, _ in matter]), np.concatenate([m for _, m in matter])) if matter else None,
    )


def stated_units(path: Path, header: Header, raw: RawParticles, known: Known, given: Given) -> Units | None:
    """The units as SWIFT writes them beside each dataset, or GADGET and AREPO in their headers; None if none does."""
    if given.length_unit is not None:
        return None
    a, h = 1 / (1 + known.redshift), known.cosmology.h
    with hdf5.opened(header.parts[0]) as file:
        dark = next(file[name] for name in hdf5.DARK if "Coordinates" in file.get(name, ()))
        if "InternalCodeUnits" in file or ("Units" in file and "Unit length in cgs (U_L)" in file["Units"].attrs):
            length, time, mass = (
                hdf5.number(
                    file, *((unit, f"Unit {what} in cgs (U_{sign})") for unit in ("Units", "InternalCodeUnits"))
                )
                for what, sign in (("length", "L"), ("time", "t"), ("mass", "M"))
            )
            if None in (length, time, mass):
                return None
            to_mpc = float(length or 0) / _MPC * h * _powers(dark, _POSITION, a, h) / a
            return Units(
                to_mpc,
                float(mass or 0) / _MSUN * h * _powers(dark, _MASS, a, h),
                float(length or 0) / float(time or 1) / _KM * _powers(dark, _VELOCITY, a, h),
                _told(to_mpc),
            )
        length = hdf5.unit_length(file)
        if length is None:
            return None
        places = [(where, name) for where in ("Header", "Parameters", "Units") for name in ("UnitMass_in_g",)]
        mass = hdf5.number(file, *places) or 1.989e43
        places = [(where, "UnitVelocity_in_cm_per_s") for where in ("Header", "Parameters", "Units")]
        velocity = hdf5.number(file, *places) or 1e5
        return Units(length / _MPC, mass / _MSUN, velocity / _KM * np.sqrt(a), _told(length / _MPC))


def _powers(group: Any, names: tuple[str, ...], a: float, h: float) -> float:
    """The powers of a and h by which SWIFT says a dataset is to be multiplied; positions are comoving."""
    found = next((group[name] for name in names if name in group), None)
    default = 1.0 if names == _POSITION else 0.0
    if found is None:
        return float(a**default)
    exponents = [
        np.ravel(found.attrs.get(f"{sign}-scale exponent", value)) for sign, value in (("a", default), ("h", 0))
    ]
    if np.ravel(found.attrs.get("Value stored as physical", 0))[0]:
        if names == _POSITION:
            raise InputError(f"{found.file.filename}: Coordinates are stored as physical", "store them as comoving")
        exponents[0] = np.zeros(1)  # the exponent says what it would be, were it comoving
    return float(a ** exponents[0][0] * h ** exponents[1][0])


def _column(group: Any, part: Path, names: tuple[str, ...]) -> Array | None:
    """A dataset of the particles of a type. Raises: InputError where it is not one of as many as there are places."""
    found = next((name for name in names if name in group), None)
    if found is None:
        return None
    count = len(hdf5.dataset(group, *_POSITION))
    shape = (count, 3) if names in (_POSITION, _VELOCITY) else (count,)
    if (there := hdf5.dataset(group, found).shape) != shape:
        raise InputError(f"{part}: {group.name}/{found} has the shape {there}, not {shape}", "make the file again")
    return hdf5.values(group[found], part)


def _masses(group: Any, part: Path, one: float) -> Array | None:
    """The mass of each particle, from its dataset or from the header's table; None where neither has them."""
    masses = _column(group, part, _MASS)
    if masses is not None:
        return masses
    return np.full(len(hdf5.dataset(group, *_POSITION)), one) if one > 0 else None


def _told(length: float) -> str:
    """The unit of length in words."""
    names = {1e-3: "kpc/h", 1.0: "Mpc/h"}
    name = next((words for factor, words in names.items() if abs(length / factor - 1) < 1e-3), f"{length:.6g} Mpc/h")
    return f"{name}, stated in the file"


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "hdf5-snapshot" if hdf5.is_snapshot(file) and "halodeck_format" not in file.attrs else ""


def _describe(path: Path) -> Facts:
    return particle_facts(hdf5.read_header(path))


READERS = (
    Reader(
        ("hdf5-snapshot",),
        "particles",
        _sniff,
        _describe,
        order=10,
        header=hdf5.read_header,
        particles=read_particles,
        units=stated_units,
    ),
)
