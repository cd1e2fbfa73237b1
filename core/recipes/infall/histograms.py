"""Gradient-boosted histograms of scikit-learn beside the thesis's models: the same rows, features and tolerances.

HistGradientBoosting, after LightGBM (Ke et al. 2017): trees grow leaf by leaf instead of level by level. Survival is
learnt under the log loss, the rest under the absolute error; the validation rows say how many trees count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from core.cosmos.box import Array
from core.recipes.infall.rows import InfallRows
from core.recipes.infall.scores import Score, score


class Histograms(Protocol):
    """How they are grown; no iterations leave them out."""

    @property
    def iterations(self) -> int: ...

    @property
    def leaves(self) -> int: ...

    @property
    def learning_rate(self) -> float: ...


def boosted(table: InfallRows, features: Array, outcome: str, settings: Histograms, seed: int) -> tuple[Score, int]:
    """The errors of the test rows, and the number of trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    learnt, looked, judged = (table.rows(outcome, w) for w in (table.training, table.validation, table.test))
    target = table.targets[outcome]
    how = {
        "max_iter": settings.iterations,
        "max_leaf_nodes": settings.leaves,
        "learning_rate": settings.learning_rate,
        "early_stopping": False,
        "random_state": seed % 2**32,
    }
    if outcome == "survived":
        votes: Any = HistGradientBoostingClassifier(**how).fit(features[learnt], target[learnt])
        found = [np.mean(np.abs(said[:, 1] - target[looked])) for said in votes.staged_predict_proba(features[looked])]
        at = int(np.argmin(found))
        said = _at(votes.staged_predict_proba(features[judged]), at)[:, 1]
    else:
        model: Any = HistGradientBoostingRegressor(loss="absolute_error", **how).fit(features[learnt], target[learnt])
        found = [np.mean(np.abs(said - target[looked])) for said in model.staged_predict(features[looked])]
        at = int(np.argmin(found))
        said = _at(model.staged_predict(features[judged]), at)
    return score(table, outcome, said, judged), at + 1


def _at(stages: Iterable[Array], number: int) -> Array:
    return next(np.asarray(said) for k, said in enumerate(stages) if k == number)
