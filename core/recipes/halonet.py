"""HaloNet: which cells of the initial density end in halos (Berger & Stein 2019, arXiv:1805.04537).

A V-Net maps the linear density to the probability that a cell ends up in a halo; a three-step finder turns the
probabilities into a catalogue in Lagrangian space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError
from core.learner import Learner, Network, Optimiser, Precision
from core.progress import Progress, part, silent
from core.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.samples import Crops


class VNetSettings(Settings):
    """The V-Net. The paper's best has 5 levels of 16, 32, ... 512 filters."""

    levels: int = Setting(5, ge=1, le=8)
    """Halvings of the resolution."""
    filters: int = Setting(16, ge=1)
    """Filters at full resolution, doubling with each level."""
    kernel: Literal[3, 5, 7] = 5
    """Side of the convolutions in cells."""
    depth: int = Setting(3, ge=1)
    """Convolutions in a residual block below the input level."""
    dropout: float = Setting(0.0, ge=0, lt=1)
    """Dropout after the inner resampling layers; the paper's first stage has 0.5."""
    padding: Literal["zeros", "circular"] = "zeros"
    """What lies beyond the border of a crop; circular is exact when the crop is the whole periodic box."""
    batch_norm: bool = False
    """Normalise each batch before the activations."""


class CropSettings(Settings):
    """What the network sees at once, in cells."""

    size: int = Setting(128, ge=0)
    """Side of the training crops; 0 is the whole box."""
    context: int = Setting(0, ge=0)
    """Cells beyond each side of a crop that are seen but not judged."""
    batch: int = Setting(3, ge=1)
    """Crops a step."""
    tile: int = Setting(128, ge=0)
    """Side of the tiles of a prediction; 0 is the whole box."""
    buffer: int = Setting(32, ge=0)
    """Cells on each side of a tile that are thrown away."""


class FinderSettings(Settings):
    """The Lagrangian halo finder."""

    thresholds: tuple[float, ...] = (0.9999, 0.99, 0.975)
    """Falling probabilities above which connected regions become centres."""
    calibrate: bool = False
    """Measure P_shell(R) and how many of the thresholds to use on the validation universes, instead of the paper's."""


class SplitSettings(Settings):
    """Which universes are kept from training: whole ones, the last of the list."""

    validation: int = Setting(1, ge=1)
    """Universes that are judged while training."""
    test: int = Setting(1, ge=1)
    """Universes that are seen for the first time in the report."""


