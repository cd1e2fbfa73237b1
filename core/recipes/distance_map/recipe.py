"""Distance maps of protohalos and their watershed (Bernardini et al. 2020, arXiv:1912.04299).

A U-Net maps the linear density to the distance from the border of the protohalo a cell lies in, in units of its
largest; a watershed turns the map into regions, and a cut calibrated on the mass function turns these into halos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field as Setting

from core.aside import aside
from core.config import Settings
from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError
from core.learning.boxes import Pair
from core.learning.learner import Network, Optimiser, Precision, uses_bf16
from core.learning.training_set import Split, TiledCropSettings, check_memory, check_tiles, crops_of
from core.progress import Progress, part, silent
from core.protohalos.dynamics import CheapRun
from core.protohalos.inputs import Inputs
from core.protohalos.truth import TruthSource
from core.runs.protohalo_recipe import ProtohaloRecipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops
    from core.recipes.distance_map.cut import Relation
    from core.recipes.distance_map.watershed import Basins
    from models.unet import UNet


class UNetSettings(Settings):
    """The U-Net of the paper's table 1: 5 levels of 12, 24, ... 384 filters."""

    levels: int = Setting(5, ge=1, le=8)
    """Halvings of the resolution."""
    filters: int = Setting(12, ge=1)
    """Filters at full resolution, doubling with each level."""
    kernel: Literal[3, 5, 7] = 3
    """Side of the convolutions in cells."""
    dropout: float = Setting(0.5, ge=0, lt=1)
    """Dropout before each pooling and after each transposed convolution."""
    padding: Literal["zeros", "circular"] = "zeros"
    """What lies beyond the border of a crop; circular is exact when the crop is the whole periodic box."""
    batch_norm: bool = False
    """Normalise each batch before the activations."""


class DistanceCrop(TiledCropSettings):
    """What the network sees at once, in cells, and how it is turned."""

    symmetries: Literal["rotations", "all"] = "rotations"
    """The 24 rotations of the paper, or the mirror images with them."""


class WatershedSettings(Settings):
    """From distances to regions."""

    floor: float = Setting(0.0, ge=0, lt=1)
    """Distances up to this are background; the paper floods all that is above zero."""
    prominence: float = Setting(0.0, ge=0, lt=1)
    """Share of its height by which a peak must rise above the pass to a higher one to be a halo's; 0 takes every local
    maximum, as the paper seems to."""
    seeds: Literal["peaks", "groups"] = "peaks"
    """Where regions begin: at the peaks of the map, or as the groups of the cheap N-body (inputs=density+nbody), beside
    which peaks that touch none of them count."""
    cut: Literal["adaptive", "uniform"] = "adaptive"
    """Where regions end: where each meets the relation fitted to the mass function, or at one value of the map."""


