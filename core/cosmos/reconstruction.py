"""The linear density from the evolved one: matter is moved back until it is even, and how it moved tells what it was.

Schmittfull, Baldauf & Zaldarriaga 2017 (arXiv:1704.06634), with the mass of each cell in the place of particles: each
turn moves it by the first-order displacement of its own density, smoothed by a Gaussian that narrows from turn to turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from core.cosmos.filters import smoothed
from core.cosmos.kernels import deposit_weighted
from core.cosmos.lpt import divergence, inverse_laplacian, minus_gradient
from core.cosmos.paint import gather

WIDEST = 2.0
"""Gaussian radius of the first turn [Mpc/h]: a few times what matter has moved at the redshifts of reionization."""

NARROWEST = 0.35
"""Gaussian radius of the last turn in cells."""

STEP = 2**0.5
"""Factor between the radii of successive turns."""

LUMPS = 2
"""Parts along each axis in which the mass of a cell moves: one leaves holes where it spreads over more than a cell."""

SLAB = 1 << 22
"""Lumps that are moved at once: bounds the memory beside what is kept of each."""

EMPTY = 1e-3
"""Share of the mean mass below which a cell tells no displacement."""


def linear_density(delta: torch.Tensor, box_size: float) -> torch.Tensor:
    """The linear overdensity (n, n, n) at the time of an evolved one, by -div psi in Lagrangian places.

    The shortest waves are lost, and what fell together comes back as its mean. On the CPU, the same on any number of
    threads. Memory: three floats a lump, 24 a cell, and some ten more.
    """
    cells, cell, density = delta.shape[0], box_size / delta.shape[0], (1 + delta).float()
    axis = (torch.arange(LUMPS * cells, dtype=torch.float32) + 0.5) / LUMPS - 0.5
    slabs = axis.split(max(1, SLAB // len(axis) ** 2))
    moved = [torch.zeros((3, len(slab) * len(axis) ** 2)) for slab in slabs]

    def lumps() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Slab by slab where lumps began (3, m), and by how much they have moved."""
        for slab, by in zip(slabs, moved, strict=True):
            yield torch.stack(torch.meshgrid(slab, axis, axis, indexing="ij")).reshape(3, -1), by

    def weight(began: torch.Tensor) -> torch.Tensor:
        return gather(density, began)[None] / LUMPS**3

    for radius in radii(cells, box_size):
        mass = torch.zeros((1, cells, cells, cells))
        for began, by in lumps():
            deposit_weighted((began + by).numpy(), weight(began).numpy(), mass.numpy())
        potential = inverse_laplacian(smoothed(torch.fft.rfftn(mass[0]), radius / cell), box_size)
        falls = [minus_gradient(potential, box_size, axis) for axis in range(3)]
        for began, by in lumps():
            places = began + by
            for component, fall in zip(by, falls, strict=True):
                component -= gather(fall, places) / cell
    sums = torch.zeros((4, cells, cells, cells))
    for began, by in lumps():
        lump = weight(began)
        deposit_weighted((began + by).numpy(), torch.cat([lump, -lump * by]).numpy(), sums.numpy())
    psi = sums[1:] * cell / sums[0].clamp(min=EMPTY)
    return -torch.fft.irfftn(divergence(psi, box_size), s=(cells,) * 3)


def radii(cells: int, box_size: float) -> list[float]:
    """Gaussian radii [Mpc/h] of the turns, falling to `NARROWEST` cells."""
    last = NARROWEST * box_size / cells
    turns = max(0, math.ceil(math.log(WIDEST / last) / math.log(STEP)))
    return [last * STEP**turn for turn in range(turns, -1, -1)]
