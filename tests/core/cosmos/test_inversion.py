"""The linear density behind displacements: exact in first order, recovered from second order and from evolved runs."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Array
from core.cosmos.cosmology import preset
from core.cosmos.initial import linear_field
from core.cosmos.inversion import Inverted, invert
from core.cosmos.lpt import divergence, first_order, second_order
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, evolve

CELLS, BOX = 24, 48.0
PLANCK = preset("planck2018")
GROWTH = PLANCK.growth


@pytest.fixture(scope="module")
def delta() -> Array:
    return np.asarray(linear_field(CELLS, BOX, linear_power(PLANCK), seed=3).values)


def displaced(delta: Array, z: float, order: int) -> tuple[Array, Array]:
    """Displacements of this order at a redshift, and velocities in their unit."""
    a, modes = 1 / (1 + z), torch.fft.rfftn(torch.from_numpy(delta))
    psi1, psi2 = GROWTH.first(a) * first_order(modes, BOX), second_order(modes, BOX)
    if order == 1:
        return psi1.numpy(), psi1.numpy()
    moving = psi1 + GROWTH.second_slope(a) * GROWTH.first(a) * psi2
    return (psi1 + GROWTH.second(a) * psi2).numpy(), moving.numpy()


def error(found: Inverted, delta: Array) -> float:
    return float((found.delta - delta).std() / delta.std())


def test_divergence_of_the_first_order(delta: Array) -> None:
    modes = torch.fft.rfftn(torch.from_numpy(delta))
    found = torch.fft.irfftn(divergence(first_order(modes, BOX), BOX), s=delta.shape)
    np.testing.assert_allclose(found.numpy(), -delta, atol=1e-5 * np.abs(delta).max())  # single precision


@pytest.mark.parametrize("z", [99.0, 49.0, 10.0])
def test_the_velocities_tell_the_order(delta: Array, z: float) -> None:
    for order, model in ((1, "first order"), (2, "second order")):
        found = invert(*displaced(delta, z, order), BOX, GROWTH, z)
        assert found.model == model
        assert error(found, delta) < 3e-3  # inversion ends at 2e-3 of the divergence
        assert found.residual < 3e-3


def test_without_velocities_they_are_of_second_order(delta: Array) -> None:
    s, _ = displaced(delta, 20.0, 2)
    assert error(invert(s, None, BOX, GROWTH, 20.0), delta) < 3e-3
    # what is of first order is then misread by the second-order part, and by no more
    s, _ = displaced(delta, 20.0, 1)
    assert 0.01 < error(invert(s, None, BOX, GROWTH, 20.0), delta) < 0.2


def test_evolved_runs(delta: Array) -> None:
    field = linear_field(CELLS, BOX, linear_power(PLANCK), seed=3)
    fields, _ = evolve(field, PLANCK, Evolution(steps=30, outputs=(5.0, 2.0, 0.0), device="cpu"))
    moved = {field.name: field.values for field in fields}
    early, late = (invert(moved[f"displacement_z{z}"], None, BOX, GROWTH, z) for z in (5, 2))
    assert early.model == "N-body"
    assert error(early, delta) < 0.02
    assert early.residual < 2e-3
    plain = -torch.fft.irfftn(divergence(torch.from_numpy(moved["displacement_z5"]), BOX), s=delta.shape).numpy()
    assert np.std(plain / GROWTH.first(1 / 6) - delta) > 0.1 * delta.std()  # what it was mended from
    assert early.residual < late.residual < 0.05
    assert error(late, delta) < 0.2


def test_displacements_of_no_density_stay_unexplained() -> None:
    noise = np.random.default_rng(1).normal(size=(3, CELLS, CELLS, CELLS)).astype(np.float32)
    assert invert(noise, None, BOX, GROWTH, 30.0).residual > 0.5
