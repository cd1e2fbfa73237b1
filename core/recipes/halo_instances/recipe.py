"""Halos as clusters of a learnt embedding (after Lopez-Cano et al. 2024, arXiv:2311.12110).

A V-Net tells the chance of every particle to end in a halo, and where to move it so that the particles of one halo come
together and those of others keep away. It starts from where a simple theory takes the particles: the Zel'dovich
displacement, or a cheap N-body of the same phases. Friends of friends of the moved particles are the halos: a mask
alone would merge small ones that touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field as Setting

from core.aside import aside
from core.cosmos.box import Array, Catalogue, Field
from core.learning.boxes import Pair
from core.learning.learner import Network, Optimiser, Precision, uses_bf16
from core.learning.training_set import Split, TiledCropSettings, check_memory, check_tiles, crops_of
from core.progress import Progress, part, silent
from core.protohalos.dynamics import CheapRun
from core.protohalos.inputs import Inputs
from core.protohalos.networks import VNetSettings
from core.protohalos.truth import TruthSource
from core.runs.protohalo_recipe import ProtohaloRecipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops
    from models.vnet import VNet

OUTPUTS = 5
"""Two logits and three components of a displacement."""


class HaloInstances(ProtohaloRecipe):
    """Instance segmentation of the linear density field into halos."""

    name: ClassVar[str] = "halo_instances"
    title: ClassVar[str] = "Halo instances: protohalos by an embedding"
    paper: ClassVar[str] = "after Lopez-Cano et al. 2024, A&A 685, A37, arXiv:2311.12110"
    cites: ClassVar[tuple[str, ...]] = ("lopez-cano2024",)

    steps: int = Setting(1200, ge=1)
    """Training steps."""
    truth: TruthSource = "auto"
    """Whose halos are learnt: the N-body's or Peak Patch's; auto takes the N-body's where there are any."""
    inputs: Inputs = "density"
    """What the network sees: the linear density, with it the Zel'dovich displacement, or the outcome of a cheap N-body
    of the same phases, from which it then also starts."""
    nbody: CheapRun = CheapRun()
    embedding: float = Setting(0.5, ge=0, allow_inf_nan=False)
    """Weight of the discriminative loss beside 1 - Dice of the chances."""
    minimum_cells: int = Setting(20, ge=1)
    """Smallest halo that counts, in Lagrangian cells."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: VNetSettings = VNetSettings()
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=0.001, weight_decay=0.01, clip=1.0)
    crop: TiledCropSettings = TiledCropSettings()
    split: Split = Split()

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        import torch

        from core.learning.memory import cube_memory
        from core.protohalos.inputs import check_density, scales, vectors_of

        self.check(universes)
        parts = self.split.parts(universes)
        for universe in parts.used:
            check_density(universe)
        bf16 = uses_bf16(self.precision, device)
        learning = cube_memory(self.module, self.channels, self.optimiser, bf16, self.crop.context)
        # the inputs, the labels and where the particles start
        place = check_memory(learning, self.crop, self.network.levels, parts.used, 4 * (self.channels + 4), device)
        constants = scales(parts.training, self.inputs, self.truth)

        def pair(universe: Universe) -> Pair:
            inputs, start = self.seen(universe, constants, device)
            label = torch.from_numpy(self.true_halos(universe).label)[None].float()
            return inputs, torch.cat([label, start])

        turned = {"vectors": vectors_of(self.inputs), "target_vectors": (1,)}
        return crops_of(parts, pair, self.crop, self.seed, constants, device, place, self.model_dump_json(), **turned)

    def module(self) -> VNet:
        """The network, its weights drawn from torch's generator."""
        return self.network.build(self.channels, OUTPUTS)

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.instance_loss import instance_loss

        torch.manual_seed(self.seed)
        module, loss = self.module(), partial(instance_loss, weight=self.embedding)
        module.set_dropout(self.network.dropout)
        return Network(module, loss, validation_metrics, self.optimiser, self.steps, self.seed, device, self.precision)

    def seen(
        self, universe: Universe, constants: dict[str, float], device: torch.device | str = "cpu"
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The network's input (channels, n, n, n), and the displacement (3, n, n, n) [cells] from which it starts."""
        from core.protohalos.dynamics import outcome
        from core.protohalos.inputs import channels, displacement

        cell = universe.box_size / universe.cells
        if self.inputs == "density+nbody":
            moved = outcome(universe, self.nbody, constants["redshift"], device)
            return channels(universe, self.inputs, constants, self.nbody, device, moved), moved.cpu() / cell
        return channels(universe, self.inputs, constants), displacement(universe) / cell

    def embedding_of(self, learner: Network, universe: Universe, progress: Progress = silent) -> tuple[Array, Array]:
        """The chance (n, n, n) of each particle and its displacement [cells] (3, n, n, n) to the embedding."""
        inputs, start = self.seen(universe, learner.constants, learner.device)
        output = self.crop.over_box(learner.predict, inputs, progress)
        return (output[1] - output[0]).sigmoid().numpy(), (start + output[2:]).numpy()

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes how particles are linked, and the baselines."""
        from core.protohalos.calibration import measure
        from core.protohalos.inputs import run_seen
        from core.protohalos.without_network import measure_baselines
        from core.recipes.halo_instances.clusters import calibrate

        parts = self.split.parts(universes)
        run = run_seen(self.inputs, self.nbody)
        measure_baselines(learner, parts, self.true_halos, self.minimum_cells, self.seed, run)
        validation = parts.validation
        halos = [self.true_halos(universe).halos for universe in validation]
        boxes = [aside(self.embedding_of(learner, universe)) for universe in validation]
        learner.constants.update(measure([chance for chance, _ in boxes], halos).as_constants("shell"))
        linking = calibrate(boxes, halos, validation[0].particle_mass, self.minimum_cells)
        learner.constants.update(linking.as_constants())

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.cosmos.displace import move
        from core.protohalos.inputs import check_predictable
        from core.protohalos.regions import catalogue
        from core.recipes.halo_instances.clusters import from_constants, halos

        check_predictable(universe, learner.constants)
        check_tiles(self.crop, self.network.levels, universe.cells)
        chance, moved = self.embedding_of(learner, universe, part(progress, 0.0, 0.8))
        progress(0.8, "linking particles")
        label, cells = halos(chance, moved, from_constants(learner.constants), self.minimum_cells)
        fields = [
            Field("probability", chance, universe.box_size, "probability"),
            Field("label", label, universe.box_size, "halo"),
        ]
        found = catalogue(label, cells, universe.box_size, universe.particle_mass, "clusters of an embedding")
        progress(0.95, "moving them to where they are today")
        found = move(found, label, universe.field("delta_linear"), universe.cosmology)
        progress(1.0, "done")
        return fields, {"halo_instances": found}

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.analysis.protohalos.report import JudgedBox, of_another_paper, report

        boxes = [JudgedBox(truth, prediction, self.true_halos(truth)) for truth, prediction in pairs]
        return of_another_paper(report(self.title, self.paper, learner, boxes, self.minimum_cells, progress))


def validation_metrics(output: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    """`of_mask` of the chances; output (1, 5, n, n, n), targets (1, 4, n, n, n)."""
    from core.learning.metrics import of_mask

    chance = (output[:, 1] - output[:, 0]).sigmoid().cpu().numpy()
    return of_mask(chance, (targets[:, 0] > 0).cpu().numpy())
