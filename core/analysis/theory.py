"""What theory says of a cosmology without any universe: linear and nonlinear P(k), growth, sigma(M), mass functions."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import numpy as np

from core.analysis.massfunction import OTHER_NAMES, THEORY_NAMES, fitting_functions, mass_function_figure
from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.massfunction import mass_edges
from core.cosmos.power import LinearPower, camb_power, hmcode_power, linear_power, nonlinear_wavenumber
from core.errors import UsageError
from core.figures import Curves, Figure, Number, Report, Series

Spectrum = Literal["auto", "camb", "eh98"]

WAVENUMBERS = np.geomspace(1e-3, 30, 200)
"""[h/Mpc]"""
MODELS = (*THEORY_NAMES, *OTHER_NAMES)
"""Mass functions of colossus."""
REDSHIFTS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 9.0, 49.0)
"""At which the growth is listed."""


def theory_report(
    cosmology: Cosmology,
    redshift: float = 0.0,
    spectrum: Spectrum = "auto",
    lowest: float = 1e10,
    highest: float = 1e15,
) -> Report:
    """Figures and numbers of a cosmology at a redshift; masses in Msun/h.

    The linear spectrum is CAMB's where it is installed, else that of Eisenstein & Hu; with CAMB also the nonlinear one
    of HMcode 2020 (Mead et al. 2021, arXiv:2009.01858). Mass functions are colossus's fits, on the sigma(M) of the
    linear spectrum.
    Raises: UsageError for impossible numbers; ResourceError where CAMB is asked for and not installed.
    """
    cosmology.check()
    if not redshift >= 0:
        raise UsageError(f"z = {redshift:g}", "give a redshift of at least 0")
    if not 0 < lowest < highest:
        raise UsageError(f"masses from {lowest:g} to {highest:g} Msun/h", "give the smaller one first")
    by_camb = spectrum == "camb" or (spectrum == "auto" and find_spec("camb") is not None)
    power = camb_power(cosmology) if by_camb else linear_power(cosmology)
    first = cosmology.growth.first(1 / (1 + redshift))
    edges = mass_edges(lowest, highest)
    mass = np.sqrt(edges[1:] * edges[:-1])
    figures: dict[str, Figure] = {
        "power": _power(cosmology, power, redshift, by_camb),
        "growth": _growth(cosmology),
        "sigma": _sigma(power, mass, first),
        "mass_function": mass_function_figure(
            f"Halo mass functions, z = {redshift:g}",
            fitting_functions(MODELS, edges, cosmology, redshift, power),
            THEORY_NAMES["tinker08"],
        ),
    }
    numbers = [
        Number("sigma8", "sigma8 at this redshift", first * power.sigma(8.0)),
        Number("nonlinear_wavenumber", "k at which k^3 P / 2 pi^2 = 1 today [h/Mpc]", nonlinear_wavenumber(power)),
        *(
            Number(f"growth_{z:g}", f"D at z = {z:g}", cosmology.growth.first(1 / (1 + z)))
            for z in dict.fromkeys((*REDSHIFTS, redshift))
        ),
        Number("growth_rate", f"f = dlnD/dlna at z = {redshift:g}", cosmology.growth.rate(1 / (1 + redshift))),
        Number("hubble", f"H at z = {redshift:g} [km/s / (Mpc/h)]", cosmology.hubble(1 / (1 + redshift))),
        Number("mean_density", "mean matter density [Msun/h / (Mpc/h)^3]", cosmology.mean_density),
    ]
    told = {name: f"{value:g}" for name, value in cosmology.told().items() if isinstance(value, float)}
    facts = {
        "redshift": f"{redshift:g}",
        **told,
        "linear spectrum": "CAMB" if by_camb else "Eisenstein & Hu 1998 (CAMB is not used)",
        "mass functions": "fits of colossus, on sigma(M) of the linear spectrum",
    }
    return Report(f"theory of {cosmology.name or 'a cosmology'}", tuple(numbers), figures, (), facts)


def _power(cosmology: Cosmology, power: LinearPower, redshift: float, by_camb: bool) -> Curves:
    k, first = WAVENUMBERS, cosmology.growth.first(1 / (1 + redshift))
    name = "linear, CAMB" if by_camb else "linear, Eisenstein & Hu"
    series = [Series(name, k, first**2 * power(k))]
    if by_camb:
        series.append(Series("linear, Eisenstein & Hu", k, first**2 * linear_power(cosmology)(k), style="dashed"))
        series.append(Series("HMcode 2020", k, hmcode_power(cosmology, k, redshift)))
    return Curves(
        f"Matter power spectrum, z = {redshift:g}",
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to=name if len(series) > 1 else None,
        ratio_label="over linear",
    )


def _growth(cosmology: Cosmology) -> Curves:
    a = np.geomspace(0.02, 1, 100)
    first = np.array([cosmology.growth.first(x) for x in a])
    rate = np.array([cosmology.growth.rate(x) for x in a])
    return Curves("Growth", (Series("D / a", a, first / a), Series("f = dlnD/dlna", a, rate)), "a", "", x_log=True)


def _sigma(power: LinearPower, mass: Array, first: float) -> Curves:
    sigma = first * power.sigma_of_mass(mass)
    return Curves(
        "sigma(M) of the linear density", (Series("sigma", mass, sigma),), "M [Msun/h]", "sigma", x_log=True, y_log=True
    )
