"""From a file's own units to comoving Mpc/h, Msun/h and peculiar km/s, and the proof that they fit.

A box full of matter weighs omega_matter * critical density * volume. A wrong unit of length is wrong by its cube, so
the particles' mass tells the unit when the file does not, and catches it when it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.cosmos.formats.given import LENGTH_UNITS, Given, Known
from core.errors import InputError

MASS_TOLERANCE = 0.02
"""Allowed misfit of the total mass: codes differ in G and Msun by parts in a thousand."""


@dataclass(frozen=True)
class Units:
    """Factors from a file's numbers to Mpc/h, Msun/h and peculiar km/s, and where they come from."""

    length: float
    mass: float
    velocity: float
    source: str


def gadget_units(name: str, known: Known, source: str) -> Units:
    """GADGET's convention for a unit of length: masses in 1e10 Msun (or /h), velocities in km/s sqrt(a)."""
    h = 1.0 if name.endswith("/h") else known.cosmology.h
    length = (1.0 if name.startswith("Mpc") else 1e-3) * h
    return Units(length, 1e10 * h, (1 + known.redshift) ** -0.5, source)


def find_units(path: Path, box: float | None, total_mass: float | None, known: Known, given: Given) -> Units:
    """The units of a GADGET file that does not state them.

    box and total_mass are the file's own numbers. Options decide first (--length-unit, or --box-size together with
    the header's box), then the mass. Raises: InputError when nothing fits or there is nothing to tell by.
    """
    if given.length_unit is not None:
        return gadget_units(given.length_unit, known, "--length-unit")
    if box is None or (total_mass is None and given.box_size is None):
        raise InputError(f"{path} does not state its units, nor enough to find them out", "give --length-unit")
    if given.box_size is not None:
        for name in LENGTH_UNITS:
            units = gadget_units(name, known, f"{name}, from --box-size")
            if abs(units.length * box / given.box_size - 1) < 1e-3:
                return units
        raise InputError(
            f"{path}: the header's box of {box:g} is not {given.box_size:g} Mpc/h in {', '.join(LENGTH_UNITS)}",
            "correct --box-size or give --length-unit",
        )
    ratios = {}
    for name in LENGTH_UNITS:
        units = gadget_units(name, known, f"{name}, from the particle mass")
        ratios[name] = mass_ratio(box * units.length, total_mass, units, known)
        if abs(ratios[name] - 1) < MASS_TOLERANCE:
            return units
    told = ", ".join(f"{ratio:.3g} times if in {name}" for name, ratio in ratios.items())
    raise InputError(
        f"{path}: in no unit of length do the particles weigh as much as the mean matter of the box ({told})",
        "check --omega-matter and --h, or give --box-size or --length-unit",
    )


def mass_ratio(box_size: float, total_mass: float | None, units: Units, known: Known) -> float:
    """Mass of all particles over the mean matter content of a box [Mpc/h]; 1 where there is no mass to compare."""
    if total_mass is None:
        return 1.0
    # division by division, where the cube of a nonsensical box would be no number
    return total_mass * units.mass / known.cosmology.mean_density / box_size / box_size / box_size


def check_mass(path: Path, box_size: float, total_mass: float | None, units: Units, known: Known) -> None:
    """Refuse units in which the box does not hold the mean density. Raises InputError."""
    ratio = mass_ratio(box_size, total_mass, units, known)
    if abs(ratio - 1) > MASS_TOLERANCE:
        raise InputError(
            f"{path}: a box of {box_size:g} Mpc/h ({units.source}) holds {ratio:.3g} times the mean matter density",
            "correct --length-unit, --box-size or --omega-matter",
        )


_FACTORS = {"Mpc": 1.0, "kpc": 1e-3, "Msun": 1.0, "1e10 Msun": 1e10}
"""Units of catalogues, with or without /h behind them."""


def factor(path: Path, unit: str, h: float | None) -> float:
    """From a named unit of length or mass to Mpc/h or Msun/h. Raises: InputError for a unit unknown, or without h."""
    plain = unit.removesuffix("/h").strip()
    if plain not in _FACTORS:
        raise InputError(f"{path} is in {unit!r}, which is no unit known here", f"known: {', '.join(_FACTORS)}, and /h")
    if plain != unit:
        return _FACTORS[plain]
    if h is None:
        raise InputError(f"{path} is in {unit} and does not say its h", "give --h")
    return _FACTORS[plain] * h
