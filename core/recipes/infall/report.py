"""The report on subhalo fates: accuracies beside the thesis's, what the fates hang on, and who is told badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.cosmos.box import Array
from core.cosmos.infall.examples import orbits_of
from core.cosmos.infall.table import INTERACTIONS, OUTCOMES, origin_in_words
from core.figures import Figure, Number, Report, Row, Table
from core.learning.forest import Ensemble, train
from core.progress import Progress, each, part, silent
from core.recipes.infall import figures as draw
from core.recipes.infall import paper
from core.recipes.infall.bins import THREE_SIGMA, NarrowBin, differences, narrow_bin
from core.recipes.infall.histograms import Histograms, boosted
from core.recipes.infall.orbit_figures import orbits
from core.recipes.infall.ranking import Ranking, rank
from core.recipes.infall.rows import InfallRows, RowSplit, feature_names, read_tables, scaled, usable
from core.recipes.infall.scores import FURTHER, MIDDLE, TOLERANCES, Score, baseline, best_and_worst, score
from core.recipes.infall.subsets import UNITS, Rows, bagged, binomial, fewer, hardest, within

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.learning.forest import Forest

_LEAST_TREES = 20


class Addition(Protocol):
    """How models of few features are grown: of up to so many features, of at most so many trees (0: all)."""

    @property
    def features(self) -> int: ...

    @property
    def trees(self) -> int: ...


class Asked(Protocol):
    """What the settings say of the report."""

    @property
    def ranking_runs(self) -> int: ...

    @property
    def addition(self) -> Addition: ...

    @property
    def subsets(self) -> bool: ...

    @property
    def histograms(self) -> Histograms: ...

    def parts(self) -> RowSplit: ...


@dataclass(frozen=True)
class JudgedOutcome:
    """One outcome: errors of training and test rows, and the features that tell most of it."""

    outcome: str
    training: Score
    test: Score
    idle: Score
    ranking: Ranking
    unseen: Score
    """Errors of all rows that were not learnt from, test and validation."""


def report(
    title: str,
    source: str,
    learner: Forest,
    pairs: Sequence[tuple[Universe, Universe]],
    asked: Asked,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the test rows of all tables; the seed of the split draws all else too."""
    universes, split = [truth for truth, _ in pairs], asked.parts()
    apart = paper.why_not_beside(universes)
    beside = not apart
    table = read_tables(universes, split, feature_names(learner))
    features = scaled(table, learner.constants)
    said = learner.predict(features)
    outcomes = each(part(progress, 0.0, 0.3, "ranking features for "), list(learner.models), str)
    judged = [_judge(split.seed, asked.ranking_runs, table, outcome, said[outcome]) for outcome in outcomes]
    survival = judged[0]
    examples = next((some for universe in universes if (some := orbits_of(universe))), [])
    figures: dict[str, Figure | None] = {
        "models": draw.models(learner.models),
        "orbits": orbits(examples, universes[0].cosmology),
        "demographics": draw.demographics(table),
        "ranking": draw.ranking({one.outcome: one.ranking for one in judged}, beside),
        "planes": Row(
            "Mean outcomes over the two best features, in squares of even size",
            tuple(draw.plane(table, one.outcome, one.ranking.names) for one in judged if len(one.ranking.names) > 1),
        ),
        "confusion": draw.confusion(
            table.targets["survived"][survival.test.rows], (said["survived"] > 0.5)[survival.test.rows]
        ),
    }
    merged = float(np.mean(table.targets["survived"] == 0))
    numbers = [
        Number("merged", "subhalos that merge", merged, paper=paper.MERGED if beside else None),
        *_accuracies(judged, beside),
        *_one_feature(table, beside),
        *_mean_time(table),
    ]
    rows, whole = Rows(table, features, split.seed), {one.outcome: one.test for one in judged}
    numbers += bagged(rows, learner, beside)
    if asked.subsets:
        progress(0.3, "growing models of fewer rows")
        numbers += fewer(rows, learner, whole)
        numbers += hardest(rows, learner, whole, min(asked.ranking_runs, 10), beside)
    if asked.histograms.iterations:
        progress(0.45, "boosting histograms")
        figures["histograms"], more = _histograms(table, features, judged, asked.histograms, split.seed)
        numbers += more
    found: dict[str, dict[str, float]] = {}
    bins: dict[str, NarrowBin] = {}
    for one in each(part(progress, 0.5, 1.0, "adding features for "), judged, lambda one: one.outcome):
        if asked.addition.features:
            curve, gains, more = _addition(learner.models[one.outcome], asked.addition, rows, one, beside)
            figures[f"addition_{one.outcome}"], figures[f"gains_{one.outcome}"] = curve, gains
            numbers += more
        figures[f"trends_{one.outcome}"] = draw.trends(table, one.test, one.ranking.names)
        model = shortened(learner.models[one.outcome], asked.addition.trees)
        bins[one.outcome], found[one.outcome] = _compare(rows, model, one)
    figures["differences"] = draw.same(found, bins)
    _, left_out = usable(universes)
    notes = ([apart] if apart else []) + _notes(table, found, left_out)
    if not examples:
        notes.append("The tables hold no orbits: those of earlier versions have none.")
    return Report(
        title,
        tuple(numbers),
        {name: figure for name, figure in figures.items() if figure is not None},
        tuple(notes),
        {
            "paper": source,
            "tables": ", ".join(f"{universe.name}, {origin_in_words(universe)}" for universe in universes),
            "rows": f"{len(table)}: {np.count_nonzero(table.training)} learnt from, "
            f"{np.count_nonzero(table.validation)} to validate, {np.count_nonzero(table.test)} judged",
            "features": f"{len(table.names)}",
        },
    )


