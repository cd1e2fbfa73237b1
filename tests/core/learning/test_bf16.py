"""Gradients in bf16 against those in single precision, also where a box is smaller than the kernel."""

from __future__ import annotations

import pytest
import torch

from core.learning.bf16 import bf16

CPU = torch.device("cpu")


def poison() -> None:
    """Leave numbers that are none in the memory that is handed out next."""
    for size in (1 << 8, 1 << 12, 1 << 16, 1 << 18, 1 << 20):
        kept = [torch.full((size,), float("nan")) for _ in range(6)]
        del kept


Layer = torch.nn.Conv3d | torch.nn.ConvTranspose3d


def gradients(layer: Layer, x: torch.Tensor, wanted: bool) -> torch.Tensor:
    layer.zero_grad()
    with bf16(layer, CPU, wanted):
        y = layer(x)
    told = torch.randn(y.shape, generator=torch.Generator().manual_seed(2))
    poison()
    y.backward(told.to(y.dtype))
    assert layer.weight.grad is not None
    return layer.weight.grad.clone()


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Conv3d(32, 32, 3, padding=1),
        torch.nn.Conv3d(24, 24, 5, padding=2, padding_mode="circular"),
        torch.nn.Conv3d(32, 32, 5, padding=2),
        torch.nn.ConvTranspose3d(32, 32, 3, stride=2, padding=1),
    ],
    ids=["3", "5 circular", "5", "3 transposed"],
)
def test_gradients_are_those_of_single_precision(layer: Layer, cells: int) -> None:
    """Within the 1 % that bf16 rounds sums by; without single precision in small boxes most of these are infinite."""
    if isinstance(layer, torch.nn.Conv3d) and layer.padding_mode == "circular" and cells < 2:
        pytest.skip("a border of two cells has no opposite side in one")
    x = torch.randn((1, layer.in_channels, *(cells,) * 3), generator=torch.Generator().manual_seed(1))
    expected = gradients(layer, x, False)
    found = gradients(layer, x, True)
    assert float((found - expected).norm() / expected.norm()) < 0.01


def test_boxes_of_the_kernels_size_stay_in_bf16() -> None:
    layer = torch.nn.Conv3d(8, 8, 3, padding=1)
    with bf16(layer, CPU, True):
        assert layer(torch.zeros(1, 8, 3, 3, 3)).dtype == torch.bfloat16
        assert layer(torch.zeros(1, 8, 2, 3, 3)).dtype == torch.float32
        assert torch.is_autocast_enabled("cpu")
    assert not layer._forward_hooks
    assert not layer._forward_pre_hooks


def test_a_layer_that_fails_leaves_nothing_behind() -> None:
    layer = torch.nn.Conv3d(8, 8, 3, padding=1)
    with bf16(layer, CPU, True):
        with pytest.raises(RuntimeError):
            layer(torch.zeros(1, 4, 2, 2, 2))
        assert torch.is_autocast_enabled("cpu")


def test_predictions_are_left_alone() -> None:
    """The outputs are right: a prediction is in bf16 throughout."""
    layer = torch.nn.Conv3d(8, 8, 3, padding=1)
    with torch.inference_mode(), bf16(layer, CPU, True):
        assert layer(torch.zeros(1, 8, 2, 2, 2)).dtype == torch.bfloat16
