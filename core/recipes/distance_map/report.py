"""The report on halos cut from distance maps, beside the truth, the uncut watershed and a baseline without network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.lagrangian import log_mass, normalised_distance
from core.cosmos.universe import Universe
from core.figures import Figure, Number, Report
from core.learning.metrics import correlation, foreground_dice
from core.progress import Progress, each, silent
from core.protohalos.matching import match
from core.protohalos.regions import catalogue
from core.protohalos.truth import TrueHalos
from core.recipes.distance_map import figures as draw
from core.recipes.distance_map.baseline import distance as baseline_distance
from core.recipes.distance_map.baseline import fit_cut
from core.recipes.distance_map.baseline import flood as flood_baseline
from core.recipes.distance_map.cut import cut, from_constants
from core.recipes.distance_map.judged import JudgedBox, Way
from core.recipes.distance_map.watershed import Basins, by_size


def report(
    title: str,
    paper: str,
    constants: dict[str, float],
    pairs: Sequence[tuple[Universe, Universe]],
    minimum_cells: int,
    true_halos: Callable[[Universe], TrueHalos],
    flood: Callable[[Array], Basins],
    norm: Literal["l1", "squared"],
    inputs: str,
    blind: Callable[[Universe], Array] | None = None,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes. An error is the standard error of the mean over boxes, or Poisson's.

    `flood` makes the uncut regions of a distance map; `norm` is that of the loss; `blind` tells the distance in a
    universe to a network that sees the displacement, without it.
    """

    def judged(universe: Universe, prediction: Universe) -> JudgedBox:
        distance = np.asarray(prediction.field("distance").values)
        return _box(constants, universe, prediction, true_halos(universe), distance, flood(distance), minimum_cells)

    boxes = [judged(*pair) for pair in each(progress, pairs, lambda pair: pair[0].name)]
    first = boxes[0].universe
    minimum = minimum_cells * min(box.universe.particle_mass for box in boxes)
    relation = from_constants(constants, "cut")
    here = fit_cut(
        ((box.distance, box.basins) for box in boxes),
        [box.universe for box in boxes],
        [box.truth.halos for box in boxes],
        minimum_cells,
    )
    figures: dict[str, Figure] = {
        "slices": draw.slices(boxes[0]),
        "mass_function": draw.mass_functions(boxes, minimum),
        "counts": draw.counts(boxes, minimum),
        "voxel_masses": draw.voxel_masses([voxels(box, box.network) for box in boxes], minimum),
        "voxel_masses_raw": draw.voxel_masses([voxels(box, box.raw) for box in boxes], minimum, "before the cut"),
        "cut": draw.plane(boxes, relation, minimum_cells),
        "trajectories": draw.trajectories(boxes, relation, here, minimum_cells),
    }
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {first.box_size / first.cells:.3g} Mpc/h",
        "true halos": f"{boxes[0].truth.halos.definition}, at least {minimum:.3g} Msun/h",
        "inputs": inputs,
        "cut": f"{len(relation.volume)} knots fitted to the mass function of the training universes",
        "baseline": f"linear density smoothed by a Gaussian of {constants['flooded.smoothing']:g} cells, "
        f"its chance to collapse in place of the network's distance; watershed of prominence "
        f"{constants['flooded.prominence']:g}, cut fitted in the same way",
    }
    numbers = [*_cells(constants["flooded.scale"], boxes, norm, blind), *_halos(boxes, minimum), *_voxels(boxes)]
    return Report(title, tuple(numbers), figures, NOTES, facts)


PAPER_LOSS = "the paper's curves, of training crops and with dropout, come to about 0.6 soon and end near it"

NOTES = (
    "The paper's halos are HOP groups of at least 4525 particles in one box of 100 Mpc/h; its numbers are a landmark, "
    "not the same measurement.",
    "A match has its centre inside the true halo's Lagrangian sphere and its radius within 25 %.",
    "The watershed without the cut floods every cell above its floor: the cut is what gives the regions their size.",
)


