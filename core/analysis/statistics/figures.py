"""Figures of the statistics of one universe or of two beside each other; bands are one standard deviation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.analysis.massfunction import THEORY_NAMES, Errors, counted, fitting_functions, mass_function_figure
from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.bispectrum import Bispectrum
from core.cosmos.measures.massfunction import mass_edges
from core.cosmos.measures.pdf import PixelPdf
from core.cosmos.measures.spectra import Spectra
from core.cosmos.measures.voids import VoidProbability
from core.cosmos.power import linear_power
from core.figures import Curves, Series, Style

RATIO_BANDS = (0.01, 0.05, 0.1)
"""What the papers call good: 1, 5 and 10 %."""
TREE_LEVEL_EQUILATERAL = 4 / 7
"""Reduced bispectrum of equilateral triangles in second-order perturbation theory (Fry 1984)."""


def band(name: str, x: Array, y: Array, error: Array, style: Style = "line") -> Series:
    """A curve within one standard deviation."""
    return Series(name, x, y, y - error, y + error, style)


def power_figure(
    field: Field, measured: Mapping[str, Spectra], against: str | None, cosmology: Cosmology | None
) -> Curves:
    """P(k) of universes over one of them or over linear theory, which is shown where a cosmology is given."""
    series = [band(name, m.k, m.power, m.power * m.relative_error) for name, m in measured.items()]
    symbol = f"P/P_{against}" if against else "P/P_lin"
    if cosmology:
        z = 0.0 if field.frame == "lagrangian" else field.redshift
        k = max((m.k for m in measured.values()), key=len)
        linear = linear_power(cosmology)(k) * cosmology.growth.first(1 / (1 + z)) ** 2
        series.append(Series(f"linear theory, z = {z:g}", k, linear, style="dashed"))
        against = against or series[-1].name
    return Curves(
        f"Power spectrum of {field.name} (bands: Gaussian mode-count errors)",
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to=against,
        ratio_label=f"over {against}",
        ratio_bands=RATIO_BANDS,
        ratio_symbol=symbol,
    )


def correlation_figure(against: str, measured: Mapping[str, Spectra]) -> Curves:
    """r(k) of universes with one of them."""
    return Curves(
        f"Cross-correlation with {against}",
        tuple(band(name, m.k, m.correlation, m.correlation_error) for name, m in measured.items()),
        "k [h/Mpc]",
        "r(k)",
        x_log=True,
    )


def transfer_figure(against: str, measured: Mapping[str, Spectra]) -> Curves:
    """T(k) of universes over one of them."""
    return Curves(
        f"Transfer function sqrt(P / P of {against})",
        tuple(band(name, m.k, m.transfer, m.transfer_error) for name, m in measured.items()),
        "k [h/Mpc]",
        "T(k)",
        x_log=True,
    )


def mass_functions(
    catalogues: Mapping[str, Catalogue],
    cosmology: Cosmology,
    against: str | None = None,
    errors: Errors = "jackknife",
) -> Curves:
    """Mass functions of catalogues that hold halos, beside fitting functions; over one of them or over Warren's."""
    masses = {n: "mass_corrected" if "mass_corrected" in c else "mass" for n, c in catalogues.items()}
    corrected = "friends of friends with Warren-corrected masses; " if "mass_corrected" in masses.values() else ""
    if not catalogues:
        return Curves("Halo mass function: no halos", (), "M [Msun/h]", "dn/dlog10M [(h/Mpc)^3]")
    lowest = min(float(c[masses[n]].min()) for n, c in catalogues.items())
    highest = max(float(c[masses[n]].max()) for n, c in catalogues.items())
    edges = mass_edges(lowest * 0.999, highest * 1.001, 4)
    series = [counted(name, [c], edges, "points", errors, masses[name]) for name, c in catalogues.items()]
    series += fitting_functions(THEORY_NAMES, edges, cosmology, next(iter(catalogues.values())).redshift)
    title = f"Halo mass function ({corrected}{'Poisson' if errors == 'poisson' else errors} errors)"
    return mass_function_figure(title, series, against or THEORY_NAMES["warren06"], ratio_bands=RATIO_BANDS)


