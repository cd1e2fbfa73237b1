"""A cheap N-body of the same phases: where a few steps on a coarse mesh take the particles.

Three steps with mesh ratio 1 cost a fortieth of the twenty with mesh ratio 2 that are the truth of a universe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.halos import friends_of_friends
from core.cosmos.lpt import first_order

START = 9.0
"""Redshift at which 2LPT hands over, as in `simulate.Evolution`."""


@dataclass(frozen=True)
class Approximation:
    """A way to where particles go that costs less than the truth."""

    by: Literal["nbody", "2lpt", "za"]
    """A few steps of the N-body, perturbation theory of second order, or the Zel'dovich approximation."""
    steps: int = 0
    """Time steps of the N-body from z = 9 on."""
    mesh_ratio: float = 0.0
    """Its force-mesh cells per particle spacing."""
    last_mesh_ratio: float = 0.0
    """Those of the last step to each redshift; 0 for as many."""

    @property
    def name(self) -> str:
        """N-body 5/2, with another mesh for the last step N-body 5/1.5 (last 2); 2LPT or ZA."""
        if self.by != "nbody":
            return self.by.upper()
        last = f" (last {self.last_mesh_ratio:g})" if self.last_mesh_ratio else ""
        return f"N-body {self.steps}/{self.mesh_ratio:g}{last}"

    def states(
        self, delta: Field, cosmology: Cosmology, redshifts: Sequence[float], device: torch.device | str = "cpu"
    ) -> list[nbody.State]:
        """Displacement [Mpc/h] and dx/dD at redshifts, the latest last, of the linear density at z = 0."""
        if self.by == "nbody":
            ratios = self.mesh_ratio, self.last_mesh_ratio or self.mesh_ratio
            return cheap_states(delta, cosmology, self.steps, ratios, redshifts, device)
        modes, growth = modes_of(delta, device), cosmology.growth
        if self.by == "2lpt":
            return [nbody.initial_state(modes, delta.box_size, growth, z) for z in redshifts]
        straight = first_order(modes, delta.box_size)
        return [nbody.State(d * straight, straight, d) for d in (growth.first(1 / (1 + z)) for z in redshifts)]


def cheap_displacement(
    delta: Field,
    cosmology: Cosmology,
    steps: int,
    mesh_ratio: float,
    redshift: float = 0.0,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Displacement x - q [Mpc/h] (3, n, n, n) at a redshift after so many steps from the linear density at z = 0."""
    return cheap_states(delta, cosmology, steps, (mesh_ratio, mesh_ratio), [redshift], device)[0].displacement


def cheap_states(
    delta: Field,
    cosmology: Cosmology,
    steps: int,
    mesh_ratios: tuple[float, float],
    redshifts: Sequence[float],
    device: torch.device | str = "cpu",
) -> list[nbody.State]:
    """Displacement and dx/dD at redshifts, latest last, after so many steps in all from the linear density at z = 0.

    The meshes are those of all steps, and of the last to each redshift: where only that is fine most of what a fine
    mesh gives small halos is there, for little of its cost.
    """
    growth, cells = cosmology.growth, delta.cells
    mesh, last = (2 * round(ratio * cells / 2) for ratio in mesh_ratios)
    state = nbody.initial_state(modes_of(delta, device), delta.box_size, growth, max(START, 2 * redshifts[0]))
    states = []
    for segment in nbody.edges(state.first, [growth.first(1 / (1 + z)) for z in redshifts], steps):
        if segment[1:-1]:
            state = nbody.follow(state, segment[1:-1], growth, delta.box_size, mesh)
        state = nbody.follow(state, segment[-1:], growth, delta.box_size, last)
        states.append(state)
    return states


def modes_of(delta: Field, device: torch.device | str = "cpu") -> torch.Tensor:
    """delta(k) on the device, in the layout of rfftn."""
    return torch.fft.rfftn(torch.from_numpy(np.array(delta.values, dtype=np.float32)).to(device))


def cheap_groups(displacement: torch.Tensor, box_size: float, minimum: int) -> Array:
    """Label (n, n, n) of the friends-of-friends group of every particle, largest first, 0 for none of `minimum`."""
    cells = displacement.shape[-1]
    moved = displacement.detach().cpu().numpy().reshape(3, -1).T
    return friends_of_friends(lattice(cells, box_size) + moved, box_size, minimum).reshape((cells,) * 3)
