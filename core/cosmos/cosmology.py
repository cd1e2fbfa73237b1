"""Background cosmology and linear growth: flat, matter, dark energy of w(a) = w0 + wa (1 - a), smooth radiation.

Dark energy: Chevallier & Polarski 2001 (gr-qc/0009008), Linder 2003 (astro-ph/0208512). The growth functions solve the
first- and second-order equations of Lagrangian perturbation theory numerically; D is normalised to 1 today and E2 is
the second-order growth in the same normalisation (E2 = -3/7 D^2 for matter only).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
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

BEYOND = ("w0", "wa", "omega_radiation")
"""What a universe may have beyond matter and a cosmological constant."""
_PLAIN = (-1.0, 0.0, 0.0)

_START = 1e-3
"""Scale factor at which the growth equations start, deep in matter domination."""


@dataclass(frozen=True)
class Cosmology:
    """A flat universe. Omega_* and sigma8 are today's; h = H0 / (100 km/s/Mpc)."""

    omega_matter: float
    omega_baryon: float
    h: float
    sigma8: float
    spectral_index: float
    name: str = ""
    w0: float = -1.0
    """Equation of state of dark energy today."""
    wa: float = 0.0
    """Its change, w(a) = w0 + wa (1 - a)."""
    omega_radiation: float = 0.0
    """Photons and massless neutrinos; 0 for codes that leave them out, as most N-body codes do."""

    @property
    def mean_density(self) -> float:
        """Comoving matter density [Msun/h / (Mpc/h)^3]."""
        return self.omega_matter * CRITICAL_DENSITY

    def particle_mass(self, box_size: float, cells: int) -> float:
        """Mass of one of cells^3 equal particles that fill the box [Msun/h]."""
        return self.mean_density * (box_size / cells) ** 3

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but matter and a cosmological constant."""
        return (self.w0, self.wa, self.omega_radiation) == _PLAIN

    @property
    def growth(self) -> Growth:
        """The growth of structure in it."""
        return growth(self.omega_matter, self.w0, self.wa, self.omega_radiation)

    def hubble(self, a: float) -> float:
        """H(a) [km/s / (Mpc/h)]."""
        return 100.0 * expansion(a, self.omega_matter, self.w0, self.wa, self.omega_radiation)

    def matter_share(self, a: float) -> float:
        """Omega_m at a scale factor."""
        return self.omega_matter * a**-3 / (self.hubble(a) / 100) ** 2

    def told(self) -> dict[str, float | str]:
        """Its numbers and name; those of plain dark energy and no radiation are left out."""
        return {key: value for key, value in asdict(self).items() if not self.is_plain or key not in BEYOND}

    def check(self) -> None:
        """Refuse numbers of no universe. Raises: UsageError."""
        for name in ("omega_matter", "omega_baryon", "h", "sigma8", "spectral_index"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"{name} = {getattr(self, name):g} is impossible", "give a positive number")
        if self.omega_matter > 1:
            raise UsageError(f"omega_matter = {self.omega_matter:g} in a flat universe", "give a number up to 1")
        if self.omega_baryon >= self.omega_matter:
            raise UsageError(
                f"omega_baryon = {self.omega_baryon:g} is not below omega_matter = {self.omega_matter:g}",
                "omega_matter is that of all matter, baryons too",
            )
        if not (-3 < self.w0 < 0 and self.w0 + self.wa < -0.1):
            raise UsageError(
                f"w0 = {self.w0:g}, wa = {self.wa:g}: dark energy would rule the early universe",
                "give w0 between -3 and 0, and w0 + wa below -0.1",
            )

    def require_constant(self, what: str) -> None:
        """Refuse dark energy that is no cosmological constant, and radiation. Raises: UsageError."""
        if not self.is_plain:
            raise UsageError(
                f"{what} needs a universe of matter and a cosmological constant, not w0 = {self.w0:g}, "
                f"wa = {self.wa:g}, omega_radiation = {self.omega_radiation:g}",
                "use a plain cosmology, or leave this out",
            )


def expansion(a: float, omega_matter: float, w0: float = -1.0, wa: float = 0.0, omega_radiation: float = 0.0) -> float:
    """E(a) = H(a) / H0 of a flat universe."""
    dark = (1 - omega_matter - omega_radiation) * a ** (-3 * (1 + w0 + wa)) * np.exp(-3 * wa * (1 - a))
    return float(np.sqrt(omega_matter * a**-3 + omega_radiation * a**-4 + dark))


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
    w0: float
    wa: float
    omega_radiation: float
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
        e = expansion(a, self.omega_matter, self.w0, self.wa, self.omega_radiation)
        return float(a**2 * e * self.first(a) * self.rate(a))

    def scale_factor(self, first: float) -> float:
        """The scale factor at which D has this value."""
        return float(np.exp(self._a_of_first(np.log(first))))


@lru_cache(maxsize=16)
def growth(omega_matter: float, w0: float = -1.0, wa: float = 0.0, omega_radiation: float = 0.0) -> Growth:
    """Solve the growth equations in x = ln a (Bouchet et al. 1995; E2 sourced by E2 - D^2).

    Dark energy and radiation are smooth: they act through the expansion alone.
    """
    from scipy.integrate import solve_ivp
    from scipy.interpolate import CubicSpline

    def slopes(x: float, state: Array) -> list[float]:
        d, d_rate, e, e_rate = state
        a = np.exp(x)
        squared = expansion(a, omega_matter, w0, wa, omega_radiation) ** 2
        matter, radiation = omega_matter * a**-3 / squared, omega_radiation * a**-4 / squared
        pressure = (w0 + wa * (1 - a)) * (1 - matter - radiation) + radiation / 3
        drag, source = (1 - 3 * pressure) / 2, 1.5 * matter  # 2 + dlnH/dlna
        return [d_rate, source * d - drag * d_rate, e_rate, source * (e - d**2) - drag * e_rate]

    a = _START
    grown = a + 2 / 3 * omega_radiation / omega_matter  # the growing mode of matter and radiation (Meszaros 1974)
    start = [grown, a, -3 / 7 * grown**2, -6 / 7 * grown * a]
    # a little beyond today, so that slopes at a = 1 are interpolated, not extrapolated
    x = np.append(np.linspace(np.log(a), 0.0, 2000), np.log(1.05))
    solution = solve_ivp(slopes, (x[0], x[-1]), start, method="DOP853", t_eval=x, rtol=1e-11, atol=1e-18)
    today = solution.y[0][-2]
    first, second = solution.y[0] / today, -solution.y[2] / today**2
    return Growth(
        omega_matter,
        w0,
        wa,
        omega_radiation,
        CubicSpline(x, np.log(first)),
        CubicSpline(x, np.log(second)),
        CubicSpline(np.log(first), x),
    )
