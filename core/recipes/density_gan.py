"""The N-body density by a conditional adversarial network (Petulante 2023, thesis, section 3.3.3).

pix2pix (Isola et al. 2017, arXiv:1611.07004) in three dimensions: a generator makes the density from that of damped
perturbation theory, a discriminator tells pairs of input and truth from pairs of input and prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field as Setting
from pydantic import model_validator

from core.config import Settings
from core.learning.adversaries import Adversaries
from core.learning.training_set import CropSettings
from core.recipes.density.base import DensityRecipe, validation_metrics
from core.recipes.density.settings import Adam

if TYPE_CHECKING:
    import torch

    from models.patchgan import PatchGAN


class GeneratorSettings(Settings):
    """The network that predicts."""

    kind: Literal["pix2pix", "unet"] = "pix2pix"
    """pix2pix without its two innermost levels, or the U-Net of the recipe density."""
    levels: int = Setting(6, ge=1, le=8)
    """Halvings of the resolution: 6 for pix2pix, 3 for the thesis's U-Net."""
    filters: int = Setting(64, ge=1)
    """Filters of the first convolution, doubling with each level, in pix2pix up to 8 times as many."""
    dropout: float = Setting(0.5, ge=0, lt=1)
    """Dropout of pix2pix in its inner doublings while training, which is its only source of chance."""
    border: Literal["valid", "zeros", "circular"] = "zeros"
    """What lies beyond a crop; valid, which takes the box's own cells, only for the U-Net."""

    norm: Literal["batch", "group", "none"] = "batch"
    """Of the U-Net: batch norm; the norm of each box by itself; or none."""
    residual: bool = False
    """Of the U-Net: whether it says by what factor the density that it sees is off, instead of the density."""

    @model_validator(mode="after")
    def _pix2pix_pads(self) -> GeneratorSettings:
        if self.kind == "pix2pix" and self.border == "valid":
            raise ValueError("pix2pix has no valid convolutions: choose border zeros or circular, or kind unet")
        return self


class DiscriminatorSettings(Settings):
    """The network that judges patches."""

    halvings: int = Setting(3, ge=0, le=5)
    """Convolutions of stride 2: three make patches of 70^3 cells, two of 34^3, one of 16^3."""
    filters: int = Setting(64, ge=1)
    """Filters of the first convolution, doubling with each."""


class LossSettings(Settings):
    """What the generator's loss is made of, besides the discriminator's judgement, which has weight 1."""

    l1: float = Setting(120.0, ge=0, allow_inf_nan=False)
    """Weight of the mean absolute error; the thesis has "slightly more" than pix2pix's 100."""
    mass: float = Setting(0.0, ge=0, allow_inf_nan=False)
    """Weight of the squared relative error of the mass of a crop, which the thesis proposes."""
    power: float = Setting(0.0, ge=0, allow_inf_nan=False)
    """Weight of the squared error of ln P(k) of a crop."""


class DensityGan(DensityRecipe):
    """The density of an N-body by a generator that a discriminator judges."""

    name: ClassVar[str] = "density_gan"
    title: ClassVar[str] = "Density: from perturbation theory to the N-body by adversaries"
    paper: ClassVar[str] = "Petulante 2023, PhD thesis, Vanderbilt University, section 3.3.3; pix2pix: arXiv:1611.07004"
    cites: ClassVar[tuple[str, ...]] = ("petulante2023", "isola2017")
    paper_numbers: ClassVar[dict[str, float]] = {
        "reach": 0.3,
        "transfer_1": 0.90,
        "transfer_2": 0.65,
        "input_02": 0.70,
        "transfer_3": 0.85,
        "mean_density": 0.88,
    }

    crop: CropSettings = CropSettings(size=96, context=16, batch=1)
    """What the networks see at once, in cells, and keep of a prediction."""
    network: GeneratorSettings = GeneratorSettings()
    discriminator: DiscriminatorSettings = DiscriminatorSettings()
    loss: LossSettings = LossSettings()
    optimiser: Adam = Adam(learning_rate=5e-5, first_decay=0.5, second_decay=0.999)
    """Adam as in pix2pix, with the thesis's learning rate of the generator."""
    discriminator_optimiser: Adam = Adam(learning_rate=2e-4, first_decay=0.5, second_decay=0.999)
    """Adam as in pix2pix."""

    @property
    def shape(self) -> GeneratorSettings:
        return self.network

    def module(self) -> torch.nn.Module:
        from models.density_unet import Corrected, DensityUNet
        from models.pix2pix import Pix2Pix

        n = self.network
        if n.kind == "unet":
            unet = DensityUNet(n.levels, n.filters, border=n.border, rectify=not n.residual, norm=n.norm)
            return Corrected(unet, self.scaling) if n.residual else unet
        assert n.border != "valid"
        return Pix2Pix(n.levels, n.filters, dropout=n.dropout, border=n.border)

    def critic(self) -> PatchGAN:
        from models.patchgan import PatchGAN

        return PatchGAN(2, self.discriminator.halvings, self.discriminator.filters, self.network.border)

    def memory(self, bf16: bool) -> Callable[[int, int], int]:
        from core.learning.memory import cube_memory

        generating = super().memory(bf16)
        judging = cube_memory(self.critic, sum(self.channels), Adam(), bf16)
        # the discriminator sees the truth and the prediction
        return lambda *crop: generating(*crop) + 2 * judging(*crop)

    def learner(self, device: torch.device) -> Adversaries:
        import torch

        from core.recipes.density.fields import scaled
        from models.density_losses import mass_loss, mean_absolute, power_loss

        torch.manual_seed(self.seed)
        terms = {
            "l1": (self.loss.l1, mean_absolute),
            "mass": (self.loss.mass, mass_loss),
            "power": (self.loss.power, power_loss),
        }
        return Adversaries(
            self.module(),
            self.critic(),
            {name: term for name, term in terms.items() if term[0] > 0},
            lambda density: scaled(density, self.scaling),
            validation_metrics,
            self.optimiser,
            self.discriminator_optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
        )
