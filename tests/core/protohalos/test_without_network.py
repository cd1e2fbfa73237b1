"""What stands beside networks: trees that are kept and read back, the smoothed density in runs that have none."""

import numpy as np
import pytest
import torch

from core.cosmos.universe import Universe
from core.learning.learner import Network, Optimiser
from core.learning.metrics import roc
from core.learning.training_set import Split
from core.protohalos import without_network
from core.protohalos.truth import TrueHalos, true_halos


def fresh() -> Network:
    module = torch.nn.Conv3d(1, 1, 1)
    return Network(module, lambda a, b: a.sum(), lambda a, b: {}, Optimiser(), 1, 1, torch.device("cpu"))


def halos(universe: Universe) -> TrueHalos:
    return true_halos(universe, "nbody", 8)


@pytest.fixture(scope="module")
def measured(universes: list[Universe]) -> Network:
    learner = fresh()
    without_network.measure_baselines(learner, Split().parts(universes), halos, 8, 1)
    return learner


def test_trees_beat_the_smoothed_density(universes: list[Universe], measured: Network) -> None:
    both = without_network.of(measured.constants, measured.tensors)
    guess, truth = both.guess(universes[3], 8), halos(universes[3])
    smooth = without_network.smoothed_density(universes[3], measured.constants, 8)
    assert both.name == "trees"
    assert "boosted trees" in both.words
    assert roc(guess.score, truth.mask).area > roc(smooth.score, truth.mask).area
    assert guess.found.label.max() == len(guess.found.radii) > 0
    np.testing.assert_array_equal(guess.mask, guess.chance > 0.5)


def test_runs_of_before_keep_the_smoothed_density(universes: list[Universe], measured: Network) -> None:
    older = without_network.of(measured.constants, {})
    smooth = without_network.smoothed_density(universes[3], measured.constants, 8)
    assert older.name == "smoothed density"
    assert "smoothed by a Gaussian" in older.words
    np.testing.assert_array_equal(older.guess(universes[3], 8).found.label, smooth.found.label)


def test_a_learner_keeps_its_arrays(measured: Network) -> None:
    other = fresh()
    other.load_weights(measured.weights())
    assert other.tensors.keys() == measured.tensors.keys()
    assert all(torch.equal(other.tensors[name], tensor) for name, tensor in measured.tensors.items())
    older = {name: value for name, value in measured.weights().items() if name != "tensors"}
    other.load_weights(older)
    assert other.tensors == {}
