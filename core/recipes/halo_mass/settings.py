"""The settings of the recipe halo_mass; their defaults are the paper's values (Lucie-Smith et al. 2024)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Array

Input = Literal["density", "averaged", "potential", "evolved"]
Weight = Literal["particles", "between", "halos"]


class InputSettings(Settings):
    """What the network sees around a particle."""

    kind: Input = "density"
    """The linear density, its average over shells, its gravitational potential, or the density at the end."""
    side: int = Setting(75, ge=3)
    """Side of the cube around a particle in cells, odd."""
    shells: int = Setting(20, ge=1)
    """Shells of the average between 2 cells and the nearest face."""
    mesh_ratio: int = Setting(4, ge=1)
    """Cells of the evolved density per cell of the lattice; the paper's are 10 times finer."""
    augment: bool = False
    """Turn and mirror the cubes at random, which the paper had no need of."""


class CNNSettings(Settings):
    """The convolutional network."""

    filters: tuple[int, ...] = Setting((32, 32, 64, 128, 128, 128), min_length=1)
    """Filters of each 3^3 convolution; each but the first is followed by 2^3 pooling."""
    dense: tuple[int, ...] = Setting((256, 128), min_length=1)
    """Neurons of the dense layers before the last."""
    pooling: Literal["max", "average"] = "max"
    """The paper calls its pooling max and then describes an average."""


class VNetSettings(Settings):
    """The V-Net that sees whole boxes."""

    levels: int = Setting(4, ge=1, le=8)
    """Halvings of the resolution."""
    filters: int = Setting(8, ge=1)
    """Filters at full resolution, doubling with each level."""
    kernel: Literal[3, 5, 7] = 3
    """Side of the convolutions in cells."""
    depth: int = Setting(2, ge=1)
    """Convolutions in a residual block below the input level."""
    padding: Literal["zeros", "circular"] = "circular"
    """What lies beyond the border of a crop; circular is exact when the crop is the whole periodic box."""


class LossSettings(Settings):
    """Likelihood and priors."""

    likelihood: Literal["cauchy", "bins"] = "cauchy"
    """What is told of a mass: where a Cauchy distribution of one width lies, as in the paper; or the chances of some
    masses, a distribution of any form and another one for each particle, for a network that sees boxes."""
    bins: int = Setting(23, ge=3)
    """Masses, from the lowest to the largest, whose chances are told by bins."""
    scale: float = Setting(0.2, gt=0, le=2)
    """Half width at half maximum of the Cauchy likelihood at the start; it is learnt, within [0, 2]."""
    log_alpha: float = Setting(-2.5, allow_inf_nan=False)
    """log10 of the weight of the priors on the weights; the paper's averaged density has -4.3."""
    patience: int = Setting(5, ge=0)
    """Validations without a lower loss after which training ends with the best weights; 0 trains all steps."""


class MassRange(Settings):
    """Halos whose particles count."""

    low: float = 11.0
    """log10 of the least mass [Msun/h]."""
    high: float = 13.4
    """log10 of the largest mass [Msun/h]."""

    @property
    def half_width(self) -> float:
        """Half the range [dex]: what 1 is in the network's output."""
        return (self.high - self.low) / 2

    def scaled(self, log_mass: Array) -> Array:
        """log10 of masses [Msun/h] as the network tells them: -1 at the lowest, 1 at the highest."""
        return np.asarray((log_mass - self.low) / self.half_width - 1)

    def unscaled(self, told: Array) -> Array:
        """log10 of the masses [Msun/h] that the network tells."""
        return np.asarray((told + 1) * self.half_width + self.low)


class ParticleSettings(Settings):
    """How many particles are learnt from and judged."""

    training: int = Setting(200_000, ge=1)
    """Particles of the training universes together; a network that sees whole boxes learns from all."""
    validation: int = Setting(10_000, ge=1)
    """Particles of the validation universes together."""
    weight: Weight = "particles"
    """What is learnt equally often: particles, as in the paper, which are mostly those of large halos; halos; or
    between the two, where a halo counts as the square root of its particles."""
    test: int = Setting(99_950, ge=1)
    """Particles of the test universes together."""
    each_halo: int = Setting(32, ge=0)
    """Particles in the middle of every test halo from which the mass of the whole is read; 0 leaves that out."""
    batch: int = Setting(64, ge=1)
    """Particles a step."""
