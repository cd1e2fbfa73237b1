"""The report on predicted densities: network and input, damped perturbation theory, beside the N-body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.analysis.statistics.figures import bispectrum_edges
from core.cosmos.box import Array, Assignment, lattice
from core.cosmos.measures.bispectrum import bispectrum
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.measures.voids import void_probability
from core.cosmos.universe import Universe
from core.figures import Figure, Number, Report
from core.learning.metrics import correlation
from core.progress import Progress, each, silent
from core.recipes.density import figures as draw
from core.recipes.density.fields import end, start, to_velocity
from core.recipes.density.measured import JudgedBox, Measured
from core.recipes.density.settings import Target

WAYS = ("truth", "input", "prediction")

CELLS_PER_OBJECT = 64
"""Objects are drawn from each density for the void probability, one on average in so many cells."""

SPHERES = 50_000

WITHIN = 0.01
"""How far T(k) may be from 1 within its reach."""


def report(
    title: str,
    paper: str,
    published: dict[str, float],
    pairs: Sequence[tuple[Universe, Universe]],
    learnt: Target,
    assignment: Assignment,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes, beside the published numbers by key.

    An error is the standard error of the mean over boxes.
    """
    boxes = [_box(assignment, *pair) for pair in each(progress, pairs, lambda pair: pair[0].name)]
    first = boxes[0].universe
    measured = {way: measure([box.spectra[way] for box in boxes]) for way in WAYS}
    figures: dict[str, Figure] = {
        "slices": draw.slices(boxes[0]),
        "histograms": draw.histograms(boxes),
        **draw.patches(boxes[0]),
        "power": draw.power(measured),
        "transfer": draw.transfer(measured),
        "correlation": draw.correlations(measured),
        **draw.bispectra({way: [box.bispectra[way] for box in boxes] for way in WAYS}),
        "voids": draw.voids({way: [box.voids[way] for box in boxes] for way in WAYS}),
    }
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {first.box_size / first.cells:.3g} Mpc/h",
        "target": learnt,
        "assignment": assignment,
        "baseline": "the input: second-order perturbation theory from the damped linear spectrum",
    }
    numbers = [*_of_spectra(measured, first.cosmology.h, published), *_of_cells(boxes, published), *_higher(boxes)]
    if learnt != "density":
        numbers += _of_vectors(boxes, learnt, assignment)
    return Report(title, tuple(numbers), figures, NOTES, facts)


NOTES = (
    "The thesis's cells are 1 Mpc, so its k = 3 lies just below the last that its mesh holds in 1/Mpc; its own unit is "
    "written h/Mpc. Both readings are given where the mesh here reaches them.",
    "The thesis's spectra are of 96^3 cut-outs that are not periodic; ours are of whole boxes.",
    "Voids are those between objects drawn in proportion to each density, with the same random numbers.",
)


def measure(many: Sequence[Spectra]) -> Measured:
    """Means over boxes of spectra of one way with the truth; errors of a single box are those of its modes."""
    power = np.array([s.power for s in many])
    r = np.array([s.correlation for s in many])
    transfer = np.sqrt(power.mean(axis=0) / np.mean([s.other for s in many], axis=0))
    one = many[0]
    if len(many) == 1:
        errors = one.power * one.relative_error, one.transfer_error, one.correlation_error
    else:
        errors = _error(power), _error(np.array([s.transfer for s in many])), _error(r)
    return Measured(one.k, power.mean(axis=0), errors[0], transfer, errors[1], r.mean(axis=0), errors[2])


def _error(values: Array) -> Array:
    """Standard error of the mean over the first axis; zero for a single box."""
    return values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.zeros(values.shape[1:])


def _box(window: Assignment, universe: Universe, prediction: Universe) -> JudgedBox:
    size = universe.box_size
    predicted = prediction.field("density")
    density = {
        "truth": end(universe, window),
        "input": start(universe, window).density,
        "prediction": 1 + np.asarray(predicted.values),
    }
    fields = {way: replace(predicted, values=values - 1, assignment=window) for way, values in density.items()}
    fields["prediction"] = predicted
    shells = bispectrum_edges(size, universe.cells)
    count = universe.cells**3 // CELLS_PER_OBJECT
    radii = np.linspace(0.1, 1.5, 29) * size / count ** (1 / 3)
    return JudgedBox(
        universe,
        prediction,
        density,
        {way: spectra(field, fields["truth"]) for way, field in fields.items()},
        {way: bispectrum(field, shells) for way, field in fields.items()},
        {way: void_probability(objects(d, size, count), size, radii, SPHERES) for way, d in density.items()},
    )


def objects(density: Array, box_size: float, count: int, seed: int = 0) -> Array:
    """Positions (count, 3) [Mpc/h] drawn in proportion to a density (n, n, n) on nodes, anywhere around their node.

    Of a box that is empty they are drawn evenly.
    """
    rng = np.random.default_rng(seed)
    cells = density.shape[0]
    total = np.cumsum(density.reshape(-1) if density.any() else np.ones(density.size), dtype=np.float64)
    node = np.searchsorted(total, rng.uniform(0, total[-1], count), side="right")
    return lattice(cells, box_size, np.float64)[node] + rng.uniform(-0.5, 0.5, (count, 3)) * box_size / cells


