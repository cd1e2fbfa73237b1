"""Linear theory: growth against its quadrature, the second order against its fit, Eisenstein & Hu against CAMB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.integrate import quad

from core.cosmos.cosmology import growth, preset
from core.cosmos.power import camb_power, linear_power
from core.errors import ResourceError
from core.figures import Curves, Series
from tests.validation.check import Check, Drawn, within

REDSHIFTS = (0.5, 1.0, 2.0, 5.0, 9.0, 49.0)
WAVENUMBERS = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0])
"""Where the bounds of the ratio to CAMB come from [h/Mpc]."""


def checks() -> Iterator[Check | Drawn]:
    cosmology = preset("planck2015")
    matter, functions = cosmology.omega_matter, growth(cosmology.omega_matter)
    worst = max(abs(functions.first(1 / (1 + z)) / by_quadrature(1 / (1 + z), matter) - 1) for z in REDSHIFTS)
    yield within("A1.1 largest error of D, z = 0.5 to 49", worst, 0, 1e-6, "its integral (Heath 1977)")
    fit = functions.second(1.0) / (-3 / 7 * matter ** (-1 / 143))
    yield within("A1.2 second-order growth today over its fit", fit, 1 - 5e-4, 1 + 5e-4, "1 (Bouchet et al. 1995)")
    sigma8 = linear_power(cosmology).sigma(8.0)
    yield within("A1.3 sigma8 of the normalised spectrum", sigma8 / cosmology.sigma8, 1 - 1e-5, 1 + 1e-5, "1")
    a = np.geomspace(0.02, 1, 60)
    yield Drawn("growth", Curves(
        "Growth in Planck 2015, over that of matter alone",
        (
            Series("D / a", a, np.array([functions.first(x) / x for x in a])),
            Series("D / a by quadrature", a[::4], np.array([by_quadrature(x, matter) / x for x in a[::4]]),
                   style="points"),
            Series("-7/3 E2 / a^2", a, np.array([-7 / 3 * functions.second(x) / x**2 for x in a])),
            Series("(D / a)^2 Om(a)^(-1/143)", a[::4], np.array([second_by_fit(x, matter) for x in a[::4]]),
                   style="points"),
        ),
        "scale factor a", "growth (1 today)", x_log=True,
    ))  # fmt: skip
    try:
        camb = camb_power(cosmology)
    except ResourceError:
        yield Check("Eisenstein & Hu / CAMB", "-", "-", "-", True, "not checked: CAMB is not installed")
        return
    between, listed = (linear_power(cosmology)(k) / camb(k) for k in (np.geomspace(0.01, 5, 400), WAVENUMBERS))
    note = f"at {len(listed)} wavenumbers from 0.01 to 5 h/Mpc; {between.min():.3f} to {between.max():.3f} between them"
    for name, value in (("smallest", listed.min()), ("largest", listed.max())):
        yield within(f"A1.4 Eisenstein & Hu / CAMB, {name}", float(value), 0.975, 1.035, "1", note)


def by_quadrature(a: float, matter: float) -> float:
    """D(a) / D(1) = H int da / (aH)^3 over its value today."""

    def expansion(x: float) -> float:
        return float(np.sqrt(matter * x**-3 + 1 - matter))

    def integral(end: float) -> float:
        return float(expansion(end) * quad(lambda x: (x * expansion(x)) ** -3, 0, end, epsrel=1e-11)[0])

    return integral(a) / integral(1.0)


def second_by_fit(a: float, matter: float) -> float:
    """-7/3 E2 / a^2 by Bouchet et al.'s -3/7 D^2 Om(a)^(-1/143)."""
    now = matter * a**-3 / (matter * a**-3 + 1 - matter)
    return float((by_quadrature(a, matter) / a) ** 2 * now ** (-1 / 143))
