"""HaloNet: which cells of the initial density end in halos (Berger & Stein 2019, arXiv:1805.04537).

A V-Net maps the linear density to the probability that a cell ends up in a halo; a three-step finder turns the
probabilities into a catalogue in Lagrangian space.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field as Setting

from core.aside import aside
from core.config import Settings
from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError
from core.learning.boxes import Pair
from core.learning.learner import Network, Optimiser, Precision, uses_bf16
from core.learning.memory import cube_memory
from core.learning.stages import Stage, StagedNetwork
from core.learning.training_set import Split, TiledCropSettings, check_memory, check_tiles, crops_of
from core.progress import Progress, part, silent
from core.protohalos.dynamics import CheapRun, outcome
from core.protohalos.inputs import (
    Inputs,
    channels,
    check_density,
    check_predictable,
    run_seen,
    scales,
    vectors_of,
    where_it_lies,
)
from core.protohalos.networks import VNetSettings
from core.protohalos.truth import TruthSource
from core.runs.protohalo_recipe import ProtohaloRecipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops
    from models.vnet import VNet


class HaloNetCrop(TiledCropSettings):
    """What the network sees at once, in cells, and how it is turned."""

    symmetries: Literal["mirrors", "all"] = "mirrors"
    """The 8 reflections of the paper, or all 48 symmetries of the cube."""


class FinderSettings(Settings):
    """The Lagrangian halo finder."""

    thresholds: tuple[float, ...] = (0.9999, 0.99, 0.975)
    """Falling probabilities above which connected regions become centres."""
    seeds: Literal["peaks", "groups"] = "peaks"
    """Where halos begin: at peaks of the probability, as in the paper, from where shells grow; or as the groups of the
    cheap N-body that the network sees, which lose unlikely cells and win likely ones."""
    calibrate: bool = False
    """Use P_shell(R) and as many of the thresholds as the validation universes tell, instead of the paper's."""


