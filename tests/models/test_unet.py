from itertools import pairwise

import pytest
import torch
from torch import nn

from models.unet import UNet, Up


def parameters_by_hand(levels: int, filters: int, kernel: int = 3, inputs: int = 1) -> int:
    """Weights and biases of each convolution, summed from the description of the network."""

    def convolution(a: int, b: int, side: int) -> int:
        return a * b * side**3 + b

    width = [filters * 2**i for i in range(levels + 1)]
    total = sum(convolution(a, w, kernel) + convolution(w, w, kernel) for a, w in pairwise([inputs, *width]))
    for w, below in pairwise(width):
        total += convolution(below, w, 3) + convolution(2 * w, w, kernel) + convolution(w, w, kernel)
    return total + convolution(width[0], 1, 1)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def filters_of(network: nn.Module, kind: type[nn.Conv3d] | type[nn.ConvTranspose3d]) -> int:
    return sum(item.out_channels for item in network.modules() if isinstance(item, kind))


def test_table_of_the_paper() -> None:
    with torch.device("meta"):
        network = UNet()
    # 14.5 million, the paper's number, to its last digit cut off
    assert count(network) == parameters_by_hand(5, 12) == 14_590_741
    assert count(network) // 100_000 == 145
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(nn.MaxPool3d) == 5
    assert kinds.count(nn.Dropout) == 10
    assert kinds.count(nn.LeakyReLU) == 27
    assert kinds.count(nn.ReLU) == 1
    assert filters_of(network, nn.ConvTranspose3d) == 372
    # the paper counts the bottleneck's 2 x 384 in the encoder and in the decoder
    assert filters_of(network, nn.Conv3d) - 1 + 2 * 384 == 3024


@pytest.mark.parametrize(("levels", "filters", "kernel", "inputs"), [(1, 2, 3, 1), (2, 3, 5, 4), (3, 2, 3, 1)])
def test_shapes_and_parameters(levels: int, filters: int, kernel: int, inputs: int) -> None:
    network = UNet(levels, filters, kernel, inputs)
    assert count(network) == parameters_by_hand(levels, filters, kernel, inputs)
    side = 2**levels * 2
    output = network(torch.randn(2, inputs, side, side, side))
    assert output.shape == (2, 1, side, side, side)
    assert output.min() >= 0


@pytest.mark.parametrize("norm", [False, True])
def test_circular_padding_moves_with_the_box(norm: bool) -> None:
    torch.manual_seed(0)
    network = UNet(2, 2, padding="circular", norm=norm).eval()
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        still, moved = network(x), network(x.roll((4, -8, 12), (2, 3, 4)))
        half = network(x.roll(1, 2))
    assert still.std() > 0
    torch.testing.assert_close(moved, still.roll((4, -8, 12), (2, 3, 4)), rtol=1e-4, atol=1e-5)
    # half a stride is no symmetry of the network: the check above is not empty
    assert (half - still.roll(1, 2)).abs().max() > 1e-3


def test_zero_padding_sees_zeros_beyond() -> None:
    torch.manual_seed(0)
    layer = Up(1, 1, 1.0, 0.0, "zeros")
    x = torch.randn(1, 1, 4, 4, 4)
    beyond = nn.functional.pad(x, (0, 1) * 3)
    with torch.inference_mode():
        every = nn.functional.conv_transpose3d(beyond, layer.convolution.weight, layer.convolution.bias, 2)
        # output 2 i + t takes from input i with weight t + 1, so cell 0 of the box is cell 1 of the full transpose
        torch.testing.assert_close(layer(x), every[..., 1:9, 1:9, 1:9])


def test_dropout_only_while_training() -> None:
    network = UNet(2, 2, dropout=0.5)
    x = torch.randn(1, 1, 8, 8, 8)
    torch.manual_seed(1)
    first = network(x)
    assert not torch.equal(first, network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


def test_every_parameter_learns() -> None:
    torch.manual_seed(3)
    network = UNet(2, 2, dropout=0.0)
    network(torch.randn(1, 1, 8, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
