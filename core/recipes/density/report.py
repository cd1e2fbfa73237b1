"""The report on predicted densities: network and input beside the N-body, other ways, and what the truth is sure of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.densities import figures as draw
from core.analysis.densities import numbers as told
from core.analysis.densities.measured import (
    PREDICTION,
    TRUTH,
    WITHIN,
    JudgedBox,
    Measured,
    at,
    judge,
    measure,
    reach,
)
from core.analysis.densities.ways import SECOND_ORDER, again, corrected, moved, painted, without_network
from core.aside import aside
from core.cosmos.box import Array, Assignment
from core.cosmos.cheap import Approximation
from core.cosmos.universe import Universe
from core.figures import Figure, Number, Report
from core.learning.metrics import correlation
from core.progress import Progress, each, silent
from core.recipes.density.fields import end, start, to_velocity
from core.recipes.density.settings import Begin, Target

if TYPE_CHECKING:
    import torch

INPUT = "input"

CHEAP = Approximation("nbody", 5, 1.0)
"""The cheap N-body that stands beside: 5 steps cost no more than a network of this size."""

PANELS = ("input", PREDICTION, TRUTH)


def report(
    title: str,
    paper: str,
    published: dict[str, float],
    pairs: Sequence[tuple[Universe, Universe]],
    learnt: Target,
    begin: Begin,
    assignment: Assignment,
    fitted: Mapping[str, torch.Tensor],
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes, beside the published numbers by key.

    An error is the standard error of the mean over boxes. `fitted` holds t(k) as `ways.fit` measured it.
    """
    boxes = [
        aside(_box(learnt, begin, assignment, fitted, *pair))
        for pair in each(progress, pairs, lambda pair: pair[0].name)
    ]
    first = boxes[0].universe
    measured = {way: measure([box.spectra[way] for box in boxes]) for way in boxes[0].spectra}
    whole = list(boxes[0].bispectra)
    undamped = (SECOND_ORDER.name, INPUT, TRUTH)
    ceiling = next((way for way in measured if way.startswith("truth again")), None)
    figures: dict[str, Figure] = {
        "slices": draw.slices(boxes[0], PANELS),
        **{f"slices_{number}": draw.slices(box, PANELS) for number, box in enumerate(boxes[1:3], 2)},
        **({"inputs": draw.slices(boxes[0], undamped)} if undamped[0] in measured else {}),
        "histograms": draw.histograms(boxes),
        **draw.patches(boxes[0]),
        "power": draw.power(measured),
        "transfer": draw.transfer(measured),
        "correlation": draw.correlations(measured),
        "bands": told.bands(measured),
        "wavenumbers": told.by_wavenumber(measured),
        **draw.bispectra({way: [box.bispectra[way] for box in boxes] for way in whole}),
        "voids": draw.voids({way: [box.voids[way] for box in boxes] for way in whole}),
    }
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {first.box_size / first.cells:.3g} Mpc/h",
        "target": learnt,
        "assignment": assignment,
        "baseline": f"the input: {begin.told}",
        **({"ceiling": f"{ceiling}: the same initial conditions, against the truth"} if ceiling else {}),
    }
    numbers = [
        *_of_spectra(measured, first.cosmology.h, published, ceiling),
        *_of_cells(boxes, published),
        *told.of_bispectra(boxes, INPUT),
        told.number("voids", "largest error of the void probability", told.void_error, boxes, INPUT),
    ]
    if learnt != "density":
        numbers += _of_vectors(boxes, learnt, begin, assignment)
    return Report(title, tuple(numbers), figures, NOTES, facts)


NOTES = (
    "The thesis's cells are 1 Mpc, so its k = 3 lies just below the last that its mesh holds in 1/Mpc; its own unit is "
    "written h/Mpc. Both readings are given where the mesh here reaches them.",
    "The thesis's spectra are of 96^3 cut-outs that are not periodic; ours are of whole boxes.",
    "Voids are those between objects drawn in proportion to each density, with the same random numbers.",
    f"{corrected('A way')}: its waves multiplied by what makes its power right on training universes; r stays.",
)


def _box(
    learnt: Target,
    begin: Begin,
    window: Assignment,
    fitted: Mapping[str, torch.Tensor],
    universe: Universe,
    prediction: Universe,
) -> JudgedBox:
    size = universe.box_size
    density = {
        TRUTH: end(universe, window),
        INPUT: start(universe, begin, window).density,
        PREDICTION: 1 + np.asarray(prediction.field("density").values),
    }
    others, _ = without_network(universe, CHEAP, fitted, window)
    if begin.by != "2lpt":
        others = {SECOND_ORDER.name: painted(moved(universe, SECOND_ORDER), size, window), **others}
    density |= others
    density |= {way: painted(values, size, window) for way, values in again(universe).items()}
    return judge(universe, prediction, density, window)


