"""A network that sees whole boxes, or large crops of them, and tells the masses of all their particles at once.

A step learns from every particle of a box for the price of a few hundred cubes, and sees as far as the box goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import InputError
from core.learning.boxes import Pair
from core.learning.memory import cube_memory
from core.learning.training_set import Parts, check_memory, check_tiles, crops_of
from core.progress import Progress
from core.recipes.halo_mass.experiment import Experiment
from core.recipes.halo_mass.particles import HaloParticles, weights
from core.recipes.halo_mass.settings import MassRange, Weight

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Network
    from core.learning.samples import Crops
    from models.mass_vnet import MassVNet


@dataclass(frozen=True)
class Boxes:
    """How this network learns and tells, under the settings of the recipe."""

    recipe: Experiment

    def check(self, universe: Universe) -> None:
        check_tiles(self.recipe.crop, self.recipe.vnet.levels, universe.cells, "vnet")
        if self.recipe.input.kind in ("averaged", "evolved"):
            raise InputError(f"input.kind={self.recipe.input.kind} is around particles", "set sees=cubes")

    def side(self, cells: int) -> int:
        return self.recipe.crop.side(cells)

    def module(self) -> MassVNet:
        """The network, its weights drawn from torch's generator."""
        from models.mass_vnet import MassVNet

        n, channels = self.recipe.vnet, self.recipe.seen.channels
        bins = self.recipe.loss.bins if self.recipe.loss.likelihood == "bins" else 0
        return MassVNet(n.levels, n.filters, n.kernel, n.depth, channels, n.padding, self.recipe.loss.scale, bins)

    def judged(self, output: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What is told of the particles in halos, (N,) or (N, bins), what is true, and how much each counts, (N,)."""
        true, weight = targets[:, 0].flatten(), targets[:, 1].flatten()
        counts = weight.nonzero()[:, 0]
        told = output.movedim(1, -1).flatten(0, -2).index_select(0, counts)
        return told if self.recipe.loss.likelihood == "bins" else told[:, 0], true[counts], weight[counts]

    def samples(self, parts: Parts[Universe], bf16: bool, device: torch.device) -> Crops:
        import torch

        recipe, look = self.recipe, self.recipe.seen
        learning = cube_memory(self.module, look.channels, recipe.optimiser, bf16, recipe.crop.context)
        # the inputs, a mass and a weight
        cell_bytes = 4 * (look.channels + 2)
        place = check_memory(learning, recipe.crop, recipe.vnet.levels, parts.used, cell_bytes, device, "vnet")
        constants = look.scales(parts.training, [look.field(universe) for universe in parts.training])

        def pair(universe: Universe) -> Pair:
            wanted = target(recipe.halo_particles(universe), universe.cells, recipe.log_mass, recipe.particles.weight)
            return look.fields(universe, constants, device), torch.from_numpy(wanted)

        symmetries = range(48) if recipe.input.augment else (0,)
        return crops_of(
            parts,
            pair,
            recipe.crop,
            recipe.seed,
            constants,
            device,
            place,
            recipe.model_dump_json(),
            symmetries=symmetries,
            vectors=look.vectors,
        )

    def teller(self, learner: Network, universe: Universe) -> Callable[[HaloParticles, Progress], Array]:
        """What tells, of particles in a universe, the network's outputs (N,) or (N, bins), all known after one call."""
        fields = self.recipe.seen.fields(universe, learner.constants, learner.device)
        known: list[Array] = []

        def tell(particles: HaloParticles, progress: Progress) -> Array:
            if not known:
                told = self.recipe.crop.over_box(learner.predict, fields, progress).numpy()
                known.append(told.reshape(len(told), -1).T if len(told) > 1 else told.reshape(-1))
            return known[0][particles.ids]

        return tell


def target(particles: HaloParticles, cells: int, log_mass: MassRange, weight: Weight) -> Array:
    """(2, n, n, n) float32: the scaled mass of every particle's halo and how much it counts, 0 and 0 outside halos."""
    wanted = np.zeros((2, cells**3), dtype=np.float32)
    wanted[0, particles.ids] = log_mass.scaled(np.log10(particles.mass))
    wanted[1, particles.ids] = weights(particles, weight)
    return wanted.reshape(2, *(cells,) * 3)
