"""The Recipe: one experiment, one paper, one file or folder in core/recipes, or another distribution's.

A recipe is a Settings model whose defaults are the paper's values. Its module is found by name (core/runs/registry.py)
and imports nothing heavy before one of its methods is called: forms and command lines know every recipe at no cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias

from pydantic import Field as Setting
from typing_extensions import TypeVar

from core.config import Settings
from core.cosmos.box import Catalogue, Field
from core.figures import Report
from core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.learning.learner import Learner
    from core.learning.samples import Samples


L = TypeVar("L", bound="Learner", default="Learner")

Product: TypeAlias = Literal["halos", "particles", "density", "table", "classes", "maps"]


class Recipe(Settings, Generic[L]):
    """What every experiment offers to the engine and the front ends; `L` is what learns in it."""

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    product: ClassVar[Product]
    """What predictions hold; runs with the same product can be compared on the same universes."""
    cites: ClassVar[tuple[str, ...]] = ()
    """Keys of configs/papers.bib, the paper's first; a recipe without any is cited by its `paper`."""

    version: ClassVar[int] = 1
    """Of the settings: raised when one is renamed or removed, so that runs of before can be brought up to date."""

    seed: int = Setting(1, ge=0, lt=2**63)
    """Seed of the initial weights, the order of the data and everything else that is drawn."""
    validate_every: int = Setting(100, ge=1)
    """Steps between looks at the validation universes."""
    checkpoint_every: int = Setting(100, ge=1)
    """Steps between checkpoints; what is lost at worst when the worker is killed."""
    checkpoint_minutes: float = Setting(15, gt=0)
    """Minutes between checkpoints at most, where that many steps take longer."""

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        """Settings as this version has them, from those of an earlier one; core.config has `renamed` and `removed`."""
        return settings

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that this experiment cannot use, before any work. Raises: InputError."""

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Samples:
        """The training and validation data, on the device. Raises: InputError for universes that do not fit."""
        raise NotImplementedError

    def learner(self, device: torch.device) -> L:
        """A learner with fresh weights."""
        raise NotImplementedError

    def finish(self, learner: L, universes: Sequence[Universe]) -> None:
        """Once trained: measure what prediction and report need besides the weights, into `learner.constants`."""

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        """The universes that training never sees, for the report."""
        raise NotImplementedError

    def predict(
        self, learner: L, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """Fields and catalogues for one universe. Raises: InputError for a universe that does not fit."""
        raise NotImplementedError

    def evaluate(self, learner: L, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent) -> Report:
        """Numbers and figures from pairs of (truth, prediction), each beside the paper's."""
        raise NotImplementedError

    # what comparison and inspection ask for

    def side(self, cells: int) -> int:
        """Cells per side of what the network sees at once of a box of so many cells; 0 where that is not known."""
        return cells

    @property
    def smallest_halo(self) -> int:
        """Lagrangian cells of the smallest halo that counts, where halos are predicted."""
        return 1

    @property
    def learnt_truth(self) -> str:
        """Whose halos are learnt, where halos are: nbody, peakpatch, or auto for what a universe has."""
        return "auto"
