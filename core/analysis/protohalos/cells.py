"""Is a cell in a halo? Overlap, ROC curves and the area under them, by halo mass and by place in the halo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.aside import aside
from core.cosmos.box import Array, nearest_image
from core.cosmos.universe import Universe
from core.figures import Curves, Number, Row, Series, Style
from core.learning.metrics import Roc, foreground_dice, roc, two_class_dice
from core.protohalos.truth import TrueHalos
from core.protohalos.without_network import Guess

MASS_CLASSES = {
    "clusters": ("M > 1e14 Msun", 1e14, np.inf),
    "groups": ("1e13 < M < 1e14 Msun", 1e13, 1e14),
    "galaxies": ("3.2e12 < M < 1e13 Msun", 3.2e12, 1e13),
    "smaller": ("M < 3.2e12 Msun", 0.0, 3.2e12),
}
"""Ranges of halo mass [Msun, not Msun/h]: three of arXiv:1805.04537, section 3.3, and what lies below them."""

LANDMARK_AUC = "paper: figure 4, no number given; arXiv:2508.00049, classes of its own: .98-.99"
LANDMARK_MASS = "arXiv:2508.00049, classes of its own: within 1 %"
"""What others reach on other boxes, in classes that need not be these: landmarks, not the same measurement."""

RADIUS_CLASSES = {
    "inner": ("r < 0.3 R", 0.0, 0.3),
    "middle": ("0.3 R < r < 0.6 R", 0.3, 0.6),
    "outer": ("r > 0.6 R", 0.6, np.inf),
}
"""Ranges of the distance from a protohalo's centre in units of its Lagrangian radius (the same section)."""

EDGE = 0.6
"""Probability in the middle of the thresholds that end the paper's halos, for which it gives both rates."""

Classes = dict[str, tuple[str, float, float]]


def mass_of_cells(truth: TrueHalos, universe: Universe) -> Array:
    """Mass [Msun] of the halo of every cell; NaN outside halos."""
    mass = truth.halos["mass"] / universe.cosmology.h
    return np.concatenate([[np.nan], mass]).astype(np.float32)[truth.label]


def radius_of_cells(truth: TrueHalos) -> Array:
    """Distance of every cell from its protohalo's centre over the Lagrangian radius; NaN outside halos."""
    halos, cells = truth.halos, truth.label.shape[0]
    result = np.full(truth.label.shape, np.nan, dtype=np.float32)
    inside = np.nonzero(truth.label)
    halo = truth.label[inside] - 1
    offset = np.stack(inside, axis=1) * (halos.box_size / cells) - halos["lagrangian_position"][halo]
    distance = np.linalg.norm(nearest_image(offset, halos.box_size), axis=1)
    result[inside] = distance / halos["lagrangian_radius"][halo]
    return result


def class_rocs(score: Array, mask: Array, quantity: Array, classes: Classes) -> dict[str, Roc | None]:
    """For each class the ROC of its cells against all cells outside halos; None where a box has no such cell."""
    result: dict[str, Roc | None] = {}
    for name, (_, low, high) in classes.items():
        positive = mask & (quantity >= low) & (quantity < high)
        used = positive | ~mask
        result[name] = roc(score[used], positive[used]) if positive.any() else None
    return result


