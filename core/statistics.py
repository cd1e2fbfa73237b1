"""Statistics of one universe, or of two beside each other, as a Report."""

from __future__ import annotations

import numpy as np

from core.cosmos.bispectrum import bispectrum
from core.cosmos.box import Catalogue, Field
from core.cosmos.pdf import pixel_pdf
from core.cosmos.spectra import spectra
from core.cosmos.universe import Universe
from core.cosmos.voids import VoidProbability, void_probability
from core.errors import UsageError
from core.figures import Figure, Number, Report
from core.statistics_figures import (
    bispectrum_edges,
    bispectrum_figure,
    correlation_figure,
    mass_function_figure,
    pdf_edges,
    pdf_figure,
    power_figure,
    transfer_figure,
    voids_figure,
)

CLOUD_IN_CELL = 2
"""Order of the window that evolved densities were painted with."""


def statistics(
    first: Universe,
    second: Universe | None = None,
    field: str | None = None,
    with_bispectrum: bool = False,
    with_voids: bool = False,
) -> Report:
    """P(k) beside linear theory, distribution of cell values, mass function; with a second universe r(k) and T(k).

    On request the reduced bispectrum and the void probability of halos.
    `field` defaults to the evolved density, for want of one to the linear field.
    Raises: UsageError for a field that is missing or not a scalar, or voids without halos; InputError for boxes that
    differ.
    """
    name = field or next((n for n in ("density", "delta_linear", "probability") if n in first.fields), "density")
    universes = (first, second) if second else (first,)
    names = tuple(u.name for u in universes)
    if second and first.name == second.name:
        names = (first.name, f"{second.name} (second)")
    fields = [_scalar(u, name) for u in universes]
    a = fields[0]
    order = CLOUD_IN_CELL if a.frame == "eulerian" else 0
    measured = spectra(a, fields[1] if second else None, order)
    edges = pdf_edges(fields)
    pdfs = {n: pixel_pdf(f, edges) for n, f in zip(names, fields, strict=True)}
    figures: dict[str, Figure] = {
        "power": power_figure(names, a, measured, first.cosmology if name.startswith(("density", "delta")) else None),
        "pdf": pdf_figure(a, pdfs),
    }
    numbers = [
        Number("variance", f"standard deviation of {name}", float(np.sqrt(pdfs[names[0]].variance))),
        Number("skewness", f"skewness of {name}", pdfs[names[0]].skewness),
        Number("modes", "modes in all shells", float(measured.modes.sum())),
    ]
    if second:
        figures["correlation"] = correlation_figure(names, measured)
        figures["transfer"] = transfer_figure(names, measured)
    if with_bispectrum:
        shells = bispectrum_edges(a.box_size, a.cells)
        figures["bispectrum"] = bispectrum_figure(
            a, {n: bispectrum(f, shells, order) for n, f in zip(names, fields, strict=True)}
        )
    catalogues = {f"{n} {c}": u.catalogue(c) for n, u in zip(names, universes, strict=True) for c in u.halos}
    if catalogues:
        figures["mass_function"] = mass_function_figure(
            {n: c for n, c in catalogues.items() if len(c)}, first.cosmology
        )
        numbers += [
            Number(f"halos.{n.replace(' ', '.')}", f"halos in {n}", float(len(c))) for n, c in catalogues.items()
        ]
    if with_voids:
        figures["voids"] = voids_figure(_voids(catalogues))
    facts = {
        "field": f"{name} at z = {a.redshift:g}, {a.frame}",
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells",
        "cosmology": _cosmology(first),
    }
    return Report(" and ".join(names), tuple(numbers), figures, (), facts)


def _scalar(universe: Universe, name: str) -> Field:
    field = universe.field(name)
    if field.is_vector or field.values.dtype.kind != "f":
        raise UsageError(f"{name} is not a density-like field", "choose one with --field, e.g. delta_linear")
    return field


def _voids(catalogues: dict[str, Catalogue]) -> dict[str, VoidProbability]:
    """Void probabilities of the most massive halos of every catalogue, as many as the shortest has."""
    count = min((len(c) for c in catalogues.values()), default=0)
    if count == 0:
        raise UsageError("voids lie between halos, and there are none", "leave out --voids")
    box_size = next(iter(catalogues.values())).box_size
    radii = np.linspace(0.1, 1.5, 29) * box_size / count ** (1 / 3)  # of the mean separation
    return {n: void_probability(c["position"][:count], box_size, radii) for n, c in catalogues.items()}


def _cosmology(universe: Universe) -> str:
    c = universe.cosmology
    return (
        f"{c.name or 'unnamed'}: Omega_m {c.omega_matter:g}, Omega_b {c.omega_baryon:g}, h {c.h:g}, "
        f"sigma8 {c.sigma8:g}, n_s {c.spectral_index:g}"
    )
