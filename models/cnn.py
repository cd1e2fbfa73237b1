"""A convolutional network that maps a cube to one number (Lucie-Smith et al. 2024, arXiv:2011.10577).

Convolutions of 3^3 with zero padding, each but the first followed by 2^3 pooling, then dense layers. Odd sides are
pooled with a smaller last cell, as 'same' pooling does: 75 -> 38 -> 19 -> 10 -> 5 -> 3. With the scale of the Cauchy
likelihood, which is learnt beside the weights, that makes the paper's 2,108,258 parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from models.cauchy import exact

Pooling = Literal["max", "average"]


class CNN(nn.Module):
    """(batch, inputs, n, n, n) -> (batch,), unbounded. `scale` is the likelihood's half width at half maximum."""

    def __init__(
        self,
        side: int = 75,
        filters: Sequence[int] = (32, 32, 64, 128, 128, 128),
        dense: Sequence[int] = (256, 128),
        pooling: Pooling = "max",
        inputs: int = 1,
        slope: float = 0.03,
        scale: float = 0.2,
    ) -> None:
        super().__init__()
        pool = nn.MaxPool3d if pooling == "max" else nn.AvgPool3d
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(pairwise((inputs, *filters))):
            layers.append(nn.Conv3d(before, after, 3, padding=1))
            if number:
                layers.append(pool(2, ceil_mode=True))
                side = -(-side // 2)
            layers.append(nn.LeakyReLU(slope, inplace=True))
        self.convolutions = nn.Sequential(*layers)
        layers = []
        for before, after in pairwise((filters[-1] * side**3, *dense)):
            layers += [nn.Linear(before, after), nn.LeakyReLU(slope, inplace=True)]
        self.dense = nn.Sequential(*layers, nn.Linear(dense[-1], 1))
        self.scale = nn.Parameter(torch.tensor(scale))
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.xavier_uniform_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        # twice as fast as channels first
        nn.utils.convert_conv3d_weight_memory_format(self, torch.channels_last_3d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.convolutions(x.to(memory_format=torch.channels_last_3d)).flatten(1).float()
        with exact(x.device):
            y: torch.Tensor = self.dense(features)
        return y[:, 0]