def numbers_and_figures(
    truths: Sequence[TrueHalos],
    universes: Sequence[Universe],
    probabilities: Sequence[Array],
    guesses: Sequence[Guess],
    baseline_name: str,
    papers: bool,
) -> tuple[list[Number], dict[str, Curves | Row]]:
    """Of the network's probabilities, and of what the baseline guesses.

    The paper's values stand beside them where the truth is of the paper's kind, else in the notes.
    """
    masks = [aside(truth.mask) for truth in truths]
    scores, cuts = [guess.score for guess in guesses], [guess.mask for guess in guesses]
    empty = [1 - float(mask.mean()) for mask in masks]
    rocs = [roc(p, mask) for p, mask in zip(probabilities, masks, strict=True)]
    base = [roc(d, mask) for d, mask in zip(scores, masks, strict=True)]
    numbers = [
        mean_number(
            "dice",
            "Dice, both classes",
            map(two_class_dice, probabilities, masks),
            (two_class_dice(guess.chance, mask) for guess, mask in zip(guesses, masks, strict=True)),
            *beside_paper(0.93, papers, f"no halos at all: {np.mean(empty):.3f}; in the paper .73"),
        ),
        mean_number("dice_empty", "Dice, both classes, of no halos at all", empty, (), note="1 - the halos' volume"),
        mean_number(
            "foreground_dice",
            "Dice, foreground (p > 0.5)",
            (foreground_dice(p > 0.5, m) for p, m in zip(probabilities, masks, strict=True)),
            map(foreground_dice, cuts, masks),
        ),
        mean_number("auc", "area under ROC", (r.area for r in rocs), (r.area for r in base)),
    ]
    for key, words, of, paper in (
        ("true_positive_rate", "true positive rate", masks, 0.8),
        ("false_positive_rate", "false positive rate", [aside(~mask) for mask in masks], 0.04),
    ):
        ours = (_hit(p > EDGE, m) for p, m in zip(probabilities, of, strict=True))
        beside = beside_paper(paper, papers)
        numbers.append(mean_number(key, f"{words} (p > {EDGE})", ours, map(_hit, cuts, of), *beside))
    panels = []
    by_mass = [aside(mass_of_cells(truth, universe)) for truth, universe in zip(truths, universes, strict=True)]
    by_radius = [aside(radius_of_cells(truth)) for truth in truths]
    for quantities, classes, title, note in (
        (by_mass, MASS_CLASSES, "by halo mass", LANDMARK_AUC),
        (by_radius, RADIUS_CLASSES, "by place in the halo", "paper: figure 4, no number given"),
    ):
        every = [
            [class_rocs(s, m, q, classes) for s, m, q in zip(given, masks, quantities, strict=True)]
            for given in (probabilities, scores)
        ]
        curves = {}
        for name, (words, _, _) in classes.items():
            network, theirs = ([found for box in boxes if (found := box[name])] for boxes in every)
            curves[f"{name}, {words}"] = network
            numbers.append(
                mean_number(
                    f"auc_{name}",
                    f"area under ROC, {name} ({words})",
                    (r.area for r in network),
                    (r.area for r in theirs),
                    note=note,
                )
            )
        panels.append(roc_figure(f"ROC {title}", {name: (found, "line") for name, found in curves.items() if found}))
    numbers.append(
        mean_number(
            "collapsed_fraction",
            "collapsed fraction, predicted / true",
            (_share(p > 0.5, m) for p, m in zip(probabilities, masks, strict=True)),
            map(_share, cuts, masks),
        )
    )
    whole = roc_figure("ROC: is a cell in a halo?", {"network": (rocs, "line"), baseline_name: (base, "dashed")})
    return numbers, {"roc": whole, "roc_classes": Row("ROC of the network for parts of the halos", tuple(panels))}


def roc_figure(title: str, curves: dict[str, tuple[list[Roc], Style]]) -> Curves:
    """Mean ROC curves over boxes with bands of one standard deviation."""
    x = np.concatenate([np.linspace(0, 0.1, 41), np.linspace(0.12, 1, 45)])
    series = []
    for name, (many, style) in curves.items():
        y = np.array([np.interp(x, one.false_positive, one.true_positive) for one in many])
        mean, spread = y.mean(axis=0), y.std(axis=0)
        area = np.mean([one.area for one in many])
        series.append(Series(f"{name} (AUC {area:.3f})", x, mean, mean - spread, mean + spread, style))
    return Curves(title, tuple(series), "false positive rate", "true positive rate", y_limits=(0, 1))


def mean_number(
    key: str, name: str, values: Iterable[float], baseline: Iterable[float], paper: float | None = None, note: str = ""
) -> Number:
    """A mean over boxes with its standard error; None where there is no box."""
    ours, theirs = np.array(list(values)), np.array(list(baseline))
    if not len(ours):
        return Number(key, name, None, paper=paper, note=note)
    error = float(ours.std(ddof=1) / np.sqrt(len(ours))) if len(ours) > 1 else None
    return Number(key, name, float(ours.mean()), "", error, float(theirs.mean()) if len(theirs) else None, paper, note)


def beside_paper(paper: float, same: bool, note: str = "") -> tuple[float | None, str]:
    """The paper's value where it means the same, else a note that names it."""
    told = "" if same else f"paper, on Peak Patch halos: {paper:g}"
    return paper if same else None, "; ".join(part for part in (note, told) if part)


def _share(mask: Array, truth: Array) -> float:
    """Cells of a mask per cell of the truth; NaN where there is no truth."""
    return np.count_nonzero(mask) / np.count_nonzero(truth) if truth.any() else float("nan")


def _hit(mask: Array, cells: Array) -> float:
    """Share of some cells that lie in a mask; NaN where there are none."""
    return float(mask[cells].mean()) if cells.any() else float("nan")
