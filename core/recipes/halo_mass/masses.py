"""What a prediction of halo masses holds: catalogues of particles and of halos, the analytic masses beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, lattice
from core.cosmos.measures.crossing import FirstCrossing, first_crossing, mass_bank
from core.cosmos.universe import Universe
from core.progress import Progress, silent
from core.recipes.halo_mass.particles import HaloParticles

QUANTILES = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Of the masses of a halo's particles, from one of which the mass of the whole is read."""

LEAST_RADIUS = 2.0
"""Cells: a top hat that is smaller is not resolved by the lattice."""

_UNITS = {
    "mass": "Msun/h",
    "true_mass": "Msun/h",
    "position": "Mpc/h",
    "scatter": "dex",
    "particles": "particles",
}


def crossing_masses(universe: Universe) -> Array:
    """Fifty masses [Msun/h] from 1e15 Msun down to the smallest that the lattice resolves.

    In the paper's 256^3 particles in 50 Mpc/h that is its own limit of 3e10 Msun.
    """
    bank = mass_bank(universe.cosmology)
    smallest = 4 / 3 * np.pi * LEAST_RADIUS**3 * universe.particle_mass
    return np.geomspace(bank[0], smallest, len(bank))


def first_crossings(universe: Universe, progress: Progress = silent) -> FirstCrossing:
    """First-crossing masses of every cell on the scales that the lattice resolves."""
    return first_crossing(
        universe.field("delta_linear"), universe.cosmology, crossing_masses(universe), progress=progress
    )


def log_crossing(masses: Field, particles: HaloParticles) -> Array:
    """log10 of the first-crossing mass [Msun/h] at each particle's cell, -inf where it never crosses."""
    with np.errstate(divide="ignore"):
        return np.log10(np.asarray(masses.values).reshape(-1)[particles.ids])


def of_particles(universe: Universe, particles: HaloParticles, log_mass: Array) -> Catalogue:
    """Predicted masses of single particles, the largest first, and where they start.

    `id` is the cell in C order, `halo` the true halo's row + 1, as in a label field.
    """
    order = np.argsort(-log_mass, kind="stable")
    ids, halo = particles.ids[order], particles.halo[order]
    columns = {
        "mass": 10 ** log_mass[order].astype(np.float64),
        "position": lattice(universe.cells, universe.box_size)[ids],
        "id": ids,
        "halo": halo + 1,
        "true_mass": particles.mass[order],
    }
    return Catalogue(columns, universe.box_size, definition="predicted for particles", units=_UNITS)


@dataclass(frozen=True)
class Pooled:
    """Of log10 masses [Msun/h] of a few particles by halo: its row, 16th and 84th percentile, a quantile, number."""

    rows: Array
    low: Array
    middle: Array
    high: Array
    counts: Array


def pooled(halo: Array, log_mass: Array, quantile: float = 0.5) -> Pooled:
    """For each halo row that occurs; particles without a mass (-inf) do not count."""
    known = np.isfinite(log_mass)
    halo, log_mass = halo[known], log_mass[known].astype(np.float64)
    order = np.argsort(halo, kind="stable")
    rows, first, counts = np.unique(halo[order], return_index=True, return_counts=True)
    groups = np.split(log_mass[order], first[1:]) if len(rows) else []
    wanted = (16, 100 * quantile, 84)
    low, middle, high = np.array([np.percentile(group, wanted) for group in groups]).reshape(-1, 3).T
    return Pooled(rows, low, middle, high, counts)


def calibration(true: Array, found: Array) -> tuple[float, float]:
    """Slope and offset of the line that tells true from found masses with the least absolute error.

    Halos that are told wholly wrong, as where a small one joins a large one too early, do not tilt it.
    """
    if np.ptp(found) == 0:
        return 0.0, float(np.median(true))
    weight = np.ones(len(true))
    for _ in range(50):
        slope, offset = np.polyfit(found, true, 1, w=np.sqrt(weight))
        weight = 1 / np.maximum(np.abs(true - slope * found - offset), 1e-3)
    return float(slope), float(offset)


@dataclass(frozen=True)
class Reading:
    """How the mass of a whole halo is read from its particles': a line of one of their quantiles."""

    quantile: float
    slope: float
    offset: float

    def as_constants(self, name: str) -> dict[str, float]:
        return {f"{name}.{key}": value for key, value in asdict(self).items()}


def reading_from(constants: dict[str, float], name: str) -> Reading:
    """What `as_constants` kept; runs of before read medians."""
    return Reading(constants.get(f"{name}.quantile", 0.5), constants[f"{name}.slope"], constants[f"{name}.offset"])


def best_reading(boxes: Sequence[tuple[HaloParticles, Array]]) -> Reading:
    """The quantile and line that tell the masses of whole halos with the least absolute error, over several boxes of
    particles and log10 of their masses [Msun/h]."""

    def of(quantile: float) -> tuple[float, Reading]:
        of_each = [pooled(few.halo, log_mass, quantile) for few, log_mass in boxes]
        true = np.concatenate([np.log10(b.halos["mass"][f.rows]) for (b, _), f in zip(boxes, of_each, strict=True)])
        found = np.concatenate([found.middle for found in of_each])
        if not len(true):
            return np.inf, Reading(quantile, 1.0, 0.0)
        slope, offset = calibration(true, found)
        return float(np.mean(np.abs(true - slope * found - offset))), Reading(quantile, slope, offset)

    return min((of(quantile) for quantile in QUANTILES), key=lambda item: item[0])[1]


def of_halos(universe: Universe, particles: HaloParticles, log_mass: Array, reading: Reading) -> Catalogue:
    """Masses of whole halos, the largest first: a line of a quantile over their particles.

    A particle's mass is what is likeliest for a particle, and most particles are in large halos: the line undoes that.
    `scatter` is half the 68 % range of the particles' masses.
    """
    found, halos = pooled(particles.halo, log_mass, reading.quantile), particles.halos
    mass = 10 ** (reading.slope * found.middle + reading.offset)
    columns = {
        "mass": mass,
        "position": halos["position"][found.rows],
        "halo": found.rows + 1,
        "true_mass": halos["mass"][found.rows],
        "scatter": (found.high - found.low) / 2,
        "particles": found.counts,
    }
    falling = np.argsort(-mass, kind="stable")
    columns = {name: values[falling] for name, values in columns.items()}
    return Catalogue(columns, universe.box_size, halos.redshift, "predicted for halos", _UNITS)
