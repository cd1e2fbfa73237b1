"""The two U-Nets of the tutorial in Petulante 2023, appendix 1: one for 8 x 8 pixels, one for pieces of 64 x 64.

Both are Keras models there. Their convolutions keep the size and have a bias; weights start from He's normal
distribution and biases from 0, as in the tutorial.
"""

from __future__ import annotations

import torch
from torch import nn


class SimpleUNet(nn.Module):
    """Section 5.5, 348 weights: (batch, 1, n, n) -> (batch, 1, n, n) between 0 and 1, n even."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3, padding=1)
        self.conv2 = nn.Conv2d(2, 2, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(2, 3, 3, padding=1)
        self.conv4 = nn.Conv2d(3, 3, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)
        self.conv5 = nn.Conv2d(3, 2, 3, padding=1)
        self.conv6 = nn.Conv2d(4, 2, 3, padding=1)
        self.conv7 = nn.Conv2d(2, 1, 3, padding=1)
        he_normal(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.conv2(self.conv1(x).relu()).relu()
        coarse = self.conv4(self.conv3(self.pool(fine)).relu()).relu()
        back = self.conv5(self.up(coarse)).relu()
        both = self.conv6(torch.cat([fine, back], dim=1)).relu()
        y: torch.Tensor = self.conv7(both).sigmoid()
        return y


class SegmentationUNet(nn.Module):
    """Section 5.6.2, 1,170,149 weights: (batch, 1, n, n) -> (batch, 1, n, n) between 0 and 1, n a multiple of 8.

    Before a filter of 2 x 2 that keeps the size the far sides alone are padded, as Keras does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _block(1, 16, 3)
        self.conv2 = _block(16, 32, 3)
        self.conv3 = _block(32, 64, 5)
        self.conv4 = _block(64, 128, 5)
        self.pool1, self.pool2, self.pool3 = (nn.MaxPool2d(2) for _ in range(3))
        self.up7, self.conv7 = _raised(128, 64), _block(128, 64, 5)
        self.up8, self.conv8 = _raised(64, 32), _block(64, 32, 3)
        self.up9, self.conv9 = _raised(32, 16), _block(32, 16, 3)
        self.conv9.extend([nn.Conv2d(16, 2, 3, padding="same"), nn.ReLU()])
        self.conv10 = nn.Conv2d(2, 1, 1)
        he_normal(self)
        nn.init.xavier_uniform_(self.conv10.weight)  # the last one has Keras' default

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.conv1(x)
        two = self.conv2(self.pool1(one))
        three = self.conv3(self.pool2(two))
        four = self.conv4(self.pool3(three))
        y = self.conv7(torch.cat([three, self.up7(four)], dim=1))
        y = self.conv8(torch.cat([two, self.up8(y)], dim=1))
        y = self.conv9(torch.cat([one, self.up9(y)], dim=1))
        told: torch.Tensor = self.conv10(y).sigmoid()
        return told


def he_normal(module: nn.Module) -> None:
    """Weights of variance 2 / inputs, cut at two standard deviations (He et al. 2015, arXiv:1502.01852), biases 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            inputs = layer.weight[0].numel()
            # Keras widens the distribution by as much as the cut narrows it
            spread = (2 / inputs) ** 0.5 / 0.87962566
            nn.init.trunc_normal_(layer.weight, std=spread, a=-2 * spread, b=2 * spread)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)


def _block(inputs: int, filters: int, side: int) -> nn.Sequential:
    first, second = nn.Conv2d(inputs, filters, side, padding="same"), nn.Conv2d(filters, filters, side, padding="same")
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


def _raised(inputs: int, filters: int) -> nn.Sequential:
    pad = nn.ZeroPad2d((0, 1, 0, 1))
    return nn.Sequential(nn.Upsample(scale_factor=2), pad, nn.Conv2d(inputs, filters, 2), nn.ReLU())
