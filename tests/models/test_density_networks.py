import pytest
import torch
from torch import nn

from models.density_losses import mass_loss, mean_absolute, mean_square, power, power_loss
from models.density_unet import DensityUNet
from models.patchgan import PatchGAN, patch
from models.pix2pix import Pix2Pix


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def kinds(network: nn.Module) -> list[type[nn.Module]]:
    return [type(module) for module in network.modules()]


def settled(network: nn.Module) -> nn.Module:
    """With running means of batch norm that are not those of the start, and no more learning."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            assert module.running_mean is not None
            module.running_mean.uniform_(-0.2, 0.2)
    return network.eval()


def test_the_thesis_unet() -> None:
    with torch.device("meta"):
        network = DensityUNet()
    # three blocks of a 3^3 and a 5^3 convolution down to 16^3, three up, and two of 1^3
    sizes = [module.kernel_size[0] for module in network.modules() if isinstance(module, nn.Conv3d)]
    assert sizes == [3, 5] * 6 + [1, 1]
    assert kinds(network).count(nn.BatchNorm3d) == 13
    assert network.exit.in_channels == 64
    down = [(1, 32), (32, 64), (64, 128)]
    up = [(32 + 64, 32), (64 + 128, 64), (128 + 128, 128)]
    by_hand = sum(27 * a * b + b + 125 * b * b + b + 4 * b for a, b in down + up) + 32 * 64 + 64 + 128 + 64 + 1
    assert count(network) == by_hand == 6_957_793
    output = DensityUNet(3, 2, border="zeros")(torch.rand(1, 1, 16, 16, 16))
    assert output.shape == (1, 1, 16, 16, 16)
    assert output.min() >= 0


@pytest.mark.parametrize("levels", [1, 2])
def test_valid_convolutions_are_the_periodic_box(levels: int) -> None:
    torch.manual_seed(1)
    valid, circular = (settled(DensityUNet(levels, 2, border=border)) for border in ("valid", "circular"))
    circular.load_state_dict(valid.state_dict())
    box = torch.randn(1, 1, 24, 24, 24)
    margin = 6 * (2**levels - 1)
    assert isinstance(valid, DensityUNet)
    assert valid.margin == margin
    side = 8 + 2 * margin + (-(8 + margin) % 2**levels)
    context = (side - 8) // 2
    assert 2 * context == side - 8
    # the crop decides which cells are halved together: the box is turned until it halves the same
    for start in (0, 8):
        index = torch.arange(start - context, start - context + side) % 24
        shift = (start - context + margin // 2) % 2**levels
        crop = box[..., index, :, :][..., index, :][..., index]
        with torch.inference_mode():
            got = valid(crop)
            whole = circular(box.roll((-shift,) * 3, (2, 3, 4))).roll((shift,) * 3, (2, 3, 4))
        cut = (got.shape[-1] - 8) // 2
        got = got[..., cut : cut + 8, cut : cut + 8, cut : cut + 8]
        part = slice(start, start + 8)
        assert got.std() > 0
        torch.testing.assert_close(got, whole[..., part, part, part], rtol=1e-4, atol=1e-5)


def test_a_difference_starts_at_none() -> None:
    output = DensityUNet(1, 2, 3, 6, border="circular", rectify=False)(torch.randn(1, 3, 8, 8, 8))
    assert output.shape == (1, 6, 8, 8, 8)
    assert not output.any()


def test_pix2pix_without_its_two_innermost_levels() -> None:
    with torch.device("meta"):
        network = Pix2Pix()
        assert network(torch.zeros(1, 1, 128, 128, 128)).shape == (1, 1, 128, 128, 128)
    halvings = [m for m in network.modules() if isinstance(m, nn.Conv3d)]
    assert [m.out_channels for m in halvings] == [64, 128, 256, 512, 512, 512]
    doublings = [m for m in network.modules() if isinstance(m, nn.ConvTranspose3d)]
    assert [(m.in_channels, m.out_channels) for m in doublings] == [
        (512, 512),
        (1024, 512),
        (1024, 256),
        (512, 128),
        (256, 64),
        (128, 1),
    ]
    assert {m.kernel_size for m in [*halvings, *doublings]} == {(4, 4, 4)}
    assert kinds(network).count(nn.Dropout) == 3


def test_circular_pix2pix_moves_with_the_box() -> None:
    torch.manual_seed(2)
    network = settled(Pix2Pix(2, 4, border="circular"))
    for parameter in network.parameters():
        parameter.data *= 10
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        still, moved = network(x), network(x.roll((4, -8, 12), (2, 3, 4)))
    assert still.std() > 0
    torch.testing.assert_close(moved, still.roll((4, -8, 12), (2, 3, 4)), rtol=1e-4, atol=1e-5)
    zeros = settled(Pix2Pix(2, 4))
    zeros.load_state_dict(network.state_dict())
    with torch.inference_mode():
        assert not torch.allclose(zeros(x), still)


@pytest.mark.parametrize(("halvings", "side"), [(1, 16), (2, 34), (3, 70)])
def test_patches_of_the_discriminator(halvings: int, side: int) -> None:
    assert patch(halvings) == side
    network = PatchGAN(1, halvings, 1, border="valid").eval()
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.ones_(module.weight)
    x = torch.zeros(1, 1, side, side, side, requires_grad=True)
    said = network(x)
    assert said.shape == (1, 1, 1, 1, 1)
    # one logit, and every cell of the cube has part in it: the patch is no smaller, and a smaller input gives none
    [gradient] = torch.autograd.grad(said.sum(), x)
    assert gradient[0, 0, 0, 0, 0] != 0
    assert gradient[0, 0, -1, -1, -1] != 0
    with pytest.raises(RuntimeError):
        network(torch.zeros(1, 1, side - 1, side - 1, side - 1))


def test_the_discriminator_of_pix2pix() -> None:
    with torch.device("meta"):
        network = PatchGAN()
        assert network(torch.zeros(1, 2, 96, 96, 96)).shape == (1, 1, 10, 10, 10)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv3d)]
    assert [(m.out_channels, m.stride[0]) for m in layers] == [(64, 2), (128, 2), (256, 2), (512, 1), (1, 1)]


def test_losses_by_hand() -> None:
    truth = torch.tensor([1.0, 3.0, 2.0, 2.0, 0.0, 4.0, 1.0, 3.0]).reshape(1, 2, 2, 2)
    output = (truth + torch.tensor([1.0, -1.0] * 4).reshape(1, 2, 2, 2))[:, None]
    assert mean_square(output, truth) == mean_absolute(output, truth) == 1
    assert mass_loss(output, truth) == 0
    assert mass_loss(1.5 * truth[:, None], truth) == pytest.approx(0.25)


def test_power_of_a_wave_and_of_noise() -> None:
    x = torch.arange(16) / 16
    wave = torch.cos(2 * torch.pi * 3 * x).expand(1, 1, 16, 16, 16)
    shells = power(wave)[0]
    assert shells.shape == (7,)
    assert int(shells.argmax()) == 2
    assert shells.sum() == pytest.approx(float(shells[2]), rel=1e-4)
    noise = torch.randn(4, 1, 16, 16, 16, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(power(noise)[:, 2:].mean(), torch.tensor(1.0), rtol=0.1, atol=0)
    # twice the amplitude, four times the power, ln 4 in every shell
    assert power_loss(2 * noise, noise[:, 0]) == pytest.approx(float(torch.tensor(4.0).log() ** 2), rel=1e-4)
    assert power_loss(noise, noise[:, 0]) == 0
