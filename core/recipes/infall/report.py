"""The report on subhalo fates: accuracies beside the thesis's, what the fates hang on, and who is told badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.cosmos.box import Array
from core.cosmos.infall.table import INTERACTIONS, OUTCOMES
from core.figures import Figure, Number, Report, Row
from core.learning.forest import Ensemble, train
from core.progress import Progress, each, part, silent
from core.recipes.infall import figures as draw
from core.recipes.infall.ranking import Ranking, rank
from core.recipes.infall.rows import InfallRows, RowSplit, feature_names, read_tables, scaled, usable
from core.recipes.infall.scores import (
    PAPER,
    PAPER_BASELINE,
    THREE_SIGMA,
    TOLERANCES,
    Score,
    baseline,
    best_and_worst,
    differences,
    narrow_bin,
    score,
)

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.learning.forest import Forest

PAPER_MERGED = 0.64
PAPER_ONE_FEATURE = 0.90
_UNITS = {"final_mass": "M_sub", "final_distance": "R_host", "merge_time": "crossing times"}
_LEAST_TREES = 20


class Addition(Protocol):
    """How models of few features are grown: of up to so many features, of at most so many trees (0: all)."""

    @property
    def features(self) -> int: ...

    @property
    def trees(self) -> int: ...


@dataclass(frozen=True)
class JudgedOutcome:
    """One outcome: errors of training and test rows, and the features that tell most of it."""

    outcome: str
    training: Score
    test: Score
    idle: Score
    ranking: Ranking


def report(
    title: str,
    paper: str,
    learner: Forest,
    pairs: Sequence[tuple[Universe, Universe]],
    split: RowSplit,
    ranking_runs: int,
    addition: Addition,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the test rows of all tables; the seed of the split draws all else too."""
    universes = [truth for truth, _ in pairs]
    table = read_tables(universes, split, feature_names(learner))
    features = scaled(table, learner.constants)
    said = learner.predict(features)
    outcomes = each(part(progress, 0.0, 0.5, "ranking features for "), list(learner.models), str)
    judged = [_judge(split.seed, ranking_runs, table, outcome, said[outcome]) for outcome in outcomes]
    survival = judged[0]
    figures: dict[str, Figure | None] = {
        "demographics": draw.demographics(table),
        "ranking": draw.ranking({one.outcome: one.ranking for one in judged}),
        "planes": Row(
            "Mean outcomes over the two best features",
            tuple(draw.plane(table, one.outcome, one.ranking.names) for one in judged if len(one.ranking.names) > 1),
        ),
        "confusion": draw.confusion(
            table.targets["survived"][survival.test.rows], (said["survived"] > 0.5)[survival.test.rows]
        ),
    }
    numbers = [
        Number("merged", "subhalos that merge", float(np.mean(table.targets["survived"] == 0)), paper=PAPER_MERGED),
        *_accuracies(judged),
        *_one_feature(table),
        *_mean_time(table),
    ]
    found: dict[str, dict[str, float]] = {}
    for one in each(part(progress, 0.5, 1.0, "adding features for "), judged, lambda one: one.outcome):
        if addition.features:
            curve, more = _addition(learner.models[one.outcome], addition, split.seed, table, features, one)
            figures[f"addition_{one.outcome}"] = curve
            numbers += more
        figures[f"errors_{one.outcome}"] = draw.errors(table, one.test, one.ranking.names)
        figures[f"populations_{one.outcome}"] = draw.populations(table, one.test, one.ranking.names)
        found[one.outcome] = _compare(table, one)
    figures["differences"] = draw.same(found)
    _, left_out = usable(universes)
    return Report(
        title,
        tuple(numbers),
        {name: figure for name, figure in figures.items() if figure is not None},
        tuple(_notes(table, found, left_out)),
        {
            "paper": paper,
            "tables": ", ".join(universe.name for universe in universes),
            "rows": f"{len(table)}: {np.count_nonzero(table.training)} learnt from, "
            f"{np.count_nonzero(table.validation)} to validate, {np.count_nonzero(table.test)} judged",
            "features": f"{len(table.names)}",
        },
    )


def _judge(seed: int, ranking_runs: int, table: InfallRows, outcome: str, said: Array) -> JudgedOutcome:
    known = [table.rows(outcome, which) for which in (table.training, table.test)]
    training, test = (score(table, outcome, said[rows], rows) for rows in known)
    rows = table.rows(outcome, ~table.test)
    ranking = rank(table.names, table.features[rows], table.targets[outcome][rows], seed, ranking_runs)
    return JudgedOutcome(outcome, training, test, baseline(table, outcome, known[1]), ranking)


def _accuracies(judged: Sequence[JudgedOutcome]) -> list[Number]:
    numbers = []
    for one in judged:
        for k, tolerance in enumerate(TOLERANCES[one.outcome]):
            value = one.test.accuracy(tolerance)
            within = f" within {tolerance:g} {_UNITS[one.outcome]}" if one.outcome in _UNITS else ""
            numbers.append(
                Number(
                    f"{one.outcome}_{k}" if within else one.outcome,
                    f"accuracy of {OUTCOMES[one.outcome][0]}{within}",
                    value,
                    error=float(np.sqrt(value * (1 - value) / max(len(one.test.rows), 1))),
                    baseline=one.idle.accuracy(tolerance),
                    paper=PAPER[one.outcome][k],
                    note=f"training {one.training.accuracy(tolerance):.3f}; "
                    f"paper's baseline {PAPER_BASELINE[one.outcome][k]:g}",
                )
            )
    return numbers


