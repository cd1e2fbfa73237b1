"""Mutual information by Gaussian mixtures, against closed forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import multivariate_normal, norm

from core.cosmos.box import Array
from core.recipes.halo_mass.information import mutual_information, unbounded
from tests.validation.check import Check, within

POINTS = 2000
SAMPLES = 10

SKEW = ([1.0, 0.0], [0.0, 0.1])
OVAL = ([0.5, 0.2], [0.2, 0.5])
SMALL = ([0.1, 0.05], [0.05, 0.1])
PUBLISHED: dict[str, tuple[Sequence[float], Sequence[Sequence[float]], Sequence[Sequence[Sequence[float]]]]] = {
    "D1": ([1.0], [(-1, 1)], [OVAL]),
    "D3": ([0.3, 0.45, 0.25], [(-1, 1), (0, 2), (-1.5, 2)], [SKEW, OVAL, SMALL]),
    "D5": (
        [0.2, 0.35, 0.15, 0.12, 0.18],
        [(-1, 1), (0, 2), (-1.5, 2), (2, 1), (-0.25, 0)],
        [SKEW, OVAL, SMALL, ([0.5, -0.1], [-0.1, 0.9]), ([0.2, -0.05], [-0.05, 0.1])],
    ),
}
"""Weights, means and covariances of the densities on which GMM-MI was tested (Piras et al. 2022, arXiv:2211.00024)."""


@dataclass(frozen=True)
class Mixture:
    """Gaussians in the plane: weights (k,), means (k, 2), covariances (k, 2, 2)."""

    weights: Array
    means: Array
    covariances: Array

    @classmethod
    def published(cls, name: str) -> Mixture:
        return cls(*(np.array(item, dtype=float) for item in PUBLISHED[name]))

    def sample(self, count: int, seed: int) -> Array:
        """Points (count, 2)."""
        generator = np.random.default_rng(seed)
        which = generator.choice(len(self.weights), count, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)[which]
        return self.means[which] + np.einsum("nij,nj->ni", roots, generator.standard_normal((count, 2)))

    def information(self) -> float:
        """The mutual information of the coordinates [nats] by summation over a grid."""
        axis, step = np.linspace(-8, 9, 1701, retstep=True)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
        parts = zip(self.weights, self.means, self.covariances, strict=True)
        density = sum(weight * multivariate_normal(mean, cov).pdf(grid) for weight, mean, cov in parts)
        separate = np.outer(density.sum(axis=1), density.sum(axis=0)) * step**2
        ratio = np.maximum(density, 1e-300) / np.maximum(separate, 1e-300)
        return float(np.sum(density * np.log(ratio)) * step**2)


def checks() -> Iterator[Check]:
    for name in PUBLISHED:
        yield from _published(name)
    for rho in (0.3, 0.6, 0.9):
        yield from _bivariate_normal(rho)
    yield _hard_bounds()


def _published(name: str) -> Iterator[Check]:
    mixture = Mixture.published(name)
    exact = mixture.information()
    found = [mutual_information(*mixture.sample(POINTS, seed).T, seed=seed, bootstraps=20) for seed in range(SAMPLES)]
    values, errors = np.array([item.value for item in found]), np.array([item.error for item in found])
    mean = float(np.sqrt(np.mean(errors**2) / SAMPLES))
    title = f"mutual information, mixture {name} of Piras et al. 2022"
    note = f"{SAMPLES} samples of {POINTS} points"
    reference = f"{exact:.5f} nats (summed over a grid)"
    yield within(f"{title}, mean", float(values.mean()), exact - 3 * mean, exact + 3 * mean, reference, note)
    farthest = float(np.abs((values - exact) / errors).max())
    yield within(f"{title}, farthest sample / its error", farthest, 0, 3, "within 3 bootstrap errors", note)


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
