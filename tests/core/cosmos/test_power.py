"""The linear spectrum against colossus, CAMB and an independent integral."""

import sys

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.special import spherical_jn

from core.cosmos.cosmology import PRESETS, Cosmology
from core.cosmos.power import camb_power, damped, linear_power, nonlinear_wavenumber, top_hat, transfer
from core.errors import ResourceError

CAMB = {
    0.01: 22168.4474,
    0.02: 24237.6408,
    0.05: 12407.5297,
    0.1: 5501.22278,
    0.15: 3141.72560,
    0.2: 1969.92133,
    0.3: 887.165901,
    0.5: 316.335323,
    1.0: 68.1531618,
    2.0: 13.2099548,
    5.0: 1.34718048,
}
"""P(k) of planck2015 without neutrinos by CAMB 2.0.5 (As scaled to sigma8, kmax 20); k in h/Mpc."""


@pytest.mark.parametrize("name", PRESETS)
def test_sigma8(name: str) -> None:
    power = linear_power(PRESETS[name])
    x = np.linspace(np.log(3e-5), np.log(60), 40_001)
    k = np.exp(x)
    window = 3 * spherical_jn(1, 8 * k) / (8 * k)
    sigma = np.sqrt(simpson(k**3 * power(k) / (2 * np.pi**2) * window**2, x=x))
    # another rule on other limits: what lies outside either is below 1e-6
    assert sigma == pytest.approx(PRESETS[name].sigma8, rel=1e-5)
    assert power.sigma(8.0) == pytest.approx(PRESETS[name].sigma8, rel=1e-12)


def test_transfer_matches_colossus(planck: Cosmology) -> None:
    from colossus.cosmology import power_spectrum

    k = np.geomspace(1e-4, 50, 300)
    theirs = power_spectrum.modelEisenstein98(k, planck.h, planck.omega_matter, planck.omega_baryon, 2.7255)
    np.testing.assert_allclose(transfer(k, planck), theirs, rtol=1e-3)  # the same paper: rounding of constants only


def test_power_matches_camb(planck: Cosmology) -> None:
    k = np.array(list(CAMB))
    ratio = linear_power(planck)(k) / np.array(list(CAMB.values()))
    # 3 % is what the fitting formula can do against a Boltzmann code
    assert ratio.min() > 0.975
    assert ratio.max() < 1.035


def test_camb_power(planck: Cosmology) -> None:
    """Against the table: CAMB's own sigma8 differs from its integral by 1.6e-4, and its P(k) is interpolated."""
    pytest.importorskip("camb")
    power = camb_power(planck)
    k = np.array(list(CAMB))
    np.testing.assert_allclose(power(k), list(CAMB.values()), rtol=6e-4)
    assert power.sigma(8.0) == pytest.approx(planck.sigma8, rel=1e-12)
    assert camb_power(planck) is power


def test_camb_power_beyond_its_wavenumbers(planck: Cosmology) -> None:
    pytest.importorskip("camb")
    power = camb_power(planck)
    np.testing.assert_array_equal(power(np.array([0.0])), 0)
    low, high = power(np.array([1e-6, 2e-6]))
    assert np.log2(high / low) == pytest.approx(planck.spectral_index, abs=1e-6)
    # k^(n - 4) ln(k)^2 at the other end, one power law across the last wavenumber
    k = np.array([45.0, 49.9, 50.1, 55.0])
    slopes = np.diff(np.log(power(k))) / np.diff(np.log(k))
    np.testing.assert_allclose(slopes, slopes[0], atol=0.01)
    assert planck.spectral_index - 4 < slopes[0] < planck.spectral_index - 3.5


def test_camb_power_without_camb(planck: Cosmology, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "camb", None)
    camb_power.cache_clear()
    with pytest.raises(ResourceError, match=r"halodeck\[camb\]"):
        camb_power(planck)


def test_nonlinear_wavenumber(planck: Cosmology) -> None:
    power = linear_power(planck)
    scale = nonlinear_wavenumber(power)
    assert scale == pytest.approx(0.249, abs=0.002)
    assert scale**3 * float(power(np.array(scale))) / (2 * np.pi**2) == pytest.approx(1, rel=1e-9)
    # exact for a power law: k^3 A / k^2 = 2 pi^2
    assert nonlinear_wavenumber(lambda k: 40.0 / k**2) == pytest.approx(np.pi**2 / 20)


def test_damped_power(planck: Cosmology) -> None:
    power = linear_power(planck)
    k = np.array([0.0, 0.01, 0.2492, 1.0])
    np.testing.assert_allclose(damped(power)(k), power(k) * np.exp(-k / (2 * 0.2492)), rtol=1e-3)


def test_no_power_in_the_mean(planck: Cosmology) -> None:
    np.testing.assert_array_equal(linear_power(planck)(np.array([0.0, 0.0])), 0)


def test_large_scales_keep_the_primordial_slope(planck: Cosmology) -> None:
    low, high = linear_power(planck)(np.array([1e-5, 2e-5]))
    assert np.log2(high / low) == pytest.approx(planck.spectral_index, abs=1e-3)


def test_top_hat() -> None:
    x = np.array([1e-6, 5e-3, 0.01, 0.0101, 0.5, 4.493409, 20.0])
    np.testing.assert_allclose(top_hat(x), 3 * spherical_jn(1, x) / x, atol=1e-8)
