import numpy as np
import pytest

from core.cosmos.box import Field
from core.cosmos.universe import Universe
from core.recipes.halo_mass.masses import calibration, first_crossings, log_crossing, medians, of_halos, of_particles
from core.recipes.halo_mass.particles import HaloParticles, halo_particles


@pytest.fixture
def particles(universes: list[Universe]) -> HaloParticles:
    return halo_particles(universes[0], "nbody", 11.0, 16.0)


def test_medians_by_halo() -> None:
    halo = np.array([4, 2, 4, 2, 4, 7, 9])
    found = medians(halo, np.array([1.0, 10.0, 3.0, 20.0, 2.0, 5.0, -np.inf]))
    assert found.rows.tolist() == [2, 4, 7]
    assert found.middle.tolist() == [15.0, 2.0, 5.0]
    assert found.counts.tolist() == [2, 3, 1]
    assert found.low[1] == pytest.approx(np.percentile([1, 2, 3], 16))
    assert len(medians(halo, np.full(7, -np.inf)).rows) == 0


def test_a_line_is_found_again() -> None:
    x = np.linspace(11, 14, 50)
    noise = np.random.default_rng(1).standard_normal(50)
    assert calibration(0.5 * x + 6, x) == pytest.approx((0.5, 6))
    assert calibration(x + noise, x) == pytest.approx(np.polyfit(x, x + noise, 1), rel=1e-6)
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
    found = of_halos(universes[0], particles, log_mass, (2.0, -12.0))
    truth = universes[0].catalogue("fof")
    assert len(found) == len(truth)
    assert np.allclose(found["mass"], found["true_mass"])
    assert np.array_equal(found["particles"], truth["count"][found["halo"] - 1])
    assert found["scatter"].max() == pytest.approx(0, abs=1e-9)
    assert np.array_equal(found["position"], truth["position"][found["halo"] - 1])


def test_crossing_masses_of_particles(universes: list[Universe], particles: HaloParticles) -> None:
    values = np.zeros((16,) * 3)
    values.reshape(-1)[particles.ids[0]] = 1e13
    found = log_crossing(Field("mass_eps", values, 25.0), particles)
    assert found[0] == pytest.approx(13)
    assert np.isneginf(found[1:]).all()
    masses = first_crossings(universes[0])
    # the barrier of Sheth & Tormen is the higher one where halos are small
    assert np.count_nonzero(masses.sheth_tormen.values) < np.count_nonzero(masses.eps.values)
