"""Subhalo fates: does a subhalo survive in its host, and how? (Petulante et al. 2021, arXiv:2008.05001; thesis 2023)

A random forest tells survival and gradient boosting tells the mass that is left, the place in the host and the time of
the merger, from what is known of a subhalo and its host at infall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.learning.forest import Ensemble, Forest, TableSamples
from core.learning.samples import Batch
from core.progress import Progress, silent
from core.recipes.infall.rows import RowSplit, check_tables, feature_names, read_tables, scaled
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report


class VoteSettings(Settings):
    """A random forest."""

    trees: int = Setting(50, ge=1)
    """Trees that vote."""
    depth: int = Setting(7, ge=1, le=12)
    """Splits from the root to a leaf."""
    tried: Literal["root", "all"] = "root"
    """Features that each split looks at: the square root of their number, or all of them."""

    def model(self) -> Ensemble:
        return Ensemble("forest", self.trees, self.depth, tried=self.tried)


class BoostingSettings(Settings):
    """Gradient boosting under the Huber loss."""

    trees: int = Setting(ge=1)
    """Trees that are added up."""
    depth: int = Setting(ge=1, le=12)
    """Splits from the root to a leaf."""
    learning_rate: float = Setting(gt=0, le=1)
    """Weight of each tree."""

    def model(self) -> Ensemble:
        return Ensemble("boosting", self.trees, self.depth, self.learning_rate)


class SplitSettings(Settings):
    """Which rows of each table are kept from training, at random."""

    test: float = Setting(0.2, gt=0, lt=1)
    """Share of the rows that the report judges."""
    validation: float = Setting(0.2, gt=0, lt=1)
    """Share of the others that are judged while training."""


class AdditionSettings(Settings):
    """Models of the best feature, the two best, ... in the report."""

    features: int = Setting(24, ge=0)
    """Models of up to so many features; 0 leaves that out."""
    trees: int = Setting(0, ge=0)
    """Most trees of these models, the learning rate raised as they get fewer; 0 is as many as learnt."""


class HistogramSettings(Settings):
    """Gradient-boosted histograms of scikit-learn beside these models, in the report."""

    iterations: int = Setting(300, ge=0)
    """Most trees; the validation rows say how many count. 0 leaves them out."""
    leaves: int = Setting(31, ge=2)
    """Most leaves of a tree."""
    learning_rate: float = Setting(0.05, gt=0, le=1)
    """Weight of each tree."""


class Infall(Recipe[Forest]):
    """Forests on a table of accretion events: survival, mass loss, position and merge time."""

    name: ClassVar[str] = "infall"
    title: ClassVar[str] = "Subhalo fates by forests"
    paper: ClassVar[str] = "Petulante et al. 2021, MNRAS 504, 248, arXiv:2008.05001; Petulante 2023, chapter 2"
    cites: ClassVar[tuple[str, ...]] = ("petulante2021", "petulante2023")
    product: ClassVar[Product] = "table"

    steps: int = Setting(100, ge=1)
    """Steps; each adds this share of every model's trees."""
    validate_every: int = Setting(5, ge=1)
    """Steps between looks at the validation rows."""
    checkpoint_every: int = Setting(10, ge=1)
    """Steps between checkpoints; what is lost at worst when the worker is killed."""
    survival: VoteSettings = VoteSettings()
    """A random forest for whether it survives."""
    mass_loss: BoostingSettings = BoostingSettings(trees=600, depth=3, learning_rate=0.07)
    """Gradient boosting for the mass that is left."""
    position: BoostingSettings = BoostingSettings(trees=1800, depth=6, learning_rate=0.008)
    """Gradient boosting for the distance today."""
    merge_time: BoostingSettings = BoostingSettings(trees=500, depth=5, learning_rate=0.05)
    """Gradient boosting for the time from accretion to the merger."""
    ranking_runs: int = Setting(100, ge=1)
    """Random features from which the noise floor of the ranking is taken."""
    addition: AdditionSettings = AdditionSettings()
    subsets: bool = True
    """Whether the report grows models of half and a quarter of the rows, and of the hardest scale factors alone."""
    histograms: HistogramSettings = HistogramSettings()
    split: SplitSettings = SplitSettings()

    def models(self) -> dict[str, Ensemble]:
        """The model of each outcome."""
        return {
            "survived": self.survival.model(),
            "final_mass": self.mass_loss.model(),
            "final_distance": self.position.model(),
            "merge_time": self.merge_time.model(),
        }

    def parts(self) -> RowSplit:
        return RowSplit(self.split.test, self.split.validation, self.seed)

    def samples(self, universes: Sequence[Universe], device: torch.device) -> TableSamples:
        self.check(universes)
        table = read_tables(universes, self.parts())
        training = table.features[table.training]
        constants: dict[str, float] = {}
        for name, values in zip(table.names, training.T, strict=True):
            constants |= {f"{name}.mean": float(values.mean()), f"{name}.std": float(values.std()) or 1.0}
        features = scaled(table, constants)
        targets = np.stack([table.targets[name] for name in self.models()], axis=1)

        def batch(rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Batch:
            import torch

            return Batch(torch.from_numpy(features[rows]), torch.from_numpy(targets[rows]))

        return TableSamples(batch(table.training), batch(table.validation), constants)

    def learner(self, device: torch.device) -> Forest:
        return Forest(self.models(), self.steps, self.seed)

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        """All tables: the rows that training never sees are in each of them."""
        return list(universes)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse what is no infall table or teaches nothing. Raises: InputError."""
        check_tables(universes, self.parts())

    def predict(
        self, learner: Forest, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """What is told of every row; `test` marks those that were not learnt from if this is a table of the run."""
        from core.cosmos.infall.table import CATALOGUE

        table = read_tables([universe], self.parts(), feature_names(learner))
        progress(0.1, "asking the trees")
        said = learner.predict(scaled(table, learner.constants))
        infall = universe.catalogue(CATALOGUE)
        columns = {
            "mass": infall["mass"],
            "position": infall["position"],
            "survival_probability": said["survived"],
            "final_mass": 10 ** said["final_mass"],
            "final_distance": said["final_distance"],
            "merge_time": said["merge_time"],
            "test": table.test.astype(np.int64),
        }
        units = {"mass": "Msun/h", "position": "Mpc/h", "final_mass": "Msun/h", "final_distance": "R_host"}
        fates = Catalogue(columns, universe.box_size, 0.0, "fates", units | {"merge_time": "Gyr"})
        progress(1.0, "done")
        return [], {"fates": fates}

    def evaluate(
        self, learner: Forest, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.infall.report import report

        return report(self.title, self.paper, learner, pairs, self, progress)
