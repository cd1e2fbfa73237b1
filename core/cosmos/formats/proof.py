"""Whether the halos of a catalogue are where its snapshot has matter: every row, once its particles are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.errors import InputError

WITHIN = 2.0
"""Largest factor between the mass of a halo's particles and the catalogue's, and what twice their noise adds."""

LIKE_THE_OTHERS = 4.0
"""Largest factor between the mean density within a halo's radius and that of the median halo."""

MEDIAN = {"stated": (0.75, 1.35), "by mass": (0.8, 1.3)}
"""Limits of the median of mass of particles over mass, for halos with members or radii of their own and for those with
radii at 200 times the mean density: h misplaced changes masses by 1.4, definitions by less than 1.2."""

_NAMED = 5
"""Rows named before the list ends in dots."""


def unlike(mass: Array, radius: Array) -> Array:
    """Whether (H,) the mass and radius of a halo make another density than those of most: one of the two is wrong."""
    with np.errstate(divide="ignore", invalid="ignore"):
        density = mass / radius**3
    known = np.isfinite(density) & (density > 0)
    if not known.any():
        return ~known & False
    contrast = np.abs(np.log(np.where(known, density, 1) / np.median(density[known])))
    return np.asarray(known & (contrast > np.log(LIKE_THE_OTHERS)))


def failing(labels: Array, mass: Array, particle_mass: float) -> Array:
    """Whether (H,) the particles of a halo weigh something else than the catalogue says."""
    held = np.bincount(labels, minlength=len(mass) + 1)[1:] * particle_mass
    expected = np.maximum(mass / particle_mass, 1)
    with np.errstate(divide="ignore"):
        contrast = np.abs(np.log(held / mass))
    return np.asarray(contrast > np.log(WITHIN) + 2 / np.sqrt(expected))


def check_most(path: Path, failed: Array) -> None:
    """Refuse a catalogue most of whose halos fail. Raises: InputError."""
    if 2 * np.count_nonzero(failed) > len(failed):
        raise InputError(
            f"{path}: {np.count_nonzero(failed)} of its {len(failed)} halos do not hold the particles of their mass",
            "give the catalogue of this snapshot; else its unit of length, or the order of x, y and z, is wrong",
        )


def check_median(path: Path, labels: Array, mass: Array, particle_mass: float, radii: str) -> None:
    """Refuse a catalogue whose masses are all wrong by one factor. Raises: InputError."""
    held = np.bincount(labels, minlength=len(mass) + 1)[1:] * particle_mass
    well_sampled = mass >= 20 * particle_mass
    chosen = well_sampled if np.count_nonzero(well_sampled) >= 5 else np.ones(len(mass), bool)
    median = float(np.median(held[chosen] / mass[chosen]))
    low, high = MEDIAN[radii]
    if not low < median < high:
        remedy = "its unit of mass is wrong (Msun or Msun/h?)"
        if radii == "by mass":
            remedy += ", or give the radii its masses belong to"
        raise InputError(f"{path}: the particles of its halos weigh {median:.2f} times their masses (median)", remedy)


def dropped(rows: Array, why: str) -> str:
    """The repair in words, with the first of the rows (from 0) in the file."""
    names = ", ".join(str(int(row) + 1) for row in np.sort(rows)[:_NAMED])
    dots = ", ..." if len(rows) > _NAMED else ""
    return f"{len(rows)} halos {why} left out (halo {names}{dots} of the file)"
