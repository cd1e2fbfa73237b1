"""Particle-mesh N-body in growth time D: drift, kick, drift steps that are exact in perturbation theory.

With v = dx/dD the kick is v' = alpha v + (1 - alpha) A(x)/D at the midpoint, A = -grad lap^-1 delta. The scalar alpha
is the whole difference between integrators: FastPM (Feng et al. 2016, arXiv:1603.00476) is exact to first order of
Lagrangian perturbation theory, BullFrog (Rampf, List & Hahn 2025, arXiv:2409.19049) to second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from core.cosmos.cosmology import Growth
from core.cosmos.gravity import Work, gravity
from core.cosmos.lpt import first_order, second_order

Integrator = Literal["bullfrog", "fastpm"]


@dataclass
class State:
    """Particles by lattice id: displacement x - q [Mpc/h] and dx/dD, both (3, n, n, n), at growth D."""

    displacement: torch.Tensor
    velocity: torch.Tensor
    first: float


def kick_factor(growth: Growth, start: float, end: float, integrator: Integrator) -> float:
    """alpha of one step between two values of D."""
    a0, a1 = growth.scale_factor(start), growth.scale_factor(end)
    if integrator == "fastpm":
        return growth.conjugate(a0) / growth.conjugate(a1)
    middle = (start + end) / 2
    half = (end - start) / 2
    shift = (growth.second(a0) + half * growth.second_slope(a0) - middle**2) / middle
    return (growth.second_slope(a1) - shift) / (growth.second_slope(a0) - shift)


def initial_state(modes: torch.Tensor, box_size: float, growth: Growth, redshift: float) -> State:
    """Second-order perturbation theory of the linear density delta(k) at z = 0, at a redshift."""
    a = 1 / (1 + redshift)
    psi1, psi2 = first_order(modes, box_size), second_order(modes, box_size)
    return State(
        growth.first(a) * psi1 + growth.second(a) * psi2, psi1 + growth.second_slope(a) * psi2, growth.first(a)
    )


def follow(
    state: State,
    ends: Sequence[float],
    growth: Growth,
    box_size: float,
    mesh: int,
    integrator: Integrator = "bullfrog",
    after: Callable[[], object] = lambda: None,
) -> State:
    """The state after one step to each of several D, on a mesh^3 grid that the steps share; each calls `after`."""
    work = Work.of(mesh) if state.displacement.device.type == "cpu" else None
    for end in ends:
        state = step(state, end, kick_factor(growth, state.first, end, integrator), box_size, mesh, work)
        after()
    return state


def step(state: State, end: float, alpha: float, box_size: float, mesh: int, work: Work | None = None) -> State:
    """One drift-kick-drift to D = end. The displacement is never wrapped: it remembers how far a particle came."""
    half = (end - state.first) / 2
    middle = state.first + half
    displacement = torch.add(state.displacement, state.velocity, alpha=half)
    velocity = acceleration(displacement, box_size, mesh, work)
    velocity *= (1 - alpha) / middle
    velocity.add_(state.velocity, alpha=alpha)
    displacement.add_(velocity, alpha=half)
    return State(displacement, velocity, end)


def acceleration(displacement: torch.Tensor, box_size: float, mesh: int, work: Work | None = None) -> torch.Tensor:
    """A = -grad lap^-1 delta at the particles (3, n, n, n), by a mesh^3 grid.

    The lattice sits half a mesh cell off the nodes: on the nodes, small displacements would see a distorted force.
    """
    positions = mesh_positions(displacement, box_size, mesh)
    positions += 0.5
    return gravity(positions, box_size, mesh, work).view_as(displacement)


def mesh_positions(displacement: torch.Tensor, box_size: float, mesh: int) -> torch.Tensor:
    """Positions (3, N) in units of mesh cells, not wrapped."""
    cells = displacement.shape[-1]
    axis = torch.arange(cells, device=displacement.device, dtype=torch.float32) * (mesh / cells)
    positions = displacement * (mesh / box_size)
    positions[0] += axis[:, None, None]
    positions[1] += axis[:, None]
    positions[2] += axis
    return positions.view(3, -1)


def edges(start: float, outputs: list[float], steps: int) -> list[list[float]]:
    """Step edges in D for each output: about `steps` equal steps in all, each output met exactly."""
    width = (outputs[-1] - start) / steps
    segments = []
    for end in outputs:
        count = max(1, math.ceil((end - start) / width - 1e-6))
        segments.append([float(value) for value in np.linspace(start, end, count + 1)])
        start = end
    return segments
