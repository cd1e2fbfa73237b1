"""U-Net: an encoder and a decoder of two convolutions a level with skip connections (Ronneberger et al. 2015).

The layout is that of Bernardini et al. 2020 (doi:10.1093/mnras/staa1911, table 1): `levels` max-poolings, filters
doubling with each, transposed convolutions of the same kernel on the way up, LeakyReLU after every one of them, dropout
before each pooling and after each transposed convolution. For 5 levels of 12 filters the weights and biases are

    encoder and bottleneck   27 sum w (w_in + w)          7,959,060    w = 12, 24, ... 384; w_in = 1, 12, ... 192
    transposed convolutions  27 sum 2 w w                 2,651,616    w = 192, 96, ... 12
    decoder                  27 sum (2 w w + w w)         3,977,424
    last convolution, 1^3    12                                  12
    biases                   1512 + 372 + 744 + 1             2,629    = 14,590,741; the paper's 14.5e6 cuts it off

The 372 filters of the transposed convolutions are the paper's; its 3024 filters of convolutions are twice the 1512 of
the encoder, that is they count the 768 of the bottleneck in both branches.
"""

from __future__ import annotations

import torch
from torch import nn

from models.blocks import Convolution, Padding


class Up(nn.Module):
    """Double the resolution by a transposed convolution of 3^3 and stride 2, then LeakyReLU and dropout."""

    def __init__(self, inputs: int, outputs: int, slope: float, dropout: float, padding: Padding) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose3d(inputs, outputs, 3, stride=2, padding=1)
        self.activation = nn.LeakyReLU(slope, inplace=True)
        self.dropout = nn.Dropout(dropout)
        self.mode = "circular" if padding == "circular" else "constant"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # every second output cell lies between two input cells: the last needs one from beyond the border
        y: torch.Tensor = self.convolution(nn.functional.pad(x, (0, 1) * 3, mode=self.mode))
        y = y[..., :-1, :-1, :-1]
        return self.dropout(self.activation(y))


class UNet(nn.Module):
    """(batch, inputs, n, n, n) -> (batch, 1, n, n, n) of values >= 0, n a multiple of 2^levels."""

    def __init__(
        self,
        levels: int = 5,
        filters: int = 12,
        kernel: int = 3,
        inputs: int = 1,
        slope: float = 0.05,
        dropout: float = 0.5,
        padding: Padding = "zeros",
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.levels = levels
        width = [filters * 2**level for level in range(levels + 1)]

        def block(inputs: int, outputs: int) -> nn.Sequential:
            pair = ((inputs, outputs), (outputs, outputs))
            return nn.Sequential(*(Convolution(a, b, kernel, slope, padding, norm) for a, b in pair))

        self.encoder = nn.ModuleList(block(a, b) for a, b in zip([inputs, *width], width, strict=False))
        self.down = nn.ModuleList(nn.Sequential(nn.Dropout(dropout), nn.MaxPool3d(2)) for _ in range(levels))
        self.up = nn.ModuleList(Up(width[i + 1], width[i], slope, dropout, padding) for i in range(levels))
        self.decoder = nn.ModuleList(block(2 * width[i], width[i]) for i in range(levels))
        self.exit = nn.Conv3d(width[0], 1, 1)
        self.activation = nn.ReLU()
        # a rectifier that starts below zero everywhere has no gradient
        assert self.exit.bias is not None
        nn.init.constant_(self.exit.bias, 0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for level in range(self.levels):
            x = self.encoder[level](x)
            skips.append(x)
            x = self.down[level](x)
        x = self.encoder[self.levels](x)
        for level in reversed(range(self.levels)):
            x = self.decoder[level](torch.cat([skips.pop(), self.up[level](x)], dim=1))
        y: torch.Tensor = self.activation(self.exit(x))
        return y
