"""The N-body density from second-order perturbation theory by a U-Net (Petulante 2023, thesis, chapter 3).

The network sees the density today of particles moved by 2LPT from a damped linear spectrum and learns, by the mean
squared error, the density that the N-body ends in; or, as its section 3.6 proposes, displacements and velocities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field as Setting

from core.config import Settings
from core.learning.learner import Network
from core.learning.plateau import Plateau, PlateauSettings
from core.recipes.density.base import DensityRecipe, validation_metrics
from core.recipes.density.settings import Adam, Target

if TYPE_CHECKING:
    import torch

    from models.density_unet import DensityUNet


class UNetSettings(Settings):
    """The U-Net: blocks of a 3^3 and a 5^3 convolution, three on the way down and three on the way up."""

    levels: int = Setting(3, ge=1, le=6)
    """Halvings of the resolution."""
    filters: int = Setting(32, ge=1)
    """Filters at full resolution, doubling with each level; the thesis does not give them."""
    border: Literal["valid", "zeros", "circular"] = "valid"
    """What lies beyond a crop: valid takes the box's own cells, as crop.context; zeros the thesis's, of which the outer
    16 cells are cut off; circular is exact where the crop is the whole box."""


class Density(DensityRecipe):
    """Regression of the N-body density on that of damped second-order perturbation theory."""

    name: ClassVar[str] = "density"
    title: ClassVar[str] = "Density: from perturbation theory to the N-body by a U-Net"
    paper: ClassVar[str] = "Petulante 2023, PhD thesis, Vanderbilt University, chapter 3 (not on arXiv)"
    paper_numbers: ClassVar[dict[str, float]] = {"reach": 0.5, "transfer_1": 0.95, "transfer_3": 0.70}

    validate_every: int = Setting(1, ge=1)
    """Steps between looks at the validation universes."""
    target: Target = "density"
    """What is learnt: the density; or the displacement of every particle, with or without its velocity, from which the
    density is painted and for which the network sees the displacement of perturbation theory."""
    accumulate: int = Setting(128, ge=1)
    """Batches of crops whose gradients are averaged for one step."""
    network: UNetSettings = UNetSettings()
    optimiser: Adam = Adam()
    plateau: PlateauSettings = PlateauSettings()

    @property
    def learnt(self) -> Target:
        return self.target

    @property
    def shape(self) -> UNetSettings:
        return self.network

    def module(self) -> DensityUNet:
        from models.density_unet import DensityUNet

        n = self.network
        return DensityUNet(n.levels, n.filters, *self.channels, n.border, rectify=self.target == "density")

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.density_losses import mean_square

        torch.manual_seed(self.seed)
        return Network(
            self.module(),
            mean_square,
            validation_metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
            accumulate=self.accumulate,
            plateau=Plateau(self.plateau),
        )
