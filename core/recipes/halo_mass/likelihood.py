"""What a network tells of a mass, and how likely that makes the true one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class OneWidth:
    """Where a Cauchy distribution lies, whose width is the same for all particles (models/cauchy.py)."""

    scale: nn.Parameter

    def loss(self, output: torch.Tensor, d: torch.Tensor, *, learnt: bool = True) -> torch.Tensor:
        """-ln p of true values d (N,), in [-1, 1]; the scale gets a slope where it is learnt."""
        from models.cauchy import cauchy

        return cauchy(output, d, self.scale if learnt else self.scale.detach())

    def told(self, output: torch.Tensor) -> torch.Tensor:
        return output

    @property
    def width(self) -> float:
        """Half width at half maximum."""
        return float(self.scale.detach())


@dataclass(frozen=True)
class Chances:
    """The chances of evenly spaced masses (models/mass_bins.py), of which the mean is told.

    Where particles of large halos count less as they are learnt, by `tilt` dex for each unit of d, the chances are of a
    particle that is drawn so; the mean that is told is of any particle.
    """

    tilt: float = 0.0

    def loss(self, output: torch.Tensor, d: torch.Tensor, *, learnt: bool = True) -> torch.Tensor:
        """The cross-entropy with true values d (N,), in [-1, 1]."""
        from models.mass_bins import binned

        return binned(output, d)

    def told(self, output: torch.Tensor) -> torch.Tensor:
        from models.mass_bins import mean, nodes

        return mean(output + math.log(10) * self.tilt * nodes(output))

    @property
    def width(self) -> None:
        """Each particle has its own."""


def likelihood_of(module: nn.Module, tilt: float = 0.0) -> OneWidth | Chances:
    """That of a network of this recipe, chances with their tilt: those that tell them have no scale."""
    scale = dict(module.named_parameters()).get("scale")
    return Chances(tilt) if scale is None else OneWidth(scale)
