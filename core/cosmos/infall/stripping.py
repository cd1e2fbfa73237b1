"""Mass loss of subhalos in the drawn tables: dm/dt = -A (m / tau) (m / M)^zeta.

van den Bosch, Tormen & Giocoli 2005, astro-ph/0409201; Jiang & van den Bosch 2016, arXiv:1403.6827.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.infall.table import MERGED_BELOW, age, crossing_time, hubble_time, matter_share, radius_200b

ZETA = 0.07
"""Exponent of m / M in the mass loss."""
STEPS = 400


def growth_of(mass: Array, a: Array) -> Array:
    """Mass of the main progenitor in units of today's mass: (1 + z)^0.1 exp(-0.9 beta z), beta rising with mass."""
    z = 1 / a - 1
    beta = 0.6 + 0.05 * np.log10(mass / 1e12)
    return np.asarray((1 + z) ** 0.1 * np.exp(-0.9 * beta * z))


def strip(sub: Array, today: Array, a_accretion: Array, strength: Array, cosmology: Cosmology) -> dict[str, Array]:
    """Integrate the mass loss (N,) from accretion to today; outcomes but the distance, and their scales."""
    limit = np.log(MERGED_BELOW * sub)
    merged_at = np.full(len(sub), np.nan)
    before = np.log(sub)
    times = _times(a_accretion, cosmology)
    for k, after in enumerate(log_masses(sub, today, a_accretion, strength, cosmology)):
        crossed = np.isnan(merged_at) & (after < limit)
        part = np.where(crossed, (before - limit) / (before - after), 0)
        merged_at = np.where(crossed, times[k] + part * (times[k + 1] - times[k]), merged_at)
        before = after
    survived = np.isnan(merged_at)
    end = np.where(survived, times[-1], merged_at)
    a_end = scale_factor(end, cosmology)
    return {
        "survived": survived.astype(float),
        "final_mass": np.where(survived, np.exp(before), np.nan),
        "merge_time": np.where(survived, np.nan, merged_at - times[0]),
        "host_final_radius": radius_200b(today, cosmology),
        "crossing_time": crossing_time(today * growth_of(today, a_end), a_end, cosmology),
    }


def log_masses(sub: Array, today: Array, a_accretion: Array, strength: Array, cosmology: Cosmology) -> Iterator[Array]:
    """ln m (N,) after each of the steps from accretion to today, by the midpoint rule.

    tau = 1.628 / h Gyr (Delta_vir / 178)^-1/2 (H / H0)^-1.
    """
    a, times = steps_of(a_accretion), _times(a_accretion, cosmology)
    mass = np.log(sub)
    for k in range(STEPS):
        middle = np.sqrt(a[k] * a[k + 1])
        host = np.log(today * growth_of(today, middle))
        rate = strength / _stripping_time(middle, cosmology)
        slope = rate * np.exp(ZETA * (mass - host))
        slope = rate * np.exp(ZETA * (mass - 0.5 * slope * (times[k + 1] - times[k]) - host))
        mass = mass - slope * (times[k + 1] - times[k])
        yield mass


def steps_of(a_accretion: Array, steps: int = STEPS) -> Array:
    """Scale factors (steps + 1, N) from accretion to today, even in log a."""
    return np.asarray(a_accretion * (1 / a_accretion) ** np.linspace(0, 1, steps + 1)[:, None])


def scale_factor(time: Array, cosmology: Cosmology) -> Array:
    """The inverse of `age`."""
    lambda_ = 1 - cosmology.omega_matter
    x = np.sinh(1.5 * np.sqrt(lambda_) * time / hubble_time(cosmology))
    return np.asarray((x * np.sqrt(cosmology.omega_matter / lambda_)) ** (2 / 3))


def _times(a_accretion: Array, cosmology: Cosmology) -> Array:
    return age(steps_of(a_accretion), cosmology)


def _stripping_time(a: Array, cosmology: Cosmology) -> Array:
    expansion = np.sqrt(cosmology.omega_matter * a**-3 + 1 - cosmology.omega_matter)
    x = matter_share(a, cosmology) - 1
    # Bryan & Norman 1998, arXiv:astro-ph/9710107, eq. 6
    overdensity = 18 * np.pi**2 + 82 * x - 39 * x**2
    return np.asarray(1.628 / cosmology.h * (overdensity / 178) ** -0.5 / expansion)
