"""Redshift and escape fraction from 21-cm maps (Fay 2019).

An autoencoder compresses planes of 21-cm cubes, a small convolutional network tells the class of the code. Beside it
stand the same network on the maps themselves, a dense network and nearest neighbours of principal components, both on
small cuts of the maps, and the mean brightness alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.errors import InputError
from core.learning.chain import Chain, Link
from core.learning.learner import Network, Optimiser, Precision
from core.learning.training_set import Split
from core.progress import Progress, silent
from core.recipes.ionization.cubes import FIELD, LARGEST_TEMPERATURE, Target, classes, cube, label, split
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Batch
    from core.recipes.ionization.models import Classify
    from core.recipes.ionization.slices import Slices


class AutoencoderSettings(Settings):
    """The compression of maps."""

    filters: tuple[int, ...] = Setting((16, 8, 8), min_length=1)
    """Filters of each convolution of the encoder, each followed by 2^2 pooling; the decoder mirrors them."""
    steps: int = Setting(20_000, ge=1)
    """Training steps; the paper's 100 passes over 6,528 planes."""
    optimiser: Optimiser = Optimiser(name="amsgrad", learning_rate=0.003)


class ClassifierSettings(Settings):
    """A convolutional classifier, on codes or on maps."""

    filters: tuple[int, ...] = Setting((16, 8), min_length=1)
    """Filters of each convolution without padding, each followed by 2^2 pooling."""
    steps: int = Setting(10_000, ge=1)
    """Training steps."""
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=1e-3)


class DenseSettings(Settings):
    """The paper's baselines on cuts of the maps."""

    side: int = Setting(50, ge=2)
    """Side of the cuts in cells: a plane is cut into as many as it holds."""
    hidden: int = Setting(350, ge=1)
    """Neurons of the hidden layer."""
    steps: int = Setting(10_000, ge=1)
    """Training steps, each on all cuts of a batch of planes."""
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=1e-3)
    components: int = Setting(50, ge=1)
    """Principal components of the cuts, in which nearest neighbours are sought."""
    neighbours: int = Setting(10, ge=1)
    """Neighbours that vote."""
    cuts: int = Setting(5000, ge=10)
    """Cuts from which components and neighbours are taken."""


