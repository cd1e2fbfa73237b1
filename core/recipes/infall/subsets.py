"""What fewer or other rows teach: out of bag, half and a quarter, and the hardest scale factors alone (section 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.infall.table import OUTCOMES
from core.figures import Number
from core.learning.forest import Ensemble, out_of_bag, train
from core.learning.samples import mix
from core.recipes.infall import paper
from core.recipes.infall.ranking import rank
from core.recipes.infall.rows import InfallRows
from core.recipes.infall.scores import MIDDLE, Score, score

if TYPE_CHECKING:
    from core.learning.forest import Forest

THREE = ("scale_factor", "mass_ratio", "impact_angle")
"""The features of the out-of-bag accuracy."""
HARDEST = (0.5, 0.65)
"""Scale factors at which survival is told worst."""
ALONE = {"survived": (0.5, 0.7), "final_mass": (0.6, 0.8)}
"""Scale factors for which the thesis trains models of their own."""
SHARES = {"half": 0.5, "quarter": 0.25}
FOLDS = 5
FEWEST = 20
"""Rows to learn from and to judge that a model of few rows must have."""
UNITS = {"final_mass": "M_sub", "final_distance": "R_host", "merge_time": "crossing times"}


@dataclass(frozen=True)
class Rows:
    """What all of these look at: the rows, their scaled features (N, F), and the seed of what is drawn."""

    table: InfallRows
    features: Array
    seed: int

    def told(self, model: Ensemble, outcome: str, learnt: Array, judged: Array) -> Score:
        """The errors on some rows of a model of others."""
        grown = train(model, self.features[learnt], self.table.targets[outcome][learnt], self.seed)
        return score(self.table, outcome, grown.predict(self.features[judged]), judged)

    def left_out(self, model: Ensemble, outcome: str) -> Score:
        """The errors on all rows, each told by a model of those of the other folds."""
        rows = self.table.rows(outcome, np.ones(len(self.table), dtype=bool))
        parts = np.array_split(np.random.default_rng(mix(self.seed, len(rows))).permutation(rows), FOLDS)
        told = [self.told(model, outcome, np.setdiff1d(rows, part), part) for part in parts if len(part)]
        return Score(outcome, np.concatenate([t.rows for t in told]), np.concatenate([t.error for t in told]))


def within(outcome: str, tolerance: float | None = None) -> str:
    """An accuracy in words: "accuracy of position within 0.2 R_host"."""
    near = (
        f" within {MIDDLE[outcome] if tolerance is None else tolerance:g} {UNITS[outcome]}" if outcome in UNITS else ""
    )
    return f"accuracy of {OUTCOMES[outcome][0]}{near}"


def bagged(rows: Rows, learner: Forest, beside: bool) -> list[Number]:
    """The accuracy of survival out of bag: of all features, and of the three of the thesis."""
    table, model = rows.table, learner.models["survived"]
    learnt = table.rows("survived", table.training)
    target = table.targets["survived"][learnt]
    numbers = []

    def number(key: str, words: str, said: Array, theirs: float | None) -> Number:
        asked = np.isfinite(said)
        right = float(np.mean((said[asked] > 0.5) == (target[asked] > 0.5)))
        # a row that every tree was shown is not judged
        note = f"{np.count_nonzero(~asked)} rows are in every bag" if not asked.all() else ""
        return Number(key, f"accuracy of survival out of bag{words}", right, error=binomial(right, len(target)),
                      baseline=float(max(target.mean(), 1 - target.mean())), paper=theirs, note=note)  # fmt: skip

    whole = out_of_bag(learner.grown["survived"], rows.features[learnt])
    numbers.append(number("out_of_bag", "", whole, None))
    if all(name in table.names for name in THREE):
        inputs = rows.features[learnt][:, [table.names.index(name) for name in THREE]]
        grown = train(model, inputs, target, rows.seed)
        theirs = paper.OUT_OF_BAG if beside else None
        numbers.append(number("out_of_bag_three", " from a_acc, q and φ", out_of_bag(grown, inputs), theirs))
    return numbers


def fewer(rows: Rows, learner: Forest, whole: dict[str, Score]) -> Iterator[Number]:
    """Models of a random half and quarter of the rows learnt from, judged on the same test rows as those of all."""
    table = rows.table
    for outcome, model in learner.models.items():
        learnt, judged = (table.rows(outcome, which) for which in (table.training, table.test))
        order = np.random.default_rng(mix(rows.seed, len(learnt))).permutation(learnt)
        for name, share in SHARES.items():
            some = np.sort(order[: round(share * len(order))])
            if len(some) < FEWEST or len(judged) < FEWEST:
                continue
            value = rows.told(model, outcome, some, judged).accuracy(MIDDLE[outcome])
            yield Number(
                f"{name}_{outcome}",
                f"{within(outcome)} from {'half' if share == 0.5 else 'a quarter'} of the rows",
                value,
                error=binomial(value, len(judged)),
                note=f"{len(some):,} rows; {whole[outcome].accuracy(MIDDLE[outcome]):.3f} from all {len(learnt):,}",
            )


def hardest(rows: Rows, learner: Forest, whole: dict[str, Score], ranks: int, beside: bool) -> Iterator[Number]:
    """Accuracies at the scale factors that are told worst, by the models of all rows and by models of these alone."""
    table = rows.table
    if "scale_factor" not in table.names:
        return
    a = table.column("scale_factor")
    low, high = HARDEST
    there = _kept(whole["survived"], (a >= low) & (a <= high))
    if len(there.rows) >= FEWEST:
        value = there.accuracy(0.0)
        yield Number(
            "hardest",
            f"accuracy of survival at a_acc of {low:g} to {high:g}",
            value,
            error=binomial(value, len(there.rows)),
            baseline=_commoner(table, there.rows),
            paper=paper.HARDEST if beside else None,
            note=f"{len(there.rows):,} subhalos",
        )
    for outcome, (low, high) in ALONE.items():
        inside = (a >= low) & (a <= high)
        learnt, judged = (table.rows(outcome, which & inside) for which in (table.training, table.test))
        if min(len(learnt), len(judged)) < FEWEST:
            continue
        if outcome == "survived" and len(np.unique(table.targets[outcome][learnt])) < 2:
            continue
        value = rows.told(learner.models[outcome], outcome, learnt, judged).accuracy(MIDDLE[outcome])
        all_rows = _kept(whole[outcome], inside).accuracy(MIDDLE[outcome])
        ranking = rank(table.names, table.features[learnt], table.targets[outcome][learnt], rows.seed, ranks)
        yield Number(
            f"alone_{outcome}",
            f"{within(outcome)} at a_acc of {low:g} to {high:g}, by a model of these alone",
            value,
            error=binomial(value, len(judged)),
            note=f"{all_rows:.3f} by that of all; their best four are {', '.join(ranking.names)}".replace("_", " "),
        )


def binomial(share: float, count: int) -> float:
    """The standard error of a share of so many."""
    return float(np.sqrt(share * (1 - share) / max(count, 1)))


def _kept(told: Score, inside: Array) -> Score:
    keep = inside[told.rows]
    return replace(told, rows=told.rows[keep], error=told.error[keep])


def _commoner(table: InfallRows, rows: Array) -> float:
    share = float(table.targets["survived"][rows].mean())
    return max(share, 1 - share)
