"""Mutual information against closed forms and direct integrals."""

import numpy as np
import pytest
from scipy.stats import norm

from core.cosmos.box import Array
from core.errors import UsageError
from core.recipes.halo_mass.information import integral, jittered, mutual_information, unbounded
from tests.validation.information import Mixture


def normal(rho: float, count: int, seed: int) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    x = generator.standard_normal(count)
    return x, rho * x + np.sqrt(1 - rho**2) * generator.standard_normal(count)


@pytest.mark.parametrize("rho", [0.3, 0.9])
def test_a_bivariate_normal(rho: float) -> None:
    found = mutual_information(*normal(rho, 2000, 7), bootstraps=8)
    exact = -np.log(1 - rho**2) / 2
    assert abs(found.value - exact) < 3 * found.error
    # the scatter of -ln(1 - r^2) / 2 over samples is that of r: (1 - rho^2) / sqrt(N)
    assert found.error == pytest.approx(rho / np.sqrt(2000), rel=0.7)


@pytest.mark.parametrize(("name", "published"), [("D1", 0.08718), ("D3", 0.13238), ("D5", 0.16811)])
def test_the_published_mixtures(name: str, published: float) -> None:
    """The values are those of GMM-MI for its own densities, by Monte Carlo; ours are summed over a grid."""
    mixture = Mixture.published(name)
    exact = mixture.information()
    assert exact == pytest.approx(published, abs=1e-4)
    points = mixture.sample(4000, 3)
    found = mutual_information(points[:, 0], points[:, 1], bootstraps=8)
    assert abs(found.value - exact) < 3 * found.error
    assert found.components >= len(mixture.weights) - 1


def test_the_integral_of_a_known_mixture() -> None:
    from sklearn.mixture import GaussianMixture

    mixture = Mixture.published("D5")
    known = GaussianMixture(5)
    known.weights_, known.means_, known.covariances_ = mixture.weights, mixture.means, mixture.covariances
    known.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(mixture.covariances))
    assert integral(known, np.random.default_rng(1), 200_000) == pytest.approx(mixture.information(), abs=0.004)


def test_independent_quantities_share_nothing() -> None:
    found = mutual_information(*normal(0.0, 2000, 4), bootstraps=8)
    assert abs(found.value) < 0.004


def test_hard_bounds() -> None:
    """A uniform quantity seen through Gaussian noise: the entropy of the sum less that of the noise."""
    generator = np.random.default_rng(2)
    x = generator.uniform(11.0, 13.4, 8000)
    y = x + 0.5 * generator.standard_normal(8000)
    axis = np.linspace(7, 18, 4001)
    density = (norm.cdf((axis - 11.0) / 0.5) - norm.cdf((axis - 13.4) / 0.5)) / 2.4
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), axis)
    exact = entropy - 0.5 * np.log(2 * np.pi * np.e * 0.25)
    found = mutual_information(unbounded(x, 11.0, 13.4), y, bootstraps=8)
    assert found.value == pytest.approx(exact, abs=0.02)


def test_points_that_belong_together_are_resampled_together() -> None:
    """Four copies of each point know no more than one: the error is that of the points that differ."""
    x, y = normal(0.6, 400, 3)
    alone = mutual_information(x, y, bootstraps=12)
    generator = np.random.default_rng(1)
    x, y = (np.repeat(item, 4) + 0.3 * generator.standard_normal(1600) for item in (x, y))
    together = mutual_information(x, y, bootstraps=12, groups=np.repeat(np.arange(400), 4))
    apart = mutual_information(x, y, bootstraps=12)
    assert together.error == pytest.approx(alone.error, rel=0.5)
    assert apart.error < 0.75 * together.error


def test_the_same_seed_gives_the_same_value() -> None:
    x, y = normal(0.5, 300, 1)
    assert mutual_information(x, y, bootstraps=3) == mutual_information(x, y, bootstraps=3)
    assert np.array_equal(jittered(x, 0.1), jittered(x, 0.1))


def test_too_little_to_measure() -> None:
    x, y = normal(0.5, 300, 1)
    with pytest.raises(UsageError, match="40 points hold no measurable information"):
        mutual_information(x[:40], y[:40])
    with pytest.raises(UsageError, match="at least 50"):
        mutual_information(x, y, groups=np.arange(300) % 9)
    with pytest.raises(UsageError, match="that vary"):
        mutual_information(x, np.ones(300))