def value_limits(field: Field) -> tuple[float, float]:
    """The lowest and the highest value."""
    return float(field.values.min()), float(field.values.max())


def pdf_edges(field: Field, lowest: float, highest: float) -> Array:
    """Bins of all fields of a kind: 0 to 1 for probabilities, even in log(1 + delta) for densities, else all values."""
    if field.name == "probability":
        return np.linspace(0, 1, 41)
    if field.units == "overdensity":
        return np.geomspace(1e-2, (1 + highest) * 1.001, 51) - 1
    return np.linspace(lowest, highest, 51)


def pdf_figure(field: Field, measured: Mapping[str, PixelPdf], against: str | None = None) -> Curves:
    """Distributions of cell values, per decade of 1 + delta for a density, beside a Gaussian for a linear field."""
    one = next(iter(measured.values()))
    density = field.units == "overdensity"
    low, high = one.edges[:-1] + density, one.edges[1:] + density
    centre = np.sqrt(low * high) if density else (low + high) / 2
    per_decade = (high - low) / np.log10(high / low) if density else np.ones(len(low))
    series = []
    for name, pdf in measured.items():
        filled = np.where(pdf.density > 0, per_decade, np.nan)  # an empty bin is a gap
        series.append(band(name, centre, pdf.density * filled, pdf.error * filled))
    if field.name == "delta_linear":
        gaussian = np.exp(-((centre - one.mean) ** 2) / (2 * one.variance)) / np.sqrt(2 * np.pi * one.variance)
        series.append(Series("Gaussian of the same variance", centre, gaussian, style="dashed"))
    return Curves(
        f"Distribution of {field.name} in cells of {field.cell_size:g} Mpc/h (jackknife bands)",
        tuple(series),
        "1 + delta" if density else field.name,
        "dP/dlog10(1 + delta)" if density else "probability density",
        x_log=density,
        y_log=density,
        ratio_to=against,
        ratio_label=f"over {against}",
        ratio_bands=RATIO_BANDS,
    )


def bispectrum_edges(box_size: float, cells: int) -> Array:
    """Up to eight shells [h/Mpc] from twice the fundamental mode to two thirds of the Nyquist frequency.

    They end at 64 modes, where the work takes 1 GiB.
    """
    modes = np.unique(np.rint(np.geomspace(2, np.clip(cells / 3, 3, 64), 9)))
    return np.asarray(modes * 2 * np.pi / box_size)


def bispectrum_figure(field: Field, measured: Mapping[str, Bispectrum]) -> Curves:
    """Q(k) of equilateral triangles, and of those with one side in the lowest shell."""
    series = []
    for name, b in measured.items():
        first, second, third = b.triangles.T
        shapes: list[tuple[str, Array, Style]] = [
            ("equilateral", first == third, "line"),
            ("squeezed", (first == 0) & (second == third), "points"),
        ]
        for shape, chosen, style in shapes:
            k = b.k[third[chosen]]
            series.append(band(f"{name}, {shape}", k, b.reduced[chosen], b.reduced_error[chosen], style))
    if field.units == "overdensity":
        k = next(iter(measured.values())).k
        tree = np.full(len(k), TREE_LEVEL_EQUILATERAL)
        series.append(Series("equilateral, perturbation theory", k, tree, style="dashed"))
    return Curves(
        f"Reduced bispectrum of {field.name} (bands: Gaussian errors)",
        tuple(series),
        "k [h/Mpc]",
        "Q = B / (P1 P2 + P2 P3 + P3 P1)",
        x_log=True,
    )


def voids_figure(measured: Mapping[str, VoidProbability]) -> Curves:
    """P0(R), beside that of as many unclustered points."""
    series = [band(name, v.radius, v.probability, v.error) for name, v in measured.items()]
    one = next(iter(measured.values()))
    series.append(Series("unclustered", one.radius, one.poisson, style="dashed"))
    return Curves(
        f"Void probability of halos, {one.density:.2e} per (Mpc/h)^3 (jackknife bands)",
        tuple(series),
        "R [Mpc/h]",
        "P(no halo within R)",
        y_limits=(0.0, 1.0),
    )
