"""Votes judged out of bag, beside scikit-learn's and on noise; and splits that look at all features."""

import numpy as np
import pytest

from core.cosmos.box import Array
from core.learning.forest import Ensemble, out_of_bag, train


def accuracy(said: Array, targets: Array) -> float:
    asked = np.isfinite(said)
    return float(np.mean((said[asked] > 0.5) == (targets[asked] > 0.5)))


def test_out_of_bag_agrees_with_scikit_learn() -> None:
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.default_rng(1)
    features = random.normal(size=(3000, 6))
    targets = (features[:, 0] + 0.5 * features[:, 1] + 0.5 * random.normal(size=3000) > 0).astype(float)
    ours = accuracy(out_of_bag(train(Ensemble("forest", 50, 7), features, targets, 1), features), targets)
    theirs = RandomForestClassifier(50, max_depth=7, oob_score=True, random_state=1).fit(features, targets)
    # two forests of other bootstraps: three binomial errors of 3000 rows
    assert ours == pytest.approx(theirs.oob_score_, abs=0.02)


def test_out_of_bag_of_noise_is_chance_and_the_training_is_not() -> None:
    random = np.random.default_rng(2)
    features, targets = random.normal(size=(2000, 5)), (random.random(2000) > 0.5).astype(float)
    grown = train(Ensemble("forest", 40, 10), features, targets, 3)
    assert accuracy(out_of_bag(grown, features), targets) == pytest.approx(0.5, abs=0.04)
    assert accuracy(grown.predict(features), targets) > 0.75


def test_a_row_that_every_tree_was_shown_is_not_judged() -> None:
    random = np.random.default_rng(3)
    features, targets = random.normal(size=(400, 2)), (random.random(400) > 0.5).astype(float)
    said = out_of_bag(train(Ensemble("forest", 1, 2), features, targets, 1), features)
    assert np.mean(np.isnan(said)) == pytest.approx(1 - np.exp(-1), abs=0.06)


def test_a_split_may_look_at_all_features() -> None:
    random = np.random.default_rng(4)
    features = random.normal(size=(2000, 25))
    targets = (features[:, 7] > 0).astype(float)
    told = {
        tried: [
            np.mean((np.abs(features[:, 7]) > 0) & ((one > 0.5) == (targets > 0.5)))
            for one in train(Ensemble("forest", 10, 1, tried=tried), features, targets, 1).trees.each(features)
        ]
        for tried in ("root", "all")
    }
    assert min(told["all"]) > 0.97
    assert np.median(told["root"]) < 0.7  # one of five features in 25 is seldom the right one
