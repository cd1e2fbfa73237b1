"""Displacements: the divergence of the first order, single and crossed plane waves in the second."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order, second_order
from core.cosmos.power import linear_power

BOX = 10.0
STEP = 2 * np.pi / BOX


def grid(cells: int) -> Array:
    """Positions (3, n, n, n) of the lattice [Mpc/h]."""
    axis = np.arange(cells) * BOX / cells
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))


def modes(delta: Array) -> torch.Tensor:
    return torch.fft.rfftn(torch.from_numpy(delta.astype(np.float32)))


def along(k: Array, phase: Array) -> Array:
    """Vector field k phase(x)."""
    return k[:, None, None, None] * phase


def test_divergence_of_the_first_order(planck: Cosmology) -> None:
    delta = linear_field(32, BOX, linear_power(planck), seed=1).values
    psi = first_order(modes(delta), BOX).numpy().astype(np.float64)
    k = np.fft.fftfreq(32, 1 / 32) * STEP
    vectors = np.stack(np.meshgrid(k, k, k, indexing="ij"))
    divergence = np.fft.ifftn((1j * vectors * np.fft.fftn(psi, axes=(1, 2, 3))).sum(axis=0)).real
    assert np.abs(divergence + delta).max() < 1e-5 * np.abs(delta).max()  # single precision


def test_first_order_of_a_plane_wave() -> None:
    k = STEP * np.array([2.0, -1.0, 3.0])
    phase = np.tensordot(k, grid(16), 1)
    psi = first_order(modes(0.3 * np.cos(phase)), BOX).numpy()
    np.testing.assert_allclose(psi, -0.3 * along(k / (k @ k), np.sin(phase)), atol=1e-6)


def test_second_order_of_a_plane_wave_is_nothing() -> None:
    k = STEP * np.array([2.0, -1.0, 3.0])
    delta = modes(np.cos(np.tensordot(k, grid(16), 1)))
    first, second = first_order(delta, BOX), second_order(delta, BOX)
    assert second.abs().max() < 1e-6 * first.abs().max()  # single precision


@pytest.mark.parametrize(
    ("one", "two", "resolved"),
    [
        ([2, 0, 0], [0, 3, 0], [1, -1]),
        ([2, 1, 0], [1, -1, 3], [1, -1]),
        # the sum of the waves lies beyond the grid: it must be dropped, not folded back
        ([6, 0, 1], [5, 4, 0], [-1]),
        # and here the product needs the padded mesh: 7 + 7 would fold to -2 on 16 cells
        ([7, 0, 0], [7, 3, 0], [-1]),
    ],
)
def test_second_order_of_crossed_waves(one: list[int], two: list[int], resolved: list[int]) -> None:
    """delta = A cos k1x + B cos k2x gives the source A B (1 - mu^2) cos k1x cos k2x, mu the cosine between k1, k2."""
    k1, k2 = STEP * np.array(one, dtype=float), STEP * np.array(two, dtype=float)
    x = grid(16)
    delta = 0.2 * np.cos(np.tensordot(k1, x, 1)) + 0.3 * np.cos(np.tensordot(k2, x, 1))
    mu = k1 @ k2 / np.sqrt((k1 @ k1) * (k2 @ k2))
    expected = np.zeros_like(x)
    for sign in resolved:
        k = k1 + sign * k2
        expected += 0.5 * 0.2 * 0.3 * (1 - mu**2) * along(k / (k @ k), np.sin(np.tensordot(k, x, 1)))
    psi = second_order(modes(delta), BOX).numpy()
    np.testing.assert_allclose(psi, expected, atol=1e-6 * BOX)
