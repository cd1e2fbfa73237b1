"""Background and growth against quadrature, matter-only solutions and colossus."""

import numpy as np
import pytest
from scipy.integrate import quad

from core.cosmos.cosmology import CRITICAL_DENSITY, PRESETS, Cosmology, growth, preset
from core.errors import UsageError

REDSHIFTS = [0.5, 1, 2, 5, 9, 49]
OMEGA = 0.3089


def expansion(a: float) -> float:
    return float(np.sqrt(OMEGA * a**-3 + 1 - OMEGA))


def growth_integral(a: float) -> float:
    """Heath 1977: the growing mode of matter and a constant is E(a) int da' / (a' E)^3."""
    return expansion(a) * float(quad(lambda x: (x * expansion(x)) ** -3, 0, a, epsrel=1e-12)[0])


@pytest.mark.parametrize("z", REDSHIFTS)
def test_first_order_growth_is_the_integral(z: float) -> None:
    a = 1 / (1 + z)
    exact = growth_integral(a) / growth_integral(1.0)
    assert growth(OMEGA).first(a) == pytest.approx(exact, rel=1e-6)  # ODE and spline are good to 1e-8


@pytest.mark.parametrize("z", [0, *REDSHIFTS])
def test_growth_rate_is_the_slope_of_the_integral(z: float) -> None:
    a, step = 1 / (1 + z), 1e-4
    slope = np.log(growth_integral(a * np.exp(step)) / growth_integral(a * np.exp(-step))) / (2 * step)
    assert growth(OMEGA).rate(a) == pytest.approx(slope, rel=1e-6)


def test_growth_today() -> None:
    functions = growth(OMEGA)
    assert functions.first(1.0) == pytest.approx(1, abs=1e-12)
    assert functions.rate(1.0) == pytest.approx(OMEGA**0.55, rel=1e-2)  # Linder's fit holds to 0.5 %
    # Bouchet et al. 1995: their fit holds to 2e-4 here
    assert functions.second(1.0) == pytest.approx(-3 / 7 * OMEGA ** (-1 / 143), rel=5e-4)


def test_growth_of_matter_alone() -> None:
    functions = growth(1.0)
    for a in (0.002, 0.01, 0.1, 0.5, 1.0):
        # the exact solution of the equations; what is left is the spline's and the solver's error
        assert functions.first(a) == pytest.approx(a, rel=1e-8)
        assert functions.rate(a) == pytest.approx(1, rel=1e-7)
        assert functions.second(a) == pytest.approx(-3 / 7 * a**2, rel=1e-8)
        assert functions.second_slope(a) == pytest.approx(-6 / 7 * a, rel=1e-7)


def test_growth_matches_colossus(planck: Cosmology) -> None:
    from colossus.cosmology import cosmology as background

    parameters = {"flat": True, "H0": 67.74, "Om0": OMEGA, "Ob0": 0.0486, "sigma8": 0.8159, "ns": 0.9667}
    other = background.setCosmology("growth", params={**parameters, "relspecies": False}, persistence="")
    for z in (0.5, 1.0, 2.0):  # at higher redshift its fits differ by 0.1 % and more
        assert growth(planck.omega_matter).first(1 / (1 + z)) == pytest.approx(other.growthFactor(z), rel=1e-4)


def test_conjugate_momentum_of_growth() -> None:
    """dG/da = 3/2 Om D / (a^2 E): the growth equation in another form."""
    functions, step = growth(OMEGA), 1e-4
    for a in (0.05, 0.1, 0.3, 0.7, 0.95):
        slope = (functions.conjugate(a + step * a) - functions.conjugate(a - step * a)) / (2 * step * a)
        expected = 1.5 * OMEGA * functions.first(a) / (a**2 * expansion(a))
        assert slope == pytest.approx(expected, rel=1e-5)  # the second derivative of a cubic spline


def test_scale_factor_inverts_growth() -> None:
    functions = growth(OMEGA)
    for a in (0.002, 0.1, 0.5, 1.0):
        assert functions.scale_factor(functions.first(a)) == pytest.approx(a, rel=1e-8)


def test_densities_and_expansion(planck: Cosmology) -> None:
    gravity = 4.30091727e-9  # Mpc (km/s)^2 / Msun
    assert pytest.approx(3 * 100**2 / (8 * np.pi * gravity), rel=1e-5) == CRITICAL_DENSITY
    assert planck.particle_mass(64.0, 64) == pytest.approx(8.573e10, rel=1e-3)
    assert planck.particle_mass(64.0, 64) * 64**3 == pytest.approx(planck.mean_density * 64.0**3)
    assert planck.hubble(1.0) == pytest.approx(100)
    assert planck.hubble(0.25) == pytest.approx(100 * expansion(0.25))


def test_unknown_preset_suggests_a_known_one() -> None:
    assert preset("planck2018") is PRESETS["planck2018"]
    with pytest.raises(UsageError, match="planck2015"):
        preset("plank2015")
