"""Statistics of one universe, or of two beside each other, as a Report: spectra and halo mass functions."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Field
from core.cosmos.cosmology import growth
from core.cosmos.massfunction import mass_edges, mass_function, theory
from core.cosmos.power import linear_power
from core.cosmos.spectra import Spectra, spectra
from core.cosmos.universe import Universe
from core.errors import UsageError
from core.figures import Curves, Figure, Number, Report, Series

CLOUD_IN_CELL = 2
"""Order of the window that evolved densities were painted with."""


def statistics(first: Universe, second: Universe | None = None, field: str | None = None) -> Report:
    """P(k) with linear theory, and with a second universe r(k) and T(k); the mass function with fitting functions.

    `field` defaults to the evolved density, for want of one to the linear field.
    Raises: UsageError for a field that is missing or not a scalar, InputError for boxes that differ.
    """
    name = field or next((n for n in ("density", "delta_linear", "probability") if n in first.fields), "density")
    a = _scalar(first, name)
    b = _scalar(second, name) if second else None
    measured = spectra(a, b, CLOUD_IN_CELL if a.frame == "eulerian" else 0)
    figures: dict[str, Figure] = {"power": _power(first, second, a, measured)}
    numbers = [
        Number("variance", f"standard deviation of {name}", float(np.std(a.values, dtype=np.float64))),
        Number("modes", "modes in all shells", float(measured.modes.sum())),
    ]
    if second:
        figures["correlation"] = Curves(
            f"Cross-correlation of {first.name} and {second.name}",
            (Series("r(k)", measured.k, measured.correlation),),
            "k [h/Mpc]",
            "r(k)",
            x_log=True,
            y_limits=(-0.1, 1.05),
        )
        figures["transfer"] = Curves(
            f"Transfer function sqrt(P of {first.name} / P of {second.name})",
            (Series("T(k)", measured.k, measured.transfer),),
            "k [h/Mpc]",
            "T(k)",
            x_log=True,
        )
    catalogues = [(u, c) for u in (first, second) if u for c in u.halos]
    if catalogues:
        figures["mass_function"] = _mass_function(catalogues)
        numbers += [Number(f"halos.{u.name}.{c}", f"halos in {u.name} ({c})", float(u.halos[c])) for u, c in catalogues]
    facts = {
        "field": f"{name} at z = {a.redshift:g}, {a.frame}",
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells",
        "cosmology": _cosmology(first),
    }
    title = f"{first.name} and {second.name}" if second else first.name
    return Report(title, tuple(numbers), figures, (), facts)


def _scalar(universe: Universe, name: str) -> Field:
    field = universe.field(name)
    if field.is_vector or field.values.dtype.kind != "f":
        raise UsageError(f"{name} is not a density-like field", "choose one with --field, e.g. delta_linear")
    return field


def _power(first: Universe, second: Universe | None, field: Field, measured: Spectra) -> Curves:
    error = measured.relative_error
    series = [
        Series(first.name, measured.k, measured.power, measured.power * (1 - error), measured.power * (1 + error))
    ]
    if second:
        other = measured.other
        series.append(Series(second.name, measured.k, other, other * (1 - error), other * (1 + error)))
    reference = second.name if second else None
    if field.name != "probability":
        scaling = (
            1.0 if field.frame == "lagrangian" else growth(first.cosmology.omega_matter).first(1 / (1 + field.redshift))
        )
        linear = linear_power(first.cosmology)(measured.k) * scaling**2
        label = f"linear theory, z = {0.0 if field.frame == 'lagrangian' else field.redshift:g}"
        series.append(Series(label, measured.k, linear, style="dashed"))
        reference = reference or label
    return Curves(
        f"Power spectrum of {field.name} (bands: Gaussian mode-count errors)",
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to=reference,
        ratio_label="ratio",
        ratio_limits=(0.5, 1.5),
        ratio_bands=(0.1,),
    )


def _mass_function(catalogues: list[tuple[Universe, str]]) -> Curves:
    opened = [(u, name, u.catalogue(name)) for u, name in catalogues if u.halos[name]]
    if not opened:
        return Curves("Halo mass function: no halos", (), "M [Msun/h]", "dn/dlog10M [(h/Mpc)^3]")
    columns = ["mass_corrected" if "mass_corrected" in c else "mass" for _, _, c in opened]
    lowest = min(float(c[column].min()) for (_, _, c), column in zip(opened, columns, strict=True))
    highest = max(float(c[column].max()) for (_, _, c), column in zip(opened, columns, strict=True))
    edges = mass_edges(lowest * 0.999, highest * 1.001, 4)
    series = []
    for (u, name, c), column in zip(opened, columns, strict=True):
        function = mass_function([c], edges, column)
        density = np.where(function.count > 0, function.density, np.nan)
        series.append(
            Series(f"{u.name} {name}", function.mass, density, density - function.error, density + function.error)
        )
    first, _, catalogue = opened[0]
    mass = np.sqrt(edges[1:] * edges[:-1])
    for model in ("warren06", "tinker08"):
        values = theory(mass, first.cosmology, catalogue.redshift, model)
        series.append(Series(f"{model} theory", mass, values, style="dashed"))
    return Curves(
        "Halo mass function (friends of friends, Warren-corrected masses; Poisson bands)",
        tuple(series),
        "M [Msun/h]",
        "dn/dlog10M [(h/Mpc)^3]",
        x_log=True,
        y_log=True,
        ratio_to="warren06 theory",
        ratio_label="ratio to Warren",
        ratio_limits=(0.0, 2.0),
        ratio_bands=(0.1,),
    )


def _cosmology(universe: Universe) -> str:
    c = universe.cosmology
    return (
        f"{c.name or 'unnamed'}: Omega_m {c.omega_matter:g}, Omega_b {c.omega_baryon:g}, h {c.h:g}, "
        f"sigma8 {c.sigma8:g}, n_s {c.spectral_index:g}"
    )