class DistanceMap(ProtohaloRecipe):
    """Regression of the normalised distance to the protohalo's border, then an adaptive watershed."""

    name: ClassVar[str] = "distance_map"
    title: ClassVar[str] = "Distance map: protohalos by a U-Net and a watershed"
    paper: ClassVar[str] = "Bernardini et al. 2020, MNRAS 496, 5116, arXiv:1912.04299"
    cites: ClassVar[tuple[str, ...]] = ("bernardini2020",)
    version: ClassVar[int] = 2

    steps: int = Setting(2000, ge=1)
    """Training steps; the paper stops after about 2000."""
    truth: TruthSource = "auto"
    """Whose halos are learnt: the N-body's or Peak Patch's; auto takes the N-body's where there are any."""
    target: Literal["normalised", "cells"] = "normalised"
    """What is learnt: the distance in units of the largest within the halo, or in cells, by which the paper's network
    learnt large halos and often failed on small ones."""
    inputs: Inputs = "density"
    """What the network sees: the linear density, with it the Zel'dovich displacement (to which the linear velocity is
    proportional), or the outcome of a cheap N-body of the same phases."""
    nbody: CheapRun = CheapRun()
    minimum_cells: int = Setting(4525, ge=1)
    """Smallest halo that counts, in Lagrangian cells; the paper's 4e12 Msun, with 8.84e8 Msun a particle."""
    loss: Literal["l1", "squared"] = "l1"
    """What is summed over a crop and divided by its summed distance: |g - p|, the paper's "normalised L1", by which a
    map of zeros scores 1, or (g - p)^2, as its equation 3 is printed."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: UNetSettings = UNetSettings()
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=1e-4)
    """How the weights are changed: adamw without decay is the paper's Adam, whose network failed to converge with a
    learning rate of 1e-3."""
    crop: DistanceCrop = DistanceCrop(size=96, context=16, batch=16, validation=64)
    watershed: WatershedSettings = WatershedSettings()
    split: Split = Split()

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 knew the squared loss alone."""
        return {"loss": "squared", **settings} if version < 2 else settings

    def check(self, universes: Sequence[Universe]) -> None:
        super().check(universes)
        if self.watershed.seeds == "groups" and self.inputs != "density+nbody":
            raise InputError(
                f"watershed.seeds=groups begins with groups of a cheap N-body, which inputs={self.inputs} has not",
                "set inputs=density+nbody or watershed.seeds=peaks",
            )

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        import torch

        from core.learning.memory import cube_memory
        from core.learning.samples import ROTATIONS
        from core.protohalos.inputs import check_density, scales, vectors_of

        self.check(universes)
        parts = self.split.parts(universes)
        for universe in parts.used:
            check_density(universe)
        bf16 = uses_bf16(self.precision, device)
        learning = cube_memory(self.module, self.channels, self.optimiser, bf16, self.crop.context)
        place = check_memory(learning, self.crop, self.network.levels, parts.used, 4 * (self.channels + 1), device)
        constants = scales(parts.training, self.inputs, self.truth)

        def pair(universe: Universe) -> Pair:
            target = torch.from_numpy(self.true_distance(self.true_halos(universe).label))
            return self.seen(universe, constants, device), target

        symmetries = ROTATIONS if self.crop.symmetries == "rotations" else range(48)
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

    def module(self) -> UNet:
        """The network, its weights drawn from torch's generator."""
        from models.unet import UNet

        n = self.network
        return UNet(
            n.levels, n.filters, n.kernel, self.channels, dropout=n.dropout, padding=n.padding, norm=n.batch_norm
        )

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.losses import distance_loss

        torch.manual_seed(self.seed)
        module, optimiser, loss = self.module(), self.optimiser, partial(distance_loss, norm=self.loss)
        return Network(module, loss, validation_metrics, optimiser, self.steps, self.seed, device, self.precision)

    def true_distance(self, label: Array) -> Array:
        """The distance (n, n, n) that is learnt, from the label of every cell."""
        from core.cosmos.lagrangian import distance, normalised_distance

        return normalised_distance(label) if self.target == "normalised" else distance(label)

    def seen(self, universe: Universe, constants: dict[str, float], device: torch.device | str = "cpu") -> torch.Tensor:
        """The network's input (channels, n, n, n) on the host; a cheap N-body runs on the device."""
        from core.protohalos.inputs import channels

        return channels(universe, self.inputs, constants, self.nbody, device)

    def distance(self, learner: Network, inputs: torch.Tensor, progress: Progress = silent) -> Array:
        """The network's normalised distance over the whole box (n, n, n), from `seen`."""
        return self.crop.over_box(learner.predict, inputs, progress)[0].numpy()

    def seeds(self, universe: Universe, learner: Network, moved: torch.Tensor | None = None) -> Array | None:
        """The groups (n, n, n) as which regions begin, where they do; `moved` is the cheap run's outcome if known."""
        from core.protohalos.dynamics import outcome
        from core.protohalos.growth import seeds

        if self.watershed.seeds == "peaks":
            return None
        if moved is None:
            moved = outcome(universe, self.nbody, learner.constants["redshift"], learner.device)
        return seeds(moved, universe.box_size, self.minimum_cells)

    def looked(self, learner: Network, universe: Universe, progress: Progress = silent) -> tuple[Array, Array | None]:
        """The distance over the whole box, and what its regions begin as."""
        from core.protohalos.dynamics import outcome
        from core.protohalos.inputs import channels, where_it_lies

        if self.inputs == "density":
            values, scaled = where_it_lies(universe, learner.constants["sigma"])
            told = self.crop.over_box(lambda cut: learner.predict(scaled(cut)), values, progress)
            return told[0].numpy(), self.seeds(universe, learner)
        moved = None
        if self.inputs == "density+nbody":
            moved = outcome(universe, self.nbody, learner.constants["redshift"], learner.device)
        inputs = channels(universe, self.inputs, learner.constants, self.nbody, learner.device, moved)
        return self.distance(learner, inputs, progress), self.seeds(universe, learner, moved)

    def flood(self, distance: Array, seeds: Array | None = None) -> Basins:
        """The uncut regions of a distance map, which may begin as labels."""
        import numpy as np

        from core.recipes.distance_map.watershed import watershed

        basins = watershed(distance, self.watershed.floor, self.watershed.prominence, seeds)
        return basins if self.target == "normalised" else replace(basins, unit=np.ones(len(basins.cells)))

    def cut(self, distance: Array, basins: Basins, relation: Relation) -> tuple[Array, Array]:
        """Labels and volumes [cells] of the halos that are cut from regions."""
        from core.recipes.distance_map.cut import cut, cut_uniformly

        if self.watershed.cut == "uniform":
            return cut_uniformly(distance, basins, relation.uniform, self.minimum_cells)
        return cut(distance, basins, relation, self.minimum_cells)

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Fit the cut to the training universes' mass function, as the paper does, and measure the baseline.

        As many training universes as are tested tell how well the halos fit on which the cut was fitted.
        """
        from core.protohalos.inputs import run_seen
        from core.protohalos.without_network import measure_baselines
        from core.recipes.distance_map import baseline as distance_baseline
        from core.recipes.distance_map.judged import Way, way
        from core.recipes.distance_map.numbers import on_training

        parts = self.split.parts(universes)
        training = parts.training
        known = [self.true_halos(universe).halos for universe in training]
        kept: list[tuple[Universe, Array, Basins]] = []
        run, redshift = run_seen(self.inputs, self.nbody), learner.constants.get("redshift", 0.0)
        flooded, trees = distance_baseline.fit(
            parts,
            self.true_halos,
            self.true_distance,
            self.minimum_cells,
            self.loss,
            self.seed,
            run,
            redshift,
            lambda universe: self.seeds(universe, learner),
        )

        def regions() -> Iterator[tuple[Array, Basins]]:
            for universe in training:
                distance, begun = self.looked(learner, universe)
                basins = self.flood(distance, begun)
                if len(kept) < self.split.test:
                    kept.append(aside((universe, distance, basins)))
                yield distance, basins

        def baseline_regions() -> Iterator[tuple[Array, Basins]]:
            for universe in training:
                distance = distance_baseline.distance(universe, flooded, trees)
                yield distance, distance_baseline.flood(distance, flooded, self.seeds(universe, learner))

        relation = distance_baseline.fit_cut(regions(), training, known, self.minimum_cells)
        theirs = distance_baseline.fit_cut(baseline_regions(), training, known, self.minimum_cells)
        learner.constants |= relation.as_constants("cut") | theirs.as_constants("flooded.cut")
        truths = [self.true_halos(universe) for universe, _, _ in kept]
        learner.constants |= on_training(
            [
                (Way(truth.halos, truth.label), way(universe, self.cut(distance, basins, relation)))
                for truth, (universe, distance, basins) in zip(truths, kept, strict=True)
            ]
        )
        learner.constants |= flooded
        learner.tensors |= trees.as_tensors(distance_baseline.PREFIX)
        # what comparisons with other recipes take
        measure_baselines(learner, parts, self.true_halos, self.minimum_cells, self.seed, run)

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.cosmos.displace import move
        from core.protohalos.inputs import check_predictable
        from core.protohalos.regions import catalogue
        from core.recipes.distance_map.cut import from_constants

        check_predictable(universe, learner.constants)
        check_tiles(self.crop, self.network.levels, universe.cells)
        distance, begun = self.looked(learner, universe, part(progress, 0.0, 0.8))
        progress(0.8, "flooding")
        basins = self.flood(distance, begun)
        progress(0.9, "cutting")
        label, cells = self.cut(distance, basins, from_constants(learner.constants, "cut"))
        fields = [
            Field(
                "distance", distance, universe.box_size, "of the largest" if self.target == "normalised" else "cells"
            ),
            Field("label", label, universe.box_size, "halo"),
        ]
        halos = catalogue(label, cells, universe.box_size, universe.particle_mass, "cut watershed")
        progress(0.95, "moving them to where they are today")
        halos = move(halos, label, universe.field("delta_linear"), universe.cosmology)
        progress(1.0, "done")
        return fields, {"distance_map": halos}

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.protohalos import ceiling
        from core.protohalos.boosted import from_saved
        from core.recipes.distance_map.baseline import PREFIX
        from core.recipes.distance_map.judged import Rules
        from core.recipes.distance_map.report import report

        def blind(universe: Universe) -> Array:
            inputs = self.seen(universe, learner.constants, learner.device)
            inputs[1:] = 0
            return self.distance(learner, inputs)

        rules = Rules(
            self.minimum_cells,
            self.watershed.cut,
            self.loss,
            self.inputs,
            self.true_halos,
            self.true_distance,
            self.watershed.seeds,
            self.flood,
            lambda universe: self.seeds(universe, learner),
        )
        seeing = blind if self.channels > 1 else None
        trees, judging = from_saved(learner.tensors, PREFIX), part(progress, 0.0, 0.7)
        made = report(self.title, self.paper, learner.constants, trees, pairs, rules, seeing, judging)
        universes = [truth for truth, _ in pairs]
        smallest = 0.999 * self.minimum_cells * min(universe.particle_mass for universe in universes)
        truths = [self.true_halos(universe) for universe in universes]
        best = ceiling.measure(universes, truths, self.minimum_cells, smallest, 5 * smallest, part(progress, 0.7, 1.0))
        return ceiling.with_ceiling(made, best | {"halos_ratio": best["count"]} if best else best)


def validation_metrics(output: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Correlation coefficient of predicted and true distance; output (1, 1, n, n, n)."""
    from core.learning.metrics import correlation

    return {"correlation": correlation(output[:, 0].cpu().numpy(), truth.cpu().numpy())}
