"""The linear matter power spectrum today.

Eisenstein & Hu 1998 (astro-ph/9709112) transfer function with baryon wiggles, accurate to about 3 % against a
Boltzmann code, normalised so that the integral for sigma8 is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology

T_CMB = 2.7255
"""Temperature of the microwave background [K]."""


@dataclass(frozen=True)
class LinearPower:
    """P(k) = amplitude k^n T(k)^2 [(Mpc/h)^3] at z = 0, k in h/Mpc."""

    cosmology: Cosmology
    amplitude: float

    def __call__(self, k: Array) -> Array:
        k = np.asarray(k, dtype=np.float64)
        safe = np.where(k > 0, k, 1.0)
        power = self.amplitude * safe**self.cosmology.spectral_index * transfer(safe, self.cosmology) ** 2
        return np.where(k > 0, power, 0.0)

    def sigma(self, radius: float) -> float:
        """Root mean square of delta in top-hat spheres of this radius [Mpc/h]."""
        return float(np.sqrt(_variance(self, radius)))


@lru_cache(maxsize=16)
def linear_power(cosmology: Cosmology) -> LinearPower:
    """The linear spectrum of a cosmology, normalised to its sigma8."""
    unnormalised = LinearPower(cosmology, 1.0)
    return LinearPower(cosmology, cosmology.sigma8**2 / _variance(unnormalised, 8.0))


def _variance(power: LinearPower, radius: float) -> float:
    """sigma^2(R) = int dlnk k^3 P / (2 pi^2) W^2(kR), trapezoid in ln k."""
    k = np.geomspace(1e-4, 1e2, 20_000)
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
