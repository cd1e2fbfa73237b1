"""Redshift and escape fraction from 21-cm maps (Fay 2019).

An autoencoder compresses planes of 21-cm cubes, a small convolutional network tells the class of the code. Beside it
stand the same network on the maps themselves, extra trees on what one measures of a map, a dense network and nearest
neighbours of principal components, both on small cuts of the maps, and the mean brightness alone. A last network tells
numbers of the cube with their errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.errors import InputError
from core.learning.chain import Chain, Link
from core.learning.learner import Network, Optimiser, Precision
from core.learning.training_set import Split
from core.progress import Progress, silent
from core.recipes.ionization.cubes import FIELD, LARGEST_TEMPERATURE, Target, classes, cube, label, split
from core.recipes.ionization.regression import Quantity, check, normalisation, normalised
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Batch
    from core.recipes.ionization.models import Classify
    from core.recipes.ionization.regression import Regression
    from core.recipes.ionization.slices import LabelledCube, Slices


class AutoencoderSettings(Settings):
    """The compression of maps."""

    filters: tuple[int, ...] = Setting((16, 8, 8), min_length=1)
    """Filters of each convolution of the encoder, each followed by 2^2 pooling; the decoder mirrors them."""
    steps: int = Setting(20_000, ge=1)
    """Training steps; the paper's 100 passes over 6,528 planes."""
    padding: Literal["zeros", "circular"] = "zeros"
    """What lies beyond the border of a plane: zeros, or circular, its opposite side."""
    optimiser: Optimiser = Optimiser(name="amsgrad", learning_rate=0.003)


class ClassifierSettings(Settings):
    """A convolutional classifier, on codes or on maps."""

    head: Literal["flatten", "average"] = "flatten"
    """flatten: the paper's convolutions without padding, largest values of 2^2 and a weight for every place; average:
    circular convolutions, means of 2^2 and the mean over all places, which does not see where a bubble lies."""
    filters: tuple[int, ...] = Setting((16, 8), min_length=1)
    """Filters of each convolution, each followed by 2^2 pooling."""
    steps: int = Setting(10_000, ge=1)
    """Training steps."""
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=1e-3)


class RegressionSettings(Settings):
    """A network that tells numbers of the cube with their errors, by circular convolutions and a mean over places."""

    quantities: tuple[Quantity, ...] = Setting(("redshift", "neutral_fraction"), min_length=1)
    """What is told: redshift, neutral_fraction (the mean of the cube), escape_fraction."""
    filters: tuple[int, ...] = Setting((16, 8), min_length=1)
    """Filters of each convolution, each followed by 2^2 pooling."""
    steps: int = Setting(0, ge=0)
    """Training steps; 0 leaves it out, as the paper does."""
    optimiser: Optimiser = Optimiser(name="adamw", learning_rate=1e-3)


