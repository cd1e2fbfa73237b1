"""A U-Net on the initial lattice that corrects where a cheap run takes the particles of a periodic box.

Residual blocks without normalisation: statistics of a batch or of a box would tie the cells of one tile to all others,
and move the power by some per cent. Each block is scaled and shifted by the style, the numbers of a cosmology and a
moment (Jamieson et al. 2024, arXiv:2408.07699). The last layer begins at zero: the untrained network corrects nothing.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

SLOPE = 0.1
"""Of the leaky rectifiers for negative values."""


class Periodic(nn.Module):
    """Convolution of 3^3 that takes the opposite side for what lies beyond the border."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inputs, outputs, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.convolution(wrapped(x))
        return y


class Block(nn.Module):
    """Two convolutions beside one of 1^3, scaled and shifted by the style (batch, `style`) between them."""

    def __init__(self, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.first, self.second = Periodic(inputs, outputs), Periodic(outputs, outputs)
        self.beside = nn.Conv3d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.style = nn.Linear(style, 2 * outputs)
        nn.init.zeros_(self.style.weight)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        # as a product of their own: bf16 has a kernel made for each of these tiny matrices, which takes milliseconds
        told = (style[:, None] * self.style.weight).sum(-1) + self.style.bias
        scale, shift = told.to(x.dtype)[:, :, None, None, None].chunk(2, dim=1)
        y = nn.functional.leaky_relu(self.first(x) * (1 + scale) + shift, SLOPE)
        return nn.functional.leaky_relu(self.beside(x) + self.second(y), SLOPE)


class EmulatorUNet(nn.Module):
    """(batch, inputs + style, n, n, n) -> (batch, outputs, n, n, n), n a multiple of `patch` 2^(levels - 1).

    The last `style` channels are constant in space: the numbers of the style. With a `patch` of 2 the first layer makes
    one cell of the 8 of a cube, and the last one 8 of one: the network works on a grid of half as many cells a side.
    """

    def __init__(
        self, levels: int = 3, filters: int = 16, inputs: int = 11, outputs: int = 6, style: int = 3, patch: int = 1
    ) -> None:
        super().__init__()
        self.inputs, self.style = inputs, style
        # bf16 convolutions over channels that are no multiple of 8 are ten times slower on CPUs
        self.empty = -inputs % 8
        width = [filters * 2**level for level in range(levels)]
        self.enter = nn.Conv3d(inputs + self.empty, filters, patch, stride=patch)
        self.down = nn.ModuleList(Block(a, b, style) for a, b in zip([filters, *width[1:]], width, strict=True))
        steps = list(pairwise(width))
        self.halve = nn.ModuleList(nn.Conv3d(a, b, 2, stride=2) for a, b in steps)
        self.enlarge = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in steps)
        self.up = nn.ModuleList(Block(2 * a, a, style) for a in width[:-1])
        self.exit = nn.ConvTranspose3d(filters, outputs, patch, stride=patch)
        nn.init.zeros_(self.exit.weight)
        assert self.exit.bias is not None
        nn.init.zeros_(self.exit.bias)

    def input_shape(self, cells: int) -> tuple[int, ...]:
        """Of one input of so many cells a side."""
        return (self.inputs + self.style, *(cells,) * 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        style = x[:, self.inputs :, 0, 0, 0]
        x = self.enter(_channels_last(x[:, : self.inputs], self.empty))
        skips = []
        for level, block in enumerate(self.down):
            x = block(x, style)
            if level < len(self.halve):
                skips.append(x)
                x = self.halve[level](x)
        for level in reversed(range(len(self.up))):
            x = self.up[level](torch.cat([skips.pop(), self.enlarge[level](x)], dim=1), style)
        y: torch.Tensor = self.exit(x)
        return y


def wrapped(x: torch.Tensor) -> torch.Tensor:
    """x (batch, c, n, n, n) with a cell of the opposite side on each side, channels last as x.

    torch's own padding is channels first, which every convolution would turn round again.
    """
    for axis in (2, 3, 4):
        x = torch.cat([x.narrow(axis, x.shape[axis] - 1, 1), x, x.narrow(axis, 0, 1)], axis)
    return x


def _channels_last(x: torch.Tensor, empty: int) -> torch.Tensor:
    """x (batch, c, n, n, n) and so many empty channels, channels last and in the precision of convolutions."""
    kind = x.device.type
    chosen = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    dtype = torch.get_autocast_dtype(kind) if chosen else x.dtype
    last = x.new_zeros((x.shape[0], *x.shape[2:], x.shape[1] + empty), dtype=dtype)
    last[..., : x.shape[1]] = x.permute(0, 2, 3, 4, 1)
    return last.permute(0, 4, 1, 2, 3)


def reach(levels: int, patch: int = 1) -> int:
    """Cells around one that the output of a network depends on, rounded up to what halves evenly."""
    # two convolutions a block, on the way down and up and once at the deepest level; halving adds a cell less one
    blocks = 2 * 2 ** (levels - 1) + sum(2 * 2 * 2**level + 2**level for level in range(levels - 1))
    factor = patch * 2 ** (levels - 1)
    return -(-(patch * blocks + patch - 1) // factor) * factor
