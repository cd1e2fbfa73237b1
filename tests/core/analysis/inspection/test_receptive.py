"""The analytic receptive field against the cells whose gradient is not zero."""

import pytest
import torch
from torch import nn

from core.analysis.inspection.receptive import Reaches
from models.vnet import VNet

Module = nn.Module


def by_gradient(network: Module, shape: tuple[int, ...]) -> int:
    """The widest support of the gradient of a few output cells in the middle, weights all positive."""
    network = network.double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.rand_like(parameter) + 0.1)
    source = torch.ones((1, *shape), dtype=torch.float64, requires_grad=True)
    line = network(source)[0, 0]
    while line.ndim > 1:
        line = line[line.shape[0] // 2]
    widest = 0
    for cell in range(len(line) // 2 - 4, len(line) // 2 + 4):
        (gradient,) = torch.autograd.grad(line[cell], source, retain_graph=True)
        seen = (gradient[0] != 0).nonzero()[:, -1]
        widest = max(widest, int(seen.max() - seen.min()) + 1)
    return widest


def analytic(network: Module, shape: tuple[int, ...]) -> int | None:
    source = torch.empty((1, *shape), device="meta")
    with torch.no_grad(), Reaches(source) as reaches:
        output = network.float().to("meta").eval()(source)
    found = reaches.of(output)
    assert found is not None
    return found.cells


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"levels": 1, "kernel": 3, "depth": 1}, 12), ({"levels": 1, "kernel": 3, "depth": 1, "padding": "circular"}, 12)],
)
def test_vnet(settings: dict[str, object], expected: int) -> None:
    network = VNet(filters=1, **settings)  # type: ignore[arg-type]
    assert by_gradient(network, (1, 24, 24, 24)) == expected
    assert analytic(network, (1, 24, 24, 24)) == expected


class Branches(Module):
    """A skip around a halving, and a crop of a valid convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = nn.Conv2d(1, 1, 5, padding=2)
        self.up, self.valid = nn.Upsample(scale_factor=2), nn.Conv2d(2, 1, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        deep = self.up(self.deep(nn.functional.avg_pool2d(x, 2)))
        y: torch.Tensor = self.valid(torch.cat([x, deep], dim=1))[..., 2:-2, 2:-2]
        return y


CHAINS: list[tuple[Module, int]] = [
    (nn.Sequential(nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2, 1), nn.Conv2d(1, 1, 5, 1, 2)), 9),
    (
        nn.Sequential(
            nn.AvgPool2d(4), nn.Conv2d(1, 1, 3, 1, 1), nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 3, 1, 1),
            nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 3, 1, 1),
        ),
        20,
    ),
    (nn.Sequential(nn.Conv2d(1, 1, 3, dilation=3), nn.AvgPool2d(3, 1, 1)), 9),
    (Branches(), 12),
]  # fmt: skip


@pytest.mark.parametrize(("network", "expected"), CHAINS)
def test_chains(network: Module, expected: int) -> None:
    measured = by_gradient(network, (1, 40, 40))
    assert measured == expected
    assert analytic(network, (1, 40, 40)) == measured


def test_a_linear_layer_sees_everything() -> None:
    assert analytic(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3)), (1, 8, 8)) is None


def test_what_the_input_does_not_reach_is_unknown() -> None:
    source = torch.empty(1, 1, 8, 8, device="meta")
    with torch.no_grad(), Reaches(source) as reaches:
        other = torch.ones(1, 1, 8, 8, device="meta") * 2
    assert reaches.of(other) is None
