"""Boosted trees: as exact as scikit-learn's own, the same from one seed, safe to read back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import RunError
from core.learning.metrics import roc
from core.protohalos import boosted, physics
from core.protohalos.dynamics import CheapRun


def table(rows: int = 4000) -> tuple[Array, Array]:
    random = np.random.default_rng(1)
    features = random.normal(size=(rows, 5)).astype(np.float32)
    return features, features[:, 0] * features[:, 1] + 0.5 * features[:, 2] ** 2 + random.normal(size=rows)


def test_the_chance_is_that_of_sklearn() -> None:
    features, values = table()
    model = HistGradientBoostingClassifier(max_iter=30, max_depth=boosted.DEPTH, max_leaf_nodes=None)
    model.fit(features, values > 0)
    ours = boosted.sigmoid(boosted.converted(model).total(features))
    np.testing.assert_allclose(ours, model.predict_proba(features)[:, 1], atol=1e-6)


def test_the_value_is_that_of_sklearn() -> None:
    features, values = table()
    model = HistGradientBoostingRegressor(max_iter=30, max_depth=boosted.DEPTH, max_leaf_nodes=None)
    model.fit(features, values)
    np.testing.assert_allclose(boosted.converted(model).total(features), model.predict(features), atol=1e-6)


@pytest.mark.parametrize("inside", [False, True])
def test_one_class_alone(inside: bool) -> None:
    features, _ = table(100)
    trees = boosted.fit(features, np.full(100, inside), "chance", 1)
    chance = boosted.sigmoid(trees.total(features))
    assert (chance > 0.99).all() if inside else (chance < 0.01).all()


def mask(universe: Universe) -> Array:
    return np.asarray(universe.field("label").values) > 0


def test_cells_of_a_box_never_seen(universes: list[Universe]) -> None:
    trees = boosted.fit_cells(universes[:3], mask, "chance", 1)
    chance = trees.chance(universes[3])
    assert chance.shape == (16, 16, 16)
    density = physics.features(universes[3])[physics.SMOOTHINGS.index(1.5)]
    truth = mask(universes[3])
    assert roc(chance, truth).area > roc(density, truth).area + 0.01
    again = boosted.fit_cells(universes[:3], mask, "chance", 1)
    np.testing.assert_array_equal(again.trees.value, trees.trees.value)


def test_saved_and_read_back(universes: list[Universe]) -> None:
    run = CheapRun(steps=2, mesh_ratio=1.5, groups=False)
    trees = boosted.fit_cells(universes[:1], mask, "chance", 1, run, 0.5)
    saved = trees.as_tensors("trees")
    back = boosted.from_saved(saved, "trees")
    assert back is not None
    assert (back.run, back.redshift) == (run, 0.5)
    np.testing.assert_array_equal(back.told(universes[1]), trees.told(universes[1]))
    assert boosted.from_saved(saved, "others") is None


def test_strange_trees_are_refused() -> None:
    features, values = table(500)
    trees = boosted.PhysicsTrees(boosted.fit(features, values, "value", 1))
    for place, number in ((0, physics.count()), (-1, 0)):
        feature = trees.trees.feature.copy()
        feature[1, place] = number
        strange = boosted.PhysicsTrees(replace(trees.trees, feature=feature)).as_tensors("t")
        with pytest.raises(RunError):
            boosted.from_saved(strange, "t")
    cut = {name: tensor[:, :-1] if tensor.ndim > 1 else tensor for name, tensor in trees.as_tensors("t").items()}
    assert isinstance(cut["t.value"], torch.Tensor)
    with pytest.raises(RunError):
        boosted.from_saved(cut, "t")
