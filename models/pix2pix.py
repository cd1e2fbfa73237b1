"""The generator of pix2pix (Isola et al. 2017, arXiv:1611.07004, appendix) with convolutions in three dimensions.

Convolutions of 4^3 with stride 2 halve the resolution, transposed ones of 4^3 double it, with skips by concatenation.
Of the original's eight halvings six are left: with the two innermost removed it takes 128^3 (Petulante 2023, 3.3.3).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import nn

MOST = 8
"""Filters stop doubling at this many times the first."""


class Double(nn.Module):
    """Double the resolution by a transposed convolution of 4^3 and stride 2."""

    def __init__(self, inputs: int, outputs: int, border: Literal["zeros", "circular"]) -> None:
        super().__init__()
        # one cell from beyond the border on each side, and cut what only it has part in
        self.mode = "circular" if border == "circular" else "constant"
        self.convolution = nn.ConvTranspose3d(inputs, outputs, 4, stride=2, padding=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.convolution(nn.functional.pad(x, (1,) * 6, mode=self.mode))
        return y


class Pix2Pix(nn.Module):
    """(batch, inputs, n, n, n) -> (batch, 1, n, n, n) of values >= 0, n a multiple of 2^levels.

    Isola et al. end with a hyperbolic tangent, which a density is not; a rectifier takes its place. `dropout` acts
    after the inner half of the doublings, at most three of them, while training.
    """

    def __init__(
        self,
        levels: int = 6,
        filters: int = 64,
        inputs: int = 1,
        dropout: float = 0.5,
        border: Literal["zeros", "circular"] = "zeros",
    ) -> None:
        super().__init__()
        width = [filters * min(2**level, MOST) for level in range(levels)]
        down, up = [], []
        for level, (a, b) in enumerate(pairwise([inputs, *width])):
            parts: list[nn.Module] = [] if level == 0 else [nn.LeakyReLU(0.2)]
            parts.append(nn.Conv3d(a, b, 4, stride=2, padding=1, padding_mode=border))
            if 0 < level < levels - 1:
                parts.append(nn.BatchNorm3d(b))
            down.append(nn.Sequential(*parts))
        for level in reversed(range(levels)):
            a = width[level] if level == levels - 1 else 2 * width[level]
            b = width[level - 1] if level else 1
            double = Double(a, b, border)
            parts = [nn.ReLU(), double]
            if level:
                parts.append(nn.BatchNorm3d(b))
            if level and levels - 1 - level < min(3, levels // 2):
                parts.append(nn.Dropout(dropout))
            up.append(nn.Sequential(*parts))
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        self.activation = nn.ReLU()
        start_like_pix2pix(self)
        # a rectifier that starts below zero everywhere has no gradient: start at the mean density
        assert double.convolution.bias is not None
        nn.init.constant_(double.convolution.bias, 1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips: list[torch.Tensor] = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        x = skips.pop()
        for block in self.up:
            x = block(x)
            if skips:
                x = torch.cat([skips.pop(), x], dim=1)
        y: torch.Tensor = self.activation(x)
        return y


def start_like_pix2pix(module: nn.Module) -> None:
    """Draw weights of convolutions from a Gaussian of 0.02 (Isola et al., appendix)."""
    for item in module.modules():
        if isinstance(item, (nn.Conv3d, nn.ConvTranspose3d)):
            nn.init.normal_(item.weight, 0.0, 0.02)
            if item.bias is not None:
                nn.init.zeros_(item.bias)
