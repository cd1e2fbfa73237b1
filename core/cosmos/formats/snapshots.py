"""Reading snapshots made by others, through pynbody: GADGET-1/2, GADGET-HDF5, AREPO, SWIFT, tipsy, RAMSES.

The header is ours to check (formats.gadget, .hdf5, ...), the arrays are pynbody's to read, the units are proven
by the particles' mass (formats.units). Dark matter stands for all matter of its cell; the rest is
read on request.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array, Particles, wrap
from core.cosmos.cosmology import CRITICAL_DENSITY, Cosmology
from core.cosmos.formats import gadget, hdf5, ramses, tipsy
from core.cosmos.formats.given import Given, Known, settle
from core.cosmos.formats.header import Header, parts_of, unreadable
from core.cosmos.formats.units import Units, check_mass, find_units
from core.errors import InputError

OUTSIDE = 0.05
"""How far positions may lie beyond the box, in boxes: initial conditions are often written unwrapped."""


_PYNBODY = (OSError, LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError)
"""What pynbody raises for files that are not as it expects."""


@dataclass(frozen=True)
class Matter:
    """Particles of every type: positions (N, 3) in [0, box_size) [Mpc/h] and masses (N,) over their sum."""

    positions: Array
    shares: Array


@dataclass(frozen=True)
class Snapshot:
    """Particles in halodeck's units, and what was found out on the way."""

    particles: Particles
    cosmology: Cosmology
    format: str
    sources: tuple[Path, ...]
    units: str = ""
    """The file's unit of length and how it is known."""
    numbered: bool = True
    """Whether the file has particle ids; if not, they are the order of the file."""
    matter: Matter | None = None
    """All particles, if they were asked for."""


@dataclass(frozen=True)
class _Raw:
    """A snapshot's dark matter in the file's own units; `total_mass` is that of all particles."""

    positions: Array
    velocities: Array | None
    ids: Array | None
    total_mass: float | None
    stated_units: tuple[Any, Any, Any] | None
    """Length, mass and velocity as pynbody unit objects, when the file states them."""
    matter: tuple[Array, Array] | None = None
    """Positions and masses of all particles, if asked for."""


def read_header(path: Path) -> Header:
    """The header of any snapshot. Raises: InputError for a file that is none, or is damaged."""
    if path.is_dir() and ramses.info_of(path):
        return ramses.read_header(path)
    part = parts_of(path)[0]
    try:
        with part.open("rb") as file:
            start = file.read(32)
    except OSError as error:
        raise unreadable(part, error) from error
    if gadget.sniff(start):
        return gadget.read_header(path)
    if start.startswith(hdf5.SIGNATURE):
        return hdf5.read_header(path)
    if tipsy.sniff(start):
        return tipsy.read_header(path)
    raise InputError(f"{path} is no snapshot", "GADGET-1/2, GADGET-HDF5, AREPO, SWIFT, tipsy and RAMSES are read")


def read_snapshot(path: Path, given: Given | None = None, total_matter: bool = False) -> Snapshot:
    """Read a snapshot; `given` supplies what its header lacks, `total_matter` asks for gas, stars and the rest too.

    Positions in [0, box) comoving Mpc/h, velocities peculiar km/s, ids int64, particle mass Msun/h.
    Raises: InputError in one line for anything that cannot be used; what is missing is named all at once.
    """
    given = given or Given()
    header = read_header(path)
    if header.count == 0:
        raise InputError(f"{path} holds no dark matter particles", "halodeck works on dark matter")
    if header.format == "tipsy":
        # the masses are its only statement of omega_matter
        raw = _read(path, header, total_matter)
        header = replace(header, omega_matter=tipsy.omega_matter(path, raw.total_mass))
        known = settle(header, given)
    else:
        known = settle(header, given)
        raw = _read(path, header, total_matter)
    units = _units(path, header, raw, known, given)
    box_size = _box_size(header, units, given)
    check_mass(path, box_size, raw.total_mass, units, known)
    shift = 0.5 if header.format == "tipsy" else 0.0
    particles = Particles(
        positions=_positions(path, raw.positions, units, box_size, shift),
        ids=np.arange(len(raw.positions)) if raw.ids is None else raw.ids,
        box_size=box_size,
        redshift=known.redshift,
        particle_mass=known.cosmology.mean_density * box_size**3 / len(raw.positions),
        velocities=None if raw.velocities is None else _velocities(path, raw.velocities, units),
    )
    matter = None
    if raw.matter is not None:
        positions, masses = raw.matter
        matter = Matter(_positions(path, positions, units, box_size, shift), masses / masses.sum(dtype=np.float64))
    return Snapshot(particles, known.cosmology, header.format, header.parts, units.source, raw.ids is not None, matter)


def _read(path: Path, header: Header, total_matter: bool) -> _Raw:
    """The arrays, by pynbody."""
    try:
        with _quiet():
            simulation = _open(path, header)
            return _arrays(path, header, simulation, total_matter)
    except _PYNBODY as error:
        raise InputError(f"{path} cannot be read ({error})", "check how it was written") from error


