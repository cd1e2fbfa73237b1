"""What recipes share that tell halos by the cells of the initial lattice: whose halos, from what, and what is refused.

Their settings stay in each recipe, in the order of its form; here they are only named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from core.learning.learner import Network
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.learning.training_set import Split, TiledCropSettings
    from core.protohalos.dynamics import CheapRun
    from core.protohalos.inputs import Inputs
    from core.protohalos.truth import TrueHalos, TruthSource


class ProtohaloRecipe(Recipe[Network]):
    """A network on the initial lattice whose predictions are halos."""

    product: ClassVar[Product] = "halos"

    if TYPE_CHECKING:
        truth: TruthSource
        inputs: Inputs
        nbody: CheapRun
        minimum_cells: int
        network: Any
        crop: TiledCropSettings
        split: Split

    @property
    def channels(self) -> int:
        """Fields that the network sees."""
        from core.protohalos.inputs import channel_count

        return channel_count(self.inputs, self.nbody)

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def true_halos(self, universe: Universe) -> TrueHalos:
        """The halos that are learnt, those of at least minimum_cells Lagrangian cells, and their cells."""
        from core.protohalos.truth import true_halos

        return true_halos(universe, self.truth, self.minimum_cells)

    def side(self, cells: int) -> int:
        return self.crop.side(cells)

    @property
    def smallest_halo(self) -> int:
        return self.minimum_cells

    @property
    def learnt_truth(self) -> str:
        return self.truth

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        from core.learning.training_set import check_tiles
        from core.protohalos.inputs import check_set

        check_set(universes, self.split, self.truth, self.minimum_cells)
        for universe in universes:
            check_tiles(self.crop, self.network.levels, universe.cells)
