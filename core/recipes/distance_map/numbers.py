"""The numbers of the report on distance maps: cells, halos, and the masses that cells are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.lagrangian import log_mass
from core.cosmos.universe import Universe
from core.figures import Number
from core.learning.metrics import correlation, foreground_dice
from core.protohalos.matching import match
from core.recipes.distance_map import figures as draw
from core.recipes.distance_map.judged import JudgedBox, Way

PAPER_MASS = 4e12
"""The paper's smallest halo [Msun, no h]."""
SAME_MASS = 0.1
"""How far, in ln M, a smallest halo may lie from the paper's for counts of halos to mean the same."""
PAPER_COUNTS = {"test": (1541, 1630), "training": (1484, 1418)}
"""Halos of the paper's two boxes of 100 Mpc/h, predicted and true."""
PAPER_VOLUME = 100.0**3
PAPER_LOSS = "the paper's curves, of training crops and with dropout, come to about 0.6 soon and end near it"
COUNTS_ALONE = "counts alone, to which the cut is fitted: halos in wrong places would count as well"
TRAINING = ("halos_ratio", "matched", "voxel_scatter")
"""What is also measured on training universes."""


def of_cells(
    scale: float,
    boxes: Sequence[JudgedBox],
    norm: Literal["l1", "squared"],
    blind: Callable[[Universe], Array] | None,
) -> list[Number]:
    """Distances and halo membership cell by cell; `scale` makes a distance of the baseline's chance."""
    zero = np.mean([loss(np.zeros_like(box.true_distance), box.true_distance, norm) for box in boxes])
    by_chance = np.mean([_dice(box, box.chance) for box in boxes])
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
            f"by chance {by_chance:.3f}",
        ),
        _mean("foreground_dice_raw", "Dice of the cells in halos, before the cut", boxes, lambda b: _dice(b, b.raw)),
        _mean(
            "collapsed_fraction",
            "collapsed fraction, predicted / true",
            boxes,
            lambda b: _share(b, b.network),
            lambda b: _share(b, b.baseline),
            COUNTS_ALONE,
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


def of_halos(boxes: Sequence[JudgedBox], minimum: float, training: dict[str, float], uniform: bool) -> list[Number]:
    """Counts and matches of the halos of at least `minimum` Msun/h; `uniform` where that cut is known."""
    names = ("truth", "network", "raw", "baseline", "chance", *(["uniform"] if uniform else []))
    ways = {name: [getattr(box, name).halos for box in boxes] for name in names}
    counts = {name: sum(map(len, many)) for name, many in ways.items()}
    true = max(counts["truth"], 1)
    worst = {name: mass_function_deviation(ways["truth"], ways[name], minimum) for name in names[1:]}
    numbers = [
        *_counts(boxes, minimum, counts, training),
        Number("halos_raw", "halos before the cut / true", counts["raw"] / true),
        Number(
            "mass_function",
            "median deviation of N(> M)",
            worst["network"],
            baseline=worst["baseline"],
            note=f"{COUNTS_ALONE}; the paper's is within 10 % in most bins",
        ),
        Number("mass_function_raw", "median deviation of N(> M), before the cut", worst["raw"]),
    ]
    if uniform:
        numbers += [
            Number("halos_uniform", "halos of a uniform cut / true", counts["uniform"] / true, note=COUNTS_ALONE),
            Number("mass_function_uniform", "median deviation of N(> M), uniform cut", worst["uniform"]),
        ]
    for key, name, mass in (
        ("matched", "true halos matched", minimum),
        ("matched_large", f"true halos > {5 * minimum:.2g} Msun/h matched", 5 * minimum),
    ):
        share = {way: found(ways["truth"], ways[way], mass) for way in names[1:]}
        error = np.sqrt(share["network"] * (1 - share["network"]) / true)
        by_chance = f"by chance {share['chance']:.3f}"
        numbers.append(Number(key, name, share["network"], "", float(error), share["baseline"], None, by_chance))
        numbers.append(Number(f"{key}_raw", f"{name}, before the cut", share["raw"]))
        if uniform:
            numbers.append(Number(f"{key}_uniform", f"{name}, uniform cut", share["uniform"]))
    if "matched" in training:
        numbers.append(Number("matched_training", "true halos matched, training universes", training["matched"]))
    pure = {way: found(ways[way], ways["truth"], minimum) for way in names[1:]}
    by_chance = f"by chance {pure['chance']:.3f}"
    return [
        *numbers,
        Number(
            "pure",
            "predicted halos that match a true one",
            pure["network"],
            "",
            None,
            pure["baseline"],
            None,
            by_chance,
        ),
    ]


def _counts(
    boxes: Sequence[JudgedBox], minimum: float, counts: dict[str, int], training: dict[str, float]
) -> list[Number]:
    """How many halos there are, as densities and as ratios; the paper's stand beside where its cut is ours."""
    true = max(counts["truth"], 1)
    same = same_cut(minimum, boxes[0].universe.cosmology.h)
    paper = {name: found / known if same else None for name, (found, known) in PAPER_COUNTS.items()}
    others = COUNTS_ALONE
    if not same:
        found, known = PAPER_COUNTS["test"]
        others += f"; paper {found / known:.3f} above {PAPER_MASS:.0e} Msun, here from "
        others += f"{minimum / boxes[0].universe.cosmology.h:.2g} Msun"
    unit = PAPER_VOLUME / sum(box.universe.box_size**3 for box in boxes)

    def density(key: str, name: str, way: str, paper: int, baseline: float | None = None) -> Number:
        value = counts[way] * unit
        error = float(np.sqrt(counts[way]) * unit)
        return Number(
            key, f"{name} in (100 Mpc/h)^3", value, "", error, baseline, float(paper) if same else None, COUNTS_ALONE
        )

    numbers = [
        Number("halos_true", "halos, true", float(counts["truth"])),
        Number(
            "halos", "halos, predicted", float(counts["network"]), baseline=float(counts["baseline"]), note=COUNTS_ALONE
        ),
        density("density_true", "halos, true,", "truth", PAPER_COUNTS["test"][1]),
        density("density", "halos, predicted,", "network", PAPER_COUNTS["test"][0], counts["baseline"] * unit),
        Number(
            "halos_ratio",
            "halos, predicted / true",
            counts["network"] / true,
            "",
            float(np.sqrt(counts["network"])) / true,
            counts["baseline"] / true,
            paper["test"],
            others,
        ),
    ]
    if "halos_ratio" in training:
        name = "halos, predicted / true, training universes"
        numbers.append(
            Number("halos_ratio_training", name, training["halos_ratio"], paper=paper["training"], note=COUNTS_ALONE)
        )
    return numbers


def of_voxels(boxes: Sequence[JudgedBox], training: dict[str, float], uniform: bool) -> list[Number]:
    """Agreement of the masses that cells are given, where both truth and prediction give one."""
    names = ("network", "raw", "baseline", "chance", *(["uniform"] if uniform else []))
    logs = {
        name: np.concatenate([np.diff(voxels(box.truth, getattr(box, name)), axis=0)[0] for box in boxes])
        for name in names
    }
    scatter = {name: _median(np.abs(values)) for name, values in logs.items()}
    what = "median |log10 of predicted / true mass| of a cell"
    numbers = [
        Number(
            "voxel_bias",
            "median log10 of predicted / true mass of a cell",
            _median(logs["network"]),
            "dex",
            None,
            _median(logs["baseline"]),
            note=f"by chance {_median(logs['chance']):.3f}; paper: figure 8, no number given",
        ),
        Number(
            "voxel_scatter",
            what,
            scatter["network"],
            "dex",
            None,
            scatter["baseline"],
            note=f"by chance {scatter['chance']:.3f}",
        ),
        Number("voxel_scatter_raw", f"{what}, before the cut", scatter["raw"], "dex"),
    ]
    if uniform:
        numbers.append(Number("voxel_scatter_uniform", f"{what}, uniform cut", scatter["uniform"], "dex"))
    if "voxel_scatter" in training:
        numbers.append(
            Number("voxel_scatter_training", f"{what}, training universes", training["voxel_scatter"], "dex")
        )
    return numbers


def on_training(pairs: Sequence[tuple[Way, Way]]) -> dict[str, float]:
    """Some of the numbers of pairs of true and predicted halos, as constants of a learner; what is unknown is left out.

    The paper draws its figures 7 to 9 for the box that it was trained on too.
    """
    truth, ours = [true.halos for true, _ in pairs], [way.halos for _, way in pairs]
    logs = np.concatenate([np.diff(voxels(*pair), axis=0)[0] for pair in pairs])
    values = (sum(map(len, ours)) / max(sum(map(len, truth)), 1), found(truth, ours, 0.0), _median(np.abs(logs)))
    known = dict(zip(TRAINING, values, strict=True))
    return {f"training.{key}": value for key, value in known.items() if np.isfinite(value)}


def same_cut(minimum: float, h: float) -> bool:
    """Whether halos of at least `minimum` Msun/h are the paper's of at least 4e12 Msun."""
    return bool(abs(np.log(minimum / h / PAPER_MASS)) < SAME_MASS)


def loss(distance: Array, truth: Array, norm: Literal["l1", "squared"]) -> float:
    """Sum of |g - p|, or of (g - p)^2, over that of g in a box (arXiv:1912.04299, section 3.2 and equation 3)."""
    total = truth.sum(dtype=np.float64)
    error = np.abs(distance - truth) if norm == "l1" else np.square(distance - truth)
    return float(error.sum(dtype=np.float64) / total) if total else float("nan")


def voxels(truth: Way, way: Way) -> Array:
    """log10 of true and predicted mass [Msun/h] (2, N) of the cells that are in a halo in both."""
    both = (truth.label > 0) & (way.label > 0)
    return np.stack([log_mass(w.label[both], w.halos["mass"]) for w in (truth, way)]).astype(np.float64)


def mass_function_deviation(truth: Sequence[Catalogue], ours: Sequence[Catalogue], minimum: float) -> float:
    """Median |N(> M) / N_true(> M) - 1| over ten masses a decade with at least ten true halos above."""
    edges = draw.masses(truth, minimum)
    true, many = draw.cumulative(truth, edges), draw.cumulative(ours, edges)
    enough = true >= 10
    return float(np.median(np.abs(many[enough] / true[enough] - 1))) if enough.any() else float("nan")


def found(these: Sequence[Catalogue], those: Sequence[Catalogue], mass: float) -> float:
    """Share of these halos of at least a mass [Msun/h] that match one of those."""
    hits = np.concatenate([match(a, b)[a["mass"] >= 0.999 * mass] >= 0 for a, b in zip(these, those, strict=True)])
    return float(hits.mean()) if len(hits) else float("nan")


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


def _median(values: Array) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _dice(box: JudgedBox, way: Way) -> float:
    return foreground_dice(way.label > 0, box.truth.label > 0)


def _share(box: JudgedBox, way: Way) -> float:
    true = np.count_nonzero(box.truth.label)
    return np.count_nonzero(way.label) / true if true else float("nan")
