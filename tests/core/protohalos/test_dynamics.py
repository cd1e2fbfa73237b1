"""Cheap dynamics as input channels: the run itself, its groups, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.cosmos import nbody
from core.cosmos.cheap import START, Approximation, cheap_displacement, cheap_groups, modes_of
from core.cosmos.cosmology import preset
from core.cosmos.nbody import State
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import Universe
from core.protohalos.dynamics import CheapRun, dynamics
from core.protohalos.inputs import channels, scales

STEPS, RATIO = 6, 2.0


@pytest.fixture(scope="module")
def universe(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    """A universe whose own N-body is as cheap as the run that is compared with it."""
    path = Path(tmp_path_factory.mktemp("cheap") / "u.h5")
    evolution = Evolution(steps=STEPS, mesh_ratio=RATIO, minimum_particles=8)
    return simulate(path, Simulation(32, 32.0, preset("planck2018"), seed=3, evolution=evolution))


def test_a_run_of_the_same_steps_is_the_universe(universe: Universe) -> None:
    delta = universe.field("delta_linear")
    moved = cheap_displacement(delta, universe.cosmology, STEPS, RATIO)
    # the file keeps float32
    np.testing.assert_allclose(moved.numpy(), universe.field("displacement").values, atol=1e-5)
    np.testing.assert_array_equal(cheap_groups(moved, universe.box_size, 8), universe.field("label").values)


def test_fewer_steps_end_near_the_universe(universe: Universe) -> None:
    delta = universe.field("delta_linear")
    truth = np.asarray(universe.field("displacement").values)

    def miss(steps: int) -> float:
        moved = cheap_displacement(delta, universe.cosmology, steps, 1.0)
        return float(np.sqrt(np.square(moved.numpy() - truth).mean()))

    spread = float(np.sqrt(np.square(truth).mean()))
    assert miss(3) < 0.25 * spread  # 2LPT alone misses by more
    assert miss(5) < miss(1)


def test_channels_tell_density_contraction_and_groups(universe: Universe) -> None:
    run = CheapRun(steps=STEPS, mesh_ratio=RATIO)
    told = dynamics(universe, run)
    assert told.shape == (run.channels, 32, 32, 32)
    label = np.asarray(universe.field("label").values)
    size = np.bincount(label.reshape(-1))
    inside = label > 0
    np.testing.assert_allclose(told[4].numpy()[inside], 0.5 * (1 + np.log(size[label[inside]] / 8)), rtol=1e-5)
    assert not told[4:].numpy()[:, ~inside].any()
    # the share of the six neighbours in the same group, by hand for one member
    i, j, k = (int(x) for x in np.argwhere(inside)[17])
    near = [
        ((i + a) % 32, (j + b) % 32, (k + c) % 32)
        for a, b, c in np.vstack([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
    ]
    assert told[5, i, j, k] == pytest.approx(np.mean([label[cell] == label[i, j, k] for cell in near]))
    assert torch.isfinite(told).all()
    assert CheapRun(groups=False).channels == len(dynamics(universe, CheapRun(groups=False)))


def test_minus_divergence_is_the_linear_density_before_anything_moves(universe: Universe) -> None:
    """2LPT at high redshift: -div psi = D delta up to second order in D."""
    delta = universe.field("delta_linear")
    early = cheap_displacement(delta, universe.cosmology, 1, 1.0, redshift=80.0)
    from core.cosmos.lpt import divergence

    found = -torch.fft.irfftn(divergence(early, universe.box_size), s=(32,) * 3).numpy()
    growth = universe.cosmology.growth.first(1 / 81)
    both = np.corrcoef(found.reshape(-1), np.asarray(delta.values).reshape(-1))[0, 1]
    assert both > 0.98  # modes at Nyquist have no divergence
    assert found.std() == pytest.approx(growth * np.asarray(delta.values).std(), rel=0.1)


def test_inputs_are_in_units_of_the_training_set(universe: Universe) -> None:
    constants = scales([universe], "density+nbody")
    assert constants["redshift"] == 0
    run = CheapRun(steps=2)
    both = channels(universe, "density+nbody", constants, run)
    told = dynamics(universe, run)
    assert torch.equal(both[3], told[2] / constants["sigma"])
    assert torch.equal(both[1], told[0])
    assert both[0].std() == pytest.approx(1.0, rel=1e-3)


def test_the_run_moves_with_the_box(universe: Universe) -> None:
    """A box that is shifted by whole cells has the same groups, shifted."""
    from dataclasses import replace

    delta = universe.field("delta_linear")
    shifted = replace(delta, values=np.roll(np.asarray(delta.values), 5, axis=1))
    moved = cheap_displacement(delta, universe.cosmology, 2, 1.0)
    other = cheap_displacement(shifted, universe.cosmology, 2, 1.0)
    np.testing.assert_allclose(other.numpy(), np.roll(moved.numpy(), 5, axis=2), atol=2e-3)


def test_the_last_step_has_a_mesh_of_its_own(universe: Universe) -> None:
    delta, cosmology, box = universe.field("delta_linear"), universe.cosmology, universe.box_size
    growth, cells = cosmology.growth, universe.cells

    def made(mesh_ratio: float, last: float, *redshifts: float) -> list[State]:
        return Approximation("nbody", 3, mesh_ratio, last).states(delta, cosmology, redshifts)

    first, second = made(1.0, 2.0, 1.0, 0.0)
    state = nbody.initial_state(modes_of(delta), box, growth, START)
    widths = nbody.edges(state.first, [growth.first(0.5), 1.0], 3)
    for edges, found in zip(widths, (first, second), strict=True):
        for end in edges[1:-1]:
            state = nbody.follow(state, [end], growth, box, cells)
        state = nbody.follow(state, edges[-1:], growth, box, 2 * cells)
        torch.testing.assert_close(found.displacement, state.displacement)
    assert torch.equal(made(1.0, 0.0, 0.0)[0].displacement, made(1.0, 1.0, 0.0)[0].displacement)
    # it makes small halos that a coarse mesh does not
    coarse, last, fine = (
        cheap_groups(made(*ratios, 0.0)[0].displacement, box, 8).max() for ratios in ((1, 1), (1, 2), (2, 2))
    )
    assert coarse < last <= fine + 2
