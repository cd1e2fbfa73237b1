"""V-Net: an encoder and a decoder of residual blocks with skip connections (Milletari et al. 2016, arXiv:1606.04797).

The layout is that of Berger & Stein 2019 (arXiv:1805.04537, figure 1): `levels` halvings, filters doubling with each,
a convolution that sets the number of filters and a residual block of one convolution at the input level, residual
blocks of `depth` convolutions below. That gives 7 levels + 1 convolutions and 8 levels activations for depth 3, as in
their table 1.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from models.blocks import Convolution, Padding, Resample


class Residual(nn.Module):
    """shortcut + convolutions(x). In the decoder x also carries the encoder's features."""

    def __init__(self, inputs: int, filters: int, depth: int, kernel: int, slope: float, padding: Padding, norm: bool):
        super().__init__()
        widths = [inputs] + [filters] * depth
        self.convolutions = nn.Sequential(
            *(Convolution(a, b, kernel, slope, padding, norm) for a, b in pairwise(widths))
        )

    def forward(self, x: torch.Tensor, shortcut: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.convolutions(x)
        return y + shortcut


class VNet(nn.Module):
    """Logits of each class: (batch, inputs, n, n, n) -> (batch, classes, n, n, n), n a multiple of 2^levels."""

    def __init__(
        self,
        levels: int = 5,
        filters: int = 16,
        kernel: int = 5,
        depth: int = 3,
        inputs: int = 1,
        classes: int = 2,
        slope: float = 0.05,
        padding: Padding = "zeros",
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.levels = levels
        width = [filters * 2**level for level in range(levels + 1)]
        depths = [1] + [depth] * levels

        def residual(inputs: int, level: int) -> Residual:
            return Residual(inputs, width[level], depths[level], kernel, slope, padding, norm)

        self.entry = Convolution(inputs, width[0], kernel, slope, padding, norm)
        self.encoder = nn.ModuleList(residual(width[level], level) for level in range(levels + 1))
        self.down = nn.ModuleList(Resample(width[i], width[i + 1], False, slope) for i in range(levels))
        self.up = nn.ModuleList(Resample(width[i + 1], width[i], True, slope) for i in range(levels))
        self.decoder = nn.ModuleList(residual(2 * width[level], level) for level in range(levels))
        self.exit = nn.Conv3d(width[0], classes, 1)

    def set_dropout(self, rate: float) -> None:
        """Dropout after the inner resampling layers, all but the outermost pair."""
        for resample in (*self.down[1:], *self.up[1:]):
            assert isinstance(resample, Resample)
            resample.dropout.p = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.exit(self.features(x))
        return y

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the logits are read from: (batch, filters, n, n, n)."""
        x = self.entry(x)
        x = self.encoder[0](x, x)
        skips = []
        for level in range(self.levels):
            skips.append(x)
            x = self.down[level](x)
            x = self.encoder[level + 1](x, x)
        for level in reversed(range(self.levels)):
            x = self.up[level](x)
            x = self.decoder[level](torch.cat([skips.pop(), x], dim=1), x)
        return x
