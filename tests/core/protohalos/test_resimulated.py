"""The truth made again is the truth; fewer steps come near it."""

import numpy as np
import pytest

from core.cosmos.box import nearest_image
from core.cosmos.universe import Universe
from core.learning.metrics import foreground_dice
from core.protohalos.resimulated import Steps, others, resimulated, steps_of
from core.protohalos.truth import true_halos


def test_the_same_run_gives_the_same_halos(universes: list[Universe]) -> None:
    universe = universes[0]
    run = steps_of(universe)
    assert run == Steps(5, 2.0)
    truth, again = true_halos(universe, "nbody", 8), resimulated(universe, run, 8, 0.0)
    np.testing.assert_array_equal(again.label, truth.label)
    for name in ("mass", "lagrangian_radius"):
        np.testing.assert_allclose(again.halos[name], truth.halos[name], rtol=1e-6)
    for name in ("lagrangian_position", "position"):
        away = nearest_image(again.halos[name] - truth.halos[name], universe.box_size)
        # single precision of positions in the file
        assert np.abs(away).max() < 1e-3


def test_fewer_steps_come_near(universes: list[Universe]) -> None:
    universe = universes[0]
    truth = true_halos(universe, "nbody", 8)
    agreement = [
        foreground_dice(resimulated(universe, run, 8, 0.0).mask, truth.mask)
        for run in (Steps(1, 1.0), Steps(4, 2.0), Steps(5, 2.0))
    ]
    assert agreement[0] < agreement[1] < agreement[2] == 1


def test_other_runs_of_the_truth() -> None:
    assert others(Steps(20, 2.0)) == {
        "truth again, 40 steps": Steps(40, 2.0),
        "truth again, mesh ratio 3": Steps(20, 3.0),
    }
    assert Steps(20, 3.0) in others(Steps(20, 4.0)).values()


@pytest.mark.parametrize("changed", [{"integrator": "fastpm"}, {"start_redshift": 49.0}, {"outputs": [0.0, 1.0]}])
def test_a_truth_made_otherwise_is_not_made_again(universes: list[Universe], changed: dict[str, object]) -> None:
    from dataclasses import replace

    settings = universes[0].provenance["settings"]
    assert steps_of(replace(universes[0], provenance={"settings": {**settings, **changed}})) is None
    assert steps_of(replace(universes[0], provenance={})) is None
