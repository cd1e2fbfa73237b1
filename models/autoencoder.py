"""Networks on 2-D maps: a convolutional autoencoder and classifiers (Fay 2019).

With the filters 16, 8, 8 the autoencoder has 160 + 1160 + 584 weights and biases in its encoder and 584 + 584 + 1168 +
145 in its decoder, 4,385 together; of a map of 200^2 it makes a code of 8 x 25^2. The classifier of such a code into 17
classes has 1168 + 1160 + 2193 = 4,521, which is how its convolutions are known to have no padding. That classifier
knows where in the plane a bubble lies; `Pooled` does not, as no cosmology does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from models.blocks import Padding


class Autoencoder(nn.Module):
    """(batch, 1, n, n) -> the same in [0, 1]; n a multiple of 2 for each of `filters`."""

    def __init__(self, filters: Sequence[int] = (16, 8, 8), padding: Padding = "zeros") -> None:
        super().__init__()

        def convolution(before: int, after: int) -> nn.Conv2d:
            return nn.Conv2d(before, after, 3, padding=1, padding_mode=padding)

        layers: list[nn.Module] = []
        for before, after in pairwise((1, *filters)):
            layers += [convolution(before, after), nn.ReLU(), nn.MaxPool2d(2)]
        self.encoder = nn.Sequential(*layers)
        layers = []
        for before, after in pairwise((filters[-1], *reversed(filters))):
            layers += [convolution(before, after), nn.ReLU(), nn.Upsample(scale_factor=2)]
        self.decoder = nn.Sequential(*layers, convolution(filters[0], 1), nn.Sigmoid())
        # as Keras begins, and so the paper. Begun as torch does, seven layers leave next to nothing of a map beside the
        # biases, and one of six short trainings learnt the mean alone
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)
                assert module.bias is not None
                nn.init.zeros_(module.bias)
        # twice as fast as channels first
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.decoder(self.encoder(x))
        return y


class Classifier(nn.Module):
    """(batch, inputs, n, n) -> scores (batch, classes) by 3^2 convolutions, each followed by pooling, and one dense."""

    def __init__(self, inputs: int, side: int, classes: int, filters: Sequence[int] = (16, 8)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((inputs, *filters)):
            layers += [nn.Conv2d(before, after, 3), nn.ReLU(), nn.MaxPool2d(2)]
            side = (side - 2) // 2
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(filters[-1] * side**2, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.dense(self.convolutions(x).flatten(1))
        return y


CONTRAST, MIDDLE = 6.0, 0.25
"""Scale and zero of what `Pooled` sees: maps in [0, 1] differ by some hundredths from class to class. Normalising a
batch would hide that behind the classes that it happens to hold."""


class Pooled(nn.Module):
    """(batch, inputs, n, n) -> (batch, outputs) of a periodic plane, by what it holds and not by where.

    3^2 circular convolutions, each followed by an average pool, the mean over all places, and one dense layer. A shift
    by 2 cells for each of `filters` changes nothing.
    """

    def __init__(self, inputs: int, outputs: int, filters: Sequence[int] = (16, 8)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((inputs, *filters)):
            layers += [nn.Conv2d(before, after, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.AvgPool2d(2)]
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(filters[-1], outputs)
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.dense(self.convolutions(CONTRAST * (x - MIDDLE)).mean((2, 3)))
        return y


class Dense(nn.Sequential):
    """(batch, 1, n, n) -> scores (batch, classes) through one hidden layer."""

    def __init__(self, side: int, hidden: int, classes: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(side**2, hidden), nn.ReLU(), nn.Linear(hidden, classes))
