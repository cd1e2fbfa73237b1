"""The report on classes of 21-cm maps: every model by cubes it never saw and by planes of cubes it was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.statistics.figures import band
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import ColourMap, Curves, Figure, Matrix, Number, Report, Row, Series, Slice, Table
from core.progress import Progress, each, silent
from core.recipes.ionization.cubes import FIELD, LARGEST_TEMPERATURE, UNITS, Target, cube, label, realisation
from core.recipes.ionization.models import MODELS, Classify
from core.recipes.ionization.regression import Regression, quantity
from core.recipes.ionization.slices import seen, spread
from core.recipes.ionization.told import JudgedCube, over_seeds, regression_figure, regression_numbers

if TYPE_CHECKING:
    from core.learning.chain import Chain

PAPER_CLASSES = 17
PAPER = {"dense": 0.48}
"""Accuracies of the paper for 17 redshifts, on planes of cubes it was trained on."""

NOTES = (
    "Cubes of one seed stay on one side of the split. The paper drew planes of the same cubes for training and test: "
    "its accuracy stands beside planes left out of the training cubes, judged with the same weights, and beside 17 "
    "redshifts alone.",
    "The author's code, not the paper, has 0.33 for nearest neighbours and 17 redshifts, and 0.137 for a network on "
    "maps and 12 escape fractions, both on such planes.",
)
WITHOUT_MEAN = (
    "The mean of every plane is subtracted. The maps have no noise: the largest flat part of a plane, what is ionized, "
    "still tells how far below the mean nothing is."
)


def report(
    title: str,
    paper: str,
    learner: Chain,
    ways: dict[str, Classify],
    regression: Regression | None,
    pairs: Sequence[tuple[Universe, Universe]],
    target: Target,
    remove_mean: bool,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the planes of all cubes. An error is the standard error of the mean over seeds."""
    values = [learner.constants[f"class.{number}"] for number in range(_classes(learner))]
    names = regression.names if regression else ()
    device = learner.links["codes"].network.device
    judged = []
    for truth, _ in each(progress, pairs, lambda pair: pair[0].name):
        known = label(truth, target)
        planes = seen(spread(cube(truth, device)), remove_mean)
        judged.append(
            JudgedCube(
                truth,
                values.index(known) if known in values else None,
                {name: classify(planes) for name, classify in ways.items()},
                np.array([np.nan if (q := quantity(truth, name)) is None else q for name in names]),
                regression.by_network(planes) if regression else None,
                regression.by_trees(planes) if regression else None,
            )
        )
    labelled = [item for item in judged if item.kind is not None]
    figures: dict[str, Figure] = {
        **{f"confusion_{name}": _confusion(target, values, labelled, name) for name in ways if name != "mean"},
        **({"regression": regression_figure(names, judged)} if regression else {}),
        "reconstruction": _reconstruction(*pairs[0], remove_mean),
        "by_class": _by_class(target, values, labelled, ways),
        "learning": _learning(learner, "accuracy", "accuracy of validation planes"),
        "compression": _learning(learner, "rms", "rms of the reconstruction [mK]"),
        "cubes": _cubes(target, values, judged, list(ways)),
    }
    facts = {
        "paper": paper,
        "held-out cubes": f"{len(pairs)} of {len({realisation(truth) for truth, _ in pairs})} seeds",
        "cube": f"{pairs[0][0].box_size:g} Mpc/h, {pairs[0][0].cells}^3 cells",
        "mean of a plane": "removed" if remove_mean else "kept",
        UNITS[target]: ", ".join(f"{value:g}" for value in values),
        "weights": ", ".join(
            f"{name} {sum(p.numel() for p in link.network.module.parameters()):,}"
            for name, link in learner.links.items()
        ),
    }
    numbers = [
        *_accuracies(target, learner.constants, values, labelled, ways),
        *(regression_numbers(names, learner.constants, judged) if regression else ()),
        _compression(pairs, remove_mean),
    ]
    return Report(title, tuple(numbers), figures, (*NOTES, *([WITHOUT_MEAN] if remove_mean else ())), facts)


def _classes(learner: Chain) -> int:
    return sum(name.startswith("class.") for name in learner.constants)


def _accuracies(
    target: Target,
    constants: dict[str, float],
    values: Sequence[float],
    judged: Sequence[JudgedCube],
    ways: Iterable[str],
) -> Iterator[Number]:
    chance, honest = 1 / len(values), dict[str, float | None]()
    for name in ways:
        honest[name], error = over_seeds(judged, [float((item.guesses[name] == item.kind).mean()) for item in judged])
        yield Number(
            f"accuracy_{name}", f"accuracy, {MODELS[name]}", honest[name], "", error, chance, note="unseen seeds"
        )
    papers = PAPER if target == "redshift" and len(values) == PAPER_CLASSES else {}
    for name in ways:
        leaky, told = constants[f"leak.{name}"], honest[name]
        yield Number(
            f"leak_{name}",
            f"accuracy, {MODELS[name]}, planes left out of the training cubes",
            leaky,
            baseline=chance,
            paper=papers.get(name),
            note="" if told is None else f"{leaky - told:+.3f} against unseen seeds",
        )
    ladder = np.array(values)
    for name in ("codes", "direct"):
        off = [float(np.abs(ladder[item.guesses[name]] - ladder[item.kind]).mean()) for item in judged]
        value, error = over_seeds(judged, off)
        yield Number(f"error_{name}", f"mean error of {UNITS[target]}, {MODELS[name]}", value, "", error)
    for name in ("codes", "direct"):
        value, error = over_seeds(judged, [float(_vote(item.guesses[name]) == item.kind) for item in judged])
        yield Number(f"cubes_{name}", f"cubes told right by the vote of their planes, {MODELS[name]}", value, "", error)


