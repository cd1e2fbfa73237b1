"""Figures of the report on halos predicted in Lagrangian space: slices, mass function, masses one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.massfunction import counted, fitting_functions, mass_function_figure
from core.analysis.views.overlays import halo_circles
from core.analysis.views.view import View, extent
from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.massfunction import mass_edges
from core.cosmos.universe import Universe
from core.figures import Circles, ColourMap, Curves, Row, Slice
from core.protohalos.figures import equality
from core.protohalos.truth import TrueHalos


def slices(universe: Universe, probability: Array, truth: TrueHalos, found: Catalogue) -> Row:
    """The plane of cells that holds most of the largest halo: density, truth, prediction, difference."""
    depth = int(np.argmax((truth.label == 1).sum(axis=(0, 1))))
    view = View("z", depth)
    edges = extent(*view.window(universe.cells, universe.box_size), universe.box_size / universe.cells)
    delta = universe.field("delta_linear").values[:, :, depth].T
    predicted = probability[:, :, depth].T
    mask = truth.mask[:, :, depth].T.astype(np.float32)

    def cut(name: str, halos: Catalogue) -> tuple[Circles, ...]:
        circles = halo_circles(halos, universe, "lagrangian", view, name)
        return (circles,) if circles else ()

    def panel(
        title: str,
        values: Array,
        label: str,
        colours: ColourMap = "sequential",
        limits: tuple[float, float] | None = None,
        circles: tuple[Circles, ...] = (),
    ) -> Slice:
        return Slice(title, values, edges, "x [Mpc/h]", "y [Mpc/h]", label, colours, limits=limits, circles=circles)

    height = depth * universe.box_size / universe.cells
    return Row(
        f"Slice at z = {height:.1f} Mpc/h of {universe.name}, circles: halos cut by it",
        (
            panel("linear density", delta, "delta", "diverging"),
            panel("true protohalos", mask, "in a halo", limits=(0, 1), circles=cut("true", truth.halos)),
            panel("predicted probability", predicted, "P(halo)", limits=(0, 1), circles=cut("found", found)),
            panel("prediction - truth", predicted - mask, "difference", "diverging", (-1, 1)),
        ),
    )


def mass_functions(
    truth: Sequence[Catalogue],
    ours: Sequence[Catalogue],
    baseline: Sequence[Catalogue],
    minimum: float,
    cosmology: Cosmology,
    baseline_name: str,
) -> Curves:
    """dn/dlog10 M of truth, network, baseline and theory (figure 7 of the paper), with the ratio to the truth."""
    highest = max((float(c["mass"].max()) for c in (*truth, *ours, *baseline) if len(c)), default=10 * minimum)
    edges = mass_edges(minimum, highest * 1.001, 4)
    series = [
        counted("truth", truth, edges, "points"),
        counted("network", ours, edges),
        counted(baseline_name, baseline, edges, "dashed"),
        *fitting_functions(("tinker08", "press74"), edges, cosmology, truth[0].redshift),
    ]
    return mass_function_figure("Halo mass function (Poisson errors)", series, "truth")


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
