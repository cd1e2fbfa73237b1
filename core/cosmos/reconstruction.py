"""The linear density from the evolved one: matter is moved back until it is even, and how it moved tells what it was.

Schmittfull, Baldauf & Zaldarriaga 2017 (arXiv:1704.06634), with the mass of each cell in the place of particles: each
turn moves it by the first-order displacement of its own density, smoothed by a Gaussian that narrows from turn to turn.
"""

from __future__ import annotations

import math

import torch

from core.cosmos.initial import squared_wavenumber
from core.cosmos.lpt import divergence, inverse_laplacian, minus_gradient
from core.cosmos.paint import gather, scatter_weighted

WIDEST = 2.0
"""Gaussian radius of the first turn [Mpc/h]: a few times what matter has moved at the redshifts of reionization."""

NARROWEST = 0.35
"""Gaussian radius of the last turn in cells."""

STEP = 2**0.5
"""Factor between the radii of successive turns."""

LUMPS = 2
"""Parts along each axis in which the mass of a cell moves: one leaves holes where it spreads over more than a cell."""

EMPTY = 1e-3
"""Share of the mean mass below which a cell tells no displacement."""


def linear_density(delta: torch.Tensor, box_size: float) -> torch.Tensor:
    """The linear overdensity (n, n, n) at the time of an evolved one, by -div psi in Lagrangian places.

    The shortest waves are lost, and what fell together comes back as its mean. Lives on the device of its input; the
    same on any number of threads.
    """
    cells, cell = delta.shape[0], box_size / delta.shape[0]
    axis = (torch.arange(cells * LUMPS, dtype=torch.float32, device=delta.device) + 0.5) / LUMPS - 0.5
    began = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).reshape(3, -1)
    mass = gather((1 + delta).float() / LUMPS**3, began)[None]
    places = began.clone()
    for radius in radii(cells, box_size):
        smooth = torch.fft.rfftn(scatter_weighted(places, mass, cells)[0]) * _gaussian(
            cells, radius / cell, delta.device
        )
        potential = inverse_laplacian(smooth, box_size)
        places -= torch.stack([gather(minus_gradient(potential, box_size, axis), places) for axis in range(3)]) / cell
    even, *carried = scatter_weighted(places, torch.cat([mass, mass * (began - places)]), cells)
    psi = torch.stack(carried) * cell / even.clamp(min=EMPTY)
    return -torch.fft.irfftn(divergence(psi, box_size), s=(cells,) * 3)


def radii(cells: int, box_size: float) -> list[float]:
    """Gaussian radii [Mpc/h] of the turns, falling to `NARROWEST` cells."""
    last = NARROWEST * box_size / cells
    turns = max(0, math.ceil(math.log(WIDEST / last) / math.log(STEP)))
    return [last * STEP**turn for turn in range(turns, -1, -1)]


def _gaussian(cells: int, radius: float, device: torch.device) -> torch.Tensor:
    """A Gaussian of a radius in cells, on the modes of rfftn."""
    squared = squared_wavenumber(cells, device) * (2 * math.pi / cells) ** 2
    return torch.exp(-squared * radius**2 / 2)
