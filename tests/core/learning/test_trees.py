"""Trees against scikit-learn's, and the Forest as a learner."""

import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from core.cosmos.box import Array
from core.errors import RunError
from core.learning.forest import Ensemble, Forest, TableSamples, relative_error, train
from core.learning.samples import Batch
from core.learning.trees import bin_features, grow

MODELS = {"fate": Ensemble("forest", 10, 4), "time": Ensemble("boosting", 12, 3, 0.2)}


def table(rows: int, seed: int, whole: bool = False) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    features = random.integers(0, 200, (rows, 6)).astype(float) if whole else random.random((rows, 6))
    scale = 100 if whole else 1
    noise = 0.3 * random.standard_t(2, rows)
    return features, np.sin(4 * features[:, 0] / scale) + features[:, 1] / scale + noise


def samples() -> TableSamples:
    batches = []
    for seed in (1, 2):
        features, values = table(400, seed)
        fate = (values > 0.8).astype(float)
        time = np.where(fate == 1, values, np.nan)
        batches.append(Batch(torch.from_numpy(features), torch.from_numpy(np.stack([fate, time], axis=1))))
    return TableSamples(batches[0], batches[1], {"a.mean": 0.5, "a.std": 0.3})


def test_boosting_is_that_of_scikit_learn() -> None:
    from sklearn.ensemble import GradientBoostingRegressor

    features, values = table(1500, 0, whole=True)
    ours = train(Ensemble("boosting", 15, 3, 0.1), features, values, 1)
    theirs = GradientBoostingRegressor(
        loss="huber", n_estimators=15, max_depth=3, learning_rate=0.1, random_state=0
    ).fit(features, values)
    # on the rows learnt from: in between, its thresholds are the middle of the values in a node, ours that of all
    np.testing.assert_allclose(ours.predict(features), theirs.predict(features), rtol=1e-10)


def test_a_tree_is_that_of_scikit_learn() -> None:
    from sklearn.tree import DecisionTreeClassifier

    features, values = table(1000, 3, whole=True)
    fate = (values > 0.8).astype(float)
    feature, threshold, value, leaf = grow(bin_features(features), fate, np.ones(1000), 3, 6, 1)
    theirs = DecisionTreeClassifier(max_depth=3, random_state=0).fit(features, fate)
    np.testing.assert_allclose(value[leaf], theirs.predict_proba(features)[:, 1])
    assert feature[0] == theirs.tree_.feature[0]
    assert threshold[0] == pytest.approx(theirs.tree_.threshold[0])


def test_a_forest_is_as_good_as_scikit_learns() -> None:
    from sklearn.ensemble import RandomForestClassifier

    features, values = table(4000, 8)
    fate = (values > 0.8).astype(float)
    ours = train(Ensemble("forest", 50, 7), features[:3000], fate[:3000], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = RandomForestClassifier(50, max_depth=7, random_state=1).fit(features[:3000], fate[:3000])
    right = np.mean((ours.predict(features[3000:]) > 0.5) == (fate[3000:] > 0.5))
    assert right == pytest.approx(theirs.score(features[3000:], fate[3000:]), abs=0.02)
    assert right > 0.8


def test_many_values_are_cut_into_bins_of_equal_count() -> None:
    values = np.random.default_rng(1).standard_normal((5000, 1))
    data = bin_features(values)
    assert np.bincount(data.bins[:, 0]).min() >= 15
    assert data.bins.max() == 255
    # a bin is where its edges say
    edges = np.concatenate([[-np.inf], data.edges[0], [np.inf]])
    bins = data.bins[:, 0].astype(int)
    assert (values[:, 0] > edges[bins]).all()
    assert (values[:, 0] <= edges[bins + 1]).all()


def test_a_constant_feature_and_equal_targets() -> None:
    features = np.column_stack([np.ones(50), np.arange(50.0)])
    feature, _, value, leaf = grow(bin_features(features), np.full(50, 3.0), np.ones(50), 2, 2, 1)
    assert (feature == -1).all()
    np.testing.assert_allclose(value[leaf], 3.0)
    feature, threshold, _, _ = grow(bin_features(features), (np.arange(50) > 24).astype(float), np.ones(50), 2, 2, 1)
    assert feature.tolist() == [1, -1, -1, -1, -1, -1, -1]
    assert threshold[0] == 24.5


def test_a_step_adds_a_share_of_every_models_trees() -> None:
    learner = Forest(MODELS, 4, seed=1)
    seen = [(len(learner.grown["fate"].trees), len(learner.grown["time"].trees)) for _ in learner.fit(samples())]
    assert seen == [(3, 3), (5, 6), (8, 9), (10, 12)]
    told = learner.validate(samples())
    assert told.keys() == {"loss", "fate", "time"}
    assert told["loss"] == pytest.approx((told["fate"] + told["time"]) / 2)
    assert told["time"] < 0.9


def _through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return dict(torch.load(file, weights_only=True))


def test_resuming_is_exact() -> None:
    whole = Forest(MODELS, 4, seed=1)
    losses = [step.values["loss"] for step in whole.fit(samples())]
    first = Forest(MODELS, 4, seed=1)
    steps = first.fit(samples())
    before = [next(steps).values["loss"], next(steps).values["loss"]]
    second = Forest(MODELS, 4, seed=1)
    second.restore(_through_a_file(first.state()))
    assert second.step == 2
    assert before + [step.values["loss"] for step in second.fit(samples())] == losses
    for name in MODELS:
        for array in ("feature", "threshold", "value"):
            np.testing.assert_array_equal(
                getattr(second.grown[name].trees, array), getattr(whole.grown[name].trees, array)
            )


def test_another_seed_is_another_forest() -> None:
    forests = [Forest(MODELS, 1, seed) for seed in (1, 2)]
    for forest in forests:
        list(forest.fit(samples()))
    first, second = (forest.grown["fate"].trees.threshold for forest in forests)
    assert not np.array_equal(first, second)


def test_weights_of_other_settings() -> None:
    learner = Forest(MODELS, 1, 1)
    list(learner.fit(samples()))
    deeper = Forest({"fate": Ensemble("forest", 10, 5), "time": MODELS["time"]}, 1, 1)
    with pytest.raises(RunError, match="trees are of another depth"):
        deeper.load_weights(learner.weights())
    with pytest.raises(RunError, match="tell of other outcomes"):
        Forest({"fate": MODELS["fate"]}, 1, 1).load_weights(learner.weights())


def test_errors_over_those_of_a_constant() -> None:
    targets = np.array([0.0, 0.0, 0.0, 1.0])
    assert relative_error(Ensemble("forest", 1, 1), np.zeros(4), targets) == 1
    assert relative_error(Ensemble("forest", 1, 1), np.array([0, 0, 0, 0.9]), targets) == 0
    assert relative_error(Ensemble("boosting", 1, 1), np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, 2.0])) == 1
    assert relative_error(Ensemble("boosting", 1, 1), np.array([0.5, 1.0, 1.5]), np.array([0.0, 1.0, 2.0])) == 0.5
