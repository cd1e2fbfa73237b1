"""The tutorial's networks: their weights counted against the thesis's tables, and the one that is trained."""

import numpy as np
import pytest
import torch

from core.analysis.inspection.builtin import inversion, segmentation, walls
from core.analysis.inspection.inversion import FRESH, answer_figure, images, loss_of, open_inversion, train
from core.analysis.inspection.layers import layers
from core.errors import UsageError
from core.figures import Curves, Row, Slice
from core.learning.samples import mix
from models.tutorial import SegmentationUNet, SimpleUNet

SUMMARY = [
    160, 2320, 4640, 9248, 51264, 102464, 204928, 409728, 32832, 204864, 102464, 8224, 18464, 9248, 2064, 4624, 2320,
    290, 3,
]  # fmt: skip
"""Petulante 2023, appendix 1, section 5.6.2: what Keras prints for conv2d_8 to conv2d_26."""
SIDES = [64, 64, 32, 32, 16, 16, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64, 64, 64]


def test_the_segmentation_network_has_the_weights_of_the_thesis() -> None:
    found = [layer for layer in layers(SegmentationUNet(), (1, 64, 64)) if layer.parameters]
    assert [layer.parameters for layer in found] == SUMMARY
    assert [layer.shape[-1] for layer in found] == SIDES
    assert sum(p.numel() for p in SegmentationUNet().parameters()) == 1_170_149
    subject = segmentation()
    assert subject.weights == sum(SUMMARY)
    assert all(row[-1] == "yes" for row in subject.rules_table().rows)


def test_the_segmentation_network_pads_the_far_sides() -> None:
    network = SegmentationUNet().up9
    layer = network[2]
    assert isinstance(layer, torch.nn.Conv2d)
    torch.nn.init.ones_(layer.weight)
    said = network(torch.ones(1, 32, 2, 2))[0, 0]
    assert said.shape == (4, 4)
    assert said[0, 0] == 4 * 32
    assert said[3, 0] == 2 * 32
    assert said[3, 3] == 32


def test_fresh_weights_have_the_spread_of_he() -> None:
    torch.manual_seed(1)
    layer = SegmentationUNet().conv4[0]  # 64 x 5 x 5 inputs
    assert isinstance(layer, torch.nn.Conv2d)
    weights = layer.weight.detach()
    assert weights.std().item() == pytest.approx((2 / 1600) ** 0.5, rel=0.02)
    assert weights.abs().max().item() < 2.01 * (2 / 1600) ** 0.5 / 0.8796
    assert all(not b.any() for name, b in SimpleUNet().named_parameters() if name.endswith("bias"))


def test_the_segmentation_network_brings_a_picture() -> None:
    picture = walls()
    assert picture.shape == (1, 64, 64)
    assert 0.5 < picture.mean() < 0.95  # more cells than walls
    maps = segmentation().activations("conv1.1", count=16)
    assert isinstance(maps, Row)
    assert len(maps.figures) == 16
    again = segmentation().activations("conv1.1", count=16)
    assert isinstance(again, Row)
    for one, other in zip(maps.figures, again.figures, strict=True):
        assert isinstance(one, Slice)
        assert isinstance(other, Slice)
        np.testing.assert_array_equal(one.values, other.values)


def test_the_inversion_network_inverts_images_that_it_has_not_seen() -> None:
    found = open_inversion()
    fresh = images(FRESH, mix(1, 2))
    assert loss_of(found.module, fresh) == pytest.approx(float(found.fresh[-1]), rel=1e-3)
    torch.manual_seed(5)
    assert loss_of(SimpleUNet(), fresh) > 0.2  # an untrained one does not
    assert loss_of(found.module, 1 - fresh) < 0.06  # inverted images are images too
    assert loss_of(torch.nn.Identity(), fresh) == 1
    assert found.fresh[-1] < 0.2 * found.fresh[0]


def test_the_inversion_network_is_what_the_training_makes() -> None:
    kept, made = open_inversion(), train(epochs=3)
    np.testing.assert_allclose(made.training, kept.training[:3], rtol=1e-4)
    np.testing.assert_allclose(made.fresh, kept.fresh[:3], rtol=1e-4)
    assert not torch.equal(made.module.conv1.weight, train(seed=2, epochs=1).module.conv1.weight)


def test_the_inversion_network_as_a_subject() -> None:
    subject = inversion()
    assert subject.weights == 348
    figures = subject.also()
    loss = figures["loss"]
    assert isinstance(loss, Curves)
    assert len(loss.series[0].x) == 500
    answer = answer_figure(open_inversion().module)
    panels = [panel.values for panel in answer.figures if isinstance(panel, Slice)]
    np.testing.assert_array_equal(panels[0], 1 - panels[1])
    assert np.mean((panels[2] > 0.5) == (panels[1] > 0.5)) > 0.85
    filters = figures["filters_conv6"]
    assert isinstance(filters, Row)
    assert [panel.title for panel in filters.figures][4] == "filter 1, input 0"
    assert len(filters.figures) == 8
    with pytest.raises(UsageError, match="no layer 'conv8'"):
        subject.activations("conv8")
