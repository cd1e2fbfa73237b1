"""The report on classes of 21-cm maps: every model by cubes it never saw and by planes of cubes it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.statistics.figures import band
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import ColourMap, Curves, Figure, Matrix, Number, Report, Row, Series, Slice, Table
from core.progress import Progress, each, silent
from core.recipes.ionization.cubes import FIELD, LARGEST_TEMPERATURE, UNITS, Target, cube, label
from core.recipes.ionization.models import MODELS, Classify
from core.recipes.ionization.slices import spread

if TYPE_CHECKING:
    from core.learning.chain import Chain

PAPER = {
    "redshift": {"dense": 0.48, "neighbours": 0.33},
    "escape_fraction": {"direct": 0.137},
}
"""Accuracies of the paper, on planes of cubes it was trained on."""

NOTES = (
    "Cubes of one seed stay on one side of the split. The paper drew planes of the same cubes for training and test: "
    "what that is worth is measured with the same weights on planes left out of the training cubes.",
    "The paper gives its accuracies for 17 redshifts and 12 escape fractions; with other classes chance is another.",
)


@dataclass(frozen=True)
class JudgedCube:
    """One cube: the number of its class, None where that is unknown, and what every model says of its planes."""

    universe: Universe
    kind: int | None
    guesses: dict[str, Array]


def report(
    title: str,
    paper: str,
    learner: Chain,
    ways: dict[str, Classify],
    pairs: Sequence[tuple[Universe, Universe]],
    target: Target,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the planes of all cubes. An error is the standard error of the mean over cubes."""
    values = [learner.constants[f"class.{number}"] for number in range(_classes(learner))]
    device = learner.links["codes"].network.device
    judged = []
    for truth, _ in each(progress, pairs, lambda pair: pair[0].name):
        known = label(truth, target)
        planes = spread(cube(truth, device))
        guesses = {name: classify(planes) for name, classify in ways.items()}
        judged.append(JudgedCube(truth, values.index(known) if known in values else None, guesses))
    labelled = [item for item in judged if item.kind is not None]
    figures: dict[str, Figure] = {
        **{
            f"confusion_{name}": _confusion(target, values, labelled, name)
            for name in ("codes", "direct", "dense", "neighbours")
        },
        "reconstruction": _reconstruction(*pairs[0]),
        "by_class": _by_class(target, values, labelled),
        "learning": _learning(learner, "accuracy", "accuracy of validation planes"),
        "compression": _learning(learner, "rms", "rms of the reconstruction [mK]"),
        "cubes": _cubes(target, values, judged),
    }
    facts = {
        "paper": paper,
        "held-out cubes": str(len(pairs)),
        "cube": f"{pairs[0][0].box_size:g} Mpc/h, {pairs[0][0].cells}^3 cells",
        UNITS[target]: ", ".join(f"{value:g}" for value in values),
        "weights": ", ".join(
            f"{name} {sum(p.numel() for p in link.network.module.parameters()):,}"
            for name, link in learner.links.items()
        ),
    }
    return Report(title, tuple(_numbers(target, learner, values, labelled, pairs)), figures, NOTES, facts)


def _classes(learner: Chain) -> int:
    return sum(name.startswith("class.") for name in learner.constants)


def _numbers(
    target: Target,
    learner: Chain,
    values: Sequence[float],
    judged: Sequence[JudgedCube],
    pairs: Sequence[tuple[Universe, Universe]],
) -> list[Number]:
    chance = 1 / len(values)
    numbers = []
    for name, words in MODELS.items():
        value, error = _mean([float((item.guesses[name] == item.kind).mean()) for item in judged])
        paper = PAPER[target].get(name)
        numbers.append(
            Number(f"accuracy_{name}", f"accuracy, {words}", value, "", error, chance, paper, "of unseen cubes")
        )
    for name, words in MODELS.items():
        leaky = learner.constants[f"leak.{name}"]
        honest = numbers[list(MODELS).index(name)].value
        gain = None if honest is None else leaky - honest
        numbers.append(
            Number(f"leak_{name}", f"gained by the split by planes, {words}", gain, note=f"{leaky:.3f} there")
        )
    ladder = np.array(values)
    for name in ("codes", "direct"):
        misses = [float(np.abs(ladder[item.guesses[name]] - ladder[item.kind]).mean()) for item in judged]
        value, error = _mean(misses)
        numbers.append(Number(f"error_{name}", f"mean error of {UNITS[target]}, {MODELS[name]}", value, "", error))
    votes = [float(_vote(item.guesses["codes"]) == item.kind) for item in judged]
    numbers.append(Number("cubes_codes", "cubes told right by the vote of their planes, CNN on codes", _mean(votes)[0]))
    rms, spread_of = [], []
    for truth, prediction in pairs:
        true = np.asarray(truth.field(FIELD).values, dtype=np.float64)
        rms.append(float(np.sqrt(np.mean((prediction.field(FIELD).values - true) ** 2))))
        spread_of.append(float(true.std()))
    value, error = _mean(rms)
    baseline = float(np.mean(spread_of))
    numbers.append(
        Number(
            "rms", "error of the reconstruction", value, "mK", error, baseline, note="baseline: the mean of the cube"
        )
    )
    return numbers


def _mean(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean and its standard error; None for what too few values cannot say."""
    if not values:
        return None, None
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return float(np.mean(values)), error


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


def _by_class(target: Target, values: Sequence[float], judged: Sequence[JudgedCube]) -> Curves:
    """Accuracy of each class; bands are standard errors over its cubes."""
    series = []
    for name, words in MODELS.items():
        shares = [
            [float((item.guesses[name] == kind).mean()) for item in judged if item.kind == kind]
            for kind in range(len(values))
        ]
        means = np.array([np.mean(s) if s else np.nan for s in shares])
        errors = np.array([np.std(s, ddof=1) / np.sqrt(len(s)) if len(s) > 1 else 0.0 for s in shares])
        series.append(band(words, np.array(values), means, errors))
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


def _reconstruction(truth: Universe, prediction: Universe) -> Row:
    """A plane of the first cube, what the autoencoder makes of it, and the difference."""
    size = truth.box_size
    middle = truth.cells // 2
    true = np.asarray(truth.field(FIELD).values[middle], dtype=np.float64)
    made = np.asarray(prediction.field(FIELD).values[middle], dtype=np.float64)
    top = float(max(true.max(), made.max(), 1e-6))
    largest = float(max(np.abs(made - true).max(), 1e-6))

    def panel(title: str, values: Array, limits: tuple[float, float], colours: ColourMap = "sequential") -> Slice:
        extent = (0.0, size, 0.0, size)
        return Slice(title, values, extent, "z [Mpc/h]", "y [Mpc/h]", "mK", colours, limits=limits)

    return Row(
        f"A plane of {truth.name}",
        (
            panel("map", true.clip(0, LARGEST_TEMPERATURE), (0.0, top)),
            panel("reconstruction", made, (0.0, top)),
            panel("difference", made - true, (-largest, largest), "diverging"),
        ),
    )


def _cubes(target: Target, values: Sequence[float], judged: Sequence[JudgedCube]) -> Table:
    """The vote of the planes of each cube."""
    rows = tuple(
        (
            item.universe.name,
            None if item.kind is None else values[item.kind],
            *(values[_vote(item.guesses[name])] for name in MODELS),
        )
        for item in judged
    )
    return Table(f"{UNITS[target]} by the vote of a cube's planes", ("cube", "true", *MODELS), rows)
