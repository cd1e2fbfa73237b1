"""Mutual information of two quantities: how many nats one tells about the other, in every form of dependence.

The joint density is a mixture of Gaussians, as in GMM-MI (Piras et al. 2023, arXiv:2211.00024): components by
cross-validation, the integral by Monte Carlo, the error by bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.errors import UsageError

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

FOLDS = 2
PATIENCE = 2
"""Larger mixtures that may fail to predict better before the search ends."""
GAIN = 1e-3
"""Nats by which a larger mixture has to predict a point better to be worth its parameters."""
CHOICE = 10_000
"""Points on which the number of components is chosen; more make it no better and much slower."""
DRAWS = 10
"""Monte-Carlo points of the integral for each point of data: their noise is a third of the data's."""
EDGE = 1 - 1e-3


@dataclass(frozen=True)
class Information:
    """Mutual information [nats], its bootstrap error, and the components of the mixture that it was read from."""

    value: float
    error: float
    components: int


def mutual_information(
    x: Array,
    y: Array,
    seed: int = 1,
    bootstraps: int = 20,
    largest: int = 20,
    groups: Array | None = None,
) -> Information:
    """I(x, y) = <ln p(x, y) / p(x) p(y)> from samples (N,) of two continuous quantities.

    `largest` bounds the components. Points of one of the `groups` (N,) are not independent, e.g. particles of a halo:
    they stay together in cross-validation and bootstrap. Invariant under monotonic maps of either quantity: those that
    make the density smooth (`unbounded`, `jittered`) help.
    Raises: UsageError for fewer than 50 points or 10 groups, or a constant.
    """
    from threadpoolctl import threadpool_limits

    members = _members(len(x), groups)
    if len(x) < 50 or len(members) < 10 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise UsageError(f"{len(x)} points hold no measurable information", "give at least 50 that vary")
    generator = np.random.default_rng(seed)
    points = np.column_stack([x, y]).astype(np.float64)
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    draws = DRAWS * len(points)
    # matrices of two columns: threads would only wait for each other
    with threadpool_limits(1):
        count = _components(points, members, generator, largest)
        mixture = _fit(points, count, generator)
        values = []
        for _ in range(bootstraps):
            drawn = generator.integers(len(members), size=len(members))
            chosen = points[np.concatenate([members[group] for group in drawn])]
            values.append(integral(_fit(chosen, count, generator, mixture), generator, draws))
        return Information(integral(mixture, generator, draws), float(np.std(values, ddof=1)), count)


def integral(mixture: GaussianMixture, generator: np.random.Generator, draws: int) -> float:
    """The mutual information [nats] of the two axes of a mixture, by Monte Carlo over its own density."""
    which = np.repeat(np.arange(len(mixture.weights_)), generator.multinomial(draws, mixture.weights_))
    roots = np.linalg.cholesky(mixture.covariances_)
    noise = generator.standard_normal((draws, 2))
    points = mixture.means_[which] + np.einsum("nij,nj->ni", roots[which], noise)
    separate = sum(_marginal(mixture, axis, points[:, axis]) for axis in (0, 1))
    return float(np.mean(mixture.score_samples(points) - separate))


def noise_information(values: Array, noise: float) -> float:
    """What values (N,) plus Gaussian noise of this width tell about the values [nats]: h(x + n) - h(n), by quadrature.

    A reference for models that scatter as much. Needs noise wider than the gaps between the values.
    """
    from scipy.ndimage import gaussian_filter1d

    step = noise / 50
    edges = np.arange(values.min() - 6 * noise, values.max() + 6 * noise + step, step)
    density = gaussian_filter1d(np.histogram(values, edges)[0] / (len(values) * step), 50, truncate=6)
    entropy = -np.sum(density * np.log(np.maximum(density, 1e-300))) * step
    return float(entropy - 0.5 * np.log(2 * np.pi * np.e * noise**2))


def unbounded(values: Array, low: float, high: float) -> Array:
    """Values between two hard bounds spread over the line by arctanh: a mixture cannot follow an edge."""
    return np.arctanh(np.clip(2 * (values - low) / (high - low) - 1, -EDGE, EDGE))


def jittered(values: Array, width: float, seed: int = 1) -> Array:
    """Values plus Gaussian noise, to fill the gaps between discrete ones; keep the width below the gaps."""
    return values + width * np.random.default_rng(seed).standard_normal(len(values))


def _members(count: int, groups: Array | None) -> list[Array]:
    """The points of each group; without groups each point is its own."""
    if groups is None:
        return list(np.arange(count)[:, None])
    order = np.argsort(groups, kind="stable")
    first = np.unique(groups[order], return_index=True)[1]
    return np.split(order, first[1:])


def _components(points: Array, members: list[Array], generator: np.random.Generator, largest: int) -> int:
    """The number of Gaussians that predicts points left out of the fit best."""
    fold_of = np.empty(len(points), dtype=np.int64)
    for place, group in enumerate(generator.permutation(len(members))):
        fold_of[members[group]] = place % FOLDS
    kept = generator.permutation(len(points))[:CHOICE]
    chosen, folds = points[kept], fold_of[kept]

    def predicted(count: int) -> float:
        fits = (_fit(chosen[folds != fold], count, generator).score(chosen[folds == fold]) for fold in range(FOLDS))
        return float(np.mean(list(fits)))

    best, score = 1, predicted(1)
    for count in range(2, min(largest, np.bincount(folds).min() // 10) + 1):
        if count > best + PATIENCE:
            break
        value = predicted(count)
        if value > score + GAIN:
            best, score = count, value
    return best


def _fit(
    points: Array, count: int, generator: np.random.Generator, start: GaussianMixture | None = None
) -> GaussianMixture:
    """A mixture of full covariance; from `start` where one is given, so that a bootstrap moves within one optimum."""
    from sklearn.mixture import GaussianMixture

    warm = {}
    if start is not None:
        warm = {"weights_init": start.weights_, "means_init": start.means_, "precisions_init": start.precisions_}
    mixture = GaussianMixture(
        count, tol=1e-4, max_iter=500, reg_covar=1e-6, random_state=int(generator.integers(2**31)), **warm
    )
    return mixture.fit(points)


def _marginal(mixture: GaussianMixture, axis: int, values: Array) -> Array:
    """ln of the density along one axis (N,)."""
    from scipy.special import logsumexp

    mean, variance = mixture.means_[:, axis], mixture.covariances_[:, axis, axis]
    exponents = -0.5 * ((values[:, None] - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    return np.asarray(logsumexp(exponents, axis=1, b=mixture.weights_))
