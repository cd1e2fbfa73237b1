"""Pieces that several networks are built of. Tensors are (batch, channels, x, y, z)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

Padding = Literal["zeros", "circular"]


class Convolution(nn.Module):
    """Convolution that keeps the size, then LeakyReLU.

    `padding` is what lies beyond the border: zeros, or the opposite side of a periodic box.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, slope: float, padding: Padding = "zeros", norm: bool = False
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inputs, outputs, kernel, padding=kernel // 2, padding_mode=padding, bias=not norm)
        self.norm = nn.BatchNorm3d(outputs) if norm else nn.Identity()
        self.activation = nn.LeakyReLU(slope, inplace=True)
        nn.init.kaiming_normal_(self.convolution.weight, a=slope)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.activation(self.norm(self.convolution(x)))
        return y


class Resample(nn.Module):
    """Halve or double the resolution by a 2^3 kernel of stride 2, then LeakyReLU and dropout."""

    def __init__(self, inputs: int, outputs: int, up: bool, slope: float) -> None:
        super().__init__()
        kind = nn.ConvTranspose3d if up else nn.Conv3d
        self.convolution = kind(inputs, outputs, kernel_size=2, stride=2)
        self.activation = nn.LeakyReLU(slope, inplace=True)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.dropout(self.activation(self.convolution(x)))
        return y
