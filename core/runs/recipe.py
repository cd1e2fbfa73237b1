"""The Recipe: one experiment, one paper, one file in core/recipes.

A recipe is a Settings model whose defaults are the paper's values. Its module is found by name; it imports nothing
heavy before one of its methods is called, so forms and command lines know every recipe at no cost.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.errors import UsageError, did_you_mean
from core.figures import Report
from core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.learning.learner import Learner
    from core.learning.samples import Samples


Product: TypeAlias = Literal["halos", "particles", "density", "table", "classes", "maps"]


class Recipe(Settings):
    """What every experiment offers to the engine and the front ends."""

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    product: ClassVar[Product]
    """What predictions hold; runs with the same product can be compared on the same universes."""

    seed: int = Setting(1, ge=0, lt=2**63)
    """Seed of the initial weights, the order of the data and everything else that is drawn."""
    validate_every: int = Setting(100, ge=1)
    """Steps between looks at the validation universes."""
    checkpoint_every: int = Setting(100, ge=1)
    """Steps between checkpoints; what is lost at worst when the worker is killed."""

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that this experiment cannot use, before any work. Raises: InputError."""

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Samples:
        """The training and validation data, on the device. Raises: InputError for universes that do not fit."""
        raise NotImplementedError

    def learner(self, device: torch.device) -> Learner:
        """A learner with fresh weights."""
        raise NotImplementedError

    def finish(self, learner: Learner, universes: Sequence[Universe]) -> None:
        """Once trained: measure what prediction and report need besides the weights, into `learner.constants`."""

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        """The universes that training never sees, for the report."""
        raise NotImplementedError

    def predict(
        self, learner: Learner, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """Fields and catalogues for one universe. Raises: InputError for a universe that does not fit."""
        raise NotImplementedError

    def evaluate(
        self, learner: Learner, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        """Numbers and figures from pairs of (truth, prediction), each beside the paper's."""
        raise NotImplementedError


def names() -> list[str]:
    """Every recipe, by the name of its file or folder."""
    folder = Path(__file__).parent.parent / "recipes"
    inside = (path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "recipe.py").exists())
    return sorted(name for name in inside if not name.startswith("_"))


def load(name: str) -> type[Recipe]:
    """The recipe of this name. Raises: UsageError with a suggestion."""
    if name not in names():
        raise UsageError(f"unknown recipe {name!r}", did_you_mean(name, names()))
    folder = Path(__file__).parent.parent / "recipes" / name
    module = importlib.import_module(f"core.recipes.{name}.recipe" if folder.is_dir() else f"core.recipes.{name}")
    [found] = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Recipe) and item.__module__ == module.__name__
    ]
    return found