def _of_spectra(
    measured: Mapping[str, Measured], h: float, paper: dict[str, float], ceiling: str | None
) -> list[Number]:
    net, base = measured[PREDICTION], measured[INPUT]
    best = measured[ceiling] if ceiling else None
    numbers = [
        Number(
            "reach",
            f"k up to which T(k) is within {100 * WITHIN:g} %, or within its error of that",
            reach(net),
            "h/Mpc",
            None,
            reach(base),
            paper.get("reach"),
            "0: the first shell is not",
            reach(best) if best else None,
        ),
        *told.of_transfer(measured, INPUT, ceiling),
    ]
    for key, name, k in (
        ("transfer_1", "T at k = 1 /Mpc", 1 / h),
        ("transfer_2", "T at k = 2 /Mpc", 2 / h),
        ("transfer_3", "T at k = 3 /Mpc", 3 / h),
        ("transfer_1h", "T at k = 1 h/Mpc", 1.0),
        ("transfer_3h", "T at k = 3 h/Mpc", 3.0),
    ):
        value = at(k, net, net.transfer)
        note = f"k = {k:.3g} h/Mpc" if not key.endswith("h") else ""
        beyond = "" if value is not None else f"beyond the mesh, which ends at {net.k[-1]:.3g} h/Mpc"
        numbers.append(
            Number(
                key,
                name,
                value,
                "",
                at(k, net, net.transfer_error) or None,
                at(k, base, base.transfer),
                paper.get(key),
                "; ".join(filter(None, (note, beyond))),
                at(k, best, best.transfer) if best else None,
            )
        )
    high = net.k > 0.75 * net.k[-1]
    nearer = np.abs(net.transfer - 1) < np.abs(base.transfer - 1)
    return [
        *numbers,
        Number(
            "input_02",
            "T of the input at k = 0.2 /Mpc",
            at(0.2 / h, base, base.transfer),
            "",
            at(0.2 / h, base, base.transfer_error) or None,
            None,
            paper.get("input_02"),
            f"k = {0.2 / h:.3g} h/Mpc",
        ),
        Number(
            "power_high",
            "P over true P, mean of the last quarter in k",
            float(np.mean(net.transfer[high] ** 2)),
            "",
            None,
            float(np.mean(base.transfer[high] ** 2)),
            None,
            f"k > {0.75 * net.k[-1]:.3g} h/Mpc",
        ),
        Number("better_transfer", "shells of k in which T is nearer to 1 than the input's", float(nearer.mean())),
        Number(
            "better_correlation",
            "shells of k in which r is above the input's",
            float((net.correlation > base.correlation).mean()),
        ),
    ]


def _of_cells(boxes: Sequence[JudgedBox], paper: dict[str, float]) -> list[Number]:
    def square(box: JudgedBox, way: str) -> float:
        return float(np.square(box.density[way] - box.density[TRUTH], dtype=np.float64).mean())

    def alike(box: JudgedBox, way: str) -> float:
        return correlation(box.density[way], box.density[TRUTH])

    def empty(box: JudgedBox, way: str) -> float:
        return float((box.density[way] < 0.1).mean() / max((box.density[TRUTH] < 0.1).mean(), 1e-12))

    mean = "mean density over the true one"
    return [
        told.number("mean_density", mean, told.mean_ratio, boxes, INPUT, paper=paper.get("mean_density")),
        told.number("mean_square", "mean squared error of rho / mean", square, boxes, INPUT),
        told.number("cell_correlation", "correlation of cells with the truth", alike, boxes, INPUT),
        told.number("empty", "cells below a tenth of the mean, over the true share", empty, boxes, INPUT),
    ]


def _of_vectors(boxes: Sequence[JudgedBox], learnt: Target, begin: Begin, assignment: Assignment) -> list[Number]:
    """How well displacements and velocities are met; the baselines are perturbation theory's."""

    def rms(ours: Array, box: JudgedBox, name: str) -> float:
        return float(np.sqrt(np.square(ours - box.universe.field(name).values, dtype=np.float64).mean()))

    def place(box: JudgedBox, way: str) -> float:
        if way == INPUT:
            return rms(start(box.universe, begin, assignment).displacement, box, "displacement")
        return rms(box.prediction.field("displacement").values, box, "displacement")

    def speed(box: JudgedBox, way: str) -> float:
        if way == INPUT:
            begun = start(box.universe, begin, assignment).displacement
            return rms(to_velocity(box.universe) * begun, box, "velocity")
        return rms(box.prediction.field("velocity").values, box, "velocity")

    numbers = [told.number("displacement", "rms error of displacements", place, boxes, INPUT, "Mpc/h")]
    if learnt == "displacement+velocity":
        numbers.append(told.number("velocity", "rms error of velocities", speed, boxes, INPUT, "km/s"))
    return numbers
