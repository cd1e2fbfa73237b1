import pytest
import torch

from models.autoencoder import Autoencoder, Classifier, Dense


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
