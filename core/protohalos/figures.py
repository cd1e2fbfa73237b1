"""Figures of the report on halos predicted in Lagrangian space: slices, mass function, masses one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.massfunction import mass_edges, mass_function, theory
from core.cosmos.universe import Universe
from core.figures import Circles, ColourMap, Contours, Curves, Row, Series, Slice, Style
from core.protohalos.truth import Truth

THEORIES = {"Tinker et al. 2008": "tinker08", "Press-Schechter": "press74"}
"""Mass functions drawn beside the measured ones, as in figure 7 of the paper."""


def slices(universe: Universe, probability: Array, truth: Truth, found: Catalogue) -> Row:
    """The plane that holds most of the largest halo: density, truth, prediction, difference."""
    depth = int(np.argmax((truth.label == 1).sum(axis=(0, 1))))
    extent = (0.0, universe.box_size, 0.0, universe.box_size)
    delta = universe.field("delta_linear").values[:, :, depth].T
    predicted = probability[:, :, depth].T
    mask = truth.mask[:, :, depth].T.astype(np.float32)
    height = depth * universe.box_size / universe.cells

    def panel(
        title: str,
        values: Array,
        label: str,
        colours: ColourMap = "sequential",
        limits: tuple[float, float] | None = None,
        circles: tuple[Circles, ...] = (),
    ) -> Slice:
        return Slice(title, values, extent, "x [Mpc/h]", "y [Mpc/h]", label, colours, limits=limits, circles=circles)

    return Row(
        f"Slice at z = {height:.1f} Mpc/h of {universe.name}, circles: halos cut by it",
        (
            panel("linear density", delta, "delta", "diverging"),
            panel("true protohalos", mask, "in a halo", limits=(0, 1), circles=_cut("true", truth.halos, height)),
            panel("predicted probability", predicted, "P(halo)", limits=(0, 1), circles=_cut("found", found, height)),
            panel("prediction - truth", predicted - mask, "difference", "diverging", (-1, 1)),
        ),
    )


def _cut(name: str, halos: Catalogue, height: float) -> tuple[Circles, ...]:
    """The circles in which a plane cuts the Lagrangian spheres of halos."""
    x, y, z = halos["lagrangian_position"].T
    away = np.abs(z - height)
    away = np.minimum(away, halos.box_size - away)
    cut = away < halos["lagrangian_radius"]
    return (Circles(name, x[cut], y[cut], np.sqrt(halos["lagrangian_radius"][cut] ** 2 - away[cut] ** 2)),)


def mass_functions(
    truth: Sequence[Catalogue],
    ours: Sequence[Catalogue],
    baseline: Sequence[Catalogue],
    minimum: float,
    cosmology: Cosmology,
) -> Curves:
    """dn/dlog10 M of truth, network, baseline and theory, with the ratio to the truth."""
    highest = max((float(c["mass"].max()) for c in (*truth, *ours, *baseline) if len(c)), default=10 * minimum)
    edges = mass_edges(minimum, highest * 1.001, 4)

    series = [
        mass_function_series("truth", truth, edges),
        mass_function_series("network", ours, edges),
        mass_function_series("smoothed density", baseline, edges, "dashed"),
        *theory_series(edges, cosmology, truth[0].redshift),
    ]
    return beside_truth("Halo mass function (Poisson bands)", series, "dn/dlog10 M [(h/Mpc)^3]")


def mass_function_series(
    name: str, many: Sequence[Catalogue], edges: Array, style: Style = "line", band: bool = True
) -> Series:
    """dn/dlog10 M [(h/Mpc)^3] between these masses [Msun/h], with Poisson's band; bins without a halo are left out."""
    function = mass_function(many, edges)
    density = np.where(function.count > 0, function.density, np.nan)
    low, high = density - function.error, density + function.error
    return Series(name, function.mass, density, low if band else None, high if band else None, style)


def theory_series(edges: Array, cosmology: Cosmology, redshift: float) -> list[Series]:
    """dn/dlog10 M [(h/Mpc)^3] of each of `THEORIES`."""
    middle = np.sqrt(edges[1:] * edges[:-1])
    return [
        Series(name, middle, theory(middle, cosmology, redshift, model), style="dashed")
        for name, model in THEORIES.items()
    ]


def beside_truth(title: str, series: Sequence[Series], label: str) -> Curves:
    """Number densities against mass with their ratio to the series called truth."""
    return Curves(
        title,
        tuple(series),
        "M [Msun/h]",
        label,
        x_log=True,
        y_log=True,
        ratio_to="truth",
        ratio_label="ratio to truth",
        ratio_limits=(0.0, 2.0),
        ratio_bands=(0.1,),
    )


def mass_scatter(true: Array, predicted: Array, minimum: float) -> Slice:
    """Counts of matched halos in the plane of true and predicted mass [Msun/h]."""
    highest = max(float(true.max(initial=10 * minimum)), float(predicted.max(initial=10 * minimum)))
    low, high = float(np.log10(minimum)), float(np.log10(1.001 * highest))
    edges = np.linspace(low, high, 41)
    counts = np.histogram2d(np.log10(predicted), np.log10(true), (edges, edges))[0]
    return Slice(
        "Masses one by one (halos matched by their centres)",
        counts,
        (low, high, low, high),
        "true log10 M [Msun/h]",
        "predicted log10 M [Msun/h]",
        "halos",
        scale="asinh",
        pooling="max",
        contours=(equality(edges, edges),),
    )


def equality(x: Sequence[float] | Array, y: Sequence[float] | Array) -> Contours:
    """Where predicted equals true, over an image whose axes run between these two edges or more each."""
    return Contours("equal", np.linspace(y[0], y[-1], 256)[:, None] - np.linspace(x[0], x[-1], 256), (0.0,))
