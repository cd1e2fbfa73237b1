from itertools import pairwise

import pytest
import torch
from torch import nn

from models.vnet import VNet


def parameters_by_hand(levels: int, filters: int, kernel: int, depth: int, inputs: int = 1, classes: int = 2) -> int:
    """Weights and biases of each convolution, summed from the description of the network."""

    def convolution(a: int, b: int, side: int) -> int:
        return a * b * side**3 + b

    width = [filters * 2**i for i in range(levels + 1)]
    total = convolution(inputs, width[0], kernel) + convolution(width[0], width[0], kernel)
    for below, w in pairwise(width):
        total += convolution(below, w, 2) + depth * convolution(w, w, kernel) + convolution(w, below, 2)
    for level in range(levels):
        w = width[level]
        total += convolution(2 * w, w, kernel) + ((depth - 1) * convolution(w, w, kernel) if level else 0)
    return total + convolution(width[0], classes, 1)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_of_the_paper() -> None:
    with torch.device("meta"):
        network = VNet(levels=5, filters=16, kernel=5, depth=3)
    assert count(network) == parameters_by_hand(5, 16, 5, 3)
    assert count(network) == pytest.approx(177.4e6, rel=1e-3)
    kinds = [type(module) for module in network.modules()]
    # table 1 of the paper
    assert kinds.count(nn.Conv3d) == 7 * 5 + 1
    assert kinds.count(nn.ConvTranspose3d) == 5
    assert kinds.count(nn.LeakyReLU) == 8 * 5


def slopes_by_hand(levels: int, filters: int, side: int) -> int:
    """Leaky slopes if each cell of each activation of a crop had its own: 8 per level, as the paper's table 1 counts.

    At full resolution 3 activations of the filters and 1 of the 2 classes; 8 on each level between (down and three
    convolutions, up and three convolutions); 4 at the bottom.
    """

    def volume(level: int) -> int:
        return (side >> level) ** 3 * filters * 2**level

    middle = sum(8 * volume(level) for level in range(1, levels))
    return 3 * volume(0) + 2 * side**3 + middle + 4 * volume(levels)


@pytest.mark.parametrize(("levels", "filters", "paper"), [(4, 16, 238), (5, 16, 371), (6, 10, 400)])
def test_the_free_parameters_of_the_paper(levels: int, filters: int, paper: int) -> None:
    # its convolutions alone are 44, 177 and 277 million; with a slope for every cell of a crop of 128^3 in every
    # activation, as PReLU has by default in keras, the sum is the paper's number in all three networks
    convolutions = parameters_by_hand(levels, filters, 5, 3)
    assert round((convolutions + slopes_by_hand(levels, filters, 128)) / 1e6) == paper


@pytest.mark.parametrize(("levels", "filters", "kernel", "depth"), [(1, 2, 3, 1), (2, 3, 5, 2), (3, 2, 7, 1)])
def test_shapes_and_parameters(levels: int, filters: int, kernel: int, depth: int) -> None:
    network = VNet(levels, filters, kernel, depth)
    assert count(network) == parameters_by_hand(levels, filters, kernel, depth)
    side = 2**levels * 2
    assert network(torch.zeros(2, 1, side, side, side)).shape == (2, 2, side, side, side)


def test_channels_and_classes() -> None:
    network = VNet(1, 2, 3, 1, inputs=3, classes=5)
    assert network(torch.zeros(1, 3, 4, 4, 4)).shape == (1, 5, 4, 4, 4)


@pytest.mark.parametrize("norm", [False, True])
def test_circular_padding_moves_with_the_box(norm: bool) -> None:
    torch.manual_seed(0)
    network = VNet(2, 2, 3, 1, padding="circular", norm=norm).eval()
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        moved = network(x.roll((4, -8, 12), (2, 3, 4)))
        still = network(x)
    torch.testing.assert_close(moved, still.roll((4, -8, 12), (2, 3, 4)), rtol=1e-4, atol=1e-5)
    # half a stride is no symmetry of the network: the check above is not empty
    with torch.inference_mode():
        half = network(x.roll(1, 2))
    assert (half - still.roll(1, 2)).abs().max() > 1e-2


def test_zero_padding_does_not() -> None:
    torch.manual_seed(0)
    network = VNet(2, 2, 3, 1, padding="zeros").eval()
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        assert (network(x.roll(8, 2)) - network(x).roll(8, 2)).abs().max() > 1e-2


def test_dropout_spares_the_outermost_level() -> None:
    network = VNet(3, 2, 3, 1)
    network.set_dropout(0.5)
    assert [item.p for item in network.down.modules() if isinstance(item, nn.Dropout)] == [0.0, 0.5, 0.5]
    assert [item.p for item in network.up.modules() if isinstance(item, nn.Dropout)] == [0.0, 0.5, 0.5]
    x = torch.randn(1, 1, 8, 8, 8)
    torch.manual_seed(1)
    first = network(x)
    assert not torch.equal(first, network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


def test_every_parameter_learns() -> None:
    torch.manual_seed(3)
    network = VNet(2, 2, 3, 2)
    network(torch.randn(1, 1, 8, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
