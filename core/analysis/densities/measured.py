"""What is measured on held-out densities, by way, for reports and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.statistics.figures import bispectrum_edges
from core.cosmos.box import Array, Assignment, Field, lattice
from core.cosmos.measures.bispectrum import Bispectrum, bispectrum
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.measures.voids import VoidProbability, void_probability
from core.cosmos.universe import Universe

TRUTH, PREDICTION = "truth", "prediction"

CELLS_PER_OBJECT = 64
"""Objects are drawn from each density for the void probability, one on average in so many cells."""

SPHERES = 50_000

WITHIN = 0.01
"""How far T(k) may be from 1 within its reach."""


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: densities in units of the mean and what was measured on them, by way."""

    universe: Universe
    prediction: Universe
    density: dict[str, Array]
    spectra: dict[str, Spectra]
    """Of each way with the truth."""
    bispectra: dict[str, Bispectrum]
    voids: dict[str, VoidProbability]


@dataclass(frozen=True)
class Measured:
    """Spectra of one way over all boxes: T(k) of the mean power, mean r(k), and their standard errors."""

    k: Array
    power: Array
    power_error: Array
    transfer: Array
    transfer_error: Array
    correlation: Array
    correlation_error: Array


def judge(universe: Universe, prediction: Universe, density: Mapping[str, Array], assignment: Assignment) -> JudgedBox:
    """Measure densities (n, n, n) in units of the mean of several ways, the truth among them.

    Of a truth that was evolved again, which is only a ceiling of spectra, nothing else is measured.
    """
    size, cells = universe.box_size, universe.cells
    fields = {
        way: Field("density", values - 1, size, "overdensity", 0.0, "eulerian", assignment)
        for way, values in density.items()
    }
    whole = {way: values for way, values in density.items() if not way.startswith("truth again")}
    shells = bispectrum_edges(size, cells)
    count = cells**3 // CELLS_PER_OBJECT
    radii = np.linspace(0.1, 1.5, 29) * size / count ** (1 / 3)
    return JudgedBox(
        universe,
        prediction,
        dict(density),
        {way: spectra(field, fields[TRUTH]) for way, field in fields.items()},
        {way: bispectrum(fields[way], shells) for way in whole},
        {way: void_probability(objects(d, size, count), size, radii, SPHERES) for way, d in whole.items()},
    )


def measure(many: Sequence[Spectra]) -> Measured:
    """Means over boxes of spectra of one way with the truth; errors of a single box are those of its modes."""
    power = np.array([s.power for s in many])
    r = np.array([s.correlation for s in many])
    transfer = np.sqrt(power.mean(axis=0) / np.mean([s.other for s in many], axis=0))
    one = many[0]
    if len(many) == 1:
        errors = one.power * one.relative_error, one.transfer_error, one.correlation_error
    else:
        errors = scatter_of_mean(power), scatter_of_mean(np.array([s.transfer for s in many])), scatter_of_mean(r)
    return Measured(one.k, power.mean(axis=0), errors[0], transfer, errors[1], r.mean(axis=0), errors[2])


def scatter_of_mean(values: Array) -> Array:
    """Standard error of the mean over the first axis; zero for a single box."""
    return values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.zeros(values.shape[1:])


def reach(m: Measured) -> float:
    """The largest k up to which every shell has T(k) within 1 %, or within its error of that; 0 where the first has
    not."""
    beyond = np.flatnonzero(~(np.abs(m.transfer - 1) < WITHIN + m.transfer_error))
    inside = beyond[0] if len(beyond) else len(m.k)
    return float(m.k[inside - 1]) if inside else 0.0


def at(k: float, m: Measured, values: Array) -> float | None:
    """A spectrum at one k [h/Mpc], between shells; None beyond them."""
    return float(np.interp(k, m.k, values)) if m.k[0] <= k <= m.k[-1] else None


def objects(density: Array, box_size: float, count: int, seed: int = 0) -> Array:
    """Positions (count, 3) [Mpc/h] drawn in proportion to a density (n, n, n) on nodes, anywhere around their node.

    Of a box that is empty they are drawn evenly.
    """
    rng = np.random.default_rng(seed)
    cells = density.shape[0]
    total = np.cumsum(density.reshape(-1) if density.any() else np.ones(density.size), dtype=np.float64)
    node = np.searchsorted(total, rng.uniform(0, total[-1], count), side="right")
    return lattice(cells, box_size, np.float64)[node] + rng.uniform(-0.5, 0.5, (count, 3)) * box_size / cells
