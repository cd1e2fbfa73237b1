"""Networks to look into that need no run: those of the tutorial in Petulante 2023, appendix 1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.analysis.inspection.inversion import answer_figure, example, loss_figure, open_inversion
from core.analysis.inspection.subject import Subject
from core.figures import Row
from models.toy import ToyUNet, bars
from models.tutorial import SegmentationUNet, SimpleUNet

if TYPE_CHECKING:
    from core.figures import Figure

SEED = 1
"""Of the segmentation network's fresh weights and of the picture that it is shown."""
_SIDE, _CELLS, _WALL = 64, 12, 1.5
"""Pixels a side of the picture, cells in it, and how far from both cells a wall reaches [pixels]."""


def toy() -> Subject:
    """The U-Net of 348 weights, set by hand, on bars and edges."""
    subject = Subject(
        "A U-Net of 348 weights, set by hand", ToyUNet, ToyUNet, lambda universe: bars()[None], (8,), own_input=True
    )

    def also() -> dict[str, Figure]:
        first = [subject.filters("conv1", channel) for channel in (0, 1)]
        images = tuple(figure.figures[0] for figure in first if isinstance(figure, Row))
        return {
            "filters": Row("conv1: the horizontal and the vertical edge detector", images),
            "input": subject.input_figure(),
            **{name: subject.activations(name) for name in ("conv1", "conv2", "pool", "conv4", "conv6", "conv7")},
        }

    subject.also = also
    return subject


def inversion() -> Subject:
    """The same U-Net, trained to invert images: the tutorial's example."""
    found = open_inversion()
    title = "The tutorial's U-Net of 348 weights, trained to invert images"
    subject = Subject(title, SimpleUNet, lambda: found.module, lambda universe: example()[None], (8,), own_input=True)

    def also() -> dict[str, Figure]:
        filters = {
            f"filters_{layer.name}": _all_filters(subject, layer.name)
            for layer in subject.layers
            if subject.has_filters(layer.name)
        }
        maps = {layer.name: subject.activations(layer.name) for layer in subject.layers}
        return {"loss": loss_figure(found), "answer": answer_figure(found.module), **filters, **maps}

    subject.also = also
    return subject


def _all_filters(subject: Subject, name: str) -> Row:
    """Every filter of a layer on every input channel, in one colour scale."""
    layer = subject.layer(name)
    panels: list[Figure] = []
    for channel in range(layer.shape[0]):
        row = subject.filters(name, channel, count=layer.inputs)
        assert isinstance(row, Row)
        panels += [replace(panel, title=f"filter {channel}, {panel.title}") for panel in row.figures]
    return Row(f"{name}: every filter, on each of its {layer.inputs} channels", tuple(panels))


def segmentation() -> Subject:
    """The tutorial's U-Net of 1,170,149 weights, not trained: its images of cells are others'."""

    def build() -> SegmentationUNet:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            return SegmentationUNet()

    title = "The tutorial's U-Net of 1,170,149 weights, not trained"
    return Subject(title, SegmentationUNet, build, lambda universe: walls()[None], (_SIDE,), own_input=True)


def walls(seed: int = SEED) -> torch.Tensor:
    """A picture (1, 64, 64) of cells, 1, and the walls between them, 0: what the segmentation network is made for."""
    random = np.random.default_rng(seed)
    centres = random.random((_CELLS, 2)) * _SIDE
    pixels = np.moveaxis(np.mgrid[:_SIDE, :_SIDE], 0, -1) + 0.5
    apart = np.sort(np.linalg.norm(pixels[:, :, None] - centres, axis=-1), axis=-1)
    return torch.from_numpy((apart[..., 1] - apart[..., 0] > 2 * _WALL).astype(np.float32))[None]


TUTORIAL = {"toy": toy, "inversion": inversion, "segmentation": segmentation}
