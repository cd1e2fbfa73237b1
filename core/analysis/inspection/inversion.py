"""The tutorial's trained example: a U-Net of 348 weights that learns to invert images (Petulante 2023, section 5.5).

The appendix gives 100 images of 8 x 8 random pixels of 0 and 1, Adam with a learning rate of 0.0005, the mean squared
error and 500 epochs. It leaves open the batch, here Keras' default of 32, and the seed, here 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.figures import Curves, Row, Series, Slice
from core.learning.samples import mix
from core.runs.shipped import FOLDER
from core.runs.weights_file import SUFFIX, read_safetensors
from models.tutorial import SimpleUNet

PATH = FOLDER / f"inversion{SUFFIX}"
IMAGES, EPOCHS, BATCH, RATE = 100, 500, 32, 0.0005
FRESH = 1000
"""Images on which the loss is judged that the training has not seen."""
EXAMPLE = (
    (0, 0, 0, 0, 1, 0, 0, 0),
    (1, 0, 1, 1, 0, 0, 1, 0),
    (0, 0, 1, 1, 0, 0, 0, 0),
    (0, 1, 1, 0, 0, 1, 0, 0),
    (0, 0, 0, 1, 1, 0, 0, 1),
    (0, 0, 0, 0, 1, 1, 0, 0),
    (0, 0, 0, 0, 1, 1, 0, 0),
    (0, 0, 0, 1, 1, 0, 0, 1),
)
"""The image that the tutorial tries its network on."""


@dataclass(frozen=True)
class Inversion:
    """The network and its mean squared errors (epochs,): over the training images, and over fresh ones."""

    module: SimpleUNet
    training: torch.Tensor
    fresh: torch.Tensor


def example() -> torch.Tensor:
    """The tutorial's image (1, 8, 8)."""
    return torch.tensor(EXAMPLE, dtype=torch.float32)[None]


def images(count: int, seed: int) -> torch.Tensor:
    """Random pixels of 0 and 1 (count, 1, 8, 8)."""
    return torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed)).round()


def loss_of(module: nn.Module, given: torch.Tensor) -> float:
    """The mean squared error of the inversion of images."""
    with torch.no_grad():
        return float(((module(given) - (1 - given)) ** 2).mean())


def train(seed: int = 1, epochs: int = EPOCHS) -> Inversion:
    """Train as the tutorial does. The same seed gives the same network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = SimpleUNet()
    seen, fresh = images(IMAGES, mix(seed, 1)), images(FRESH, mix(seed, 2))
    # Keras' Adam, whose epsilon is not torch's
    optimiser = torch.optim.Adam(module.parameters(), RATE, eps=1e-7)
    losses = []
    for batches in _epochs(epochs, seed):
        for batch in batches:
            loss = ((module(seen[batch]) - (1 - seen[batch])) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        losses.append((loss_of(module, seen), loss_of(module, fresh)))
    training, judged = torch.tensor(losses).T
    return Inversion(module, training, judged)


def _epochs(count: int, seed: int) -> Iterator[tuple[torch.Tensor, ...]]:
    for epoch in range(count):
        yield torch.randperm(IMAGES, generator=torch.Generator().manual_seed(mix(mix(seed, 3), epoch))).split(BATCH)


def open_inversion() -> Inversion:
    """The network that comes with halodeck, trained by `train()`."""
    _, tensors = read_safetensors(PATH)
    training, fresh = tensors.pop("loss.training"), tensors.pop("loss.fresh")
    module = SimpleUNet()
    module.load_state_dict(tensors)
    return Inversion(module, training, fresh)


def loss_figure(found: Inversion) -> Curves:
    """The loss by epoch; 1/4 is the loss of a network that says 1/2 everywhere."""
    epoch = np.arange(1, len(found.training) + 1)
    series = (
        Series(f"{IMAGES} images learnt from", epoch, found.training.numpy()),
        Series(f"{FRESH} fresh images", epoch, found.fresh.numpy(), style="dashed"),
        Series("1/2 everywhere", epoch[[0, -1]], np.full(2, 0.25), style="dashed"),
    )
    return Curves("Loss of the inversion", series, "epoch", "mean squared error", y_log=True)


def answer_figure(module: nn.Module) -> Row:
    """The tutorial's image, its inversion, and what the network says."""
    image = example()
    with torch.no_grad():
        said = module(image[None])[0]
    panels = (("input", image), ("true output", 1 - image), ("predicted output", said))
    slices = tuple(
        Slice(
            name,
            np.ascontiguousarray(values[0].numpy()[::-1]),
            (0, 8, 0, 8),
            "x [cells]",
            "y [cells]",
            "value",
            "grey",
            limits=(0, 1),
        )
        for name, values in panels
    )
    return Row("The inversion of an image that it has not seen", slices)
