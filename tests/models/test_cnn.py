from itertools import pairwise

import pytest
import torch
from torch import nn

from models.cauchy import SMALLEST_SCALE, clip
from models.cnn import CNN


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_the_paper_s_network_has_its_number_of_parameters(pooling: str) -> None:
    with torch.device("meta"):
        assert count(CNN(pooling=pooling)) == 2_108_258  # type: ignore[arg-type]


def test_by_hand() -> None:
    """75 -> 38 -> 19 -> 10 -> 5 -> 3 by five poolings, 128 * 27 numbers into the dense layers, one scale."""
    filters, dense = (1, 32, 32, 64, 128, 128, 128), (128 * 27, 256, 128, 1)
    convolutions = sum(27 * a * b + b for a, b in pairwise(filters))
    assert convolutions + sum(a * b + b for a, b in pairwise(dense)) + 1 == 2_108_258


def test_odd_sides_lose_nothing() -> None:
    """The last cell of an odd side reaches the output; an average there is over what exists."""
    module = CNN(5, (2, 2), (3,), "average")
    x = torch.zeros(1, 1, 5, 5, 5, requires_grad=True)
    module(x).sum().backward()
    assert x.grad is not None
    assert (x.grad[0, 0, -1] != 0).any()
    pooled = module.convolutions[3](torch.ones(1, 2, 5, 5, 5))
    assert torch.equal(pooled, torch.ones(1, 2, 3, 3, 3))


def test_one_number_a_cube() -> None:
    module = CNN(9, (4, 4, 4), (8,))
    assert module(torch.randn(3, 1, 9, 9, 9)).shape == (3,)
    assert {type(layer) for layer in module.convolutions} == {nn.Conv3d, nn.LeakyReLU, nn.MaxPool3d}
    weight = module.convolutions[2].weight
    assert isinstance(weight, torch.Tensor)
    # Xavier: uniform within sqrt(6 / (fan in + fan out))
    bound = (6 / (27 * 8)) ** 0.5
    assert 0.9 * bound < float(weight.detach().abs().max()) <= bound
    assert not any(p.any() for name, p in module.named_parameters() if name.endswith("bias"))


def test_masses_are_not_rounded_in_bf16() -> None:
    torch.manual_seed(1)
    module = CNN(9, (4, 4), (8,))
    with torch.autocast("cpu", torch.bfloat16):
        y = module(torch.randn(64, 1, 9, 9, 9))
    assert y.dtype == torch.float32
    assert not torch.equal(y, y.detach().bfloat16().float())


@pytest.mark.parametrize(("value", "clipped"), [(-0.3, SMALLEST_SCALE), (0.7, 0.7), (5.0, 2.0)])
def test_the_scale_stays_in_its_bounds(value: float, clipped: float) -> None:
    module = CNN(5, (2, 2), (3,))
    with torch.no_grad():
        module.scale.fill_(value)
    clip(module.scale)
    assert float(module.scale.detach()) == pytest.approx(clipped)
