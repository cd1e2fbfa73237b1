"""What the recipes density and density_gan have in common: from damped 2LPT to the N-body density, box by box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field as Setting

from core.cosmos.box import Array, Assignment, Catalogue, Field
from core.errors import InputError
from core.learning.adversaries import Adversaries
from core.learning.boxes import Pair
from core.learning.learner import Network, Precision, uses_bf16
from core.learning.training_set import CropSettings, Split, check_crop, check_memory, crops_of
from core.progress import Progress, part, silent
from core.recipes.density.settings import Adam, Begin, Scaling, Target
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops


class DensityRecipe(Recipe[Network | Adversaries]):
    """An emulator of the N-body density at z = 0, whatever it learns by."""

    product: ClassVar[Product] = "density"
    paper_numbers: ClassVar[dict[str, float]]
    """The thesis's numbers, by the keys of the report."""

    steps: int = Setting(3000, ge=1)
    """Training steps; the thesis's U-Net converges after 3000."""
    scaling: Scaling = "none"
    """What becomes of the density that the networks see: nothing, ln(1 + rho), or asinh(rho)."""
    start: Begin = Begin()
    keep_mean: bool = False
    """Divide a predicted density by its mean over the box, which the thesis's network does not keep at 1."""
    assignment: Assignment = "trapezoid"
    """How particles become a density, in input and truth: the thesis's clouds of half a cell, or others."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    crop: CropSettings = CropSettings(size=96, context=45, batch=1)
    """What the network sees at once, in cells, and keeps of a prediction. The thesis's context of 16, which zeros at
    the border reach, is too little for valid convolutions."""
    split: Split = Split()

    @property
    def learnt(self) -> Target:
        """What the network gives out."""
        return "density"

    @property
    def shape(self) -> Any:
        """The settings of the network that predicts: its levels and its border."""
        raise NotImplementedError

    @property
    def margin(self) -> int:
        """Cells that the network's valid convolutions take off each side."""
        return 6 * (2 ** int(self.shape.levels) - 1) if self.shape.border == "valid" else 0

    def module(self) -> torch.nn.Module:
        """The network that predicts, its weights drawn from torch's generator."""
        raise NotImplementedError

    def memory(self, bf16: bool) -> Callable[[int, int], int]:
        """The bytes of training on (batch, side of the crops in cells), besides what is stored of the universes."""
        from core.learning.memory import cube_memory

        return cube_memory(self.module, self.channels[0], Adam(), bf16, self.crop.context)

    @property
    def channels(self) -> tuple[int, int]:
        """Fields that the network sees and gives out."""
        return {"density": (1, 1), "displacement": (3, 3), "displacement+velocity": (3, 6)}[self.learnt]

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        from core.recipes.density.fields import aimed_at, check_values, scales, seen, start

        self.check(universes)
        parts = self.split.parts(universes)
        for universe in parts.used:
            check_values(universe, ["delta_linear", "displacement"])
        learning = self.memory(uses_bf16(self.precision, device))
        place = check_memory(learning, self.crop, int(self.shape.levels), parts.used, 4 * sum(self.channels), device)
        constants = scales(parts.training, self.learnt, self.start, self.assignment)

        def pair(universe: Universe) -> Pair:
            begun = start(universe, self.start, self.assignment)
            inputs = seen(universe, begun, self.learnt, self.scaling, constants.get("sigma_displacement", 1.0))
            targets = aimed_at(universe, begun, self.learnt, self.assignment, constants)
            return inputs, targets

        turned = {} if self.learnt == "density" else {"vectors": (0,), "target_vectors": range(0, self.channels[1], 3)}
        return crops_of(parts, pair, self.crop, self.seed, constants, device, place, self.model_dump_json(), **turned)

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def predict(
        self, learner: Network | Adversaries, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.analysis.densities.ways import painted
        from core.protohalos.inputs import check_cell_size, check_linear
        from core.recipes.density.fields import check_values, seen, start, to_velocity

        check_linear(universe)
        self._check_box(universe)
        check_values(universe, ["delta_linear"])
        check_cell_size(universe, learner.constants)
        progress(0.0, "second-order displacements")
        begun = start(universe, self.start, self.assignment)
        scale = learner.constants
        inputs = seen(universe, begun, self.learnt, self.scaling, scale.get("sigma_displacement", 1.0))
        output = self._over_box(learner, inputs, part(progress, 0.1, 0.95))
        fields = []
        density = output[0]
        if self.learnt != "density":
            displacement = begun.displacement + scale["sigma_displacement_change"] * output[:3]
            fields.append(Field("displacement", displacement, universe.box_size, "Mpc/h"))
            density = painted(displacement, universe.box_size, self.assignment)
        elif self.keep_mean:
            density = density / max(float(density.mean(dtype=np.float64)), 1e-6)
        if self.learnt == "displacement+velocity":
            velocity = to_velocity(universe) * begun.displacement + scale["sigma_velocity_change"] * output[3:]
            fields.append(Field("velocity", velocity, universe.box_size, "km/s"))
        progress(1.0, "done")
        size, assignment = universe.box_size, self.assignment
        return [Field("density", density - 1, size, "overdensity", 0.0, "eulerian", assignment), *fields], {}

    def _over_box(self, learner: Network | Adversaries, inputs: torch.Tensor, progress: Progress) -> Array:
        """The network's output (channels, n, n, n) over the whole box."""
        import torch

        from core.learning.tiling import over_box

        def padded(x: torch.Tensor) -> torch.Tensor:
            y = learner.predict(x)
            return torch.nn.functional.pad(y, ((x.shape[-1] - y.shape[-1]) // 2,) * 6)

        tile = (self.crop.size or inputs.shape[-1]) + 2 * self.crop.context
        return over_box(padded, inputs, tile, self.crop.context, progress).numpy()

    def evaluate(
        self, learner: Network | Adversaries, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.density.report import report

        told = (self.learnt, self.start, self.assignment, learner.tensors)
        return report(self.title, self.paper, self.paper_numbers, pairs, *told, progress)

    def finish(self, learner: Network | Adversaries, universes: Sequence[Universe]) -> None:
        """Measure on training universes by how much the power of the ways without a network is off, shell by shell."""
        from core.analysis.densities.ways import fit
        from core.recipes.density.report import CHEAP

        learner.tensors.update(fit(self.split.parts(universes).training, CHEAP, self.assignment))

    def side(self, cells: int) -> int:
        return self.crop.side(cells)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        from core.recipes.density.fields import check_set

        check_set(universes, self.split, self.learnt)
        for universe in universes:
            self._check_box(universe)
            check_crop(self.crop, universe.cells)

    def _check_box(self, universe: Universe) -> None:
        """Refuse a universe that the network cannot take. Raises: InputError."""
        border, factor, context = self.shape.border, 2 ** int(self.shape.levels), self.crop.context
        side = (self.crop.size or universe.cells) + 2 * context
        if border == "circular" and (self.crop.size or context):
            raise InputError(
                "a circular border is that of a whole box", "set crop.size=0 crop.context=0 or another network.border"
            )
        if context < self.margin:
            raise InputError(
                f"valid convolutions take {self.margin} cells off each side, crop.context gives {context}",
                f"set crop.context to at least {self.margin}, or network.border=zeros",
            )
        if (side - self.margin) % factor:
            best = -(-(side - self.margin) // factor) * factor - side + self.margin
            raise InputError(
                f"the network sees {side} cells, which its {self.shape.levels} levels cannot halve",
                f"set crop.size={(self.crop.size or universe.cells) + best} or fewer network.levels",
            )


def validation_metrics(output: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Correlation coefficient of prediction and truth; of a density also its power over the true one at high k."""
    from core.learning.metrics import correlation
    from models.density_losses import power

    truth = truth.reshape(output.shape)
    found = {"correlation": correlation(output.cpu().numpy(), truth.cpu().numpy())}
    if output.shape[1] == 1:
        high = slice(3 * output.shape[-1] // 8, None)
        found["power"] = float((power(output)[:, high] / power(truth)[:, high]).mean())
    return found
