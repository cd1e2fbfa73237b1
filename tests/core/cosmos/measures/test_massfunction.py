"""Counts by hand; fitting functions written out from their papers."""

from collections.abc import Callable

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology, growth
from core.cosmos.measures.massfunction import mass_edges, mass_function, theory
from core.cosmos.power import linear_power
from core.errors import UsageError


def catalogue(masses: list[float], box_size: float) -> Catalogue:
    mass = np.array(masses)
    return Catalogue({"mass": mass, "half": mass / 2, "position": np.zeros((len(mass), 3))}, box_size)


def test_counts_by_hand() -> None:
    boxes = [catalogue([5e13, 2e13, 1e13, 3e12], 10.0), catalogue([1e14, 1.5e12], 20.0)]
    measured = mass_function(boxes, np.array([1e12, 1e13, 1e14]))
    assert measured.count.tolist() == [2, 4]  # an edge belongs to the bin above it, the last edge to the last bin
    assert measured.volume == 9000
    np.testing.assert_allclose(measured.mass, [10**12.5, 10**13.5])
    np.testing.assert_allclose(measured.density, [2 / 9000, 4 / 9000])
    np.testing.assert_allclose(measured.error, [np.sqrt(2) / 9000, 2 / 9000])
    assert mass_function(boxes, np.array([1e12, 1e13, 1e14]), "half").count.tolist() == [2, 3]


def test_jackknife_of_random_halos_is_poisson() -> None:
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(20):
        mass, position = rng.uniform(1e12, 1e14, 900), rng.uniform(0, 30.0, (900, 3))
        measured = mass_function([Catalogue({"mass": mass, "position": position}, 30.0)], np.geomspace(1e12, 1e14, 4))
        ratios.append((measured.jackknife / measured.error)[1:])
    assert np.mean(ratios) == pytest.approx(1, abs=0.07)  # 14 % scatter each, 40 values


def test_jackknife_sees_structure() -> None:
    """All halos of two boxes in one sub-cube of one: leaving it out takes all, N = R / (R - 1) sum (n_r - mean)^2."""
    crowd = catalogue([2e12] * 30, 10.0)  # all at the origin
    measured = mass_function([crowd, catalogue([], 10.0)], np.array([1e12, 1e13]))
    regions = np.array([30] + [0] * 53)
    expected = np.sqrt(54 / 53 * ((regions - regions.mean()) ** 2).sum()) / measured.volume
    assert measured.regions.sum() == 30
    assert measured.jackknife[0] == pytest.approx(expected)
    assert measured.error[0] == pytest.approx(np.sqrt(30) / 2000)


def test_bin_width_is_divided_out() -> None:
    measured = mass_function([catalogue([2e12, 3e12], 10.0)], np.array([1e12, 1e12 * 10**0.5]))
    np.testing.assert_allclose(measured.density, [2 / 1000 / 0.5])


@pytest.mark.parametrize(("lowest", "highest"), [(1e12, 1e14), (1.7e12, 9e13), (3e12, 3e12)])
def test_edges_hold_all_masses(lowest: float, highest: float) -> None:
    edges = mass_edges(lowest, highest)
    np.testing.assert_allclose(np.diff(np.log10(edges)), 0.2)
    assert edges[0] == lowest
    assert edges[-1] >= highest
    assert len(edges) == 2 or edges[-2] < highest * (1 + 1e-9)


def sigma_and_slope(mass: Array, planck: Cosmology) -> tuple[Array, Array]:
    """sigma(M) today and -dln sigma/dln M from our own spectrum."""
    power = linear_power(planck)

    def sigma(m: Array) -> Array:
        return np.array([power.sigma((3 * each / (4 * np.pi * planck.mean_density)) ** (1 / 3)) for each in m])

    return sigma(mass), -np.log(sigma(mass * 1.02) / sigma(mass / 1.02)) / (2 * np.log(1.02))


def press_schechter(sigma: Array) -> Array:
    """Press & Schechter 1974 with the collapse threshold of an Einstein-de Sitter universe."""
    nu = 1.686 / sigma
    return np.asarray(np.sqrt(2 / np.pi) * nu * np.exp(-(nu**2) / 2))


def warren(sigma: Array) -> Array:
    """Warren et al. 2006, astro-ph/0506395, equation 5."""
    return np.asarray(0.7234 * (sigma**-1.625 + 0.2538) * np.exp(-1.1982 / sigma**2))


def tinker(sigma: Array) -> Array:
    """Tinker et al. 2008, arXiv:0803.2706, equation 3 and table 2 for 200 times the mean density, z = 0."""
    return np.asarray(0.186 * ((sigma / 2.57) ** -1.47 + 1) * np.exp(-1.19 / sigma**2))


@pytest.mark.parametrize(
    ("model", "fit", "z"),
    [
        ("press74", press_schechter, 0.0),
        ("press74", press_schechter, 1.0),
        ("warren06", warren, 0.0),
        ("tinker08", tinker, 0.0),
    ],
)
def test_fitting_functions(planck: Cosmology, model: str, fit: Callable[[Array], Array], z: float) -> None:
    mass = np.geomspace(1e11, 3e14, 8)
    sigma, slope = sigma_and_slope(mass, planck)
    sigma *= growth(planck.omega_matter).first(1 / (1 + z))
    expected = fit(sigma) * planck.mean_density / mass * slope * np.log(10)
    # the library's table of sigma is 4e-4 off, which the exponential magnifies up to 40 times at 3e14
    np.testing.assert_allclose(theory(mass, planck, z, model), expected, rtol=2e-2)


def test_unknown_fit_suggests_a_known_one(planck: Cosmology) -> None:
    with pytest.raises(UsageError, match="tinker08"):
        theory(np.array([1e13]), planck, model="tinker")
