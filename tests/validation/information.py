"""Mutual information by Gaussian mixtures, against closed forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from core.halo_mass.information import mutual_information, unbounded
from tests.validation.check import Check, within

POINTS = 2000
SAMPLES = 10


def checks() -> Iterator[Check]:
    for rho in (0.3, 0.6, 0.9):
        yield from _bivariate_normal(rho)
    yield _hard_bounds()


def _bivariate_normal(rho: float) -> Iterator[Check]:
    exact = -np.log(1 - rho**2) / 2
    found = []
    for seed in range(SAMPLES):
        generator = np.random.default_rng(seed)
        x = generator.standard_normal(POINTS)
        y = rho * x + np.sqrt(1 - rho**2) * generator.standard_normal(POINTS)
        found.append(mutual_information(x, y, seed=seed))
    values, errors = np.array([item.value for item in found]), np.array([item.error for item in found])
    name = f"mutual information, bivariate normal, rho = {rho:g}"
    reference, note = f"{exact:.4f} nats", f"{SAMPLES} samples of {POINTS} points"
    yield within(f"{name}, mean (A7.5)", float(values.mean()), exact - 0.02, exact + 0.02, reference, note)
    farthest = float(np.abs((values - exact) / errors).max())
    yield within(f"{name}, farthest sample / its error (A7.5)", farthest, 0, 3, "within 3 bootstrap errors", note)


def _hard_bounds() -> Check:
    """x uniform, y = x + noise: the entropy of y less that of the noise, by quadrature."""
    generator = np.random.default_rng(1)
    x = generator.uniform(-1, 1, 20_000)
    found = mutual_information(unbounded(x, -1, 1), x + 0.4 * generator.standard_normal(len(x)))
    axis = np.linspace(-4, 4, 8001)
    density = (norm.cdf((axis + 1) / 0.4) - norm.cdf((axis - 1) / 0.4)) / 2
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), axis)
    exact = float(entropy - 0.5 * np.log(2 * np.pi * np.e * 0.16))
    return within(
        "mutual information of a bounded quantity and a noisy copy",
        found.value,
        exact - 3 * found.error,
        exact + 3 * found.error,
        f"{exact:.4f} nats",
        "20,000 points, after arctanh",
    )
