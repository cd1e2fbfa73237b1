"""Tipsy snapshots (PKDGRAV, Gasoline, ChaNGa, genetIC): the 32-byte header.

Units by convention: the box is 1, its critical density is 1 and G = 1, so that the masses add up to omega_matter;
positions run from -1/2 to 1/2 and velocities are comoving, in sqrt(3 / 8 pi) H0 times the box.
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cosmos.cosmology import CRITICAL_DENSITY
from core.cosmos.formats import by_pynbody
from core.cosmos.formats.given import Given, Known
from core.cosmos.formats.header import Header, parts_of, unreadable
from core.cosmos.formats.reader import RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units
from core.errors import InputError

VELOCITY_UNIT = 100 / math.sqrt(8 * math.pi / 3)
"""Comoving velocity unit of a box of 1 Mpc/h [km/s]."""

_SIZE = 32
_BYTES = {"gas": 48, "dark": 36, "star": 44}


def sniff(start: bytes) -> bool:
    """Whether a file that begins with these bytes has a tipsy header."""
    return _counts(start) is not None


def read_header(path: Path) -> Header:
    """The header, the file's length checked against its counts. Raises InputError."""
    (part,) = parts_of(path)
    try:
        with part.open("rb") as file:
            start = file.read(_SIZE)
        size = part.stat().st_size
    except OSError as error:
        raise unreadable(part, error) from error
    counts = _counts(start)
    if counts is None:
        raise InputError(f"{path} has no tipsy header", "check how it was written")
    a, gas, dark, star = counts
    expected = _SIZE + gas * _BYTES["gas"] + dark * _BYTES["dark"] + star * _BYTES["star"]
    if size < expected:
        raise InputError(f"{path} is cut off: {size} bytes, the header says {expected}", "copy or make it again")
    if size > expected:
        raise InputError(
            f"{path} has {size} bytes, its header says {expected} in single precision",
            "write it again in single precision",
        )
    return Header("tipsy", dark, gas + star, redshift=1 / a - 1 if 0 < a <= 1 else None, parts=(part,))


def omega_matter(path: Path, total_mass: float | None) -> float:
    """The matter density that the masses add up to. Raises: InputError when the file is in other units."""
    if total_mass is None or not 0.01 < total_mass <= 1.001:
        raise InputError(
            f"{path}: its masses add up to {total_mass or 0:.3g}, not to an omega_matter",
            "write it in units of the box and its critical density",
        )
    # single-precision masses: six digits are what they can say
    return round(total_mass, 6)


def _counts(start: bytes) -> tuple[float, int, int, int] | None:
    """Time (the scale factor) and numbers of gas, dark matter and stars; None when it is no tipsy header."""
    if len(start) < _SIZE:
        return None
    for order in "<>":
        time, total, dimensions, gas, dark, star, high = struct.unpack(f"{order}d6I", start[:_SIZE])
        if dimensions != 3 or not math.isfinite(time):
            continue
        if total != gas + dark + star:
            # beyond 2^32 particles the four upper bytes lie in the padding word
            total, gas, dark, star = (
                value + ((high >> shift & 0xFF) << 32)
                for value, shift in ((total, 0), (gas, 8), (dark, 16), (star, 24))
            )
        if 0 < total == gas + dark + star:
            return time, gas, dark, star
    return None


def _particles(path: Path, header: Header, total_matter: bool) -> RawParticles:
    def load() -> Any:
        from pynbody.snapshot.tipsy import TipsySnap

        # without this, any *.param file in the folder or the one above would set the units
        return TipsySnap(path, paramfile=os.devnull)

    return by_pynbody.read_particles(path, load, total_matter, numbered=False)


def _units(path: Path, header: Header, raw: RawParticles, known: Known, given: Given) -> Units:
    box, a = given.box_size or 0.0, 1 / (1 + known.redshift)
    return Units(box, CRITICAL_DENSITY * box**3, a * VELOCITY_UNIT * box, "the box is 1")


READERS = (
    Reader(
        ("tipsy",),
        "particles",
        lambda path, start: "tipsy" if sniff(start) else "",
        lambda path: particle_facts(read_header(path)),
        order=30,
        header=read_header,
        particles=_particles,
        units=_units,
        # the masses are its only statement of omega_matter
        derive=lambda path, header, raw: replace(header, omega_matter=omega_matter(path, raw.total_mass)),
        centred=True,
    ),
)
