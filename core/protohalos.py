"""The report on halos predicted in Lagrangian space, beside the truth and a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from core import baseline as smoothing
from core import protohalo_figures as draw
from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.figures import Figure, Number, Report
from core.metrics import foreground_dice, match, roc, separations, two_class_dice
from core.protohalo_figures import halo_spectra
from core.recipe import Recipe

Box: TypeAlias = tuple[Universe, Universe, Array, Catalogue]
"""Truth, prediction, true mask, true halos that count."""


def report(recipe: Recipe, constants: dict[str, float], boxes: Sequence[Box], minimum_cells: int) -> Report:
    """Numbers and figures over all boxes for halos of at least `minimum_cells` Lagrangian cells.

    An error is the standard error of the mean over boxes.
    """
    # the rounding of a catalogue must not drop the smallest halo that counts
    minimum = 0.999 * minimum_cells * min(truth.particle_mass for truth, *_ in boxes)
    predicted = [_catalogue(prediction).at_least(minimum) for _, prediction, *_ in boxes]
    probabilities = [np.asarray(prediction.field("probability").values) for _, prediction, *_ in boxes]
    densities = [smoothing.smoothed(t.field("delta_linear").values, constants["baseline.smoothing"]) for t, *_ in boxes]
    cuts = [smoothing.cut(density, constants["baseline.fraction"]) for density in densities]
    baseline = [
        smoothing.find(density, constants, minimum_cells)
        .catalogue(t.box_size, t.cosmology.mean_density)
        .at_least(minimum)
        for density, (t, *_) in zip(densities, boxes, strict=True)
    ]
    truth = [halos.at_least(minimum) for *_, halos in boxes]
    masks = [mask for _, _, mask, _ in boxes]

    rocs = [roc(p, mask) for p, mask in zip(probabilities, masks, strict=True)]
    base_rocs = [roc(d, mask) for d, mask in zip(densities, masks, strict=True)]
    large = 100 / minimum_cells * minimum
    numbers = [
        _number(
            "dice",
            "Dice, both classes",
            map(two_class_dice, probabilities, masks),
            map(two_class_dice, cuts, masks),
            paper=0.93,
        ),
        _number(
            "foreground_dice",
            "Dice, foreground (p > 0.5)",
            (foreground_dice(p > 0.5, m) for p, m in zip(probabilities, masks, strict=True)),
            map(foreground_dice, cuts, masks),
        ),
        _number("auc", "area under ROC", (r.area for r in rocs), (r.area for r in base_rocs)),
        _number(
            "collapsed_fraction",
            "collapsed fraction, predicted / true",
            (_share(p > 0.5, m) for p, m in zip(probabilities, masks, strict=True)),
            map(_share, cuts, masks),
        ),
        Number("halos_true", "halos, true", float(sum(map(len, truth)))),
        Number("halos", "halos, predicted", float(sum(map(len, predicted))), baseline=float(sum(map(len, baseline)))),
        _ratio(
            "mass_function",
            f"N(> {minimum:.2g} Msun/h), predicted / true",
            truth,
            predicted,
            baseline,
            minimum,
            "paper: within 10 %",
        ),
        _ratio(
            "mass_function_large",
            f"N(> {large:.2g} Msun/h), predicted / true",
            truth,
            predicted,
            baseline,
            large,
            "paper: within 10 %",
        ),
        _matched("matched", "true halos matched", truth, predicted, baseline, minimum, paper=0.60),
        _matched("matched_large", f"true halos > {large:.2g} Msun/h matched", truth, predicted, baseline, large),
        *_separation(truth, predicted),
        *_clustering(truth, predicted, baseline),
    ]
    figures: dict[str, Figure] = {
        "slices": draw.slices(*boxes[0][:3]),
        "roc": draw.roc_curves(rocs, base_rocs),
        "mass_function": draw.mass_functions(truth, predicted, baseline, minimum),
        "power": draw.halo_power(truth, predicted, baseline),
        "correlation": draw.halo_correlation(truth, predicted, baseline),
    }
    first = boxes[0][0]
    facts = {
        "paper": recipe.paper,
        "held-out universes": ", ".join(t.name for t, *_ in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {first.box_size / first.cells:.3g} Mpc/h",
        "smallest halo": f"{minimum:.3g} Msun/h",
        "baseline": f"linear density smoothed by a Gaussian of {constants['baseline.smoothing']:g} cells, "
        f"cut at the collapsed fraction {constants['baseline.fraction']:.3f}; halos by the same finder",
        "finder": "calibrated on the validation universes" if "finder.levels" in constants else "the paper's values",
    }
    return Report(recipe.title, tuple(numbers), figures, NOTES, facts)


NOTES = (
    "Truth here is friends-of-friends halos of an N-body run traced back to the lattice; the paper's is Peak Patch "
    "spheres in 512 Mpc boxes. Its numbers are a landmark, not the same measurement.",
    "A match has its centre inside the true halo's Lagrangian sphere and its radius within 25 %.",
    "Halo spectra are measured at equal number: the most massive halos of each catalogue, as many as the shorter has.",
)


def _catalogue(prediction: Universe) -> Catalogue:
    [name] = prediction.halos
    return prediction.catalogue(name)


def _share(mask: Array, truth: Array) -> float:
    """Cells of a mask per cell of the truth; NaN where there is no truth."""
    return np.count_nonzero(mask) / np.count_nonzero(truth) if truth.any() else float("nan")


def _number(
    key: str, name: str, values: Iterable[float], baseline: Iterable[float], paper: float | None = None
) -> Number:
    values, baseline = np.array(list(values)), np.array(list(baseline))
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return Number(key, name, float(values.mean()), "", error, float(baseline.mean()), paper)


def _ratio(
    key: str,
    name: str,
    truth: list[Catalogue],
    ours: list[Catalogue],
    baseline: list[Catalogue],
    mass: float,
    note: str,
) -> Number:
    """Cumulative counts over all boxes; the error is Poisson, of the predicted count."""
    true, found, base = (sum(len(c.at_least(mass)) for c in many) for many in (truth, ours, baseline))
    if not true:
        return Number(key, name, None, note=f"no true halos; {note}")
    return Number(key, name, found / true, "", np.sqrt(found) / true, base / true, None, note)


def _matched(
    key: str,
    name: str,
    truth: list[Catalogue],
    ours: list[Catalogue],
    baseline: list[Catalogue],
    mass: float,
    paper: float | None = None,
) -> Number:
    """Fraction of true halos above a mass that have a match; binomial error."""

    def fraction(many: list[Catalogue]) -> tuple[float, int]:
        hits = [match(t, p)[t["mass"] >= mass] >= 0 for t, p in zip(truth, many, strict=True)]
        every = np.concatenate(hits)
        return (float(every.mean()), len(every)) if len(every) else (float("nan"), 0)

    value, count = fraction(ours)
    if not count:
        return Number(key, name, None, note="no true halos")
    return Number(key, name, value, "", float(np.sqrt(value * (1 - value) / count)), fraction(baseline)[0], paper)


def _separation(truth: list[Catalogue], ours: list[Catalogue]) -> list[Number]:
    distances = np.concatenate([separations(t, p, match(t, p)) for t, p in zip(truth, ours, strict=True)])
    value = float(np.median(distances)) if len(distances) else None
    return [Number("separation", "median distance of matched centres", value, "Mpc/h")]


LARGE_SCALES = 0.5
"""Wavenumber [h/Mpc] up to which the clustering of halos is summed into one number."""


def _clustering(truth: list[Catalogue], ours: list[Catalogue], baseline: list[Catalogue]) -> list[Number]:
    """Mode-weighted means up to k = 0.5 h/Mpc of the ratio of halo power and of r(k)."""

    def means(other: list[Catalogue]) -> tuple[float, float]:
        every = halo_spectra(truth, other)
        if not every:
            return float("nan"), float("nan")
        low = every[0].k <= LARGE_SCALES
        power, reference, cross = (
            sum((getattr(s, name) * s.modes)[low].sum() for s in every) for name in ("power", "other", "cross")
        )
        return float(power / reference), float(cross / np.sqrt(power * reference))

    (ratio, r), (base_ratio, base_r) = means(ours), means(baseline)
    where = f"k < {LARGE_SCALES:g} h/Mpc"
    return [
        Number(
            "power_ratio",
            f"halo P(k), predicted / true, {where}",
            ratio,
            baseline=base_ratio,
            note="paper: within 5 %",
        ),
        Number("correlation", f"halo r(k), {where}", r, baseline=base_r, note="paper: figure 8, no number given"),
    ]
