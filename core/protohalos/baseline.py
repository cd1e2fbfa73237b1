"""What one would do without a network: the linear density smoothed by a Gaussian.

The mask is cut at the level that leaves the right collapsed fraction. For halos, a logistic curve turns the smoothed
density into a probability, and the same finder, calibrated in the same way, takes it from there. Everything is
measured on the validation universes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.aside import aside
from core.cosmos.box import Array, Catalogue
from core.learning.metrics import foreground_dice
from core.protohalos.calibration import calibrate, from_constants, measure
from core.protohalos.finder import Found

SMOOTHINGS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""Gaussian radii in cells among which the baseline chooses the one whose cut has the highest foreground Dice."""

THRESHOLDS = (0.9999, 0.999, 0.99, 0.98, 0.96, 0.94, 0.92, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4)
"""Peak thresholds of the finder on the baseline's probability."""


def fit(
    densities: Sequence[Array], masks: Sequence[Array], catalogues: Sequence[Catalogue], minimum_cells: int
) -> dict[str, float]:
    """The baseline's numbers from linear densities (n, n, n), true masks and true halos, to be saved with a learner."""
    fraction = float(np.mean([mask.mean() for mask in masks]))

    def score(radius: float) -> float:
        cuts = (cut(smoothed(density, radius), fraction) for density in densities)
        return float(np.mean([foreground_dice(c, m) for c, m in zip(cuts, masks, strict=True)]))

    smoothing = max(SMOOTHINGS, key=score)
    fields = [aside(smoothed(density, smoothing)) for density in densities]
    slope, centre = fit_logistic(fields, masks)
    constants = {
        "baseline.fraction": fraction,
        "baseline.smoothing": smoothing,
        "baseline.slope": slope,
        "baseline.centre": centre,
    }
    probabilities = [aside(probability(field, constants)) for field in fields]
    shell = measure(probabilities, catalogues)
    found = calibrate(probabilities, catalogues, shell, THRESHOLDS, minimum_cells)
    return {**constants, **found.as_constants("baseline.finder")}


def smoothed(density: Array, radius: float) -> Array:
    """A periodic field smoothed by a Gaussian of this radius in cells."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(np.asarray(density), radius, mode="wrap"))


def cut(field: Array, fraction: float) -> Array:
    """The mask of the highest values that fill this fraction of the box."""
    return np.asarray(field > np.quantile(field, 1 - fraction))


def probability(field: Array, constants: dict[str, float]) -> Array:
    """The logistic curve of a smoothed density."""
    return 1 / (1 + np.exp(-constants["baseline.slope"] * (field - constants["baseline.centre"])))


def find(field: Array, constants: dict[str, float], minimum_cells: int) -> Found:
    """Halos of a smoothed density."""
    calibration = from_constants(constants, "baseline.finder", THRESHOLDS)
    return calibration.find(probability(field, constants), THRESHOLDS, minimum_cells)


def fit_logistic(fields: Sequence[Array], truths: Sequence[Array], bins: int = 400) -> tuple[float, float]:
    """Slope and centre of the logistic curve of greatest likelihood, by Newton's method on the binned values of fields
    with a boolean truth each."""
    least, greatest = float(min(x.min() for x in fields)), float(max(x.max() for x in fields))
    edges = np.linspace(least, greatest, bins + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    total = np.sum([np.histogram(x, edges)[0] for x in fields], axis=0)
    inside = np.sum([np.histogram(x[truth], edges)[0] for x, truth in zip(fields, truths, strict=True)], axis=0)
    if not 0 < inside.sum() < total.sum():
        return 1.0, greatest if not inside.sum() else least
    count = sum(x.size for x in fields)
    mean = sum(float(x.sum(dtype=np.float64)) for x in fields) / count
    deviation = np.sqrt(sum(float(np.square(x - mean, dtype=np.float64).sum()) for x in fields) / count)
    design = np.stack([np.ones(bins), (middle - mean) / deviation], axis=1)
    parameters = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ parameters))
        # a little damping keeps a perfectly separable truth finite
        hessian = (design * (total * p * (1 - p))[:, None]).T @ design + 1e-6 * total.sum() * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (inside - total * p) - 1e-6 * total.sum() * parameters)
        parameters += step
        if np.abs(step).max() < 1e-9:
            break
    slope = parameters[1] / deviation
    return float(slope), float(mean - parameters[0] / slope)