class HaloNet(ProtohaloRecipe):
    """Voxelwise segmentation of the linear density field into protohalo and background."""

    name: ClassVar[str] = "halonet"
    title: ClassVar[str] = "HaloNet: protohalos by a V-Net"
    paper: ClassVar[str] = "Berger & Stein 2019, MNRAS 482, 2861, arXiv:1805.04537"
    cites: ClassVar[tuple[str, ...]] = ("berger2019",)
    version: ClassVar[int] = 2

    steps: int = Setting(82_000, ge=1)
    """Training steps, those of pretraining among them; the paper's Dice of 0.92 takes about 80,000."""
    truth: TruthSource = "peakpatch"
    """Whose halos are learnt: Peak Patch's, as in the paper, or the N-body's; auto prefers the N-body's."""
    inputs: Inputs = "density"
    """What the network sees: the linear density, as in the paper, with it the Zel'dovich displacement, or the outcome
    of a cheap N-body of the same phases."""
    nbody: CheapRun = CheapRun()
    normalisation: Literal["global", "individual"] = "global"
    """Density in units of the standard deviation of all training universes, or of each universe's own."""
    minimum_cells: int = Setting(27, ge=1)
    """Smallest halo that counts, in Lagrangian cells."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: VNetSettings = VNetSettings()
    pretraining: tuple[Stage, ...] = (Stage(steps=2000, learning_rate=0.1, momentum=0.4, dropout=0.5, universes=5),)
    """Stages before the main one; the paper calls its first stage short and gives no number of steps."""
    optimiser: Optimiser = Optimiser()
    crop: HaloNetCrop = HaloNetCrop(validation=28)  # all crops of 28 boxes would take longer than the training
    finder: FinderSettings = FinderSettings()
    split: Split = Split()

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Before version 2 all symmetries were drawn."""
        return {**settings, "crop": {"symmetries": "all", **settings.get("crop", {})}} if version < 2 else settings

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        import torch

        self.check(universes)
        parts = self.split.parts(universes)
        for universe in parts.used:
            check_density(universe)
        bf16 = uses_bf16(self.precision, device)
        learning = cube_memory(self.module, self.channels, self.optimiser, bf16, self.crop.context)
        # the inputs and a mask
        place = check_memory(learning, self.crop, self.network.levels, parts.used, 4 * self.channels + 1, device)
        constants = scales(parts.training, self.inputs, self.truth)

        def pair(universe: Universe) -> Pair:
            mask = torch.from_numpy(self.true_halos(universe).mask)
            return self.seen(universe, constants, device), mask.to(torch.uint8)

        # the first eight symmetries are the mirrors
        symmetries = range(8 if self.crop.symmetries == "mirrors" else 48)
        return crops_of(
            parts,
            pair,
            self.crop,
            self.seed,
            constants,
            device,
            place,
            self.model_dump_json(),
            symmetries=symmetries,
            vectors=vectors_of(self.inputs),
        )

    def module(self) -> VNet:
        """The network, its weights drawn from torch's generator."""
        return self.network.build(self.channels)

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.losses import dice_loss

        torch.manual_seed(self.seed)
        module = self.module()
        return StagedNetwork(
            module,
            dice_loss,
            validation_metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
            stages=self.pretraining,
            dropout=self.network.dropout,
            set_dropout=module.set_dropout,
        )

    def seen(
        self,
        universe: Universe,
        constants: dict[str, float],
        device: torch.device | str = "cpu",
        moved: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The network's input (channels, n, n, n) on the host; a cheap N-body, unless `moved` has its outcome, runs on
        the device.

        Box-scale fluctuations carry information: the paper found one scale for all universes better (section 3.2).
        """
        return channels(universe, self.inputs, self._scaled_by(universe, constants), self.nbody, device, moved)

    def _scaled_by(self, universe: Universe, constants: dict[str, float]) -> dict[str, float]:
        if self.normalisation == "individual":
            return constants | {"sigma": scales([universe], "density")["sigma"]}
        return constants

    def looked(self, learner: Network, universe: Universe, progress: Progress = silent) -> tuple[Array, Array | None]:
        """The probability over the whole box (n, n, n), and the groups of the cheap N-body if halos begin as these."""
        from core.protohalos import growth

        constants, moved = learner.constants, None
        if self.inputs == "density+nbody":
            moved = outcome(universe, self.nbody, constants["redshift"], learner.device)
        if self.inputs == "density":
            inputs, scaled = where_it_lies(universe, self._scaled_by(universe, constants)["sigma"])
        else:
            inputs, scaled = self.seen(universe, constants, learner.device, moved), lambda cut: cut

        def chance(cut: torch.Tensor) -> torch.Tensor:
            logits = learner.predict(scaled(cut))
            return (logits[:, 1:] - logits[:, :1]).sigmoid()

        probability = self.crop.over_box(chance, inputs, progress)[0].numpy()
        if self.finder.seeds == "peaks" or moved is None:
            return probability, None
        return probability, growth.seeds(moved, universe.box_size, self.minimum_cells)

    def probability(self, learner: Network, universe: Universe) -> Array:
        """The network over the whole box (n, n, n)."""
        return self.looked(learner, universe)[0]

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes P_shell(R) and what the finder needs, and the baselines."""
        from core.protohalos import growth
        from core.protohalos.calibration import calibrate, measure
        from core.protohalos.without_network import measure_baselines

        parts = self.split.parts(universes)
        run = run_seen(self.inputs, self.nbody)
        measure_baselines(learner, parts, self.true_halos, self.minimum_cells, self.seed, run)
        validation = parts.validation
        halos = [self.true_halos(universe).halos for universe in validation]
        looked = [aside(self.looked(learner, universe)) for universe in validation]
        probabilities = [probability for probability, _ in looked]
        shell = measure(probabilities, halos)
        learner.constants.update(shell.as_constants("shell"))
        if self.finder.seeds == "groups":
            started = [(groups, probability) for probability, groups in looked if groups is not None]
            mended = growth.calibrate(started, halos, validation[0].particle_mass, self.minimum_cells)
            learner.constants.update(mended.as_constants())
        elif self.finder.calibrate:
            found = calibrate(probabilities, halos, shell, self.finder.thresholds, self.minimum_cells)
            learner.constants.update(found.as_constants("finder"))

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.cosmos.displace import move
        from core.protohalos import growth
        from core.protohalos.calibration import from_constants
        from core.protohalos.regions import catalogue

        check_predictable(universe, learner.constants)
        check_tiles(self.crop, self.network.levels, universe.cells)
        probability, groups = self.looked(learner, universe, part(progress, 0.0, 0.8))
        progress(0.8, "finding halos")
        if groups is None:
            calibration = from_constants(learner.constants, "finder", self.finder.thresholds)
            found = calibration.find(probability, self.finder.thresholds, self.minimum_cells)
            label, halos = found.label, found.catalogue(universe.box_size, universe.cosmology.mean_density)
        else:
            mended = growth.from_constants(learner.constants)
            label, cells = mended(groups, probability, self.minimum_cells)
            halos = catalogue(label, cells, universe.box_size, universe.particle_mass, "groups of a cheap run, mended")
        fields = [
            Field("probability", probability, universe.box_size, "probability"),
            Field("label", label, universe.box_size, "halo"),
        ]
        progress(0.95, "moving them to where they are today")
        halos = move(halos, label, universe.field("delta_linear"), universe.cosmology)
        progress(1.0, "done")
        return fields, {"halonet": halos}

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.analysis.protohalos.report import JudgedBox, report

        boxes = [JudgedBox(truth, prediction, self.true_halos(truth)) for truth, prediction in pairs]
        return report(self.title, self.paper, learner, boxes, self.minimum_cells, progress, self.finder.thresholds)

    def check(self, universes: Sequence[Universe]) -> None:
        super().check(universes)
        if self.finder.seeds == "groups" and self.inputs != "density+nbody":
            raise InputError(
                f"finder.seeds=groups begins with groups of a cheap N-body, which inputs={self.inputs} has not",
                "set inputs=density+nbody or finder.seeds=peaks",
            )


def validation_metrics(logits: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """`of_mask` of logits (1, 2, n, n, n)."""
    from core.learning.metrics import of_mask

    return of_mask((logits[:, 1] - logits[:, 0]).sigmoid().cpu().numpy(), truth.cpu().numpy().astype(bool))
