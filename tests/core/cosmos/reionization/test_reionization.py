import math

import numpy as np
import pytest
import torch

from core.cosmos.cosmology import growth, preset
from core.cosmos.initial import linear_field
from core.cosmos.power import linear_power
from core.cosmos.reionization import bubbles as reionization
from core.cosmos.reionization.bubbles import (
    CELL_RADIUS,
    Collapsed,
    Sources,
    brightness_temperature,
    collapsed,
    mean_collapsed,
    neutral_fraction,
    radii,
    smallest_mass,
    temperature_scale,
)

COSMOLOGY = preset("planck2015")
BOX = 32.0


def density(redshift: float, seed: int = 1) -> torch.Tensor:
    today = linear_field(32, BOX, linear_power(COSMOLOGY), seed).values
    return torch.from_numpy(today) * growth(COSMOLOGY.omega_matter).first(1 / (1 + redshift))


def test_smallest_halos_are_those_of_an_independent_calculation() -> None:
    assert smallest_mass(1e4, 8, COSMOLOGY) == pytest.approx(7.7e7, rel=0.01)


def test_molecules_are_heavier_below_atomic_cooling() -> None:
    step = smallest_mass(9999.0, 8, COSMOLOGY) / smallest_mass(1e4, 8, COSMOLOGY)
    assert step == pytest.approx((0.59 / 1.22) ** 1.5, rel=1e-3)


@pytest.mark.parametrize("redshift", [6.0, 10.0])
def test_collapsed_fraction_is_the_integral_of_a_mass_function(redshift: float) -> None:
    from colossus.lss import mass_function

    from core.cosmos.measures.massfunction import theory

    mass = smallest_mass(5e4, redshift, COSMOLOGY)
    masses = np.geomspace(mass, 1e15, 2000)
    theory(masses[:1], COSMOLOGY)  # sets colossus' cosmology
    density = mass_function.massFunction(masses, redshift, mdef="fof", model="sheth99", q_out="dndlnM", q_in="M")
    integral = np.trapezoid(density * masses, np.log(masses)) / COSMOLOGY.mean_density
    assert mean_collapsed(mass, redshift, COSMOLOGY) == pytest.approx(integral, rel=0.05)


def test_spheres_shrink_from_the_largest_to_a_cell() -> None:
    found = radii(32, BOX, 10.0)
    assert found[0] == 10.0
    assert found[-1] == pytest.approx((3 / (4 * math.pi)) ** (1 / 3) * BOX / 32)
    assert np.all(found[:-1] / found[1:] <= 1.1 + 1e-9)
    assert np.all(np.diff(found) < 0)


def test_no_sphere_is_larger_than_the_box() -> None:
    assert radii(32, BOX, 1000.0)[0] == pytest.approx(CELL_RADIUS * BOX)


def test_one_map_settles_every_escape_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    delta, sources = density(7.0), Sources(largest_bubble=8.0)
    shares = collapsed(delta, BOX, COSMOLOGY, 7.0, sources)
    spheres = radii(32, BOX, 8.0)
    for fraction in (0.04, 0.07, 0.1):
        efficiency = sources.efficiency(fraction)
        bubble = torch.zeros_like(delta, dtype=torch.bool)
        share = delta
        for radius in spheres:
            monkeypatch.setattr(reionization, "radii", lambda *_, r=radius: np.array([r]))
            share = collapsed(delta, BOX, COSMOLOGY, 7.0, sources).cell
            bubble |= efficiency * share >= 1
        direct = torch.where(bubble, 0, (1 - efficiency * share).clamp(0, 1))
        assert 0.02 < float(bubble.float().mean()) < 0.98
        assert torch.equal(neutral_fraction(shares, efficiency), direct)


def test_the_smallest_sphere_may_see_another_density() -> None:
    delta = density(7.0)
    plain, same, other = (collapsed(delta, BOX, COSMOLOGY, 7.0, Sources(), cell) for cell in (None, delta, 2 * delta))
    assert torch.equal(plain.cell, same.cell)
    assert torch.equal(plain.largest, same.largest)
    # as dense a cell, as many of its sources
    assert float(torch.corrcoef(torch.stack([other.cell, plain.cell]).flatten(1))[0, 1]) > 0.8
    assert not torch.equal(plain.cell, other.cell)
    assert bool((other.largest >= other.cell).all())


def test_each_map_has_the_mean_of_sheth_and_tormen() -> None:
    shares = collapsed(density(9.0), BOX, COSMOLOGY, 9.0, Sources(largest_bubble=5.0))
    mean = mean_collapsed(smallest_mass(5e4, 9.0, COSMOLOGY), 9.0, COSMOLOGY)
    # the densest cells have collapsed whole: they lack what the scaling gave them
    assert float(shares.cell.mean()) == pytest.approx(mean, rel=0.02)


def test_more_photons_and_more_time_leave_less_neutral() -> None:
    by_redshift = []
    for redshift in (7.0, 8.0, 10.0):
        shares = collapsed(density(redshift), BOX, COSMOLOGY, redshift, Sources())
        means = [float(neutral_fraction(shares, 300 * fraction).mean()) for fraction in (0.02, 0.05, 0.07, 0.1)]
        assert means == sorted(means, reverse=True)
        by_redshift.append(means)
    assert all(early < late for early, late in zip(by_redshift[0], by_redshift[1], strict=True))
    assert all(early < late for early, late in zip(by_redshift[1], by_redshift[2], strict=True))


def test_bubbles_lie_where_matter_is_dense() -> None:
    delta = density(7.0)
    neutral = neutral_fraction(collapsed(delta, BOX, COSMOLOGY, 7.0, Sources()), 21)
    assert float(delta[neutral == 0].mean()) > 0.1 > float(delta[neutral > 0].mean())


def test_neutral_gas_follows_the_density() -> None:
    delta = density(8.0)
    shares = collapsed(delta, BOX, COSMOLOGY, 8.0, Sources())
    temperature = brightness_temperature(neutral_fraction(shares, 0.0), delta, 8.0, COSMOLOGY)
    torch.testing.assert_close(temperature, temperature_scale(8.0, COSMOLOGY) * (1 + delta))


def test_mean_temperature_is_that_of_the_neutral_mass() -> None:
    delta = density(8.0)
    neutral = neutral_fraction(collapsed(delta, BOX, COSMOLOGY, 8.0, Sources()), 21)
    temperature = brightness_temperature(neutral, delta, 8.0, COSMOLOGY).double()
    mass = float((neutral.double() * (1 + delta.double())).mean())
    assert float(temperature.mean()) == pytest.approx(temperature_scale(8.0, COSMOLOGY) * mass, rel=1e-5)


def test_temperature_of_neutral_gas() -> None:
    """25.5 mK at z = 8 with the parameters of Planck 2015, growing as sqrt(1 + z)."""
    assert temperature_scale(8.0, COSMOLOGY) == pytest.approx(25.5, abs=0.1)
    assert temperature_scale(17.0, COSMOLOGY) / temperature_scale(8.0, COSMOLOGY) == pytest.approx(math.sqrt(2))


def test_a_cell_is_partly_ionized_by_its_own_sources() -> None:
    shares = Collapsed(torch.tensor([0.02, 0.2]), torch.tensor([0.02, 0.05]))
    torch.testing.assert_close(neutral_fraction(shares, 10), torch.tensor([0.8, 0.0]))