class IonizationClasses(Recipe[Chain]):
    """Classification of 21-cm maps by redshift or escape fraction."""

    name: ClassVar[str] = "ionization"
    title: ClassVar[str] = "Ionization: the class of 21-cm maps from their codes"
    paper: ClassVar[str] = "Fay 2019, MAIS 202 project at McGill, after Hassan et al. 2019, arXiv:1807.03317"
    product: ClassVar[Product] = "classes"

    target: Target = "redshift"
    """What is told from a map."""
    classes: int = Setting(17, ge=2)
    """How many values of it the cubes have: 17 redshifts or 12 escape fractions in the paper."""
    cells: int = Setting(200, ge=4)
    """Cells per side of the cubes."""
    batch: int = Setting(32, ge=1)
    """Planes a step."""
    augment: bool = False
    """Turn, mirror and shift the planes at random, which the paper does not."""
    precision: Precision = "float32"
    """Number format of the convolutions; bf16 rounds away differences between neighbouring classes."""
    autoencoder: AutoencoderSettings = AutoencoderSettings()
    codes: ClassifierSettings = ClassifierSettings()
    direct: ClassifierSettings = ClassifierSettings()
    dense: DenseSettings = DenseSettings()
    split: Split = Split()

    def side(self, cells: int) -> int:
        return self.cells

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse cubes that cannot be trained on. Raises: InputError."""
        for universe in universes:
            self._check_cube(universe)
        factor = 2 ** len(self.autoencoder.filters)
        if self.cells % factor:
            raise InputError(
                f"{self.cells} cells cannot be halved {len(self.autoencoder.filters)} times",
                f"choose a multiple of {factor} or fewer autoencoder.filters",
            )
        for name, side, filters in (
            ("codes", self.cells // factor, self.codes.filters),
            ("direct", self.cells, self.direct.filters),
        ):
            for _ in filters:
                side = (side - 2) // 2
            if side < 1:
                raise InputError(f"nothing is left of {self.cells} cells for {name}", f"use fewer {name}.filters")
        if self.dense.side > self.cells:
            raise InputError(f"dense.side of {self.dense.side} does not fit into {self.cells} cells", "make it smaller")
        parts = split(universes, self.split)
        found = classes(parts.training, self.target)
        what = self.target.replace("_", " ")
        if len(found) != self.classes:
            raise InputError(
                f"the cubes to train on have {len(found)} values of {what}, the networks {self.classes} classes",
                f"set classes={len(found)}" if len(found) > 1 else "give cubes of at least two, several of each",
            )
        for universe in (*parts.validation, *parts.test):
            if label(universe, self.target) not in found:
                raise InputError(
                    f"no cube to train on has the {what} {label(universe, self.target):g} of {universe.path}",
                    "make it for other seeds too, or leave it away",
                )

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Slices:
        from core.recipes.ionization.slices import Slices

        self.check(universes)
        parts = split(universes, self.split)
        values = classes(parts.training, self.target)

        def labelled(some: list[Universe]) -> list[tuple[torch.Tensor, int]]:
            kinds = {value: number for number, value in enumerate(values)}
            return [(cube(universe, device), kinds[classes([universe], self.target)[0]]) for universe in some]

        return Slices(
            labelled(parts.training),
            labelled(parts.validation),
            len(values),
            self.batch,
            self.seed,
            self.augment,
            {f"class.{number}": value for number, value in enumerate(values)},
        )

    def learner(self, device: torch.device) -> Chain:
        import torch

        from core.learning.samples import Batch
        from core.recipes.ionization.models import accuracy, cuts, reconstruction_error
        from models.autoencoder import Autoencoder, Classifier, Dense

        torch.manual_seed(self.seed)
        a, c, d = self.autoencoder, self.codes, self.dense
        compressor = Autoencoder(a.filters)
        side = self.cells // 2 ** len(a.filters)
        scores = torch.nn.functional.cross_entropy

        def network(module: torch.nn.Module, part: ClassifierSettings | DenseSettings) -> Network:
            return Network(module, scores, accuracy, part.optimiser, part.steps, self.seed, device, self.precision)

        first = Network(
            compressor,
            lambda output, maps: torch.nn.functional.binary_cross_entropy(output[:, 0], maps),
            reconstruction_error,
            a.optimiser,
            a.steps,
            self.seed,
            device,
            self.precision,
        )

        def encoded(batch: Batch) -> Batch:
            compressor.eval()
            with torch.no_grad():
                return Batch(compressor.encoder(batch.inputs), batch.targets)

        return Chain(
            {
                "autoencoder": Link(first, lambda batch: Batch(batch.inputs, batch.inputs[:, 0])),
                "codes": Link(network(Classifier(a.filters[-1], side, self.classes, c.filters), c), encoded),
                "direct": Link(
                    network(Classifier(1, self.cells, self.classes, self.direct.filters), self.direct),
                    lambda batch: batch,
                ),
                "dense": Link(network(Dense(d.side, d.hidden, self.classes), d), lambda batch: cuts(batch, d.side)),
            }
        )

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return split(universes, self.split).test

    def finish(self, learner: Chain, universes: Sequence[Universe]) -> None:
        """Fit the baselines without steps, and judge all on planes left out of the cubes they were trained on."""
        from core.recipes.ionization.models import fit_baselines, leaky_accuracies

        samples = self.samples(universes, learner.links["codes"].network.device)
        learner.tensors |= fit_baselines(samples, self.dense.side, self.dense.components, self.dense.cuts)
        learner.constants |= leaky_accuracies(self._ways(learner), samples)

    def predict(
        self, learner: Chain, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """The cube as the autoencoder reconstructs it plane by plane [mK]."""
        import torch

        self._check_cube(universe)
        network = learner.links["autoencoder"].network
        planes = cube(universe, network.device)[:, None].split(self.batch)
        made = []
        for number, some in enumerate(planes):
            progress(number / len(planes), "reconstructing")
            made.append(network.predict(some)[:, 0].cpu())
        values = LARGEST_TEMPERATURE * torch.cat(made).numpy()
        redshift = universe.fields[FIELD].redshift
        progress(1.0, "done")
        return [Field(FIELD, values, universe.box_size, "mK", redshift, "eulerian")], {}

    def evaluate(
        self, learner: Chain, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.ionization.report import report

        return report(self.title, self.paper, learner, self._ways(learner), pairs, self.target, progress)

    def _ways(self, learner: Chain) -> dict[str, Classify]:
        """Every way to classify planes, by name."""
        from core.recipes.ionization.models import classifiers

        return classifiers(learner, self.classes, self.batch, self.dense.side, self.dense.neighbours)

    def _check_cube(self, universe: Universe) -> None:
        """Refuse a cube that the networks cannot take. Raises: InputError."""
        if FIELD not in universe.fields:
            raise InputError(
                f"{universe.path} has no {FIELD}", f"make it with `halodeck ionize` or import it with --field {FIELD}"
            )
        if universe.cells != self.cells:
            raise InputError(
                f"{universe.path} has {universe.cells}^3 cells, the networks {self.cells}",
                f"set cells={universe.cells}",
            )
