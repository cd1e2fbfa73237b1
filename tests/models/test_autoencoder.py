from typing import Literal

import numpy as np
import pytest
import torch

from models.autoencoder import Autoencoder, Classifier, Dense, Pooled


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_counts_are_the_papers() -> None:
    assert parameters(Autoencoder()) == 4385
    assert parameters(Classifier(8, 25, 17)) == 4521


def test_shapes_are_the_papers() -> None:
    network, maps = Autoencoder(), torch.rand(2, 1, 200, 200)
    code = network.encoder(maps)
    assert code.shape == (2, 8, 25, 25)
    assert network(maps).shape == maps.shape
    assert Classifier(8, 25, 17)(code).shape == (2, 17)
    assert Dense(50, 350, 17)(torch.rand(2, 1, 50, 50)).shape == (2, 17)
    assert parameters(Dense(50, 350, 17)) == 2500 * 350 + 350 + 350 * 17 + 17


def test_reconstructions_are_brightnesses() -> None:
    made = Autoencoder((4,))(100 * torch.randn(2, 1, 8, 8))
    assert 0 <= float(made.detach().min()) <= float(made.detach().max()) <= 1


@pytest.mark.parametrize("filters", [(4,), (4, 2), (6, 4, 2)])
def test_the_decoder_mirrors_the_encoder(filters: tuple[int, ...]) -> None:
    assert Autoencoder(filters)(torch.rand(1, 1, 16, 16)).shape == (1, 1, 16, 16)


def test_before_training_the_output_knows_of_the_map() -> None:
    """Begun as torch does, at most 4e-4 are left of it in any of these: one training in six learnt the mean alone."""
    maps = torch.rand(4, 1, 96, 96, generator=torch.Generator().manual_seed(1))
    maps = torch.nn.functional.avg_pool2d(maps, 5, 1, 2)
    maps = 0.35 + 0.13 * (maps - maps.mean()) / maps.std()
    left = []
    for seed in range(20):
        torch.manual_seed(seed)
        network = Autoencoder(padding="circular")
        with torch.no_grad():
            left.append(float(network.decoder[:-1](network.encoder(maps)).std((2, 3)).mean()))
    assert np.median(left) > 2e-3
    assert min(left) > 3e-4


def test_a_map_can_be_learnt_by_heart() -> None:
    torch.manual_seed(1)
    network, maps = Autoencoder((8,)), torch.zeros(1, 1, 16, 16)
    maps[..., 4:12, 4:12] = 0.5
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(100):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy(network(maps), maps).backward()
        optimiser.step()
    assert float((network(maps).detach() - maps).square().mean().sqrt()) < 0.1


def periodic(*shift: int) -> tuple[torch.Tensor, torch.Tensor]:
    maps = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    return maps, maps.roll(shift, (2, 3))


def test_a_mean_over_places_does_not_see_a_shift_of_the_box() -> None:
    torch.manual_seed(1)
    network = Pooled(1, 4, (6, 5)).eval()
    maps, moved = periodic(4, -8)  # two pools of two
    torch.testing.assert_close(network(moved), network(maps), rtol=1e-5, atol=1e-6)
    # by less than the pools a shift is seen, as is one by those who know places
    maps, moved = periodic(1, 0)
    assert not torch.allclose(network(moved), network(maps), rtol=1e-5, atol=1e-6)
    maps, moved = periodic(4, -8)
    flat = Classifier(1, 16, 4, (6, 5)).eval()
    assert not torch.allclose(flat(moved), flat(maps), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("padding", "same"), [("circular", True), ("zeros", False)])
def test_a_periodic_autoencoder_moves_with_the_box(padding: Literal["circular", "zeros"], same: bool) -> None:
    torch.manual_seed(1)
    network = Autoencoder((4, 3), padding).eval()
    maps, moved = periodic(4, 8)
    assert torch.allclose(network(moved), network(maps).roll((4, 8), (2, 3)), rtol=1e-5, atol=1e-6) == same
