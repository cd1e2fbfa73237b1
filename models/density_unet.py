"""The U-Net of Petulante 2023 (chapter 3): blocks of a 3^3 and a 5^3 convolution, each with ReLU and batch norm.

Three blocks, each followed by a halving, bring 128 cells down to 16; three up-samplings, each followed by such a block
on the up-sampled image and the one of the same size on the way down, bring them back; 64 filters of 1^3 and one of 1^3
end it. The thesis does not say how many filters the blocks have: here 32, doubling from level to level as is usual,
and half as many as the last 64 wherever these are changed.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

Border = Literal["valid", "zeros", "circular"]
"""What convolutions do at a border: give out only what they see whole, or take zeros or the opposite side for more."""


Norm = Literal["batch", "group", "none"]
"""What follows a rectifier: the thesis's batch norm; the norm of each box or crop by itself; or nothing."""

Scaling = Literal["none", "log", "asinh"]


def normalised(norm: Norm, channels: int) -> nn.Module:
    """The layer of that norm."""
    if norm == "batch":
        return nn.BatchNorm3d(channels)
    return nn.GroupNorm(1, channels) if norm == "group" else nn.Identity()


def convolution(inputs: int, outputs: int, kernel: int, border: Border, norm: Norm = "batch") -> nn.Sequential:
    """Convolution, ReLU and norm, in this order."""
    layer = nn.Conv3d(
        inputs,
        outputs,
        kernel,
        padding=0 if border == "valid" else kernel // 2,
        padding_mode="circular" if border == "circular" else "zeros",
    )
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(layer, nn.ReLU(inplace=True), normalised(norm, outputs))


class DensityUNet(nn.Module):
    """(batch, inputs, n, n, n) -> (batch, outputs, m, m, m), values >= 0 where it ends with a rectifier.

    m = n, a multiple of 2^levels, but for valid convolutions: m = n - 2 `margin`, n = `margin` more than such a one.
    """

    def __init__(
        self,
        levels: int = 3,
        filters: int = 32,
        inputs: int = 1,
        outputs: int = 1,
        border: Border = "valid",
        rectify: bool = True,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        self.margin = 6 * (2**levels - 1) if border == "valid" else 0
        width = [filters * 2**level for level in range(levels)]

        def block(inputs: int, outputs: int) -> nn.Sequential:
            kernels = ((inputs, outputs, 3), (outputs, outputs, 5))
            return nn.Sequential(*(convolution(*kernel, border, norm) for kernel in kernels))

        self.down = nn.ModuleList(block(a, b) for a, b in zip([inputs, *width], width, strict=False))
        self.pool = nn.MaxPool3d(2)
        self.enlarge = nn.Upsample(scale_factor=2)
        below = [*width[1:], width[-1]]
        self.up = nn.ModuleList(block(a + b, a) for a, b in zip(width, below, strict=True))
        self.last = convolution(width[0], 2 * filters, 1, border, norm)
        self.exit = nn.Conv3d(2 * filters, outputs, 1)
        self.activation = nn.ReLU() if rectify else nn.Identity()
        assert self.exit.bias is not None
        if rectify:  # one that starts below zero everywhere has no gradient: start at the mean density
            nn.init.constant_(self.exit.bias, 1.0)
        else:  # what is learnt is a difference: start at none
            nn.init.zeros_(self.exit.weight)
            nn.init.zeros_(self.exit.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        for block in reversed(self.up):
            x = self.enlarge(x)
            x = block(torch.cat([middle(skips.pop(), x.shape[-1]), x], dim=1))
        y: torch.Tensor = self.activation(self.exit(self.last(x)))
        return y


class Corrected(nn.Module):
    """The density at the input times the exponential of what a network says: untrained it changes nothing.

    The network sees the density scaled; (batch, 1, n, n, n) -> (batch, 1, m, m, m) in units of the mean, >= 0.
    """

    def __init__(self, network: nn.Module, scaling: Scaling) -> None:
        super().__init__()
        self.network, self.scaling = network, scaling

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        change = self.network(x)
        density = unscaled(middle(x, change.shape[-1]), self.scaling)
        # in 1 + rho, so that empty cells can be filled; no factor beyond e^8
        return torch.relu((1 + density) * change.clamp(max=8).exp() - 1)


def unscaled(x: torch.Tensor, scaling: Scaling) -> torch.Tensor:
    """The density in units of the mean of which a network sees x: itself, ln(1 + rho) or asinh(rho)."""
    if scaling == "log":
        return x.expm1()
    return x.sinh() if scaling == "asinh" else x


def middle(x: torch.Tensor, size: int) -> torch.Tensor:
    """The central cube (..., size, size, size)."""
    start = (x.shape[-1] - size) // 2
    return x[..., start : start + size, start : start + size, start : start + size]
