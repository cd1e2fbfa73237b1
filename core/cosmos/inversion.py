"""The linear density behind the displacements of particles, found by running them forwards from a guess.

The guess is -div s / D. What a short N-body run from it (or perturbation theory alone, early) leaves of the divergence
is added to it until nothing is left. Initial conditions of first order (Zel'dovich) are -div s / D exactly; their
velocities tell, for the second-order part of velocities is not that of displacements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.box import Array
from core.cosmos.cosmology import Growth
from core.cosmos.lpt import divergence, first_order, second_order
from core.progress import Progress, silent

Model = Literal["first order", "second order", "N-body"]

EARLY = 9.0
"""Redshift down to which perturbation theory is taken, of first or second order; N-body runs start there, as those of
halodeck's own universes do: on a near-regular lattice a mesh makes structure of its own the longer it is evolved."""

STEPS = 5
"""Time steps of a run, BullFrog's."""

_CONVERGED = 2e-3
"""Divergence not explained, over all of it."""
_SLOW = 0.85
"""What is left, over what was left one run earlier, beyond which paths have crossed: more runs add noise."""
_MOST = 20
_RELAXATION = 0.7
"""Share of what is left that is added to the guess: a whole one overshoots in knots."""


@dataclass(frozen=True)
class Inverted:
    """The linear density (n, n, n) at z = 0, the model of the displacements, and what it leaves unexplained."""

    delta: Array
    model: Model
    residual: float
    """rms of the displacements less those of the model, over their rms."""
    runs: int = 0

    @property
    def words(self) -> str:
        """One line for a person."""
        how = f", inverted in {self.runs} runs" if self.runs else ""
        model = "an N-body run" if self.model == "N-body" else self.model
        return f"from displacements of {model}{how}; {100 * self.residual:.2g} % of them unexplained"


def invert(
    displacement: Array,
    velocity: Array | None,
    box_size: float,
    growth: Growth,
    redshift: float,
    progress: Progress = silent,
) -> Inverted:
    """The linear density at z = 0 of displacements (3, n, n, n) [Mpc/h] at a redshift.

    `velocity` (3, n, n, n) is peculiar, over a H f: in first order equal to the displacement. The mean and the Nyquist
    modes of the result are zero.
    """
    s = torch.from_numpy(np.ascontiguousarray(displacement, dtype=np.float32))
    first = growth.first(1 / (1 + redshift))
    target = -divergence(s, box_size)
    modes = target / first
    if redshift >= EARLY and _is_first_order(s, velocity, modes, box_size, growth, redshift):
        return Inverted(_real(modes), "first order", _left(s, first * first_order(modes, box_size)))
    model: Model = "second order" if redshift >= EARLY else "N-body"
    best, residual, left, runs = modes, float("inf"), float("inf"), 0
    while runs < _MOST:
        explained = forwards(modes, box_size, growth, redshift)
        runs += 1
        rest = target + divergence(explained, box_size)
        now = float(rest.abs().square().sum().sqrt() / target.abs().square().sum().sqrt())
        progress(min(runs / 10, 0.95), f"linear field, run {runs}: {100 * now:.2g} % of the displacements left")
        if not now < left:
            break
        best, residual = modes, _left(s, explained)
        if now < _CONVERGED or now > _SLOW * left:
            break
        left = now
        modes = modes + _RELAXATION * rest / first
    return Inverted(_real(best), model, residual, runs)


def forwards(modes: torch.Tensor, box_size: float, growth: Growth, redshift: float) -> torch.Tensor:
    """Displacements (3, n, n, n) at a redshift of a linear density delta(k) at z = 0."""
    state = nbody.initial_state(modes, box_size, growth, max(EARLY, redshift))
    if redshift >= EARLY:
        return state.displacement
    [edges] = nbody.edges(state.first, [growth.first(1 / (1 + redshift))], STEPS)
    return nbody.follow(state, edges[1:], growth, box_size, 2 * len(modes)).displacement


def _is_first_order(
    s: torch.Tensor, velocity: Array | None, modes: torch.Tensor, box_size: float, growth: Growth, redshift: float
) -> bool:
    """Whether displacements and velocities agree, or differ as their second-order parts do; no without velocities."""
    if velocity is None:
        return False
    a = 1 / (1 + redshift)
    slope = growth.second_slope(a) * growth.first(a)  # of E2 psi2 in the velocities, dE2/dlnD
    expected = (growth.second(a) - slope) * second_order(modes, box_size)
    found = s - torch.from_numpy(np.ascontiguousarray(velocity, dtype=np.float32))
    return float((found * expected).sum() / expected.square().sum()) < 0.5


def _left(s: torch.Tensor, explained: torch.Tensor) -> float:
    return float((s - explained).norm() / s.norm())


def _real(modes: torch.Tensor) -> Array:
    return np.asarray(torch.fft.irfftn(modes, s=(len(modes),) * 3).numpy())
