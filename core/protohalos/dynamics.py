"""Cheap dynamics as input channels: what a few steps of N-body of the same phases know of every particle.

Each channel is a field on the initial lattice, scaled to values of order one, the same for all universes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Array
from core.cosmos.universe import Universe

if TYPE_CHECKING:
    import torch

SMALLEST_GROUP = 8
"""Particles of the smallest group of the cheap run that is told."""


CONTRACTIONS = slice(2, 4)
"""The channels that are in units of the linear density."""


class CheapRun(Settings):
    """The few-step N-body whose outcome a network sees, where `inputs` name it."""

    steps: int = Setting(3, ge=1, le=100)
    """Time steps from z = 9 on; the truth of `simulate` takes 20."""
    mesh_ratio: float = Setting(1.0, ge=1, le=4)
    """Force-mesh cells per particle spacing; the truth of `simulate` has 2."""
    groups: bool = True
    """Also tell which particles are friends of friends in it."""

    @property
    def channels(self) -> int:
        """Fields that are told."""
        return 6 if self.groups else 4


def dynamics(
    universe: Universe, run: CheapRun, redshift: float = 0.0, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """The channels (run.channels, n, n, n) that `told_by` makes of the cheap run of a universe, on the device."""
    return told_by(outcome(universe, run, redshift, device), universe.box_size, run)


def outcome(
    universe: Universe, run: CheapRun, redshift: float = 0.0, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Where the cheap run takes the particles: displacement (3, n, n, n) [Mpc/h]."""
    from core.cosmos.cheap import cheap_displacement

    delta = universe.field("delta_linear")
    return cheap_displacement(delta, universe.cosmology, run.steps, run.mesh_ratio, redshift, device)


def told_by(displacement: torch.Tensor, box_size: float, run: CheapRun) -> torch.Tensor:
    """Channels (run.channels, n, n, n): log density where the particle ends, on meshes of 2 n and n cells a side,
    -div of the displacement, raw and smoothed by 2 cells; then the log size of the particle's group, 0 for none, and
    the share of its six neighbours on the lattice that are in the same group."""
    import torch

    from core.cosmos.cheap import cheap_groups

    told = [*_densities(displacement, box_size), *_contraction(displacement, box_size)]
    if run.groups:
        label = cheap_groups(displacement, box_size, SMALLEST_GROUP)
        told += [torch.from_numpy(field).to(displacement.device) for field in (_sizes(label), _togetherness(label))]
    return torch.stack(told)


def _densities(displacement: torch.Tensor, box_size: float) -> list[torch.Tensor]:
    """ln(1 + rho) at the particles by clouds in cells of two meshes."""
    from core.cosmos.nbody import mesh_positions
    from core.cosmos.paint import gather, scatter

    cells, told = displacement.shape[-1], []
    for finer in (2, 1):
        positions = mesh_positions(displacement, box_size, finer * cells)
        density = gather(scatter(positions, finer * cells) * finer**3, positions)
        told.append(0.5 * density.view((cells,) * 3).log1p() - 1)
    return told


def _contraction(displacement: torch.Tensor, box_size: float) -> list[torch.Tensor]:
    """-div psi, which is the linear density where nothing has collapsed and about 3 where all has; also smoothed."""
    import torch

    from core.cosmos.initial import squared_wavenumber
    from core.cosmos.lpt import divergence

    cells = displacement.shape[-1]
    modes = -divergence(displacement, box_size)
    # exp(-k^2 r^2 / 2) with r of two cells
    smooth = torch.exp(-0.5 * (4 * math.pi / cells) ** 2 * squared_wavenumber(cells, modes.device).float())
    return [torch.fft.irfftn(item, s=(cells,) * 3) for item in (modes, modes * smooth)]


def _sizes(label: Array) -> Array:
    """ln of the number of members of each particle's group over that of the smallest told, plus 1; 0 outside."""
    count = np.bincount(label.reshape(-1))
    size = 0.5 * (1 + np.log(np.maximum(count, 1) / SMALLEST_GROUP))
    size[0] = 0
    return size.astype(np.float32)[label]


def _togetherness(label: Array) -> Array:
    """Share of the six neighbours of a particle that are in its group; 0 outside groups."""
    same = np.zeros(label.shape, dtype=np.float32)
    for axis in range(3):
        for shift in (-1, 1):
            same += np.roll(label, shift, axis) == label
    return np.where(label > 0, same / 6, 0).astype(np.float32)
