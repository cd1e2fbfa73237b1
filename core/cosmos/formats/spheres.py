"""Peak Patch halos made by others on the cells of a linear field: HaloNet's own kind of truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, wrap
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.membership import present
from core.cosmos.formats.readers.pksc import read_pksc
from core.cosmos.lagrangian import mean_strain, overdensity_and_shape
from core.cosmos.peakpatch.search import CRITICAL_OVERDENSITY, label_field
from core.errors import InputError

TOGETHER = 0.9
"""Mean resultant length of the places of peaks within a cell, beyond which they all lie at the same one."""

ENOUGH = 0.5 * CRITICAL_OVERDENSITY
"""Least mean overdensity, grown to the redshift of the halos, of the cells in them: 1.7 where field and halos belong
together, 0 where they do not."""


@dataclass(frozen=True)
class Spheres:
    """A Peak Patch catalogue on the lattice of a field, the label_peakpatch that goes with it, and what was done."""

    catalogue: Catalogue
    label: Field
    repairs: tuple[str, ...]


def read_spheres(path: Path, delta: Field, cosmology: Cosmology, length_unit: str = "Mpc") -> Spheres:
    """The halos of a .pksc whose Lagrangian spheres lie in a linear density at z = 0.

    A cell belongs to the sphere its centre lies in; overlaps are parted along the plane of their cut. The columns
    overdensity, ellipticity and prolateness are of the mean strain of a halo's cells.
    Raises: InputError for a file that cannot be used, or halos that do not lie where the field is dense.
    """
    halos = read_pksc(path, delta.box_size, cosmology, length_unit)
    places = centre_of_cells(halos["lagrangian_position"], delta.cell_size)
    repairs = []
    if places.any():
        shift = places * delta.cell_size
        repairs.append(f"moved by {', '.join(f'{-x:.4g}' for x in shift)} Mpc/h: from centres of cells to the lattice")
        moved = {name: halos[name] - shift for name in ("position", "lagrangian_position")}
        folded = {name: wrap(values.astype(np.float32), delta.box_size) for name, values in moved.items()}
        halos = replace(halos, columns=halos.columns | folded)
    label, halos, empty = present(label_field(halos, delta.cells), halos)
    if empty:
        repairs.append(f"{empty} halos without cells left out")
    _check_density(path, delta, label, cosmology.growth.first(1 / (1 + halos.redshift)))
    names = ("overdensity", "ellipticity", "prolateness")
    shape = overdensity_and_shape(mean_strain(delta.values, label, delta.box_size))
    halos = replace(halos, columns=halos.columns | dict(zip(names, shape, strict=True)))
    return Spheres(halos, Field("label_peakpatch", label, delta.box_size, "halo", halos.redshift), tuple(repairs))


def centre_of_cells(peaks: Array, cell_size: float) -> Array:
    """Where (3,) between nodes, in cells, the centres of cells lie in the coordinates of peaks (N, 3) [Mpc/h].

    Peaks are found at centres of cells and tell by themselves; those of another grid do not, and get the half cell of
    the codes that write them (1/2 in HaloNet's published catalogue, of 228^3 cells).
    """
    turns = np.exp(2j * np.pi * (peaks.astype(np.float64) / cell_size)).mean(axis=0)
    if np.abs(turns).min() < TOGETHER:
        return np.full(3, 0.5)
    return np.round(np.angle(turns) / (2 * np.pi), 3) % 1


def _check_density(path: Path, delta: Field, label: Array, first: float) -> None:
    """The field is dense in its halos; in reversed order of the axes for a cube written by Fortran."""
    values, inside = np.asarray(delta.values), label > 0
    mean = first * float(values[inside].mean())
    if mean >= ENOUGH:
        return
    problem = f"{path}: the cells in its halos have a mean linear overdensity of {mean:.2g}, not above {ENOUGH:.2g}"
    if first * float(values.T[inside].mean()) >= ENOUGH:
        raise InputError(problem, "x is the fastest axis of the cube: transpose it, halodeck's is z")
    raise InputError(problem, "give the halos of this field, and its --box-size and --length-unit (Mpc or Mpc/h)")