def reach(k: Array, transfer: Array) -> float:
    """The largest k up to which every shell has T(k) within 1 %; 0 where the first has not."""
    beyond = np.flatnonzero(~(np.abs(transfer - 1) < WITHIN))
    inside = beyond[0] if len(beyond) else len(k)
    return float(k[inside - 1]) if inside else 0.0


def at(k: float, m: Measured, values: Array) -> float | None:
    """A spectrum at one k [h/Mpc], between shells; None beyond them."""
    return float(np.interp(k, m.k, values)) if m.k[0] <= k <= m.k[-1] else None


def _of_spectra(measured: dict[str, Measured], h: float, paper: dict[str, float]) -> list[Number]:
    net, base = measured["prediction"], measured["input"]
    numbers = [
        Number(
            "reach",
            "k up to which T(k) is within 1 %",
            reach(net.k, net.transfer),
            "h/Mpc",
            None,
            reach(base.k, base.transfer),
            paper.get("reach"),
            "0: the first shell is not",
        )
    ]
    for key, name, k in (
        ("transfer_1", "T at k = 1 /Mpc", 1 / h),
        ("transfer_3", "T at k = 3 /Mpc", 3 / h),
        ("transfer_1h", "T at k = 1 h/Mpc", 1.0),
        ("transfer_3h", "T at k = 3 h/Mpc", 3.0),
    ):
        value = at(k, net, net.transfer)
        note = f"k = {k:.3g} h/Mpc" if key in ("transfer_1", "transfer_3") else ""
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
            )
        )
    high = net.k > 0.75 * net.k[-1]
    better = np.abs(net.transfer - 1) < np.abs(base.transfer - 1)
    return [
        *numbers,
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
        Number(
            "correlation_1",
            "r at k = 1 h/Mpc",
            at(1.0, net, net.correlation),
            "",
            at(1.0, net, net.correlation_error) or None,
            at(1.0, base, base.correlation),
        ),
        Number("better_transfer", "shells of k in which T is nearer to 1 than the input's", float(better.mean())),
        Number(
            "better_correlation",
            "shells of k in which r is above the input's",
            float((net.correlation > base.correlation).mean()),
        ),
    ]


def _mean(
    key: str,
    name: str,
    boxes: Sequence[JudgedBox],
    of: Callable[[JudgedBox, str], float],
    unit: str = "",
    paper: float | None = None,
) -> Number:
    values = np.array([of(box, "prediction") for box in boxes])
    error = float(_error(values)) if len(values) > 1 else None
    return Number(key, name, float(values.mean()), unit, error, float(np.mean([of(b, "input") for b in boxes])), paper)


def _of_cells(boxes: Sequence[JudgedBox], paper: dict[str, float]) -> list[Number]:
    def square(box: JudgedBox, way: str) -> float:
        return float(np.square(box.density[way] - box.density["truth"], dtype=np.float64).mean())

    return [
        _mean(
            "mean_density",
            "mean density over the true one",
            boxes,
            lambda b, way: float(b.density[way].mean(dtype=np.float64) / b.density["truth"].mean(dtype=np.float64)),
            paper=paper.get("mean_density"),
        ),
        _mean("mean_square", "mean squared error of rho / mean", boxes, square),
        _mean(
            "cell_correlation",
            "correlation of cells with the truth",
            boxes,
            lambda b, way: correlation(b.density[way], b.density["truth"]),
        ),
        _mean(
            "empty",
            "cells below a tenth of the mean, over the true share",
            boxes,
            lambda b, way: float((b.density[way] < 0.1).mean() / max((b.density["truth"] < 0.1).mean(), 1e-12)),
        ),
    ]


def _higher(boxes: Sequence[JudgedBox]) -> list[Number]:
    def amplitude(box: JudgedBox, way: str) -> float:
        ours, true = box.bispectra[way], box.bispectra["truth"]
        chosen = ours.triangles[:, 0] == ours.triangles[:, 2]
        return float(ours.value[chosen].sum() / true.value[chosen].sum())

    def deviation(box: JudgedBox, way: str) -> float:
        return float(np.abs(box.voids[way].probability - box.voids["truth"].probability).max())

    return [
        _mean("bispectrum", "equilateral bispectrum over the true one, all shells", boxes, amplitude),
        _mean("voids", "largest error of the void probability", boxes, deviation),
    ]


def _of_vectors(boxes: Sequence[JudgedBox], learnt: Target, assignment: Assignment) -> list[Number]:
    """How well displacements and velocities are met; the baselines are perturbation theory's."""

    def error(name: str, factor: Callable[[Universe], float]) -> Callable[[JudgedBox, str], float]:
        def of(box: JudgedBox, way: str) -> float:
            if way == "input":
                ours = factor(box.universe) * start(box.universe, assignment).displacement
            else:
                ours = box.prediction.field(name).values
            return float(np.sqrt(np.square(ours - box.universe.field(name).values, dtype=np.float64).mean()))

        return of

    numbers = [
        _mean("displacement", "rms error of displacements", boxes, error("displacement", lambda u: 1.0), "Mpc/h")
    ]
    if learnt == "displacement+velocity":
        numbers.append(_mean("velocity", "rms error of velocities", boxes, error("velocity", to_velocity), "km/s"))
    return numbers
