import torch

from models.mass_vnet import BOUND, MassVNet


def test_one_bounded_mass_a_cell_and_a_scale() -> None:
    torch.manual_seed(1)
    module = MassVNet(levels=2, filters=4, depth=1, inputs=3, scale=0.3)
    y = module(100 * torch.randn(2, 3, 8, 8, 8))
    assert y.shape == (2, 1, 8, 8, 8)
    assert float(y.detach().abs().max()) <= BOUND
    assert float(module.get_parameter("scale").detach()) == torch.tensor(0.3)


def test_masses_are_not_rounded_in_bf16() -> None:
    torch.manual_seed(1)
    module = MassVNet(levels=1, filters=4, depth=1)
    with torch.autocast("cpu", torch.bfloat16):
        y = module(torch.randn(1, 1, 8, 8, 8))
    assert y.dtype == torch.float32
    assert not torch.equal(y, y.detach().bfloat16().float())
