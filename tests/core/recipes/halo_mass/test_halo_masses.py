import numpy as np
import pytest

from core.cosmos.box import Field
from core.cosmos.universe import Universe
from core.recipes.halo_mass.masses import (
    QUANTILES,
    Reading,
    best_reading,
    calibration,
    first_crossings,
    log_crossing,
    of_halos,
    of_particles,
    pooled,
    reading_from,
)
from core.recipes.halo_mass.particles import HaloParticles, halo_particles


@pytest.fixture
def particles(universes: list[Universe]) -> HaloParticles:
    return halo_particles(universes[0], "nbody", 11.0, 16.0)


def test_quantiles_by_halo() -> None:
    halo = np.array([4, 2, 4, 2, 4, 7, 9])
    found = pooled(halo, np.array([1.0, 10.0, 3.0, 20.0, 2.0, 5.0, -np.inf]))
    assert found.rows.tolist() == [2, 4, 7]
    assert found.middle.tolist() == [15.0, 2.0, 5.0]
    assert found.counts.tolist() == [2, 3, 1]
    assert found.low[1] == pytest.approx(np.percentile([1, 2, 3], 16))
    assert pooled(halo, np.arange(7.0), 0.2).middle[1] == pytest.approx(np.percentile([0, 2, 4], 20))
    assert len(pooled(halo, np.full(7, -np.inf)).rows) == 0


def test_a_line_is_found_again() -> None:
    x = np.linspace(11, 14, 50)
    noise = np.random.default_rng(1).standard_normal(50)
    assert calibration(0.5 * x + 6, x) == pytest.approx((0.5, 6))
    # the line of least absolute error goes through two of the points
    y = x + noise

    def error(slope: float, offset: float) -> float:
        return float(np.mean(np.abs(y - slope * x - offset)))

    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(50) for j in range(i)]
    firsts = [i for i in range(50) for j in range(i)]
    through = y[firsts] - np.array(slopes) * x[firsts]
    assert error(*calibration(y, x)) == pytest.approx(min(map(error, slopes, through)), rel=1e-3)
    # a few that are wholly wrong do not tilt it
    wrong = 0.5 * x + 6 + np.where(np.arange(50) > 44, -2.0, 0.0)
    assert calibration(wrong, x) == pytest.approx((0.5, 6), abs=0.01)
    slope, offset = calibration(x, np.ones(50))
    assert slope + offset == pytest.approx(12.5)


def test_particles_in_order_of_mass(universes: list[Universe], particles: HaloParticles) -> None:
    log_mass = np.random.default_rng(1).uniform(11, 14, len(particles))
    found = of_particles(universes[0], particles, log_mass)
    assert (np.diff(found["mass"]) <= 0).all()
    cells = np.rint(found["position"] / (25.0 / 16)).astype(int)
    assert np.array_equal(np.ravel_multi_index(tuple(cells.T), (16,) * 3), found["id"])
    label = np.asarray(universes[0].field("label").values).reshape(-1)
    assert np.array_equal(label[found["id"]], found["halo"])
    assert np.array_equal(universes[0].catalogue("fof")["mass"][found["halo"] - 1], found["true_mass"])


def test_halos_are_read_from_their_particles(universes: list[Universe], particles: HaloParticles) -> None:
    log_mass = 0.5 * np.log10(particles.mass) + 6
    found = of_halos(universes[0], particles, log_mass, Reading(0.5, 2.0, -12.0))
    truth = universes[0].catalogue("fof")
    assert len(found) == len(truth)
    assert np.allclose(found["mass"], found["true_mass"])
    assert np.array_equal(found["particles"], truth["count"][found["halo"] - 1])
    assert found["scatter"].max() == pytest.approx(0, abs=1e-9)
    assert np.array_equal(found["position"], truth["position"][found["halo"] - 1])


def test_the_quantile_that_tells_most_is_found(particles: HaloParticles) -> None:
    """A third of the particles of every halo are told far too heavy: the lowest quantile knows nothing of them."""
    odd = np.random.default_rng(1).random(len(particles)) < 1 / 3
    log_mass = 0.5 * np.log10(particles.mass) + 6 + np.where(odd, 1.0, 0.0)
    reading = best_reading([(particles, log_mass), (particles, log_mass)])
    assert reading.quantile == QUANTILES[0]
    assert (reading.slope, reading.offset) == pytest.approx((2, -12), abs=0.2)
    assert reading_from(reading.as_constants("halo_mass"), "halo_mass") == reading
    # runs of before knew medians alone
    assert reading_from({"a.slope": 2.0, "a.offset": 1.0}, "a") == Reading(0.5, 2.0, 1.0)
    nothing = best_reading([(particles, np.full(len(particles), -np.inf))])
    assert (nothing.slope, nothing.offset) == (1, 0)


def test_crossing_masses_of_particles(universes: list[Universe], particles: HaloParticles) -> None:
    values = np.zeros((16,) * 3)
    values.reshape(-1)[particles.ids[0]] = 1e13
    found = log_crossing(Field("mass_eps", values, 25.0), particles)
    assert found[0] == pytest.approx(13)
    assert np.isneginf(found[1:]).all()
    masses = first_crossings(universes[0])
    # the barrier of Sheth & Tormen is the higher one where halos are small
    assert np.count_nonzero(masses.sheth_tormen.values) < np.count_nonzero(masses.eps.values)
