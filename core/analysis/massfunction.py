"""The halo mass function as a figure: catalogues beside one another and beside fitting functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.massfunction import mass_function, theory
from core.cosmos.power import LinearPower
from core.figures import Curves, Series, Style

Errors = Literal["jackknife", "poisson"]

THEORY_NAMES = {
    "warren06": "Warren 2006",
    "tinker08": "Tinker 2008",
    "press74": "Press-Schechter",
    "sheth99": "Sheth-Tormen",
}
"""Fitting functions by the names that figures give them."""

OTHER_NAMES = {"despali16": "Despali 2016", "watson13": "Watson 2013", "bocquet16": "Bocquet 2016"}
"""More of them, drawn where there is no universe to be beside."""


def counted(
    name: str,
    catalogues: Sequence[Catalogue],
    edges: Array,
    style: Style = "line",
    errors: Errors | None = "poisson",
    column: str = "mass",
) -> Series:
    """dn/dlog10 M [(h/Mpc)^3] of boxes together between these masses [Msun/h], within one standard deviation.

    Bins without a halo are left out.
    """
    function = mass_function(catalogues, edges, column)
    density = np.where(function.count > 0, function.density, np.nan)
    if not errors:
        return Series(name, function.mass, density, style=style)
    error = function.error if errors == "poisson" else function.jackknife
    return Series(name, function.mass, density, density - error, density + error, style)


def fitting_functions(
    models: Iterable[str], edges: Array, cosmology: Cosmology, redshift: float, power: LinearPower | None = None
) -> list[Series]:
    """dn/dlog10 M [(h/Mpc)^3] of some of these fitting functions in the middle of each bin.

    On the sigma(M) of colossus, that of Eisenstein & Hu, or of a linear spectrum.
    """
    mass, names = np.sqrt(edges[1:] * edges[:-1]), THEORY_NAMES | OTHER_NAMES
    return [
        Series(names[model], mass, theory(mass, cosmology, redshift, model, power), style="dashed") for model in models
    ]


def mass_function_figure(
    title: str,
    series: Iterable[Series],
    over: str,
    label: str = "dn/dlog10M [(h/Mpc)^3]",
    ratio_bands: tuple[float, ...] = (0.1,),
) -> Curves:
    """Number densities against mass, with their ratio to the series of the name `over`."""
    return Curves(
        title,
        tuple(series),
        "M [Msun/h]",
        label,
        x_log=True,
        y_log=True,
        ratio_to=over,
        ratio_label=f"over {over}",
        ratio_bands=ratio_bands,
    )
