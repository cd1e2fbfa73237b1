"""A network that sees a cube around each particle and tells the mass of that one, as in the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.learning.memory import check_fits, cube_memory
from core.learning.training_set import Parts
from core.progress import Progress
from core.recipes.halo_mass import inputs
from core.recipes.halo_mass.experiment import Experiment
from core.recipes.halo_mass.particles import HaloParticles, drawn_together
from core.recipes.halo_mass.subboxes import SubBoxes, told

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Network
    from models.cnn import CNN

VALIDATION_SEED = 1
"""Of the particles that are looked at while training: the same in every run."""


@dataclass(frozen=True)
class Cubes:
    """How this network learns and tells, under the settings of the recipe."""

    recipe: Experiment

    def check(self, universe: Universe) -> None:
        inputs.check_side(universe, self.recipe.input)

    def side(self, cells: int) -> int:
        return self.recipe.input.side

    def module(self) -> CNN:
        """The network, its weights drawn from torch's generator."""
        from models.cnn import CNN

        n, channels = self.recipe.network, self.recipe.seen.channels
        return CNN(self.recipe.input.side, n.filters, n.dense, n.pooling, channels, scale=self.recipe.loss.scale)

    def judged(self, output: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What is told of the particles, what is true, and how much each counts, (N,) each."""
        return output, targets, targets.new_ones(len(targets))

    def samples(self, parts: Parts[Universe], bf16: bool, device: torch.device) -> SubBoxes:
        recipe, particles, look = self.recipe, self.recipe.particles, self.recipe.seen
        self._check_memory(sum(look.bytes(universe) for universe in parts.used), bf16, device)
        fields = [look.field(universe) for universe in parts.used]
        constants = look.scales(parts.training, fields[: len(parts.training)])
        chosen = [
            *self._drawn(parts.training, particles.training, recipe.seed),
            *self._drawn(parts.validation, particles.validation, VALIDATION_SEED),
        ]
        boxes = [
            (
                look.fields(universe, constants, device, field),
                inputs.centres(universe, some, recipe.input, recipe.log_mass, device),
            )
            for universe, field, some in zip(parts.used, fields, chosen, strict=True)
        ]
        return SubBoxes(
            boxes[: len(parts.training)],
            boxes[len(parts.training) :],
            side=recipe.input.side,
            batch=particles.batch,
            seed=recipe.seed,
            constants=constants,
            change=lambda cubes: inputs.changed(cubes, recipe.input),
            augment=recipe.input.augment,
            vectors=look.vectors,
        )

    def teller(self, learner: Network, universe: Universe) -> Callable[[HaloParticles, Progress], Array]:
        """What tells, of particles in a universe, the network's outputs (N,)."""
        recipe = self.recipe
        fields = recipe.seen.fields(universe, learner.constants, learner.device)

        def tell(particles: HaloParticles, progress: Progress) -> Array:
            return told(
                lambda cubes: learner.predict(inputs.changed(cubes, recipe.input)),
                fields,
                inputs.centres(universe, particles, recipe.input, recipe.log_mass, learner.device),
                recipe.input.side,
                recipe.particles.batch,
                progress,
            )

        return tell

    def _drawn(self, universes: Sequence[Universe], count: int, seed: int) -> list[HaloParticles]:
        every = [self.recipe.halo_particles(universe) for universe in universes]
        return drawn_together(every, count, self.recipe.particles.weight, seed)

    def _check_memory(self, stored: int, bf16: bool, device: torch.device) -> None:
        """Refuse training that will not fit beside `stored` bytes of fields. Raises: ResourceError."""
        recipe = self.recipe
        learning = cube_memory(self.module, recipe.seen.channels, recipe.optimiser, bf16)
        batch = recipe.particles.batch
        check_fits(
            lambda chosen: learning(chosen, recipe.input.side) + stored,
            ["particles.batch"],
            (batch,),
            ((smaller,) for smaller in range(batch - 1, 0, -1)),
            "choose a smaller input.side or fewer universes",
            device,
        )