def _compression(pairs: Sequence[tuple[Universe, Universe]], remove_mean: bool) -> Number:
    """What the autoencoder misses of the cubes, beside what their means miss."""
    rms, spread_of = [], []
    for truth, prediction in pairs:
        true = _brightness(truth, remove_mean)
        rms.append(float(np.sqrt(np.mean((prediction.field(FIELD).values - true) ** 2))))
        spread_of.append(float(true.std()))
    error = float(np.std(rms, ddof=1) / np.sqrt(len(rms))) if len(rms) > 1 else None
    return Number(
        "rms",
        "error of the reconstruction",
        float(np.mean(rms)),
        "mK",
        error,
        float(np.mean(spread_of)),
        note="baseline: the mean of the cube; error over cubes",
    )


def _brightness(truth: Universe, remove_mean: bool) -> Array:
    """The map (n, n, n) [mK], less the mean of each plane across the first axis where it is removed."""
    values = np.asarray(truth.field(FIELD).values, dtype=np.float64)
    return values - values.mean((1, 2), keepdims=True) if remove_mean else values


def _vote(guesses: Array) -> int:
    return int(np.bincount(guesses.reshape(-1)).argmax())


def _confusion(target: Target, values: Sequence[float], judged: Sequence[JudgedCube], name: str) -> Matrix:
    counts = np.zeros((len(values), len(values)))
    for item in judged:
        counts[item.kind] += np.bincount(item.guesses[name].reshape(-1), minlength=len(values))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = tuple(f"{value:g}" for value in values)
    return Matrix(
        f"Share of planes, {MODELS[name]}",
        shares,
        names,
        names,
        f"true {UNITS[target]}",
        f"told {UNITS[target]}",
    )


def _by_class(target: Target, values: Sequence[float], judged: Sequence[JudgedCube], ways: Iterable[str]) -> Curves:
    """Accuracy of each class; bars are standard errors over its cubes. Between classes there is nothing."""
    series = []
    for name in ways:
        shares = [
            [float((item.guesses[name] == kind).mean()) for item in judged if item.kind == kind]
            for kind in range(len(values))
        ]
        means = np.array([np.mean(s) if s else np.nan for s in shares])
        errors = np.array([np.std(s, ddof=1) / np.sqrt(len(s)) if len(s) > 1 else 0.0 for s in shares])
        series.append(band(MODELS[name], np.array(values), means, errors, "points"))
    return Curves("Accuracy by class", tuple(series), UNITS[target], "accuracy", y_limits=(0.0, 1.0))


def _learning(learner: Chain, metric: str, words: str) -> Curves:
    """A metric of the validation planes against the steps of each network."""
    series = []
    for name in learner.links:
        points = learner.tensors.get(f"curve_{name}_{metric}")
        if points is not None:
            steps, values = points.cpu().numpy().T
            series.append(Series(MODELS.get(name, name), steps, values))
    return Curves(words[0].upper() + words[1:], tuple(series), "step of the network", words)


def _reconstruction(truth: Universe, prediction: Universe, remove_mean: bool) -> Row:
    """A plane of the first cube, what the autoencoder makes of it, and the difference."""
    size = truth.box_size
    middle = truth.cells // 2
    true = _brightness(truth, remove_mean)[middle]
    made = np.asarray(prediction.field(FIELD).values[middle], dtype=np.float64)
    true = true.clip(max=LARGEST_TEMPERATURE)
    low, top = min(0.0, float(true.min())), float(max(true.max(), made.max(), 1e-6))
    largest = float(max(np.abs(made - true).max(), 1e-6))

    def panel(title: str, values: Array, limits: tuple[float, float], colours: ColourMap = "sequential") -> Slice:
        extent = (0.0, size, 0.0, size)
        return Slice(title, values, extent, "z [Mpc/h]", "y [Mpc/h]", "mK", colours, limits=limits)

    return Row(
        f"A plane of {truth.name}",
        (
            panel("map", true, (low, top)),
            panel("reconstruction", made, (low, top)),
            panel("difference", made - true, (-largest, largest), "diverging"),
        ),
    )


def _cubes(target: Target, values: Sequence[float], judged: Sequence[JudgedCube], ways: Sequence[str]) -> Table:
    """The vote of the planes of each cube."""
    rows = tuple(
        (
            item.universe.name,
            None if item.kind is None else values[item.kind],
            *(values[_vote(item.guesses[name])] for name in ways),
        )
        for item in judged
    )
    return Table(f"{UNITS[target]} by the vote of a cube's planes", ("cube", "true", *ways), rows)
