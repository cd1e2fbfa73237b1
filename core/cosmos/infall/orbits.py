"""Orbits of infalling subhalos: how they cross the virial radius, and where they are later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.cosmos.infall.table import GRAVITY

# Jiang, Cole, Sawala & Frenk 2015, arXiv:1409.1179, table 2: rows are hosts of 1e12, 1e13 and 1e14, columns the ratio
# of the masses of satellite and host below 0.005, between, and above 0.05
_B = np.array([[0.049, 1.044, 2.878], [0.548, 1.535, 3.946], [1.229, 3.396, 2.982]])
# a gamma below 0 in the table (host 1e14, large ratios) is taken as 0
_GAMMA = np.array([[0.109, 0.098, 0.071], [0.114, 0.087, 0.030], [0.110, 0.050, 0.0]])
_SIGMA = np.array([[0.077, 0.073, 0.091], [0.094, 0.083, 0.139], [0.072, 0.118, 0.187]])
_MU = np.array([[1.220, 1.181, 1.100], [1.231, 1.201, 1.100], [1.254, 1.236, 1.084]])
_HOST_EDGES = (5e12, 5e13)
_RATIO_EDGES = (0.005, 0.05)
_HALF_WIDTHS = 5.0
"""The Voigt profile is cut at this many half widths at half maximum."""


def draw_orbits(host_mass: Array, mass_ratio: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Velocities (N,) in units of V200c at the crossing of R200c: total and tangential.

    V/V200 follows a Voigt profile, V_r/V = u follows p(u) ~ exp(B u) - 1; host_mass in Msun/h.
    """
    bins = (np.searchsorted(_HOST_EDGES, host_mass), np.searchsorted(_RATIO_EDGES, mass_ratio))
    speed = _draw_voigt(_MU[bins], _SIGMA[bins], _GAMMA[bins], random)
    radial = _draw_radial(_B[bins], random.random(len(speed)))
    return speed, speed * np.sqrt(1 - radial**2)


def _draw_voigt(mu: Array, sigma: Array, gamma: Array, random: np.random.Generator) -> Array:
    """A Gaussian plus a Lorentzian, drawn again until it is positive and within the cut."""
    lorentz, gauss = gamma, sigma * np.sqrt(2 * np.log(2))
    # half width of a Voigt profile to 0.02 %: Olivero & Longbothum 1977
    half_width = 0.5346 * lorentz + np.sqrt(0.2166 * lorentz**2 + gauss**2)
    values = np.full(len(mu), np.nan)
    missing = np.arange(len(mu))
    while len(missing):
        drawn = sigma[missing] * random.standard_normal(len(missing)) + gamma[missing] * random.standard_cauchy(
            len(missing)
        )
        keep = (np.abs(drawn) <= _HALF_WIDTHS * half_width[missing]) & (mu[missing] + drawn >= 0)
        values[missing[keep]] = (mu[missing] + drawn)[keep]
        missing = missing[~keep]
    return values


def _draw_radial(b: Array, share: Array) -> Array:
    """u whose cumulative distribution (exp(B u) - 1 - B u) / (exp(B) - 1 - B) is `share`, by bisection."""

    def below(u: Array) -> Array:
        return np.asarray(np.expm1(b * u) - b * u)

    low, high = np.zeros_like(share), np.ones_like(share)
    goal = share * below(high)
    for _ in range(50):
        middle = (low + high) / 2
        less = below(middle) < goal
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return (low + high) / 2


def carried_out(speed: Array, tangential: Array, concentration: Array, matter: Array) -> tuple[Array, Array]:
    """Velocities at the crossing of R200b in units of V200b, from those at R200c in units of V200c.

    Energy and angular momentum are kept in the NFW potential; what could not come from so far out turns round there.
    `concentration` is R200b over the scale radius, `matter` is Omega_m at the time.
    """
    ratio = radius_200c(concentration, matter)
    # in units of R200b and V200b
    v200c = np.sqrt(_nfw_mass(concentration * ratio) / _nfw_mass(concentration) / ratio)
    sideways = tangential * v200c * ratio
    climb = 2 * (_potential(np.ones_like(ratio), concentration) - _potential(ratio, concentration))
    squared = np.maximum((speed * v200c) ** 2 - climb, sideways**2)
    return np.sqrt(squared), sideways


def radius_200c(concentration: Array, matter: Array) -> Array:
    """R200c in units of R200b, for an NFW halo of this R200b over scale radius, when Omega_m is `matter`."""
    low, high = np.full(len(concentration), 0.1), np.ones(len(concentration))
    for _ in range(40):
        middle = (low + high) / 2
        # density within the radius in units of that within R200b
        dense = _nfw_mass(concentration * middle) / _nfw_mass(concentration) / middle**3 > 1 / matter
        low, high = np.where(dense, middle, low), np.where(dense, high, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Host:
    """An NFW host (N,) as it grows: masses [Msun/h] and radii R200b [physical Mpc/h] at each time (T, N) [Gyr].

    The scale radius stays what it is at the first time, so what is accreted later settles outside.
    """

    times: Array
    mass: Array
    radius: Array
    concentration: Array


def radius_after(distance: Array, radial: Array, tangential: Array, host: Host, h: float) -> Array:
    """Distance (N,) [Mpc/h, physical] from the centre of the host at its last time."""
    position = np.stack([distance, np.zeros_like(distance)])
    for position in path_of(distance, radial, tangential, host, h):  # noqa: B007  # the last one counts
        pass
    return np.asarray(np.hypot(*position))


def path_of(distance: Array, radial: Array, tangential: Array, host: Host, h: float) -> Iterator[Array]:
    """Positions (2, N) [Mpc/h, physical] in the plane of each orbit at every time of the host, by leapfrog.

    `distance` is physical too, `radial` and `tangential` are km/s, `radial` inwards.
    """
    per_gyr = 1.022712e-3 * h  # Mpc/h in a Gyr at 1 km/s
    position = np.stack([distance, np.zeros_like(distance)])
    velocity = np.stack([-radial, tangential]) * per_gyr
    scale = host.radius[0] / host.concentration
    yield position
    for k, step in enumerate(np.diff(host.times, axis=0)):
        # drift, kick, drift: each force is that of the middle of the step
        position = position + 0.5 * step * velocity
        mass, radius = (0.5 * (values[k] + values[k + 1]) for values in (host.mass, host.radius))
        velocity = velocity + step * per_gyr**2 * _attraction(position, mass, radius, scale)
        position = position + 0.5 * step * velocity
        yield position


def _attraction(position: Array, mass: Array, radius: Array, scale: Array) -> Array:
    """Acceleration (2, N) [(km/s)^2 / (Mpc/h)] in the plane of the orbit; beyond R200 as by a point mass."""
    distance = np.hypot(*position)
    enclosed = mass * np.minimum(_nfw_mass(distance / scale) / _nfw_mass(radius / scale), 1.0)
    return np.asarray(-GRAVITY * enclosed * position / distance**3)


def _nfw_mass(x: Array) -> Array:
    return np.asarray(np.log1p(x) - x / (1 + x))


def _potential(radius: Array, concentration: Array) -> Array:
    """NFW potential in units of V200b^2 at a radius in units of R200b."""
    return np.asarray(-np.log1p(concentration * radius) / (radius * _nfw_mass(concentration)))