class TreesSettings(Settings):
    """Extra trees on power spectrum, moments and mean of planes: what is to be beaten."""

    count: int = Setting(300, ge=1)
    """Trees."""
    planes: int = Setting(4000, ge=10)
    """Training planes that they grow on."""


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
    cites: ClassVar[tuple[str, ...]] = ("fay2019", "hassan2019")
    product: ClassVar[Product] = "classes"

    target: Target = "redshift"
    """What is told from a map."""
    classes: int = Setting(17, ge=2)
    """How many values of it the cubes have: 17 redshifts or 12 escape fractions in the paper."""
    cells: int = Setting(200, ge=4)
    """Cells per side of the cubes."""
    batch: int = Setting(32, ge=1)
    """Planes a step."""
    remove_mean: bool = False
    """Subtract the mean of each plane, which no interferometer measures, from all that networks and baselines see."""
    augment: bool = False
    """Turn, mirror and shift the planes at random, which the paper does not."""
    precision: Precision = "float32"
    """Number format of the convolutions; bf16 rounds away differences between neighbouring classes."""
    autoencoder: AutoencoderSettings = AutoencoderSettings()
    codes: ClassifierSettings = ClassifierSettings()
    direct: ClassifierSettings = ClassifierSettings()
    dense: DenseSettings = DenseSettings()
    trees: TreesSettings = TreesSettings()
    regression: RegressionSettings = RegressionSettings()
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
        for name, side, part in (
            ("codes", self.cells // factor, self.codes),
            ("direct", self.cells, self.direct),
            ("regression", self.cells, self.regression),
        ):
            _check_pools(name, side, part)
        if self.dense.side > self.cells:
            raise InputError(f"dense.side of {self.dense.side} does not fit into {self.cells} cells", "make it smaller")
        parts = split(universes, self.split)
        if self.regression.steps:
            check(parts.used, self.regression.quantities)
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
        from core.recipes.ionization.slices import LabelledCube, Slices

        self.check(universes)
        parts = split(universes, self.split)
        values = classes(parts.training, self.target)
        told = self.regression.quantities if self.regression.steps else ()

        constants = {f"class.{number}": value for number, value in enumerate(values)}
        constants |= normalisation(parts.training, told)
        kinds = {value: number for number, value in enumerate(values)}

        def labelled(some: list[Universe]) -> list[LabelledCube]:
            return [
                LabelledCube(
                    cube(universe, device),
                    kinds[classes([universe], self.target)[0]],
                    normalised(universe, told, constants),
                )
                for universe in some
            ]

        return Slices(
            labelled(parts.training),
            labelled(parts.validation),
            len(values),
            self.batch,
            self.seed,
            self.augment,
            constants,
            self.remove_mean,
        )

    def learner(self, device: torch.device) -> Chain:
        import torch

        from core.learning.samples import Batch
        from core.recipes.ionization.models import accuracy, cuts, reconstruction_error, regression_error
        from models.autoencoder import Autoencoder, Classifier, Dense, Pooled
        from models.gaussian import gaussian_loss

        torch.manual_seed(self.seed)
        a, c, d, r = self.autoencoder, self.codes, self.dense, self.regression
        compressor = Autoencoder(a.filters, a.padding)
        scores = torch.nn.functional.cross_entropy

        def classifier(inputs: int, side: int, part: ClassifierSettings) -> torch.nn.Module:
            if part.head == "average":
                return Pooled(inputs, self.classes, part.filters)
            return Classifier(inputs, side, self.classes, part.filters)

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

        def classed(batch: Batch) -> Batch:
            return Batch(batch.inputs, batch.targets[:, : self.classes])

        def encoded(batch: Batch) -> Batch:
            compressor.eval()
            with torch.no_grad():
                return classed(Batch(compressor.encoder(batch.inputs), batch.targets))

        side = self.cells // 2 ** len(a.filters)
        links = {
            "autoencoder": Link(first, lambda batch: Batch(batch.inputs, batch.inputs[:, 0])),
            "codes": Link(network(classifier(a.filters[-1], side, c), c), encoded),
            "direct": Link(network(classifier(1, self.cells, self.direct), self.direct), classed),
            "dense": Link(
                network(Dense(d.side, d.hidden, self.classes), d), lambda batch: cuts(classed(batch), d.side)
            ),
        }
        if r.steps:
            links["regression"] = Link(
                Network(
                    Pooled(1, 2 * len(r.quantities), r.filters),
                    gaussian_loss,
                    regression_error,
                    r.optimiser,
                    r.steps,
                    self.seed,
                    device,
                    self.precision,
                ),
                self._numbers,
            )
        return Chain(links)

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return split(universes, self.split).test

    def finish(self, learner: Chain, universes: Sequence[Universe]) -> None:
        """Fit the baselines, calibrate errors, and judge all on planes left out of the cubes they were trained on."""
        from core.recipes.ionization.models import fit_baselines, fit_trees, leaky_accuracies
        from core.recipes.ionization.regression import calibrated

        samples = self.samples(universes, learner.links["codes"].network.device)
        learner.tensors |= fit_baselines(samples, self.dense.side, self.dense.components, self.dense.cuts)
        learner.tensors |= fit_trees(samples, self.trees.planes)
        learner.constants |= leaky_accuracies(self._ways(learner), samples)
        if self.regression.steps:
            network = learner.links["regression"].network
            learner.constants |= calibrated(network, self.regression.quantities, samples)

    def predict(
        self, learner: Chain, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """The cube as the autoencoder reconstructs it plane by plane [mK], about zero where the mean is removed."""
        import torch

        from core.recipes.ionization.slices import MIDDLE, seen

        self._check_cube(universe)
        network = learner.links["autoencoder"].network
        planes = seen(cube(universe, network.device), self.remove_mean)[:, None].split(self.batch)
        made = []
        for number, some in enumerate(planes):
            progress(number / len(planes), "reconstructing")
            made.append(network.predict(some)[:, 0].cpu())
        values = LARGEST_TEMPERATURE * (torch.cat(made).numpy() - (MIDDLE if self.remove_mean else 0))
        redshift = universe.fields[FIELD].redshift
        progress(1.0, "done")
        return [Field(FIELD, values, universe.box_size, "mK", redshift, "eulerian")], {}

    def evaluate(
        self, learner: Chain, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.ionization.report import report

        ways, told = self._ways(learner), self._regression(learner)
        return report(self.title, self.paper, learner, ways, told, pairs, self.target, self.remove_mean, progress)

    def _ways(self, learner: Chain) -> dict[str, Classify]:
        """Every way to classify planes, by name."""
        from core.recipes.ionization import models

        fitted = learner.tensors
        ways = {
            **{name: models.by_network(learner.links[name], self.batch) for name in ("codes", "direct", "dense")},
            "trees": models.by_trees(fitted, self.trees.count, self.seed, not self.remove_mean),
            "neighbours": models.by_neighbours(fitted, self.dense.side, self.dense.neighbours),
        }
        return ways if self.remove_mean else {**ways, "mean": models.by_mean(fitted)}

    def _regression(self, learner: Chain) -> Regression | None:
        """What tells numbers of planes; None where nothing was to learn it."""
        from core.recipes.ionization.models import numbers_by_trees
        from core.recipes.ionization.regression import Regression, tell

        if not self.regression.steps:
            return None
        names, network, told = self.regression.quantities, learner.links["regression"].network, learner.constants
        return Regression(
            names,
            lambda planes: tell(network, told, names, planes, self.batch),
            numbers_by_trees(learner.tensors, self.trees.count, self.seed, not self.remove_mean, told, names),
        )

    def _numbers(self, batch: Batch) -> Batch:
        """What the regression sees: planes, and their numbers in deviations of the training cubes."""
        from core.learning.samples import Batch

        return Batch(batch.inputs, batch.targets[:, self.classes :])

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


def _check_pools(name: str, side: int, part: ClassifierSettings | RegressionSettings) -> None:
    """Refuse more pools than a side of so many cells has room for. Raises: InputError."""
    cells = side
    if isinstance(part, RegressionSettings) or part.head == "average":
        if side % 2 ** len(part.filters):
            raise InputError(
                f"the {side} cells that {name} sees cannot be halved {len(part.filters)} times",
                f"use fewer {name}.filters",
            )
        return
    for _ in part.filters:
        side = (side - 2) // 2
    if side < 1:
        raise InputError(f"nothing is left of the {cells} cells that {name} sees", f"use fewer {name}.filters")
