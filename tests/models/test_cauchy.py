"""The loss against values by hand, its own normalisation, and finite differences."""

import math

import pytest
import torch
from scipy.integrate import quad
from torch import nn

from models.cauchy import cauchy, priors
from models.cnn import CNN


def loss(y: float, d: float, scale: float) -> float:
    one = cauchy(*(torch.tensor([value], dtype=torch.float64) for value in (y, d)), torch.tensor(scale).double())  # type: ignore[call-arg]
    return float(one)


@pytest.mark.parametrize(
    ("y", "d", "scale", "by_hand"),
    [
        # ln 1 + ln 1 + ln(atan 1 - atan -1) = ln(pi / 2)
        (0.0, 0.0, 1.0, math.log(math.pi / 2)),
        # ln .5 + ln 5 + ln(2 atan 2)
        (0.0, 1.0, 0.5, math.log(0.5) + math.log(5) + math.log(2 * math.atan(2))),
        # at the wall: ln .25 + ln(1 + (1.5 / .25)^2) + ln atan 8
        (1.0, -0.5, 0.25, math.log(0.25) + math.log(37) + math.log(math.atan(8))),
        # beyond it, d at the wall: e^(e^2) + 4 A + B, A = -e^(1+e)/2 - 2 / (5 atan 2), g = 1
        (
            2.0,
            1.0,
            1.0,
            math.exp(math.exp(2))
            + 4 * (-math.exp(1 + math.e) / 2 - 2 / (5 * math.atan(2)))
            + (math.e - 2) * math.exp(math.e) / 2
            + 2 / (5 * math.atan(2))
            + math.log(math.atan(2)),
        ),
    ],
)
def test_values_by_hand(y: float, d: float, scale: float, by_hand: float) -> None:
    assert loss(y, d, scale) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("y", [-1.0, -0.3, 0.0, 0.9])
@pytest.mark.parametrize("scale", [0.05, 0.26, 1.5])
def test_it_is_a_density_of_what_d_can_be(y: float, scale: float) -> None:
    total, _ = quad(lambda d: math.exp(-loss(y, d, scale)), -1, 1, points=[y])
    assert total == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("d", [-1.0, -0.4, 0.0, 0.7, 1.0])
@pytest.mark.parametrize("scale", [0.1, 0.26, 2.0])
def test_the_wall_joins_in_value_and_slope(side: float, d: float, scale: float) -> None:
    step = 1e-7
    values, slopes = [], []
    for inwards in (-1, 1):
        y = torch.tensor([side - inwards * side * step], dtype=torch.float64, requires_grad=True)
        value = cauchy(y, torch.tensor([d], dtype=torch.float64), torch.tensor(scale).double())
        (slope,) = torch.autograd.grad(value.sum(), y)
        values.append(float(value.detach()))
        slopes.append(float(slope))
    assert values[0] == pytest.approx(values[1], abs=1e-4 * max(1, abs(slopes[0])))
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-4, abs=1e-4)


def test_the_wall_is_super_exponential() -> None:
    assert loss(2.5, 0.0, 0.3) > 1e5 > loss(2.0, 0.0, 0.3) > 1000
    assert loss(-2.5, 0.0, 0.3) == pytest.approx(loss(2.5, 0.0, 0.3))


def test_gradients() -> None:
    y = torch.tensor([-1.6, -0.95, -0.2, 0.4, 0.99, 1.3], dtype=torch.float64, requires_grad=True)
    d = torch.tensor([-0.9, 0.3, -0.2, 0.8, 1.0, -0.5], dtype=torch.float64)
    scale = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y, scale: cauchy(y, d, scale), (y, scale))


def test_far_out_nothing_is_undefined() -> None:
    y = torch.tensor([3.0, 0.0, -3.0], requires_grad=True)
    cauchy(y, torch.zeros(3), torch.tensor(0.2)).sum().backward()
    assert y.grad is not None
    assert torch.isfinite(y.grad).all()
    assert float(y.grad[1]) == 0


def test_priors_by_hand() -> None:
    module = CNN(3, (1, 1), (2,))
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    first, _, second, *_ = module.convolutions
    dense, _, last = module.dense
    with torch.no_grad():
        first.weight[0, 0, 0, 0, 0] = 2.0  # type: ignore[operator]
        second.weight[0, 0, 0, 0, 1] = -3.0  # type: ignore[operator]
        dense.weight[:, 0] = torch.tensor([3.0, -4.0])  # type: ignore[operator]
        last.weight[0] = torch.tensor([1.0, 0.0])  # type: ignore[operator]
        first.bias[0] = 100.0  # type: ignore[operator]
    # convolutions 4 + 9; dense 3 + 4 + 1; groups sqrt(9 + 16) + 1
    assert float(priors(module).detach()) == pytest.approx(13 + 8 + 6)
    priors(module).backward()
    assert all(p.grad is None or bool(torch.isfinite(p.grad).all()) for p in module.parameters())