def _one_feature(table: InfallRows) -> list[Number]:
    """The accuracy of survival when all that fall in after one scale factor are said to survive."""
    if "scale_factor" not in table.names:
        return []
    a, survived = table.column("scale_factor"), table.targets["survived"] == 1
    known = np.sort(a[table.training])
    right = [
        np.mean((a[table.training] > at) == survived[table.training]) for at in known[:: max(1, len(known) // 500)]
    ]
    best = known[:: max(1, len(known) // 500)][int(np.argmax(right))]
    value = float(np.mean((a[table.test] > best) == survived[table.test]))
    name = "accuracy of survival from a_acc alone"
    return [Number("one_feature", name, value, paper=PAPER_ONE_FEATURE, note=f"survive if a_acc > {best:.2f}")]


def _mean_time(table: InfallRows) -> list[Number]:
    """The accuracy when all are told the mean merge time in Gyr.

    The thesis's baseline, a mean number of crossing times, is given the crossing time at the merger: it knows when.
    """
    known, rows = (table.rows("merge_time", which) for which in (table.training, table.test))
    mean = float(table.targets["merge_time"][known].mean())
    told = score(table, "merge_time", np.full(len(rows), mean), rows)
    name = "accuracy of merge time within 1.5 crossing times if all take the mean time"
    return [Number("mean_time", name, told.accuracy(1.5), note=f"{mean:.2f} Gyr")]


def _addition(
    model: Ensemble, addition: Addition, seed: int, table: InfallRows, features: Array, one: JudgedOutcome
) -> tuple[Figure, list[Number]]:
    """Models of the best feature, the two best and so on; and one of all with the interactions."""
    outcome, ranked = one.outcome, one.ranking.names
    model = shortened(model, addition.trees)
    order = [*ranked, *(name for name in table.names if name not in ranked)][: addition.features]
    learnt, tested = one.training.rows, one.test.rows
    target = table.targets[outcome]

    def accuracies(inputs: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
        grown = train(model, inputs[learnt], target[learnt], seed)
        test, training = (score(table, outcome, grown.predict(inputs[rows]), rows) for rows in (tested, learnt))
        return test.accuracies(), training.accuracies()

    columns = [table.names.index(name) for name in order]
    both = [accuracies(features[:, columns[: k + 1]]) for k in range(len(order))]
    test, training = (np.array([pair[which] for pair in both]) for which in (0, 1))
    middle = len(TOLERANCES[outcome]) // 2
    what = OUTCOMES[outcome][0]
    within = f" within {TOLERANCES[outcome][middle]:g} {_UNITS[outcome]}" if outcome in _UNITS else ""
    numbers = []
    if len(order) >= 4:
        four = float(test[3, middle])
        numbers.append(Number(f"four_{outcome}", f"accuracy of {what}{within} from the best four", four))
    interactions = [table.rest[name] for name in INTERACTIONS if name in table.rest]
    if len(interactions) == len(INTERACTIONS):
        scale = [(values - values.mean()) / (values.std() or 1.0) for values in interactions]
        without = accuracies(features)[0][middle]
        having = accuracies(np.column_stack([features, *scale]))[0][middle]
        numbers.append(
            Number(
                f"interactions_{outcome}",
                f"accuracy of {what}{within} that interactions add",
                having - without,
                paper=0.0,
                note=f"{without:.3f} without",
            )
        )
    return draw.addition(outcome, order, test, training, len(one.test.rows)), numbers


def shortened(model: Ensemble, most: int) -> Ensemble:
    """A model of at most so many trees (0: as it is), each weighing more in return."""
    if not most or model.trees <= most:
        return model
    trees = max(most, min(model.trees, _LEAST_TREES))
    return replace(model, trees=trees, learning_rate=min(0.3, model.learning_rate * model.trees / trees))


def _compare(table: InfallRows, one: JudgedOutcome) -> dict[str, float]:
    """Kolmogorov-Smirnov tests on the features that are not among the best, and the interactions."""
    best, worst = best_and_worst(one.test)
    if not len(best) or not len(worst):
        return {}
    inside = narrow_bin(table, one.ranking.names, best, worst)
    others = tuple(name for name in table.names if name not in one.ranking.names)
    return differences(table, (*others, *(name for name in INTERACTIONS if name in table.rest)), best, worst, inside)


def _notes(table: InfallRows, found: dict[str, dict[str, float]], left_out: dict[str, str]) -> list[str]:
    notes = []
    if left_out:
        reasons = "; ".join(f"{draw.sign(name)}: {reason}" for name, reason in left_out.items())
        notes.append(f"Features that could not be used: {reasons}.")
    for outcome, values in found.items():
        what = OUTCOMES[outcome][0]
        different = [draw.sign(name) for name, p in values.items() if p < THREE_SIGMA]
        if not values:
            notes.append(f"{what}: no narrow bin holds enough of those told best and worst to compare them.")
        elif different:
            notes.append(f"{what}: those told best and worst differ in {', '.join(different)} at fixed best features.")
    if not table.rest["particle_mass"].any():
        notes.append("The mass of a particle is not known: errors of masses are not lessened by its noise (eq. 2.7).")
    return notes
