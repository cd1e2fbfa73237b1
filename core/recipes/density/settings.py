"""Settings that the recipes density and density_gan share; their defaults are the thesis's values (Petulante 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field as Setting

from core.config import Settings
from core.learning.learner import Optimiser

if TYPE_CHECKING:
    import torch

Target = Literal["density", "displacement", "displacement+velocity"]
Scaling = Literal["none", "log", "asinh"]


class Begin(Settings):
    """What the network starts from."""

    by: Literal["damped", "2lpt", "za"] = "damped"
    """Second-order displacements of the damped linear spectrum, as in the thesis, of the whole one, or Zel'dovich's."""

    @property
    def told(self) -> str:
        """In words."""
        return {
            "damped": "second-order perturbation theory from the damped linear spectrum",
            "2lpt": "second-order perturbation theory",
            "za": "the Zel'dovich approximation",
        }[self.by]


class Adam(Optimiser):
    """Adam, which is adamw without decay."""

    name: Literal["sgd", "adamw", "amsgrad"] = "adamw"
    """adamw, which without decay is the thesis's Adam, or another."""
    learning_rate: float = Setting(1e-5, gt=0, allow_inf_nan=False)
    """Largest learning rate."""
    first_decay: float = Setting(0.9, ge=0, lt=1)
    """Decay of the running mean of the gradient."""
    second_decay: float = Setting(0.99, ge=0, lt=1)
    """Decay of the running mean of its square."""

    def build(self, parameters: Any) -> torch.optim.Optimizer:
        optimiser = super().build(parameters)
        for group in optimiser.param_groups:
            if "betas" in group:
                group["betas"] = (self.first_decay, self.second_decay)
        return optimiser
