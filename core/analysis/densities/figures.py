"""Figures of the report on predicted densities; bands are standard errors (over boxes; of one box, of its modes)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.statistics.figures import RATIO_BANDS, TREE_LEVEL_EQUILATERAL
from core.cosmos.box import Array
from core.cosmos.measures.bispectrum import Bispectrum
from core.cosmos.measures.voids import VoidProbability
from core.figures import ColourMap, Curves, Histogram, Row, Scale, Series, Slice, Style

if TYPE_CHECKING:
    from core.analysis.densities.measured import JudgedBox, Measured

PATCH = 40
"""Side of a patch in cells."""

COUNTS = 11.24
"""Particles in a cell of the mean density of the thesis: 2240^3 in 1000^3 cells of 1 Mpc/h. What stands beside its
figures is told as such counts."""

STYLES: dict[str, Style] = {"truth": "line", "prediction": "line"}
"""Of the ways that matter most; the others are dashed."""


def slices(box: JudgedBox, ways: Sequence[str] = ("input", "prediction", "truth")) -> Row:
    """Some ways, one cell thick, in the plane of the densest true cell."""
    depth = int(np.unravel_index(np.argmax(box.density["truth"]), box.density["truth"].shape)[2])
    size = box.universe.box_size
    planes = {way: np.log10(1 + box.density[way][:, :, depth].T) for way in ways}
    limits = (0.0, max(float(plane.max()) for plane in planes.values()))
    panels = tuple(
        Slice(
            way,
            plane,
            (0.0, size, 0.0, size),
            "x [Mpc/h]",
            "y [Mpc/h]",
            "log10(rho / mean + 1)",
            limits=limits,
        )
        for way, plane in planes.items()
    )
    cell = size / box.universe.cells
    return Row(f"Slice at z = {depth * cell:.1f} Mpc/h of {box.universe.name}, {cell:.3g} Mpc/h thick", panels)


def histograms(boxes: Sequence[JudgedBox], bins: int = 50) -> Histogram:
    """Cells by density, as counts + 1, mean over boxes."""
    ways = [way for way in boxes[0].density if way in boxes[0].bispectra]
    highest = max(float(box.density[way].max()) for box in boxes for way in ways)
    edges = np.geomspace(1.0, 1.001 * (1 + COUNTS * highest), bins + 1)
    counts = {
        way: np.mean([np.histogram(1 + COUNTS * np.maximum(box.density[way], 0), edges)[0] for box in boxes], axis=0)
        for way in ways
    }
    label = f"particles in a cell + 1, {COUNTS:g} on average"
    return Histogram("Cells by density", edges, counts, label, "cells a box", x_log=True, y_log=True)


def patches(box: JudgedBox) -> dict[str, Row]:
    """Truth, prediction and their difference (blue: the truth has more) of patches: the densest, a typical and the
    emptiest."""
    truth = box.density["truth"]
    cells = truth.shape[0]
    side = min(PATCH, cells)
    # the mass of every patch one cell thick, anywhere in the periodic box
    mass = _running(_running(truth.astype(np.float64), side, 0), side, 1)
    order = np.argsort(mass, axis=None)
    places = {"dense": order[-1], "typical": order[len(order) // 2], "empty": order[0]}
    return {f"patch_{name}": _patch(box, name, np.unravel_index(place, mass.shape)) for name, place in places.items()}


def _patch(box: JudgedBox, name: str, corner: tuple[np.intp, ...]) -> Row:
    cells = box.universe.cells
    cell = box.universe.box_size / cells
    side = min(PATCH, cells)
    x, y = (np.arange(int(c), int(c) + side) % cells for c in corner[:2])
    truth, prediction = (box.density[way][:, :, int(corner[2])][np.ix_(x, y)].T for way in ("truth", "prediction"))
    x0, y0 = (int(c) * cell for c in corner[:2])
    extent = (x0, x0 + side * cell, y0, y0 + side * cell)
    logs = [np.log10(1 + COUNTS * np.maximum(values, 0)) for values in (truth, prediction)]
    limits = (0.0, max(float(values.max()) for values in logs))

    def panel(title: str, values: Array, label: str, colours: ColourMap, scale: Scale = "linear") -> Slice:
        fixed = limits if colours == "sequential" else None
        return Slice(title, values, extent, "x [Mpc/h]", "y [Mpc/h]", label, colours, scale, fixed)

    return Row(
        f"{name.capitalize()} patch of {side} x {side} cells of {box.universe.name}",
        (
            panel("truth", logs[0], "log10(counts + 1)", "sequential"),
            panel("prediction", logs[1], "log10(counts + 1)", "sequential"),
            panel("prediction - truth", COUNTS * (prediction - truth), "counts", "diverging", "asinh"),
        ),
    )


def _running(values: Array, width: int, axis: int) -> Array:
    """Sums of `width` cells from each on, around the periodic box."""
    wrapped = np.concatenate([values, np.take(values, range(width - 1), axis)], axis)
    sums = np.cumsum(wrapped, axis)
    before = np.take(sums, range(values.shape[axis] - 1), axis)
    after = np.take(sums, range(width - 1, width - 1 + values.shape[axis]), axis)
    zero = np.zeros_like(np.take(sums, [0], axis))
    return np.asarray(after - np.concatenate([zero, before], axis))


def power(measured: Mapping[str, Measured]) -> Curves:
    """P(k), and over the truth."""
    series = [_band(way, m.k, m.power, m.power_error) for way, m in measured.items()]
    return Curves(
        "Power spectrum of the density",
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to="truth",
        ratio_label="over truth",
        ratio_bands=RATIO_BANDS,
    )


def transfer(measured: Mapping[str, Measured]) -> Curves:
    """T(k) beside the line at 1."""
    series = [_band(way, m.k, m.transfer, m.transfer_error) for way, m in measured.items()]
    return Curves("Transfer function sqrt(P / P of truth)", tuple(series), "k [h/Mpc]", "T(k)", x_log=True)


def correlations(measured: Mapping[str, Measured]) -> Curves:
    """r(k) with the truth."""
    series = [_band(way, m.k, m.correlation, m.correlation_error) for way, m in measured.items() if way != "truth"]
    return Curves("Cross-correlation with the truth", tuple(series), "k [h/Mpc]", "r(k)", x_log=True)


def bispectra(measured: Mapping[str, Sequence[Bispectrum]]) -> dict[str, Curves]:
    """Q of equilateral and of squeezed triangles against k, and of isosceles ones against their third side."""
    one = measured["truth"][0]
    first, second, third = one.triangles.T
    middle = len(one.k) // 2
    odd = np.where(first == second, third, first)
    isosceles = ((first == second) | (second == third)) & (second == middle)
    tree = Series("perturbation theory", one.k, np.full(len(one.k), TREE_LEVEL_EQUILATERAL), style="dashed")
    equilateral = _q(measured, first == third, lambda chosen: one.k[third[chosen]])
    title = "Reduced bispectrum of {} triangles"
    return {
        "bispectrum_equilateral": _curves(title.format("equilateral"), (*equilateral, tree), "k [h/Mpc]", log=True),
        "bispectrum_squeezed": _curves(
            title.format(f"squeezed (one side {one.k[0]:.2g} h/Mpc)"),
            _q(measured, (first == 0) & (second == third), lambda chosen: one.k[third[chosen]]),
            "k of the long sides [h/Mpc]",
            log=True,
        ),
        "bispectrum_isosceles": _curves(
            title.format(f"isosceles (two sides {one.k[middle]:.2g} h/Mpc)"),
            _q(measured, isosceles, lambda chosen: one.k[odd[chosen]]),
            "k of the third side [h/Mpc]",
        ),
    }


def _q(measured: Mapping[str, Sequence[Bispectrum]], chosen: Array, k: Callable[[Array], Array]) -> tuple[Series, ...]:
    order = np.flatnonzero(chosen)[np.argsort(k(chosen))]
    series = []
    for way, many in measured.items():
        values = np.array([b.reduced[order] for b in many])
        error = values.std(axis=0, ddof=1) / np.sqrt(len(many)) if len(many) > 1 else many[0].reduced_error[order]
        series.append(_band(way, k(order), values.mean(axis=0), error))
    return tuple(series)


def _curves(title: str, series: tuple[Series, ...], x_label: str, log: bool = False) -> Curves:
    return Curves(title, series, x_label, "Q = B / (P1 P2 + P2 P3 + P3 P1)", x_log=log)


def voids(measured: Mapping[str, Sequence[VoidProbability]]) -> Curves:
    """P0(R) of objects drawn from each density, beside as many unclustered ones."""
    series = []
    for way, many in measured.items():
        error = np.sqrt(np.mean([v.error**2 for v in many], axis=0) / len(many))
        series.append(_band(way, many[0].radius, np.mean([v.probability for v in many], axis=0), error))
    one = measured["truth"][0]
    series.append(Series("unclustered", one.radius, one.poisson, style="dashed"))
    return Curves(
        f"Void probability of objects drawn from the density, {one.density:.2e} per (Mpc/h)^3",
        tuple(series),
        "R [Mpc/h]",
        "P(no object within R)",
        y_limits=(0.0, 1.0),
    )


def _band(way: str, x: Array, y: Array, error: Array) -> Series:
    return Series(way, x, y, y - error, y + error, STYLES.get(way, "dashed"))
