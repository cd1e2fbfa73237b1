"""What stands beside networks: trees that are kept and read back, the smoothed density in runs that have none."""

import numpy as np
import pytest
import torch

from core.cosmos.universe import Universe
from core.learning.learner import Network, Optimiser
from core.learning.metrics import roc
from core.learning.training_set import Split
from core.protohalos import without_network
from core.protohalos.dynamics import CheapRun
from core.protohalos.matching import match
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


def test_halos_of_trees_that_see_a_cheap_run_begin_as_its_groups(universes: list[Universe]) -> None:
    """As a network's do: else the run, not the network, would be what is better."""
    learner, run = fresh(), CheapRun(steps=5, mesh_ratio=2.0)
    without_network.measure_baselines(learner, Split().parts(universes), halos, 8, 1, run)
    told = without_network.of(learner.constants, learner.tensors)
    guess, truth = told.guess(universes[3], 8), halos(universes[3])
    assert "groups of that run" in told.words
    cells = np.bincount(guess.found.label.reshape(-1))[1:]
    np.testing.assert_allclose(4 / 3 * np.pi * guess.found.radii**3, cells)
    assert cells.min() >= 8
    found = guess.found.catalogue(universes[3].box_size, universes[3].cosmology.mean_density)
    # the run alone matches most of them
    assert (match(truth.halos, found) >= 0).mean() > 0.5
    shells = without_network.of(
        {name: value for name, value in learner.constants.items() if "growth" not in name}, learner.tensors
    )
    assert "shells" in shells.words
    assert not np.array_equal(shells.guess(universes[3], 8).found.label, guess.found.label)


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