def _box(
    constants: dict[str, float],
    universe: Universe,
    prediction: Universe,
    truth: TrueHalos,
    distance: Array,
    basins: Basins,
    minimum_cells: int,
) -> JudgedBox:
    smooth = baseline_distance(universe, constants)
    relation = from_constants(constants, "flooded.cut")

    def way(found: tuple[Array, Array]) -> Way:
        label, cells = found
        return Way(catalogue(label, cells, universe.box_size, universe.particle_mass, "watershed"), label)

    return JudgedBox(
        universe,
        normalised_distance(truth.label),
        distance,
        basins,
        Way(truth.halos, truth.label),
        Way(prediction.catalogue("distance_map"), np.asarray(prediction.field("label").values)),
        way(by_size(basins.label, basins.cells, minimum_cells)),
        way(cut(smooth, flood_baseline(smooth, constants), relation, minimum_cells)),
        smooth,
    )


def _mean(
    key: str,
    name: str,
    boxes: Sequence[JudgedBox],
    of: Callable[[JudgedBox], float],
    baseline: Callable[[JudgedBox], float] | None = None,
    note: str = "",
) -> Number:
    values = np.array([of(box) for box in boxes])
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    base = float(np.mean([baseline(box) for box in boxes])) if baseline else None
    return Number(key, name, float(values.mean()), "", error, base, None, note)


def _cells(
    scale: float,
    boxes: Sequence[JudgedBox],
    norm: Literal["l1", "squared"],
    blind: Callable[[Universe], Array] | None,
) -> list[Number]:
    zero = np.mean([loss(np.zeros_like(box.true_distance), box.true_distance, norm) for box in boxes])
    numbers = [
        _mean(
            "distance_loss",
            f"distance loss, {'normalised L1' if norm == 'l1' else 'squared'}",
            boxes,
            lambda b: loss(b.distance, b.true_distance, norm),
            lambda b: loss(scale * b.baseline_distance, b.true_distance, norm),
            f"a map of zeros: {zero:.3f}" + (f"; {PAPER_LOSS}" if norm == "l1" else ""),
        ),
        _mean(
            "correlation",
            "correlation of the distance map with the truth",
            boxes,
            lambda b: correlation(b.distance, b.true_distance),
            lambda b: correlation(b.baseline_distance, b.true_distance),
        ),
        _mean(
            "foreground_dice",
            "Dice of the cells in halos",
            boxes,
            lambda b: _dice(b, b.network),
            lambda b: _dice(b, b.baseline),
        ),
        _mean("foreground_dice_raw", "Dice of the cells in halos, before the cut", boxes, lambda b: _dice(b, b.raw)),
        _mean(
            "collapsed_fraction",
            "collapsed fraction, predicted / true",
            boxes,
            lambda b: _share(b, b.network),
            lambda b: _share(b, b.baseline),
        ),
    ]
    if blind:
        unseen = {id(box): blind(box.universe) for box in boxes}
        numbers += [
            _mean(
                "correlation_blind",
                "correlation with the displacement set to zero",
                boxes,
                lambda b: correlation(unseen[id(b)], b.true_distance),
                note="the same network; what density alone gives is a run of its own",
            ),
        ]
    return numbers