def _open(path: Path, header: Header) -> Any:
    """pynbody's view of the file. The classes are named: `pynbody.load` alone would also try text files."""
    import pynbody
    from pynbody.snapshot.gadget import GadgetSnap
    from pynbody.snapshot.ramses import RamsesSnap
    from pynbody.snapshot.tipsy import TipsySnap

    if header.format == "tipsy":
        # without this, any *.param file in the folder or the one above would set the units
        return TipsySnap(path, paramfile=os.devnull)
    if header.format == "ramses":
        return RamsesSnap(path)
    if header.format == "hdf5-snapshot":
        return pynbody.load(path, priority=["SwiftSnap", "ArepoHDFSnap", "GadgetHDFSnap"])
    return GadgetSnap(path)


def _arrays(path: Path, header: Header, simulation: Any, total_matter: bool) -> _Raw:
    dark = simulation.dm
    keys = dark.loadable_keys()
    ids = None
    if header.format != "tipsy" and "iord" in keys:
        ids = np.asarray(dark["iord"])
        if ids.dtype == np.int32:
            # pynbody reads GADGET's unsigned ids as signed
            ids = ids.view(np.uint32)
        ids = ids.astype(np.int64)
    total_mass = None
    with contextlib.suppress(KeyError, OSError):  # a file may hold no masses at all
        masses = np.asarray(dark["mass"])
        if masses.max() > masses.min() * (1 + 1e-4):
            raise InputError(f"{path} has dark matter particles of different masses", "zoom simulations cannot be used")
        total_mass = float(np.sum(np.asarray(simulation["mass"]), dtype=np.float64)) or None
    stated = None
    if header.format == "hdf5-snapshot" and hdf5.states_units(path):
        length, mass, velocity = (simulation.infer_original_units(unit) for unit in ("Mpc", "Msol", "km s^-1"))
        stated = (length, mass, velocity)
    velocities = np.asarray(dark["vel"]) if "vel" in keys else None
    matter = None
    if total_matter:
        if total_mass is None:
            raise InputError(f"{path} holds no masses", "its total matter cannot be painted")
        matter = np.asarray(simulation["pos"]), np.asarray(simulation["mass"])
    return _Raw(np.asarray(dark["pos"]), velocities, ids, total_mass, stated, matter)


def _box_size(header: Header, units: Units, given: Given) -> float:
    """Side of the box [Mpc/h]; RAMSES alone states it in our unit."""
    if given.box_size is not None:
        return given.box_size
    return (header.box_size or 0.0) * (1.0 if header.format == "ramses" else units.length)


def _units(path: Path, header: Header, raw: _Raw, known: Known, given: Given) -> Units:
    a, h = 1 / (1 + known.redshift), known.cosmology.h
    if header.format == "tipsy":
        box = given.box_size or 0.0
        return Units(box, CRITICAL_DENSITY * box**3, a * tipsy.VELOCITY_UNIT * box, "the box is 1")
    if header.format == "ramses":
        return ramses.units(path)
    if raw.stated_units is None or given.length_unit is not None:
        return find_units(path, header.box_size, raw.total_mass, known, given)
    length, mass, velocity = raw.stated_units
    return Units(
        float(length.ratio("Mpc a h^-1", a=a, h=h)),
        float(mass.ratio("Msol h^-1", a=a, h=h)),
        float(velocity.ratio("km s^-1", a=a, h=h)),
        "stated in the file",
    )


def _positions(path: Path, raw: Array, units: Units, box_size: float, shift: float) -> Array:
    """Positions in [0, box_size), float32; `shift` is added first, in boxes."""
    with np.errstate(invalid="ignore"):
        low, high = raw.min(axis=0).astype(np.float64), raw.max(axis=0).astype(np.float64)
    if not np.isfinite(np.concatenate([low, high])).all():
        raise InputError(f"{path} holds positions that are not numbers", "copy or make it again")
    low, high = low * units.length / box_size + shift, high * units.length / box_size + shift
    if low.min() < -OUTSIDE or high.max() > 1 + OUTSIDE:
        raise InputError(
            f"{path}: positions run from {low.min():.3g} to {high.max():.3g} boxes of {box_size:g} Mpc/h",
            "the unit of the box is wrong: correct --box-size or --length-unit",
        )
    if (high - low).min() < 0.5:
        raise InputError(
            f"{path}: the particles fill only {(high - low).min():.3g} of a box of {box_size:g} Mpc/h",
            "the unit of the box is wrong: correct --box-size or --length-unit",
        )
    return wrap((raw.astype(np.float64) * units.length + shift * box_size).astype(np.float32), box_size)


def _velocities(path: Path, raw: Array, units: Units) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        velocities = (raw * units.velocity).astype(np.float32)
        finite = np.isfinite(velocities.sum(dtype=np.float64))
    if not finite:
        raise InputError(f"{path} holds velocities that are not numbers", "copy or make it again")
    return velocities


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pynbody's logs and warnings to itself, and its eyes off a config.ini that happens to lie here."""
    if "pynbody" not in sys.modules and (spec := find_spec("pynbody")) and spec.origin:
        with contextlib.chdir(Path(spec.origin).parents[1]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("pynbody")
    logging.getLogger("pynbody").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
