"""PatchGAN: a discriminator that judges every patch of an image (Isola et al. 2017, arXiv:1611.07004), in 3-D."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from models.density_unet import Border
from models.pix2pix import MOST, start_like_pix2pix


class PatchGAN(nn.Module):
    """(batch, channels, n, n, n) -> (batch, 1, m, m, m) logits: how likely each patch is of a real image.

    `halvings` convolutions of stride 2 and two more, all of 4^3: a patch has 70^3 cells for three halvings, 34^3 for
    two, 16^3 for one.
    """

    def __init__(self, channels: int = 2, halvings: int = 3, filters: int = 64, border: Border = "zeros") -> None:
        super().__init__()
        width = [filters * min(2**level, MOST) for level in range(halvings + 1)]
        mode: Literal["zeros", "circular"] = "circular" if border == "circular" else "zeros"
        padding = 0 if border == "valid" else 1
        parts: list[nn.Module] = []
        for level, (a, b) in enumerate(zip([channels, *width], width, strict=False)):
            stride = 2 if level < halvings else 1
            parts.append(nn.Conv3d(a, b, 4, stride, padding, padding_mode=mode))
            if level:
                parts.append(nn.BatchNorm3d(b))
            parts.append(nn.LeakyReLU(0.2))
        parts.append(nn.Conv3d(width[-1], 1, 4, 1, padding, padding_mode=mode))
        self.layers = nn.Sequential(*parts)
        start_like_pix2pix(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layers(x)
        return y


def patch(halvings: int) -> int:
    """Side of a patch in cells: the receptive field of one logit."""
    side = 7  # two convolutions of 4^3 and stride 1
    for _ in range(halvings):
        side = 2 * side + 2
    return side