class HaloNet(Recipe):
    """Voxelwise segmentation of the linear density field into protohalo and background."""

    name: ClassVar[str] = "halonet"
    title: ClassVar[str] = "HaloNet: protohalos by a V-Net"
    paper: ClassVar[str] = "Berger & Stein 2019, MNRAS 482, 2861, arXiv:1805.04537"
    product: ClassVar[Product] = "halos"

    steps: int = Setting(80_000, ge=1)
    """Training steps; the paper's Dice of 0.92 takes about 80,000."""
    minimum_cells: int = Setting(27, ge=1)
    """Smallest halo that counts, in Lagrangian cells."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: VNetSettings = VNetSettings()
    optimiser: Optimiser = Optimiser()
    crop: CropSettings = CropSettings()
    finder: FinderSettings = FinderSettings()
    split: SplitSettings = SplitSettings()

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        import torch

        from core.samples import Crops

        self.check(universes)
        used = universes[: -self.split.test]
        training = used[: -self.split.validation]
        for universe in used:
            check_density(universe)
        # one scale for all universes: box-scale fluctuations carry information (section 3.2)
        sigma = float(np.sqrt(np.mean([np.var(u.field("delta_linear").values, dtype=np.float64) for u in training])))

        def box(universe: Universe) -> tuple[torch.Tensor, torch.Tensor]:
            delta = torch.from_numpy(np.array(universe.field("delta_linear").values)) / sigma
            return delta[None].to(device), torch.from_numpy(self.mask(universe)).to(device, torch.uint8)

        boxes = [box(universe) for universe in used]
        return Crops(
            boxes[: len(training)],
            boxes[len(training) :],
            crop=self.crop.size or universes[0].cells,
            context=self.crop.context,
            batch=self.crop.batch,
            seed=self.seed,
            constants={"sigma": sigma, "cell_size": universes[0].box_size / universes[0].cells},
        )

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.losses import dice_loss
        from models.vnet import VNet

        torch.manual_seed(self.seed)
        n = self.network
        module = VNet(
            n.levels,
            n.filters,
            n.kernel,
            n.depth,
            dropout=n.dropout,
            padding=n.padding,
            norm=n.batch_norm,
        )
        return Network(
            module, dice_loss, validation_metrics, self.optimiser, self.steps, self.seed, device, self.precision
        )

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return list(universes[-self.split.test :])

    def mask(self, universe: Universe) -> Array:
        """True where a cell ends in a halo of at least minimum_cells particles."""
        # labels fall in size: those that count come first
        counted = int(np.count_nonzero(universe.catalogue("fof")["count"] >= self.minimum_cells))
        label = np.asarray(universe.field("label").values)
        return (label > 0) & (label <= counted)

    def probability(self, learner: Learner, universe: Universe, progress: Progress = silent) -> Array:
        """The network over the whole box (n, n, n)."""
        import torch

        from core.tiling import over_box

        assert isinstance(learner, Network)
        tile, buffer = (self.crop.tile, self.crop.buffer) if self.crop.tile else (universe.cells, 0)
        delta = torch.from_numpy(np.array(universe.field("delta_linear").values))
        logits = over_box(learner.predict, delta[None] / learner.constants["sigma"], tile, buffer, progress)
        return (logits[1] - logits[0]).sigmoid().numpy()

    def finish(self, learner: Learner, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes what the finder and the baseline need."""
        from core import baseline
        from core.calibration import calibrate

        end = len(universes) - self.split.test
        validation = universes[end - self.split.validation : end]
        masks = [self.mask(universe) for universe in validation]
        halos = [universe.catalogue("fof") for universe in validation]
        densities = [universe.field("delta_linear").values for universe in validation]
        learner.constants.update(baseline.fit(densities, masks, halos, self.minimum_cells))
        if self.finder.calibrate:
            probabilities = [self.probability(learner, universe) for universe in validation]
            found = calibrate(probabilities, halos, self.finder.thresholds, self.minimum_cells)
            learner.constants.update(found.as_constants("finder"))

    def predict(
        self, learner: Learner, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.calibration import from_constants

        self._check_box(universe)
        check_density(universe)
        trained, given = learner.constants["cell_size"], universe.box_size / universe.cells
        if not np.isclose(trained, given, rtol=1e-3):
            raise InputError(
                f"{universe.path} has cells of {given:g} Mpc/h, the network was trained on {trained:g}",
                "train on universes of that cell size, see `halodeck simulate --like`",
            )
        probability = self.probability(learner, universe, part(progress, 0.0, 0.8))
        progress(0.8, "finding halos")
        calibration = from_constants(learner.constants, "finder", self.finder.thresholds)
        found = calibration.find(probability, self.finder.thresholds, self.minimum_cells)
        fields = [
            Field("probability", probability, universe.box_size, "probability"),
            Field("label", found.label, universe.box_size, "halo"),
        ]
        progress(1.0, "done")
        return fields, {"halonet": found.catalogue(universe.box_size, universe.cosmology.mean_density)}

    def evaluate(self, learner: Learner, pairs: Sequence[tuple[Universe, Universe]]) -> Report:
        from core.protohalos import report

        boxes = [(truth, prediction, self.mask(truth), truth.catalogue("fof")) for truth, prediction in pairs]
        return report(self, learner.constants, boxes, self.minimum_cells)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        needed = self.split.validation + self.split.test + 1
        if len(universes) < needed:
            raise InputError(
                f"{len(universes)} universes leave none to train on ({self.split.validation} validate, "
                f"{self.split.test} test)",
                f"give at least {needed}",
            )
        for universe in universes:
            self._check_box(universe)
            if "label" not in universe.fields or "fof" not in universe.halos:
                raise InputError(f"{universe.path} has no halos to learn from", "give one that was evolved")
        sizes = {round(universe.box_size / universe.cells, 6) for universe in universes}
        if len(sizes) > 1:
            raise InputError(
                f"the universes have cells of {', '.join(f'{size:g}' for size in sorted(sizes))} Mpc/h",
                "train on one cell size",
            )

    def _check_box(self, universe: Universe) -> None:
        """Refuse a universe that the network cannot take. Raises: InputError."""
        if "delta_linear" not in universe.fields:
            raise InputError(f"{universe.path} is a {universe.kind} without delta_linear", "give a universe")
        if self.crop.tile and self.crop.tile <= 2 * self.crop.buffer:
            raise InputError(
                f"crop.buffer of {self.crop.buffer} cells leaves nothing of a crop.tile of {self.crop.tile}",
                "make the tile larger",
            )
        factor = 2**self.network.levels
        for what, seen in (
            ("crop.size", (self.crop.size or universe.cells) + 2 * self.crop.context),
            ("crop.tile", self.crop.tile or universe.cells),
        ):
            if seen % factor:
                raise InputError(
                    f"{what} sees {seen} cells, which {self.network.levels} levels cannot halve",
                    f"choose a multiple of {factor} or fewer network.levels",
                )


def check_density(universe: Universe) -> None:
    """Read the linear density through and refuse what would only show as a strange loss. Raises: InputError."""
    from core.cosmos.universe import check_field

    field = universe.field("delta_linear")
    check_field(replace(field, name=f"{field.name} of {universe.path}"))


def validation_metrics(logits: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Dice of the paper, foreground Dice at 0.5 and area under the ROC curve; logits (1, 2, n, n, n)."""
    from core.metrics import foreground_dice, roc, two_class_dice

    probability = (logits[:, 1] - logits[:, 0]).sigmoid().cpu().numpy()
    mask = truth.cpu().numpy().astype(bool)
    return {
        "dice": two_class_dice(probability, mask),
        "foreground_dice": foreground_dice(probability > 0.5, mask),
        "auc": roc(probability, mask).area,
    }
