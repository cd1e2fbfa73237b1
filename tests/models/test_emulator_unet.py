import pytest
import torch

from models.emulator_unet import EmulatorUNet, reach, wrapped


def lively(**shape: int) -> EmulatorUNet:
    """A network whose last layer and style do something."""
    torch.manual_seed(1)
    network = EmulatorUNet(**shape)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


def seen(cells: int, style: float = 0.1, inputs: int = 11) -> torch.Tensor:
    x = torch.randn((1, inputs + 3, cells, cells, cells), generator=torch.Generator().manual_seed(2))
    x[:, inputs:] = style
    return x


def test_an_untrained_network_corrects_nothing() -> None:
    assert not EmulatorUNet(levels=2, filters=4)(seen(8)).any()


def test_the_border_is_the_opposite_side() -> None:
    x = torch.randn((2, 5, 4, 6, 8), generator=torch.Generator().manual_seed(3))
    assert torch.equal(wrapped(x), torch.nn.functional.pad(x, (1,) * 6, mode="circular"))


@pytest.mark.parametrize("patch", [1, 2])
def test_every_cell_counts(patch: int) -> None:
    """Each of the cells that the first layer takes together, and each of the channels."""
    network, x = lively(levels=1, filters=4, patch=patch), seen(4).requires_grad_()
    network(x).square().sum().backward()
    assert x.grad is not None
    assert x.grad[0, :11].abs().min() > 0


@pytest.mark.parametrize(("levels", "patch"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_a_cell_depends_on_others_within_reach_alone(levels: int, patch: int) -> None:
    network = lively(levels=levels, filters=4, patch=patch)
    cells, middle = 4 * reach(levels, patch), 2 * reach(levels, patch)
    x = seen(cells).requires_grad_()
    network(x)[0, 0, middle, middle, middle].backward()
    assert x.grad is not None
    along = x.grad[0, :11].abs().sum((0, 2, 3)).nonzero().flatten()
    # the style is read at one corner; it is no field
    assert int((along - middle).abs().max()) <= reach(levels, patch)


def test_a_moved_box_moves_the_output() -> None:
    network, x = lively(levels=2, filters=4, patch=2), seen(16)
    moved = network(x.roll((4, -8, 4), (2, 3, 4)))
    torch.testing.assert_close(moved, network(x).roll((4, -8, 4), (2, 3, 4)), atol=1e-4, rtol=1e-4)


def test_the_style_matters_and_its_place_does_not() -> None:
    network = lively(levels=2, filters=4)
    assert (network(seen(8, 0.1)) - network(seen(8, 0.9))).abs().max() > 1e-3
