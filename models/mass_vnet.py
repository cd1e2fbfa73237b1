"""A V-Net that tells a mass for every cell of a box at once, or the chances of several masses.

The scale of the Cauchy likelihood of one mass is learnt beside it.

It does for all particles of a box together what a network on the cube around each of them does one by one.
"""

from __future__ import annotations

import torch
from torch import nn

from models.blocks import Padding
from models.cauchy import exact
from models.vnet import VNet

BOUND = 2.0
"""No output is larger: beyond 4.4 the walls of the likelihood overflow."""


class MassVNet(VNet):
    """(batch, inputs, n, n, n) -> (batch, 1, n, n, n), within +-2; n a multiple of 2^levels.

    With `bins`, the logits of as many masses: (batch, bins, n, n, n).
    """

    def __init__(
        self,
        levels: int = 4,
        filters: int = 8,
        kernel: int = 3,
        depth: int = 2,
        inputs: int = 1,
        padding: Padding = "circular",
        scale: float = 0.2,
        bins: int = 0,
    ) -> None:
        super().__init__(levels, filters, kernel, depth, inputs, classes=bins or 1, padding=padding, norm=True)
        self.bins = bins
        if not bins:
            self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.features(x).float()
        with exact(x.device):
            y: torch.Tensor = self.exit(features)
            return y if self.bins else BOUND * (y / BOUND).tanh()
