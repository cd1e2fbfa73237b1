"""The N-body density from second-order perturbation theory by a U-Net (Petulante 2023, thesis, chapter 3).

The network sees the density today of particles moved by 2LPT from a damped linear spectrum and learns, by the mean
squared error, the density that the N-body ends in; or, as its section 3.6 proposes, displacements and velocities.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field as Setting

from core.config import Settings
from core.learning.learner import Network
from core.learning.plateau import Plateau, PlateauSettings
from core.recipes.density.base import DensityRecipe, validation_metrics
from core.recipes.density.settings import Adam, Target

if TYPE_CHECKING:
    import torch

    from models.density_unet import Corrected, DensityUNet


class UNetSettings(Settings):
    """The U-Net: blocks of a 3^3 and a 5^3 convolution, three on the way down and three on the way up."""

    levels: int = Setting(3, ge=1, le=6)
    """Halvings of the resolution."""
    filters: int = Setting(32, ge=1)
    """Filters at full resolution, doubling with each level; the thesis does not give them."""
    border: Literal["valid", "zeros", "circular"] = "valid"
    """What lies beyond a crop: valid takes the box's own cells, as crop.context; zeros the thesis's, of which the outer
    16 cells are cut off; circular is exact where the crop is the whole box."""
    norm: Literal["batch", "group", "none"] = "batch"
    """What follows each rectifier: the thesis's batch norm, whose statistics move the power of a box by some per cent;
    the norm of each box by itself; or nothing."""
    residual: bool = False
    """Whether the network says by what factor the density that it sees is off, instead of the density."""


class DensityLossSettings(Settings):
    """What the loss is made of, besides the mean squared error."""

    error: Literal["density", "log"] = "density"
    """Whose mean squared error: the density's, as in the thesis, or that of ln(1 + rho)."""
    power: float = Setting(0.0, ge=0, allow_inf_nan=False)
    """Weight of the mean over shells of the squared error of ln P(k), which the thesis proposes in section 3.6.1."""


class Density(DensityRecipe):
    """Regression of the N-body density on that of damped second-order perturbation theory."""

    name: ClassVar[str] = "density"
    title: ClassVar[str] = "Density: from perturbation theory to the N-body by a U-Net"
    paper: ClassVar[str] = "Petulante 2023, PhD thesis, Vanderbilt University, chapter 3 (not on arXiv)"
    cites: ClassVar[tuple[str, ...]] = ("petulante2023",)
    paper_numbers: ClassVar[dict[str, float]] = {"reach": 0.5, "transfer_1": 0.95, "transfer_3": 0.70, "input_02": 0.70}

    validate_every: int = Setting(1, ge=1)
    """Steps between looks at the validation universes."""
    target: Target = "density"
    """What is learnt: the density; or the displacement of every particle, with or without its velocity, from which the
    density is painted and for which the network sees the displacement of perturbation theory."""
    accumulate: int = Setting(128, ge=1)
    """Batches of crops whose gradients are averaged for one step."""
    network: UNetSettings = UNetSettings()
    loss: DensityLossSettings = DensityLossSettings()
    optimiser: Adam = Adam()
    plateau: PlateauSettings = PlateauSettings()

    @property
    def learnt(self) -> Target:
        return self.target

    @property
    def shape(self) -> UNetSettings:
        return self.network

    def module(self) -> DensityUNet | Corrected:
        from models.density_unet import Corrected, DensityUNet

        n, corrects = self.network, self.network.residual and self.target == "density"
        rectify = self.target == "density" and not corrects
        unet = DensityUNet(n.levels, n.filters, *self.channels, n.border, rectify, n.norm)
        return Corrected(unet, self.scaling) if corrects else unet

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.density_losses import density_loss

        torch.manual_seed(self.seed)
        logarithm = self.loss.error == "log" and self.target == "density"
        return Network(
            self.module(),
            partial(density_loss, logarithm=logarithm, power=self.loss.power if self.target == "density" else 0.0),
            validation_metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
            accumulate=self.accumulate,
            plateau=Plateau(self.plateau),
        )
