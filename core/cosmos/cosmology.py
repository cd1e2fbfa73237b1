"""Background cosmology and linear growth: flat, matter and a cosmological constant.

The growth functions solve the first- and second-order equations of Lagrangian perturbation theory numerically;
D is normalised to 1 today and E2 is the second-order growth in the same normalisation (E2 = -3/7 D^2 for matter only).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.presets import PARAMETERS
from core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

CRITICAL_DENSITY = 2.77536627e11
"""Critical density today [Msun/h / (Mpc/h)^3], 3 (100 km/s/Mpc)^2 / (8 pi G) with IAU 2015 G Msun."""

_START = 1e-3
"""Scale factor at which the growth equations start, deep in matter domination."""


@dataclass(frozen=True)
class Cosmology:
    """A flat LCDM universe. Omega_* and sigma8 are today's; h = H0 / (100 km/s/Mpc)."""

    omega_matter: float
    omega_baryon: float
    h: float
    sigma8: float
    spectral_index: float
    name: str = ""

    @property
    def mean_density(self) -> float:
        """Comoving matter density [Msun/h / (Mpc/h)^3]."""
        return self.omega_matter * CRITICAL_DENSITY

    def particle_mass(self, box_size: float, cells: int) -> float:
        """Mass of one of cells^3 equal particles that fill the box [Msun/h]."""
        return self.mean_density * (box_size / cells) ** 3

    def hubble(self, a: float) -> float:
        """H(a) [km/s / (Mpc/h)]."""
        return float(100.0 * np.sqrt(self.omega_matter * a**-3 + 1 - self.omega_matter))


PRESETS = {name: Cosmology(*numbers, name) for name, numbers in PARAMETERS.items()}


def preset(name: str) -> Cosmology:
    """A cosmology by name. Raises UsageError with a suggestion."""
    if name not in PRESETS:
        raise UsageError(f"unknown cosmology {name!r}", did_you_mean(name, PRESETS))
    return PRESETS[name]


@dataclass(frozen=True)
class Growth:
    """Growth as functions of the scale factor a, valid for a >= 1e-3 (before, matter domination)."""

    omega_matter: float
    _first: CubicSpline
    _second: CubicSpline
    _a_of_first: CubicSpline

    def first(self, a: float) -> float:
        """D(a), D(1) = 1."""
        return float(np.exp(self._first(np.log(a))))

    def rate(self, a: float) -> float:
        """f = dlnD/dlna."""
        return float(self._first(np.log(a), 1))

    def second(self, a: float) -> float:
        """E2(a), the growth of the second-order displacement (negative)."""
        return float(-np.exp(self._second(np.log(a))))

    def second_slope(self, a: float) -> float:
        """dE2/dD."""
        x = np.log(a)
        return float(self.second(a) * self._second(x, 1) / (self.first(a) * self._first(x, 1)))

    def conjugate(self, a: float) -> float:
        """G(a) = a^3 E dD/da, the momentum that belongs to D (FastPM's kick factor)."""
        expansion = np.sqrt(self.omega_matter * a**-3 + 1 - self.omega_matter)
        return float(a**2 * expansion * self.first(a) * self.rate(a))

    def scale_factor(self, first: float) -> float:
        """The scale factor at which D has this value."""
        return float(np.exp(self._a_of_first(np.log(first))))


@lru_cache(maxsize=16)
def growth(omega_matter: float) -> Growth:
    """Solve the growth equations in x = ln a (Bouchet et al. 1995; E2 sourced by E2 - D^2)."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import CubicSpline

    def matter(x: float) -> float:
        matter_term = omega_matter * np.exp(-3 * x)
        return float(matter_term / (matter_term + 1 - omega_matter))

    def slopes(x: float, state: Array) -> list[float]:
        d, d_rate, e, e_rate = state
        drag, source = 2 - 1.5 * matter(x), 1.5 * matter(x)
        return [d_rate, source * d - drag * d_rate, e_rate, source * (e - d**2) - drag * e_rate]

    a = _START
    start = [a, a, -3 / 7 * a**2, -6 / 7 * a**2]
    # a little beyond today, so that slopes at a = 1 are interpolated, not extrapolated
    x = np.append(np.linspace(np.log(a), 0.0, 2000), np.log(1.05))
    solution = solve_ivp(slopes, (x[0], x[-1]), start, method="DOP853", t_eval=x, rtol=1e-11, atol=1e-18)
    today = solution.y[0][-2]
    first, second = solution.y[0] / today, -solution.y[2] / today**2
    return Growth(
        omega_matter,
        CubicSpline(x, np.log(first)),
        CubicSpline(x, np.log(second)),
        CubicSpline(np.log(first), x),
    )
