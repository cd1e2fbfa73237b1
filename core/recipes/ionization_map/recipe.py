"""Ionization maps from density maps: what Fay 2019 leaves to the future.

A U-Net maps the overdensity to the neutral fraction or the 21-cm brightness temperature, which excursion sets make of
the linear density. It may also see where the sources are, as the collapsed fraction of spheres, and the parameters of
reionization. Its measures are cross-correlation and power beside the truth, scale by scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.errors import InputError
from core.learning.boxes import Pair
from core.learning.learner import Network, Optimiser, Precision, uses_bf16
from core.learning.training_set import CropSettings, Split, check_crop, check_memory, crops_of
from core.progress import Progress, silent
from core.recipes.ionization.cubes import label, split
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops
    from models.unet import UNet


class UNetSettings(Settings):
    """The U-Net."""

    levels: int = Setting(3, ge=1, le=8)
    """Halvings of the resolution."""
    filters: int = Setting(16, ge=1)
    """Filters at full resolution, doubling with each level."""
    kernel: Literal[3, 5, 7] = 3
    """Side of the convolutions in cells."""
    dropout: float = Setting(0.0, ge=0, lt=1)
    """Dropout before each pooling and after each transposed convolution."""
    batch_norm: bool = True
    """Normalise each batch before the activations."""


class IonizationMap(Recipe[Network]):
    """Regression of what is ionized from the density."""

    name: ClassVar[str] = "ionization_map"
    title: ClassVar[str] = "Ionization maps from density maps by a U-Net"
    paper: ClassVar[str] = "Fay 2019, section 5, MAIS 202 project at McGill, after 21cmFAST, arXiv:1003.3878"
    cites: ClassVar[tuple[str, ...]] = ("fay2019", "mesinger2011")
    product: ClassVar[Product] = "maps"

    steps: int = Setting(4000, ge=1)
    """Training steps."""
    target: Literal["neutral_fraction", "brightness_temperature"] = "neutral_fraction"
    """What is predicted; the other follows, for it is the product with the density."""
    spheres: tuple[Annotated[float, Setting(gt=0)], ...] = ()
    """Radii [Mpc/h] of spheres about each cell whose photons per baryon, the collapsed fraction of the density times
    the efficiency, the network sees too; a sphere of less than a cell is the cell."""
    reconstructed: bool = False
    """See the linear density that is made of the evolved one by moving matter back (arXiv:1704.06634), and the photons
    of spheres in it, the largest of all radii last. The evolved density stays the only thing that is known."""
    parameters: bool = False
    """See redshift and efficiency as constant maps, and train on cubes that differ in them."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: UNetSettings = UNetSettings()
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=2e-3, warmup=50, schedule="cosine", clip=1.0)
    crop: CropSettings = CropSettings(size=64, context=16, batch=4)
    split: Split = Split()

    def side(self, cells: int) -> int:
        return self.crop.side(cells)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        split(universes, self.split)
        for universe in universes:
            self._check_box(universe)
            check_crop(self.crop, universe.cells)
            if self.target not in universe.fields:
                raise InputError(f"{universe.path} has no {self.target}", "make it with `halodeck ionize`")
        first = universes[0]
        for universe in universes:
            if universe.cells != first.cells or not np.isclose(universe.box_size, first.box_size, rtol=1e-3):
                raise InputError(f"{universe.path} and {first.path} have different boxes", "train on one kind of box")
            if not self.parameters and _kind(universe) != _kind(first):
                raise InputError(
                    f"{universe.path} and {first.path} differ in redshift or escape fraction",
                    "train on cubes that differ in their seed alone, or set parameters=true",
                )

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        import torch

        from core.learning.memory import cube_memory

        self.check(universes)
        parts = split(universes, self.split)
        bf16 = uses_bf16(self.precision, device)
        learning = cube_memory(self.module, self.channels, self.optimiser, bf16, self.crop.context)
        # what is seen, and the target
        place = check_memory(learning, self.crop, self.network.levels, parts.used, 4 * (self.channels + 1), device)
        sigma = float(np.mean([np.log1p(self._density(universe)).std() for universe in parts.training]))
        largest = float(np.mean([universe.field(self.target).values.max() for universe in parts.training]))
        constants = {
            "sigma": sigma,
            "scale": largest,
            "redshift": universes[0].fields["density"].redshift,
            "cell_size": universes[0].box_size / universes[0].cells,
        }

        def pair(universe: Universe) -> Pair:
            target = np.array(universe.field(self.target).values, dtype=np.float32) / np.float32(largest)
            return self._seen(universe, sigma), torch.from_numpy(target)

        return crops_of(parts, pair, self.crop, self.seed, constants, device, place, self.model_dump_json())

    @property
    def channels(self) -> int:
        """Maps that the network sees: the density, the linear one, spheres, redshift and efficiency."""
        return 1 + 2 * self.reconstructed + len(self.spheres) + 2 * self.parameters

    def module(self) -> UNet:
        """The network, its weights drawn from torch's generator."""
        from models.unet import UNet

        n = self.network
        return UNet(
            n.levels, n.filters, n.kernel, self.channels, dropout=n.dropout, padding="circular", norm=n.batch_norm
        )

    def learner(self, device: torch.device) -> Network:
        import torch

        torch.manual_seed(self.seed)
        return Network(
            self.module(),
            lambda output, truth: (output[:, 0] - truth).square().mean(),
            validation_metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
        )

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return split(universes, self.split).test

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Fit what one would do without a network: means at a smoothed density, and an excursion set."""
        from core.recipes.ionization_map.ways import fit_baseline, fit_excursion

        training = split(universes, self.split).training
        learner.constants |= fit_baseline(training, self.target) | fit_excursion(training)

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """The target of the whole periodic box at once."""
        self._check_box(universe)
        cell_size = universe.box_size / universe.cells
        if not np.isclose(cell_size, learner.constants["cell_size"], rtol=0.05):
            raise InputError(
                f"{universe.path} has cells of {cell_size:g} Mpc/h, the network was trained on "
                f"{learner.constants['cell_size']:g}",
                "train on cells of that size",
            )
        progress(0.0, "applying the network")
        output = learner.predict(self._seen(universe, learner.constants["sigma"])[None])[0, 0].cpu().numpy()
        values = output * np.float32(learner.constants["scale"])
        units = "mK" if self.target == "brightness_temperature" else ""
        redshift = universe.fields["density"].redshift
        progress(1.0, "done")
        return [Field(self.target, values, universe.box_size, units, redshift, "eulerian")], {}

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.ionization_map.report import report

        return report(self.title, self.paper, self.target, learner.constants, pairs, progress)

    def _density(self, universe: Universe) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        from core.recipes.ionization_map.sources import density

        return density(universe).numpy().clip(-0.99)

    def _seen(self, universe: Universe, sigma: float) -> torch.Tensor:
        """What the network sees (channels, n, n, n).

        ln(1 + delta) and the linear density over the deviation of the first in the training set, ln of the photons per
        baryon in spheres, and z and ln zeta about those of the middle of reionization.
        """
        import torch

        from core.recipes.ionization_map import sources

        linear = sources.reconstructed(universe) if self.reconstructed else None
        maps = [torch.from_numpy(np.log1p(self._density(universe)) / np.float32(sigma))]
        maps += [] if linear is None else [linear / sigma]
        maps += [share.clamp(1e-3, 1e3).log() for share in sources.photons(universe, self.spheres, linear)]
        if self.parameters:
            told = ((universe.fields["density"].redshift - 8) / 2, np.log((sources.efficiency(universe) or 1.0) / 20))
            maps += [torch.full_like(maps[0], float(value)) for value in told]
        return torch.stack(maps)

    def _check_box(self, universe: Universe) -> None:
        """Refuse a universe that the network cannot take. Raises: InputError."""
        if "density" not in universe.fields:
            raise InputError(f"{universe.path} has no density", "make it with `halodeck ionize`")
        if (self.spheres or self.reconstructed or self.parameters) and label(universe, "escape_fraction") is None:
            raise InputError(f"{universe.path} has no escape fraction", "import it with one")
        factor = 2**self.network.levels
        for what, seen in (("the box", universe.cells), ("a crop", self.crop.size + 2 * self.crop.context)):
            if seen % factor and (what == "the box" or self.crop.size):
                raise InputError(
                    f"{what} of {seen} cells cannot be halved {self.network.levels} times",
                    f"choose a multiple of {factor} or fewer network.levels",
                )


def _kind(universe: Universe) -> tuple[float, float | None]:
    return universe.fields["density"].redshift, label(universe, "escape_fraction")


def validation_metrics(output: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Correlation coefficient of predicted and true maps; output (1, 1, n, n, n)."""
    from core.learning.metrics import correlation

    return {"correlation": correlation(output[:, 0].cpu().numpy(), truth.cpu().numpy())}
