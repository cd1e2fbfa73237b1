import pytest
import torch
from torch import nn

from core.learning.learner import Optimiser
from core.learning.memory import free_on, saved_activations, training_memory
from models.vnet import VNet


def test_a_chain_of_convolutions_by_hand() -> None:
    with torch.device("meta"):
        network = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1), nn.LeakyReLU(inplace=True), nn.Conv3d(4, 2, 3, padding=1)
        )
    # the input, the four channels between (the activation works in place) and the two that come out, in float32
    channel = 2 * 8**3 * 4
    assert sorted(saved_activations(network, (2, 1, 8, 8, 8))) == [channel, 2 * channel, 4 * channel]
    parameters = (27 + 1) * 4 + (4 * 27 + 1) * 2
    activations = (1 + 2 + 4 + 2 * 4) * channel
    for name, copies in (("sgd", 3), ("adamw", 4), ("amsgrad", 5)):
        optimiser = Optimiser.model_validate({"name": name})
        assert training_memory(network, (2, 1, 8, 8, 8), optimiser, False) == 4 * parameters * copies + activations
    plain = Optimiser(momentum=0)
    half = parameters * (4 * 2 + 2) + activations // 2
    assert training_memory(network, (2, 1, 8, 8, 8), plain, True) == half


def test_the_network_of_the_paper_fits_a_modern_gpu() -> None:
    with torch.device("meta"):
        network = VNet()
    # 0.8 GiB of activations a crop of 128^3 in bf16: published for the authors' layout
    saved = sum(saved_activations(network, (1, 1, 128, 128, 128)))
    assert saved / 2 == pytest.approx(0.8 * 2**30, rel=0.15)


def test_free_on() -> None:
    assert free_on(torch.device("cpu")) > 2**20
