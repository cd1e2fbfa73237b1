"""What the linear density is around a cell: channels that move and turn with it, in units of the training universes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.cosmos.universe import Universe
from core.protohalos import context, physics
from core.protohalos.dynamics import CheapRun
from core.protohalos.inputs import channel_count, channels, scales


class Given:
    """A universe of which only the linear density is asked."""

    def __init__(self, like: Universe, delta: np.ndarray) -> None:
        self.cells, self.box_size = like.cells, like.box_size
        self._field = replace(like.field("delta_linear"), values=delta)

    def field(self, name: str) -> object:
        assert name == "delta_linear"
        return self._field


@pytest.fixture(scope="module")
def delta(universes: list[Universe]) -> np.ndarray:
    return np.asarray(universes[0].field("delta_linear").values, dtype=np.float32)


@pytest.fixture(scope="module")
def told(universes: list[Universe]) -> torch.Tensor:
    return context.context(universes[0])


def test_what_the_trees_see_comes_first(universes: list[Universe], told: torch.Tensor) -> None:
    assert len(told) == context.count()
    near = physics.features(universes[0])[1:]
    np.testing.assert_array_equal(told[: len(near)].numpy(), near)


def test_wide_channels_are_the_wave_s_own(universes: list[Universe], delta: np.ndarray) -> None:
    """Of one plane wave a Gaussian leaves exp(-k^2 r^2 / 2), and the tide is that along the wave and 0 across."""
    n = len(delta)
    wave = np.cos(2 * np.pi * np.arange(n) / n)[:, None, None] * np.ones((1, n, n))
    made = context.context(Given(universes[0], wave.astype(np.float32)))  # type: ignore[arg-type]
    left = [np.exp(-0.5 * (2 * np.pi / n * radius) ** 2) for radius in (*context.WIDE, context.TIDE)]
    first = physics.count() - 1
    for number in range(2):
        np.testing.assert_allclose(made[first + number], left[number] * wave, atol=1e-5)
    three = made[first + 2 :]
    np.testing.assert_allclose(three.sum(0), left[2] * wave, atol=1e-5)
    np.testing.assert_allclose(three[1], 0, atol=1e-4)


def test_they_move_and_turn_with_the_density(universes: list[Universe], delta: np.ndarray, told: torch.Tensor) -> None:
    other = np.roll(delta, (3, 1, 2), (0, 1, 2)).transpose(1, 0, 2).copy()
    made = context.context(Given(universes[0], other))  # type: ignore[arg-type]
    spread = told.std(dim=(1, 2, 3)).view(-1, 1, 1, 1)
    expected = told.roll((3, 1, 2), (1, 2, 3)).transpose(1, 2)
    # eigenvalues that are nearly equal differ by the rounding of a cube root
    torch.testing.assert_close(made / spread, expected / spread, atol=5e-3, rtol=0)


def test_inputs_are_in_units_of_the_training_universes(universes: list[Universe]) -> None:
    constants = scales(universes[:2], "density+context")
    seen = [channels(universe, "density+context", constants) for universe in universes[:2]]
    assert seen[0].shape[0] == channel_count("density+context", CheapRun()) == 1 + context.count()
    variance = torch.stack([one.double().var(dim=(1, 2, 3)) for one in seen]).mean(0)
    np.testing.assert_allclose(variance, 1, rtol=1e-3)