def _judge(seed: int, ranking_runs: int, table: InfallRows, outcome: str, said: Array) -> JudgedOutcome:
    known = [table.rows(outcome, which) for which in (table.training, table.test, ~table.training)]
    training, test, unseen = (score(table, outcome, said[rows], rows) for rows in known)
    rows = table.rows(outcome, ~table.test)
    ranking = rank(table.names, table.features[rows], table.targets[outcome][rows], seed, ranking_runs)
    return JudgedOutcome(outcome, training, test, baseline(table, outcome, known[1]), ranking, unseen)


def _accuracies(judged: Sequence[JudgedOutcome], beside: bool) -> list[Number]:
    numbers = []
    for one in judged:
        asked = [
            (f"{one.outcome}_{k}" if one.outcome in UNITS else one.outcome, tolerance, paper.ACCURACY[one.outcome][k],
             f"; paper's baseline {paper.BASELINE[one.outcome][k]:g}")
            for k, tolerance in enumerate(TOLERANCES[one.outcome])
        ]  # fmt: skip
        if one.outcome in FURTHER:
            asked.append((f"{one.outcome}_further", FURTHER[one.outcome], paper.FURTHER[one.outcome], ""))
        for key, tolerance, theirs, words in asked:
            value = one.test.accuracy(tolerance)
            numbers.append(
                Number(
                    key,
                    within(one.outcome, tolerance),
                    value,
                    error=binomial(value, len(one.test.rows)),
                    baseline=one.idle.accuracy(tolerance),
                    paper=theirs if beside else None,
                    note=f"training {one.training.accuracy(tolerance):.3f}{words if beside else ''}",
                )
            )
    return numbers


def _one_feature(table: InfallRows, beside: bool) -> list[Number]:
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
    name, theirs = "accuracy of survival from a_acc alone", paper.ONE_FEATURE if beside else None
    return [Number("one_feature", name, value, paper=theirs, note=f"survive if a_acc > {best:.2f}")]


def _mean_time(table: InfallRows) -> list[Number]:
    """The accuracy when all are told the mean merge time in Gyr.

    The thesis's baseline, a mean number of crossing times, is given the crossing time at the merger: it knows when.
    """
    known, rows = (table.rows("merge_time", which) for which in (table.training, table.test))
    mean = float(table.targets["merge_time"][known].mean())
    told = score(table, "merge_time", np.full(len(rows), mean), rows)
    name = "accuracy of merge time within 1.5 crossing times if all take the mean time"
    return [Number("mean_time", name, told.accuracy(1.5), note=f"{mean:.2f} Gyr")]