def _halos(boxes: Sequence[JudgedBox], minimum: float) -> list[Number]:
    ways = {name: [getattr(box, name).halos for box in boxes] for name in ("truth", "network", "raw", "baseline")}
    counts = {name: sum(map(len, many)) for name, many in ways.items()}
    true = max(counts["truth"], 1)
    numbers = [
        Number("halos_true", "halos, true", float(counts["truth"]), paper=1630),
        Number("halos", "halos, predicted", float(counts["network"]), baseline=float(counts["baseline"]), paper=1541),
        Number(
            "halos_ratio",
            "halos, predicted / true",
            counts["network"] / true,
            "",
            float(np.sqrt(counts["network"])) / true,
            counts["baseline"] / true,
            1541 / 1630,
        ),
        Number("halos_raw", "halos before the cut / true", counts["raw"] / true),
    ]
    worst = {
        name: mass_function_deviation(ways["truth"], ways[name], minimum) for name in ("network", "raw", "baseline")
    }
    numbers += [
        Number(
            "mass_function",
            "median deviation of N(> M)",
            worst["network"],
            baseline=worst["baseline"],
            paper=0.10,
            note="paper: within 10 % in most bins",
        ),
        Number("mass_function_raw", "median deviation of N(> M), before the cut", worst["raw"]),
    ]
    for key, name, mass in (
        ("matched", "true halos matched", minimum),
        ("matched_large", f"true halos > {5 * minimum:.2g} Msun/h matched", 5 * minimum),
    ):
        share = {way: _found(ways["truth"], ways[way], mass) for way in ("network", "raw", "baseline")}
        error = np.sqrt(share["network"] * (1 - share["network"]) / true)
        numbers.append(Number(key, name, share["network"], "", float(error), share["baseline"]))
        numbers.append(Number(f"{key}_raw", f"{name}, before the cut", share["raw"]))
    pure = {way: _found(ways[way], ways["truth"], minimum) for way in ("network", "raw", "baseline")}
    return [
        *numbers,
        Number("pure", "predicted halos that match a true one", pure["network"], "", None, pure["baseline"]),
    ]


def _voxels(boxes: Sequence[JudgedBox]) -> list[Number]:
    """Agreement of the masses that cells are given, where both truth and prediction give one."""
    logs = {
        way: np.concatenate([np.diff(voxels(box, getattr(box, way)), axis=0)[0] for box in boxes])
        for way in ("network", "raw", "baseline")
    }

    def median(values: Array) -> float:
        return float(np.median(values)) if len(values) else float("nan")

    return [
        Number(
            "voxel_bias",
            "median log10 of predicted / true mass of a cell",
            median(logs["network"]),
            "dex",
            None,
            median(logs["baseline"]),
            note="paper: figure 8, no number given",
        ),
        Number(
            "voxel_scatter",
            "median |log10 of predicted / true mass| of a cell",
            median(np.abs(logs["network"])),
            "dex",
            None,
            median(np.abs(logs["baseline"])),
        ),
        Number(
            "voxel_scatter_raw",
            "median |log10 of predicted / true mass| of a cell, before the cut",
            median(np.abs(logs["raw"])),
            "dex",
        ),
    ]


def loss(distance: Array, truth: Array, norm: Literal["l1", "squared"]) -> float:
    """Sum of |g - p|, or of (g - p)^2, over that of g in a box (arXiv:1912.04299, section 3.2 and equation 3)."""
    total = truth.sum(dtype=np.float64)
    error = np.abs(distance - truth) if norm == "l1" else np.square(distance - truth)
    return float(error.sum(dtype=np.float64) / total) if total else float("nan")


def voxels(box: JudgedBox, way: Way) -> Array:
    """log10 of true and predicted mass [Msun/h] (2, N) of the cells that are in a halo in both."""
    both = (box.truth.label > 0) & (way.label > 0)
    masses = [log_mass(w.label[both], w.halos["mass"]) for w in (box.truth, way)]
    return np.stack(masses).astype(np.float64)


def mass_function_deviation(truth: Sequence[Catalogue], found: Sequence[Catalogue], minimum: float) -> float:
    """Median |N(> M) / N_true(> M) - 1| over ten masses a decade with at least ten true halos above."""
    edges = draw.masses(truth, minimum)
    true, ours = draw.cumulative(truth, edges), draw.cumulative(found, edges)
    enough = true >= 10
    return float(np.median(np.abs(ours[enough] / true[enough] - 1))) if enough.any() else float("nan")


def _dice(box: JudgedBox, way: Way) -> float:
    return foreground_dice(way.label > 0, box.truth.label > 0)


def _share(box: JudgedBox, way: Way) -> float:
    true = np.count_nonzero(box.truth.label)
    return np.count_nonzero(way.label) / true if true else float("nan")


def _found(these: Sequence[Catalogue], those: Sequence[Catalogue], mass: float) -> float:
    """Share of these halos above a mass that match one of those."""
    hits = np.concatenate([match(a, b)[a["mass"] >= 0.999 * mass] >= 0 for a, b in zip(these, those, strict=True)])
    return float(hits.mean()) if len(hits) else float("nan")
