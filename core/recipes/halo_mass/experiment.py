"""The settings of the recipe, and what both of its networks ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from core.learning.learner import Network, Optimiser, Precision
from core.learning.training_set import Split, TiledCropSettings
from core.protohalos.dynamics import CheapRun
from core.protohalos.inputs import Inputs
from core.protohalos.truth import TruthSource
from core.recipes.halo_mass.settings import (
    CNNSettings,
    InputSettings,
    LossSettings,
    MassRange,
    ParticleSettings,
    VNetSettings,
)
from core.runs.recipe import Recipe

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.recipes.halo_mass.inputs import Seen
    from core.recipes.halo_mass.particles import HaloParticles


class Experiment(Recipe[Network]):
    """What is learnt, from what, and how."""

    steps: int = Setting(31_250, ge=1)
    """Training steps; 3,125 are one pass over the paper's particles."""
    validate_every: int = Setting(3125, ge=1)
    """Steps between looks at the validation universes."""
    truth: TruthSource = "auto"
    """Which halos are the truth; auto takes N-body halos where there are any."""
    bootstraps: int = Setting(20, ge=2)
    """Resamplings from which the error of each mutual information is taken."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it, but not for the potential: its small
    scales would be lost."""
    sees: Literal["cubes", "boxes"] = "cubes"
    """What the network sees at once: a cube around each particle, as in the paper, or whole boxes, of which it tells
    the masses of all particles."""
    log_mass: MassRange = MassRange()
    input: InputSettings = InputSettings()
    inputs: Inputs = "density"
    """What is seen beside it: nothing for density, as in the paper; else the Zel'dovich displacement or the outcome of
    a cheap N-body of the same phases."""
    nbody: CheapRun = CheapRun()
    network: CNNSettings = CNNSettings()
    """The network on cubes."""
    vnet: VNetSettings = VNetSettings()
    crop: TiledCropSettings = TiledCropSettings(size=0, batch=1, tile=0, buffer=0)
    """What the V-Net on boxes sees at once."""
    loss: LossSettings = LossSettings()
    optimiser: Optimiser = Optimiser(name="amsgrad", learning_rate=5e-5)
    particles: ParticleSettings = ParticleSettings()
    split: Split = Split(test=4)

    def halo_particles(self, universe: Universe) -> HaloParticles:
        """The particles of a universe that count. Raises: InputError where there are none."""
        from core.recipes.halo_mass.particles import halo_particles

        return halo_particles(universe, self.truth, self.log_mass.low, self.log_mass.high)

    @property
    def seen(self) -> Seen:
        """What the network sees of a universe."""
        from core.recipes.halo_mass.inputs import Seen

        return Seen(self.input, self.inputs, self.nbody, self.truth)
