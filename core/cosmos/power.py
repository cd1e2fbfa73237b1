"""The linear matter power spectrum today, normalised so that the integral for sigma8 is exact.

The transfer function is that of Eisenstein & Hu 1998 (astro-ph/9709112) with baryon wiggles, accurate to about 3 %, or
of the Boltzmann code CAMB (Lewis, Challinor & Lasenby 2000, astro-ph/9911177).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.errors import ResourceError

T_CMB = 2.7255
"""Temperature of the microwave background [K]."""


@dataclass(frozen=True)
class LinearPower:
    """P(k) = amplitude k^n T(k)^2 [(Mpc/h)^3] at z = 0, k in h/Mpc."""

    cosmology: Cosmology
    amplitude: float
    transfer: Callable[[Array], Array]

    def __call__(self, k: Array) -> Array:
        k = np.asarray(k, dtype=np.float64)
        safe = np.where(k > 0, k, 1.0)
        power = self.amplitude * safe**self.cosmology.spectral_index * self.transfer(safe) ** 2
        return np.where(k > 0, power, 0.0)

    def sigma(self, radius: float) -> float:
        """Root mean square of delta in top-hat spheres of this radius [Mpc/h]."""
        return float(np.sqrt(_variance(self, radius)))

    def sigma_of_mass(self, mass: Array) -> Array:
        """The same in spheres that hold these masses [Msun/h] on average."""
        radii = (3 * mass / (4 * np.pi * self.cosmology.mean_density)) ** (1 / 3)
        return np.array([self.sigma(float(radius)) for radius in radii])


@lru_cache(maxsize=16)
def linear_power(cosmology: Cosmology) -> LinearPower:
    """The linear spectrum of a cosmology by Eisenstein & Hu, normalised to its sigma8."""
    return _normalised(cosmology, partial(transfer, cosmology=cosmology))


@lru_cache(maxsize=16)
def camb_power(cosmology: Cosmology) -> LinearPower:
    """The linear spectrum of a cosmology by CAMB without neutrino masses, normalised to its sigma8.

    Takes some seconds. Between its wavenumbers (1e-4 to 50 h/Mpc) the transfer function is a spline in log k, beyond
    them a power law. Raises: ResourceError where camb is not installed.
    """
    try:
        import camb
    except ImportError as error:
        raise ResourceError("a spectrum by CAMB needs camb", "install it with: pip install 'halodeck[camb]'") from error
    from scipy.interpolate import CubicSpline

    parameters = _camb_parameters(cosmology, 2e-9)
    parameters.set_matter_power(redshifts=[0.0], kmax=60 * cosmology.h)
    k, _, [power] = camb.get_results(parameters).get_matter_power_spectrum(minkh=1e-4, maxkh=50, npoints=2000)
    log_k, log_transfer = np.log(k), np.log(power / k**cosmology.spectral_index) / 2
    spline = CubicSpline(log_k, log_transfer)
    first, last = log_k[0], log_k[-1]
    slope = float(spline(last, 1))

    def by_camb(k: Array) -> Array:
        x = np.log(k)
        return np.asarray(np.exp(spline(np.clip(x, first, last)) + slope * np.maximum(x - last, 0)))

    return _normalised(cosmology, by_camb)


def hmcode_power(cosmology: Cosmology, k: Array, redshift: float = 0.0) -> Array:
    """The nonlinear spectrum [(Mpc/h)^3] of HMcode 2020 at wavenumbers [h/Mpc], by CAMB (arXiv:2009.01858).

    Raises: ResourceError where camb is not installed.
    """
    linear = camb_power(cosmology)
    import camb

    # the amplitude that gives this sigma8 by our own normalisation
    parameters = _camb_parameters(cosmology, 2e-9)
    parameters.set_matter_power(redshifts=[0.0], kmax=60 * cosmology.h)
    [sigma8] = camb.get_results(parameters).get_sigma8()
    parameters = _camb_parameters(cosmology, 2e-9 * (linear.cosmology.sigma8 / float(sigma8)) ** 2)
    parameters.NonLinear = camb.model.NonLinear_both
    parameters.NonLinearModel.set_params(halofit_version="mead2020")
    parameters.set_matter_power(redshifts=sorted({0.0, redshift}), kmax=60 * cosmology.h)
    at, _, power = camb.get_results(parameters).get_matter_power_spectrum(minkh=1e-4, maxkh=50, npoints=1000)
    return np.asarray(np.exp(np.interp(np.log(k), np.log(at), np.log(power[-1]))))


def _camb_parameters(cosmology: Cosmology, amplitude: float) -> Any:
    import camb

    h = cosmology.h
    return camb.set_params(
        H0=100 * h,
        ombh2=cosmology.omega_baryon * h**2,
        omch2=(cosmology.omega_matter - cosmology.omega_baryon) * h**2,
        mnu=0,
        num_massive_neutrinos=0,
        TCMB=T_CMB,
        As=amplitude,
        ns=cosmology.spectral_index,
        NonLinear="NonLinear_none",
        WantCls=False,
        **({} if cosmology.is_plain else {"w": cosmology.w0, "wa": cosmology.wa, "dark_energy_model": "ppf"}),
    )


def nonlinear_wavenumber(power: Callable[[Array], Array]) -> float:
    """k_nl [h/Mpc] at which k^3 P / (2 pi^2), the variance per unit ln k, reaches 1."""
    from scipy.optimize import brentq

    def excess(x: float) -> float:
        return float(np.log(np.exp(3 * x) * power(np.exp(x)) / (2 * np.pi**2)))

    return float(np.exp(brentq(excess, np.log(1e-3), np.log(1e3), xtol=1e-12)))


def damped(power: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """P exp(-k / (2 k_nl)): initial conditions without the waves that have collapsed today.

    Second-order displacements of this spectrum keep their phases to smaller scales (Petulante 2023, chapter 3; that the
    damping scale there is the k where k = (2 pi^2 / P)^(1/3) is our reading).
    """
    factor = damping(power)
    return lambda k: power(k) * factor(k)


def damping(power: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """exp(-k / (2 k_nl)), what `damped` multiplies a spectrum with."""
    scale = nonlinear_wavenumber(power)
    return lambda k: np.exp(-k / (2 * scale))


def _normalised(cosmology: Cosmology, transfer: Callable[[Array], Array]) -> LinearPower:
    unnormalised = LinearPower(cosmology, 1.0, transfer)
    return LinearPower(cosmology, cosmology.sigma8**2 / _variance(unnormalised, 8.0), transfer)


@lru_cache(maxsize=1024)
def _variance(power: LinearPower, radius: float) -> float:
    """sigma^2(R) = int dlnk k^3 P / (2 pi^2) W^2(kR), trapezoid in ln k."""
    k = np.geomspace(1e-4, max(1e2, 20 / radius), 20_000)
    integrand = k**3 * power(k) / (2 * np.pi**2) * top_hat(k * radius) ** 2
    return float(np.trapezoid(integrand, np.log(k)))


def top_hat(x: Array) -> Array:
    """Fourier transform of the unit sphere, 3 (sin x - x cos x) / x^3; the series where cancellation would bite."""
    x = np.asarray(x, dtype=np.float64)
    safe = np.where(x > 1e-2, x, 1.0)
    return np.where(x > 1e-2, 3 * (np.sin(safe) - safe * np.cos(safe)) / safe**3, 1 - x**2 / 10)


def transfer(k: Array, cosmology: Cosmology) -> Array:
    """T(k) of Eisenstein & Hu 1998, equations 2-24; k in h/Mpc, T -> 1 for k -> 0."""
    h = cosmology.h
    matter, baryon = cosmology.omega_matter * h**2, cosmology.omega_baryon * h**2
    baryon_fraction = baryon / matter
    cdm_fraction = 1 - baryon_fraction
    theta = T_CMB / 2.7
    k = np.asarray(k, dtype=np.float64) * h  # 1/Mpc from here on

    # eqs 2-7: equality, drag epoch, sound horizon, Silk damping
    z_equality = 2.50e4 * matter * theta**-4
    k_equality = 7.46e-2 * matter * theta**-2
    b1 = 0.313 * matter**-0.419 * (1 + 0.607 * matter**0.674)
    b2 = 0.238 * matter**0.223
    z_drag = 1291 * matter**0.251 / (1 + 0.659 * matter**0.828) * (1 + b1 * baryon**b2)
    r_drag = 31.5 * baryon * theta**-4 * (1000 / z_drag)
    r_equality = 31.5 * baryon * theta**-4 * (1000 / z_equality)
    sound_horizon = (
        2
        / (3 * k_equality)
        * np.sqrt(6 / r_equality)
        * np.log((np.sqrt(1 + r_drag) + np.sqrt(r_drag + r_equality)) / (1 + np.sqrt(r_equality)))
    )
    k_silk = 1.6 * baryon**0.52 * matter**0.73 * (1 + (10.4 * matter) ** -0.95)

    # eqs 9-12: cold dark matter
    q = k / (13.41 * k_equality)
    a1 = (46.9 * matter) ** 0.670 * (1 + (32.1 * matter) ** -0.532)
    a2 = (12.0 * matter) ** 0.424 * (1 + (45.0 * matter) ** -0.582)
    alpha_c = a1**-baryon_fraction * a2 ** -(baryon_fraction**3)
    c1 = 0.944 / (1 + (458 * matter) ** -0.708)
    c2 = (0.395 * matter) ** -0.0266
    beta_c = 1 / (1 + c1 * (cdm_fraction**c2 - 1))

    def pressureless(alpha: float, beta: float) -> Array:
        """eqs 19-20."""
        c = 14.2 / alpha + 386 / (1 + 69.9 * q**1.08)
        logarithm = np.log(np.e + 1.8 * beta * q)
        return np.asarray(logarithm / (logarithm + c * q**2))

    ks = k * sound_horizon
    mix = 1 / (1 + (ks / 5.4) ** 4)
    cdm = mix * pressureless(1.0, beta_c) + (1 - mix) * pressureless(alpha_c, beta_c)

    # eqs 13-24: baryons
    y = (1 + z_equality) / (1 + z_drag)
    root = np.sqrt(1 + y)
    g = y * (-6 * root + (2 + 3 * y) * np.log((root + 1) / (root - 1)))
    alpha_b = 2.07 * k_equality * sound_horizon * (1 + r_drag) ** -0.75 * g
    beta_b = 0.5 + baryon_fraction + (3 - 2 * baryon_fraction) * np.sqrt((17.2 * matter) ** 2 + 1)
    beta_node = 8.41 * matter**0.435
    shifted = ks / np.cbrt(1 + (beta_node / ks) ** 3)
    baryons = (
        pressureless(1.0, 1.0) / (1 + (ks / 5.2) ** 2)
        + alpha_b / (1 + (beta_b / ks) ** 3) * np.exp(-((k / k_silk) ** 1.4))
    ) * np.sinc(shifted / np.pi)
    return np.asarray(baryon_fraction * baryons + cdm_fraction * cdm)
