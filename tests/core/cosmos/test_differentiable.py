import numpy as np
import pytest
import torch

from core.cosmos.differentiable import _slope_torch, density, slope


@pytest.fixture
def displacement() -> torch.Tensor:
    """Of 6^3 particles by some cells, in cells of the lattice."""
    return 1.5 * torch.randn((3, 6, 6, 6), generator=torch.Generator().manual_seed(3))


def test_a_density_has_a_mean_of_one_on_any_mesh(displacement: torch.Tensor) -> None:
    for mesh in (6, 12, 18):
        assert density(displacement, mesh).mean().item() == pytest.approx(1, abs=1e-6)


def test_gradients_are_those_of_small_moves(displacement: torch.Tensor) -> None:
    weight = torch.randn((12, 12, 12), generator=torch.Generator().manual_seed(4))
    moved = displacement.clone().requires_grad_()
    (density(moved, 12) * weight).sum().backward()
    assert moved.grad is not None
    # clouds are piecewise linear in each coordinate: away from nodes a difference is exact but for rounding
    far = ((displacement * 2) % 1 - 0.5).abs() < 0.45
    step = 0.01
    for place in [tuple(int(i) for i in index) for index in far.nonzero()[::40]]:
        shifted = [displacement.clone() for _ in range(2)]
        shifted[0][place] += step
        shifted[1][place] -= step
        up, down = ((density(item, 12).double() * weight).sum() for item in shifted)
        assert moved.grad[place].item() == pytest.approx(float(up - down) / (2 * step), rel=2e-3, abs=2e-3)


def test_both_backends_have_one_gradient() -> None:
    generator = torch.Generator().manual_seed(5)
    mesh = torch.randn((8, 8, 8), generator=generator)
    positions = 30 * torch.rand((3, 200), generator=generator) - 10
    np.testing.assert_allclose(slope(mesh, positions), _slope_torch(mesh, positions), atol=1e-5)
