"""What the inspection says about the toy, whose every number can be worked out by hand, and about a real network."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from core.analysis.inspection.builtin import toy
from core.analysis.inspection.figures import activations_figure, filters_figure, sizes
from core.analysis.inspection.layers import Rule, activations, layers, weights
from core.analysis.inspection.subject import of_recipe, of_run
from core.config import read_table, resolve
from core.cosmos.universe import Universe
from core.errors import HalodeckError, InputError, UsageError
from core.figures import Curves, Row, Slice
from core.runs.registry import load
from core.runs.run import Run
from models.toy import HORIZONTAL, ToyUNet, bars
from models.vnet import VNet


def test_the_toy_has_the_weights_of_the_thesis() -> None:
    # Petulante 2023, appendix 1, section 5.5: learnable parameters and output of each layer
    found = {layer.name: layer for layer in layers(ToyUNet(), (1, 8, 8))}
    expected = {
        "conv1": (20, (2, 8, 8)), "conv2": (38, (2, 8, 8)), "pool": (0, (2, 4, 4)), "conv3": (57, (3, 4, 4)),
        "conv4": (84, (3, 4, 4)), "up": (0, (3, 8, 8)), "conv5": (56, (2, 8, 8)), "conv6": (74, (2, 8, 8)),
        "conv7": (19, (1, 8, 8)),
    }  # fmt: skip
    assert {name: (layer.parameters, layer.shape) for name, layer in found.items()} == expected
    assert [found[name].field for name in ("conv1", "conv2", "pool", "conv3")] == [3, 5, 6, 10]
    assert found["conv3"].step == 2
    assert found["conv7"].step == 1


def test_every_layer_obeys_the_size_rule() -> None:
    network = nn.Sequential(
        nn.Conv3d(1, 2, 5, stride=2, padding=1),
        nn.MaxPool3d(2),
        nn.ConvTranspose3d(2, 1, 4, stride=2, padding=1),
        nn.Conv3d(1, 1, 3, dilation=2, padding="same"),
    )
    found = layers(network, (1, 21, 21, 21))
    assert [layer.inputs for layer in found] == [1, 2, 2, 1]
    for layer in found:
        assert layer.rule is not None
        assert layer.rule.cells == layer.shape[-1]
    assert [layer.shape[-1] for layer in found] == [10, 5, 10, 10]


def test_a_stride_that_does_not_divide_leaves_cells_unseen() -> None:
    assert Rule(8, 3, 2, 0).cells == 3
    assert Rule(8, 3, 2, 0).unseen == 1
    assert Rule(9, 3, 2, 0).unseen == 0
    assert Rule(8, 5, 1, 0).keeps == 2
    pool = nn.MaxPool2d(2, ceil_mode=True)
    rounded = layers(pool, (1, 9, 9))[0]
    assert rounded.shape == (1, 5, 5)
    assert rounded.rule is not None
    assert (rounded.rule.cells, rounded.rule.unseen) == (5, 0)


def test_edges_of_the_bars() -> None:
    horizontal, vertical = activations(ToyUNet(), "conv1", bars()[None]).numpy()
    image = np.pad(bars()[0].numpy(), 1)
    kernel = np.array(HORIZONTAL)
    for i, j in np.ndindex(8, 8):
        region = image[i : i + 3, j : j + 3]
        assert horizontal[i, j] == pytest.approx((kernel * region).sum())
        assert vertical[i, j] == pytest.approx((kernel.T * region).sum())
    assert np.all(horizontal[0, 2:6] == -4)  # the upper edge of the bar lies below this row
    # a 3 x 3 horizontal edge gives 8, a vertical one 0 (section 5.3.1)
    edge = torch.tensor([[0.0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0], [-1, -1, -1, 0]])[None, None]
    assert activations(ToyUNet(), "conv1", edge)[0, 2, 1] == 8
    bar = torch.tensor([[1.0, 0, -1, 0]]).expand(4, 4)[None, None]
    assert activations(ToyUNet(), "conv1", bar)[0, 2, 1] == 0


def test_the_last_layer_is_high_at_edges_and_low_inside_and_outside() -> None:
    probability = ToyUNet()(bars()[None])[0, 0]
    assert probability[3, 6] > 0.95  # where both bars end
    assert probability[5, 0] < 0.2
    assert probability[5, 5] > 0.8


def test_activations_are_those_before_an_activation_in_place() -> None:
    first = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(first.weight, -1.0)
    network = nn.Sequential(first, nn.ReLU(inplace=True))
    ones = torch.ones(2, 1, 2, 2)
    assert torch.all(activations(network, "0", ones) == -1)
    assert torch.all(activations(network, "1", ones) == 0)
    assert network.training


def test_layers_of_a_large_network_cost_no_memory() -> None:
    with torch.device("meta"):
        network = VNet(levels=5, filters=16, kernel=5, depth=3)
    found = layers(network, (1, 128, 128, 128))
    assert sum(layer.parameters for layer in found) == sum(p.numel() for p in network.parameters())
    assert found[-1].shape == (2, 128, 128, 128)
    assert sum(layer.kind.startswith("convolution") for layer in found) == 36  # 7 levels + 1
    with pytest.raises(InputError, match="1 x 33 x 33 x 33"):
        layers(network, (1, 33, 33, 33))


def test_filters_are_cut_through_or_shown_whole() -> None:
    kernels = np.random.default_rng(1).normal(size=(4, 3, 5, 5, 5)).astype(np.float32)
    row = filters_figure(kernels, "conv", channel=2)
    assert isinstance(row, Row)
    assert row.title == "conv: filter 2 of 4, 3 input channels"
    for number, item in enumerate(row.figures):
        assert isinstance(item, Slice)
        np.testing.assert_array_equal(item.values, kernels[2, number, :, :, 2].T)
        assert item.limits == (-np.abs(kernels).max(), np.abs(kernels).max())
    whole = filters_figure(kernels, "conv", channel=2, source=1)
    assert isinstance(whole, Row)
    assert [item.title for item in whole.figures] == [f"plane {k} of 5" for k in range(1, 6)]
    with pytest.raises(UsageError, match="conv has no filter 4: choose 0 to 3"):
        filters_figure(kernels, "conv", channel=4)
    line = filters_figure(kernels[:, :, 0, 0, 0], "linear", channel=1)
    assert isinstance(line, Curves)
    np.testing.assert_array_equal(line.series[0].y, kernels[1, :, 0, 0, 0])


def test_transposed_filters_come_by_output() -> None:
    layer = nn.ConvTranspose3d(2, 5, 2)
    assert weights(nn.Sequential(layer), "0").shape == (5, 2, 2, 2, 2)
    with pytest.raises(InputError, match="ReLU without filters"):
        weights(nn.Sequential(layer, nn.ReLU()), "1")


def test_maps_lie_where_they_belong_in_the_box() -> None:
    values = np.random.default_rng(1).normal(size=(3, 10, 10, 10)).astype(np.float32)
    row = activations_figure(values, "deep", step=2, cells=24, cell_size=0.5, first=1, depth=0.35)
    assert isinstance(row, Row)
    assert row.title == "deep: channels 1 to 2 of 3, z = 4 Mpc/h"
    item = row.figures[0]
    assert isinstance(item, Slice)
    assert item.extent == (1.0, 11.0, 1.0, 11.0)  # 20 of 24 cells, in their middle
    np.testing.assert_array_equal(item.values, values[1, :, :, 3].T)
    flat = activations_figure(values[:, 0, 0, 0], "head")
    assert isinstance(flat, Curves)


def test_sizes() -> None:
    assert sizes((16, 64, 64, 64)) == "16 x 64^3"
    assert sizes((2, 8)) == "2 x 8"
    assert sizes((128,)) == "128"
    assert sizes((1, 4, 5)) == "1 x 4 x 5"


def test_a_run_sees_what_its_prediction_sees(done_run: Run, universes: list[Universe]) -> None:
    subject = of_run(done_run)
    assert subject.side == 16
    assert subject.cell_size == pytest.approx(25 / 16)
    universe = universes[0]
    first = subject.input_figure(universe, depth=0.5)
    assert isinstance(first, Row)
    image = first.figures[0]
    assert isinstance(image, Slice)
    assert image.extent == (0.0, 25.0, 0.0, 25.0)
    delta = universe.field("delta_linear").values[..., 8].T
    scale = (image.values / delta).flatten()
    np.testing.assert_allclose(scale, scale[0], rtol=1e-4)  # divided by the spread of the training set
    last = subject.activations("exit", universe)
    assert isinstance(last, Row)
    assert len(last.figures) == 2
    assert subject.filters("entry.convolution").title.startswith("entry.convolution: filter 0 of 2")
    with pytest.raises(UsageError, match="did you mean 'exit'"):
        subject.activations("exi", universe)
    with pytest.raises(UsageError, match="--universe"):
        subject.activations("exit")


def test_a_run_without_weights_has_layers_only(new_run: Callable[..., Run]) -> None:
    run = new_run()
    subject = of_run(run)
    assert len(subject.layers) > 10
    with pytest.raises(HalodeckError, match="no weights yet"):
        subject.filters("entry.convolution")


def test_a_recipe_without_a_run() -> None:
    subject = of_recipe(load("halonet")(), cells=64)
    assert subject.side == 64
    with pytest.raises(UsageError, match="untrained"):
        subject.input_figure(None)
    with pytest.raises(UsageError, match="no network 'critic'"):
        _ = of_recipe(load("halonet")(), network="critic").layers


def test_the_toy_as_a_subject() -> None:
    subject = toy()
    assert all(row[-1] == "yes" for row in subject.rules_table().rows)
    assert "348 weights" in subject.layers_table().note
    row = subject.input_figure()
    assert isinstance(row, Row)
    assert isinstance(row.figures[0], Slice)
    np.testing.assert_array_equal(row.figures[0].values[::-1], bars()[0].numpy())  # the first line on top


@pytest.mark.parametrize(
    ("n", "f", "s", "p", "kind"),
    [(9, 2, 2, 0, nn.MaxPool2d), (4, 1, 2, 0, nn.MaxPool2d), (5, 2, 3, 1, nn.AvgPool2d), (7, 3, 2, 1, nn.MaxPool2d)],
)
def test_pools_that_round_up(n: int, f: int, s: int, p: int, kind: type[nn.Module]) -> None:
    for ceil_mode in (False, True):
        pool = kind(f, stride=s, padding=p, ceil_mode=ceil_mode)
        [layer] = layers(pool, (1, n, n))
        assert layer.rule is not None
        assert layer.rule.cells == layer.shape[-1], layer
        assert ("rounds up" in layer.kind) == ceil_mode
        reached = (layer.shape[-1] - 1) * s + f - p
        assert layer.rule.unseen == max(0, n + p - reached)


@pytest.mark.parametrize(("name", "shape"), [("autoencoder", (1, 24)), ("codes", (4, 12)), ("dense", (1, 12))])
def test_each_network_of_a_chain_is_listed_for_what_it_sees(name: str, shape: tuple[int, int]) -> None:
    recipe = resolve(load("ionization"), read_table("ionization", "smoke"), [])
    subject = of_recipe(recipe, name)
    first = subject.layers[0]
    assert subject.side == shape[1]
    assert first.inputs == shape[0]
