"""Settings of the recipe emulator: the cheap run that it starts from, the network, the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from core.config import Settings
from core.learning.learner import Optimiser

if TYPE_CHECKING:
    from core.cosmos.cheap import Approximation


class StartSettings(Settings):
    """What is corrected, made from the linear density wherever it is needed."""

    by: Literal["nbody", "2lpt", "za"] = "nbody"
    """A few steps of the N-body, perturbation theory of second order, or the Zel'dovich approximation."""
    steps: int = Setting(5, ge=1, le=100)
    """Time steps of the N-body from z = 9 on; the truth of `simulate` takes 20."""
    mesh_ratio: float = Setting(2.0, ge=1, le=4)
    """Force-mesh cells per particle spacing. A mesh of ratio 1 makes no small halos, and no network repairs them."""
    last_mesh_ratio: float = Setting(0.0, ge=0, le=4)
    """Those of the last step to each redshift, which makes most of the small halos; 0 for as many."""
    force_mesh_ratio: float = Setting(2.0, ge=1, le=4)
    """Those of the mesh on which the network is told the force and the density where the particles are in the end."""

    @property
    def way(self) -> Approximation:
        """What makes it."""
        from core.cosmos.cheap import Approximation

        return Approximation(self.by, self.steps, self.mesh_ratio, self.last_mesh_ratio)

    @property
    def tells_halos(self) -> bool:
        """Whether groups of the corrected particles are halos."""
        return self.by == "nbody" and max(self.mesh_ratio, self.last_mesh_ratio) >= 2


class EmulatorNetworkSettings(Settings):
    """The U-Net: residual blocks of two periodic convolutions, without normalisation."""

    levels: int = Setting(3, ge=1, le=6)
    """Resolutions: one less halvings."""
    filters: int = Setting(32, ge=1)
    """Filters at full resolution, doubling with each level."""
    patch: Literal[1, 2, 4] = 2
    """Cells a side that are one cell of the network: with 2 it works on an eighth as many, at less cost."""


class EmulatorLossSettings(Settings):
    """The loss: ln of the mean squared errors of displacement, velocity and density, and the spectrum's."""

    displacement: float = Setting(1.0, ge=0, allow_inf_nan=False)
    """Weight of ln of the mean squared error of displacements."""
    velocity: float = Setting(0.3, ge=0, allow_inf_nan=False)
    """Weight of ln of the mean squared error of velocities."""
    density: float = Setting(1.0, ge=0, allow_inf_nan=False)
    """Weight of ln of the mean squared error of the density painted from the moved particles."""
    power: float = Setting(10.0, ge=0, allow_inf_nan=False)
    """Weight of the mean over shells of the squared error of ln P(k) of that density."""
    mesh_ratio: int = Setting(1, ge=1, le=4)
    """Mesh cells per particle spacing of the painted density."""


class EmulatorAdam(Optimiser):
    """AdamW with a cosine."""

    name: Literal["sgd", "adamw", "amsgrad"] = "adamw"
    """adamw, or another."""
    learning_rate: float = Setting(2e-3, gt=0, allow_inf_nan=False)
    """Largest learning rate."""
    weight_decay: float = Setting(1e-4, ge=0, allow_inf_nan=False)
    """Decay of the weights, decoupled."""
    warmup: int = Setting(20, ge=0)
    """Steps over which the learning rate rises from zero."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Whether the learning rate stays, or falls to zero as half a cosine."""
    clip: float = Setting(1.0, ge=0)
    """Largest norm of the gradient; 0 leaves it as it is."""