def _histograms(
    table: InfallRows, features: Array, judged: Sequence[JudgedOutcome], settings: Histograms, seed: int
) -> tuple[Table, list[Number]]:
    """Gradient-boosted histograms beside the thesis's models, at every tolerance."""
    rows: list[tuple[str | float | None, ...]] = []
    numbers = []
    for one in judged:
        told, trees = boosted(table, features, one.outcome, settings, seed)
        for tolerance in TOLERANCES[one.outcome]:
            ours, theirs, idle = (each.accuracy(tolerance) for each in (one.test, told, one.idle))
            error = binomial(ours, len(told.rows))
            rows.append((within(one.outcome, tolerance).removeprefix("accuracy of "), ours, theirs, error, idle))
        at = MIDDLE[one.outcome]
        value, error = told.accuracy(at), binomial(told.accuracy(at), len(told.rows))
        name = f"{within(one.outcome)} by boosted histograms"
        note = f"{trees} trees; {one.test.accuracy(at):.3f} by the model above"
        key = f"histograms_{one.outcome}"
        numbers.append(Number(key, name, value, error=error, baseline=one.idle.accuracy(at), note=note))
    columns = ("accuracy", "these models", "boosted histograms", "+-", "baseline")
    return Table("Gradient-boosted histograms beside these models", columns, tuple(rows)), numbers


def _addition(
    model: Ensemble, addition: Addition, rows: Rows, one: JudgedOutcome, beside: bool
) -> tuple[Figure, Figure, list[Number]]:
    """Models of the best feature, the two best and so on; and one of all with the interactions."""
    table, features, seed = rows.table, rows.features, rows.seed
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
    middle = TOLERANCES[outcome].index(MIDDLE[outcome])
    numbers = []
    if len(order) >= 4:
        numbers.append(Number(f"four_{outcome}", f"{within(outcome)} from the best four", float(test[3, middle])))
    interactions = [table.rest[name] for name in INTERACTIONS if name in table.rest]
    if len(interactions) == len(INTERACTIONS):
        scale = [(values - values.mean()) / (values.std() or 1.0) for values in interactions]
        without = accuracies(features)[0][middle]
        having = accuracies(np.column_stack([features, *scale]))[0][middle]
        numbers.append(
            Number(
                f"interactions_{outcome}",
                f"{within(outcome)} that interactions add",
                having - without,
                paper=0.0 if beside else None,
                note=f"{without:.3f} without",
            )
        )
    theirs = paper.gains(outcome, order) if beside else ()
    gains = draw.gains(outcome, order, test[:, middle], theirs)
    return draw.addition(outcome, test, training, len(tested)), gains, numbers


def shortened(model: Ensemble, most: int) -> Ensemble:
    """A model of at most so many trees (0: as it is), each weighing more in return."""
    if not most or model.trees <= most:
        return model
    trees = max(most, min(model.trees, _LEAST_TREES))
    return replace(model, trees=trees, learning_rate=min(0.3, model.learning_rate * model.trees / trees))


def _compare(rows: Rows, model: Ensemble, one: JudgedOutcome) -> tuple[NarrowBin, dict[str, float]]:
    """Kolmogorov-Smirnov tests on the features that are not among the best, and the interactions.

    Where the rows that were not learnt from fill no narrow bin, all are told by models of the others (five folds).
    """
    table = rows.table
    found = narrow_bin(table, one.ranking.names, *best_and_worst(one.unseen))
    if not found:
        found = narrow_bin(table, one.ranking.names, *best_and_worst(rows.left_out(model, one.outcome)))
    others = tuple(name for name in table.names if name not in one.ranking.names)
    return found, differences(table, (*others, *(name for name in INTERACTIONS if name in table.rest)), found)


def _notes(table: InfallRows, found: dict[str, dict[str, float]], left_out: dict[str, str]) -> list[str]:
    notes = []
    if left_out:
        reasons = "; ".join(f"{draw.sign(name)}: {reason}" for name, reason in left_out.items())
        notes.append(f"Features that could not be used: {reasons}.")
    for outcome, values in found.items():
        what = OUTCOMES[outcome][0]
        different = [draw.sign(name) for name, p in values.items() if p < THREE_SIGMA]
        if not values:
            notes.append(
                f"{what}: no narrow bin of the best features holds enough of those told best and worst to compare them."
            )
        elif different:
            notes.append(f"{what}: those told best and worst differ in {', '.join(different)} at fixed best features.")
    if not table.rest["particle_mass"].any():
        notes.append("The mass of a particle is not known: errors of masses are not lessened by its noise (eq. 2.7).")
    return notes
