"""A U-Net small enough to follow by hand: 8 x 8 pixels, 348 weights (Petulante 2023, appendix 1, section 5.5).

Its weights are set, not trained: the first two filters find horizontal and vertical edges (section 5.3), the layers
behind them carry what was found through the halving and back, and the last one says how likely a pixel is to lie at
an edge.
"""

from __future__ import annotations

import torch
from torch import nn

from models.tutorial import SimpleUNet

HORIZONTAL = ((1.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, -2.0, -1.0))
"""The horizontal edge detector; its transpose finds vertical edges."""


class ToyUNet(SimpleUNet):
    """(batch, 1, n, n) -> (batch, 1, n, n), n even."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self._set_weights()

    def _set_weights(self) -> None:
        for parameter in self.parameters():
            parameter.zero_()
        edge = torch.tensor(HORIZONTAL)
        self.conv1.weight[0, 0], self.conv1.weight[1, 0] = edge, edge.T
        # along an edge neighbours agree: mean of three pixels in a row, and in a column
        self.conv2.weight[0, 0, 1, :] = self.conv2.weight[1, 1, :, 1] = 1 / 3
        for channel in (0, 1):
            self.conv3.weight[channel, channel, 1, 1] = 1.0
            self.conv5.weight[channel, channel, 1, 1] = 1.0
            self.conv6.weight[channel, channel, 1, 1] = 0.5  # fine
            self.conv6.weight[channel, 2 + channel, 1, 1] = 0.5  # and coarse
            self.conv7.weight[0, channel, 1, 1] = 1.0
        # the third map of the coarse level: where both kinds of edge meet
        self.conv3.weight[2, :, 1, 1] = 1.0
        _bias(self.conv3)[2] = -4.0
        for channel in (0, 1, 2):
            self.conv4.weight[channel, channel, 1, 1] = 1.0
        _bias(self.conv7)[0] = -2.0


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    assert layer.bias is not None
    return layer.bias


def bars() -> torch.Tensor:
    """A horizontal and a vertical bar, 2 pixels wide, on 8 x 8 pixels: (1, 8, 8) of 0 and 1."""
    image = torch.zeros(1, 8, 8)
    image[0, 1:3, 1:7] = 1.0
    image[0, 2:7, 4:6] = 1.0
    return image
