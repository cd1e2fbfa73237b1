"""Reading snapshots made by others, whatever their format: see the readers of this package for those known.

The header is checked before bulk data is read, the units are stated by the file or proven by the particles' mass
(formats.units). Dark matter stands for all matter of its cell; the rest is read on request.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Particles, wrap
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.given import Given, settle
from core.cosmos.formats.header import Header, parts_of
from core.cosmos.formats.registry import named, reader_of
from core.cosmos.formats.units import Units, check_mass, find_units
from core.errors import InputError

LARGEST_BOX = 2e4
"""Mpc/h: about the diameter of the observable universe. Where no mass proves the unit, this tells kpc/h."""

_SMALLEST_BOX, _LARGEST_NUMBER = 1e-9, 1e12
"""Mpc/h: beyond these no number of a header means a box, and its cube may not be a number."""

OUTSIDE = 0.05
"""How far positions may lie beyond the box, in boxes: initial conditions are often written unwrapped."""


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
    counted: str = ""
    """Which particles were read, and which left out."""


def read_header(path: Path) -> Header:
    """The header of any snapshot. Raises: InputError for a file that is none, or is damaged."""
    found = reader_of(path, "particles")
    if found is None or found[0].header is None:
        raise InputError(f"{path} is no snapshot", f"these are read: {named('particles')}")
    return found[0].header(path)


def read_snapshot(path: Path, given: Given | None = None, total_matter: bool = False) -> Snapshot:
    """Read a snapshot; `given` supplies what its header lacks, `total_matter` asks for gas, stars and the rest too.

    Positions in [0, box) comoving Mpc/h, velocities peculiar km/s, ids int64, particle mass Msun/h.
    Raises: InputError in one line for anything that cannot be used; what is missing is named all at once.
    """
    given = given or Given()
    found = reader_of(path, "particles")
    if found is None:
        parts_of(path)  # a folder is one of many formats, or none
        raise InputError(f"{path} is no snapshot", f"these are read: {named('particles')}")
    reader, _ = found
    assert reader.header
    assert reader.particles
    header = reader.header(path)
    if header.count == 0:
        raise InputError(f"{path} holds no dark matter particles", "halodeck works on dark matter")
    if reader.derive:
        raw = reader.particles(path, header, total_matter)
        header = reader.derive(path, header, raw)
        known = settle(header, given)
    else:
        known = settle(header, given)
        raw = reader.particles(path, header, total_matter)
    units = reader.units(path, header, raw, known, given) if reader.units else None
    units = units or find_units(path, header.box_size, raw.total_mass, known, given)
    box_size = given.box_size
    if box_size is None:
        box_size = (header.box_size or 0.0) * (1.0 if reader.box_in_mpc else units.length)
    possible = all(0 < unit < np.inf for unit in (units.length, units.mass, units.velocity))
    if not (possible and _SMALLEST_BOX < box_size < _LARGEST_NUMBER):
        raise InputError(
            f"{path}: a box of {box_size:g} Mpc/h ({units.source}) cannot be", "give --length-unit, or --box-size"
        )
    check_mass(path, box_size, raw.total_mass, units, known)
    if box_size > LARGEST_BOX:
        raise InputError(
            f"{path}: a box of {box_size:g} Mpc/h is larger than all that can be seen", "is it in kpc/h? write Mpc/h"
        )
    shift = 0.5 if reader.centred else 0.0
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
    counted = f"{len(particles)} of dark matter"
    if header.others:
        counted += f", {header.others} others {'in the density alone' if matter else 'left out'}"
    return Snapshot(
        particles, known.cosmology, header.format, header.parts, units.source, raw.ids is not None, matter, counted
    )


def _positions(path: Path, raw: Array, units: Units, box_size: float, shift: float) -> Array:
    """Positions in [0, box_size), float32; `shift` is added first, in boxes."""
    with np.errstate(invalid="ignore"):
        low, high = raw.min(axis=0).astype(np.float64), raw.max(axis=0).astype(np.float64)
    if not np.isfinite(np.concatenate([low, high])).all():
        raise InputError(f"{path} holds positions that are not numbers", "copy or make it again")
    with np.errstate(over="ignore"):  # infinite is out of the box
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
