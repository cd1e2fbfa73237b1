"""Training data of maps: planes across periodic cubes, each with the class of its cube and what else is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.learning.samples import Batch, mix

if TYPE_CHECKING:
    import torch

LEFT_OUT = 10
"""Every so many planes one is left out of training: what a split by slices of the same cubes would test on."""
MIDDLE = 0.5
"""Where the mean of a plane is put once it is subtracted: an autoencoder's output has no sign."""


@dataclass(frozen=True)
class LabelledCube:
    """A map (n, n, n) in [0, 1], the number of its class, and numbers that a regression tells."""

    values: torch.Tensor
    kind: int
    quantities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Slices:
    """Random planes of the training cubes; evenly spaced ones of the validation cubes.

    Cubes on one device. Classes come equally often, whatever their number of cubes. Targets are (batch, classes +
    quantities): 1 for the class, then the numbers.
    """

    training_cubes: Sequence[LabelledCube]
    validation_cubes: Sequence[LabelledCube]
    classes: int
    batch: int
    seed: int
    augment: bool = False
    """Turn, mirror and shift the planes at random."""
    constants: dict[str, float] = field(default_factory=dict)
    remove_mean: bool = False
    """Subtract the mean of each plane."""

    def training(self, step: int) -> Batch:
        import torch

        generator = torch.Generator().manual_seed(mix(self.seed, step))

        def draw(bound: int) -> int:
            return int(torch.randint(bound, (1,), generator=generator))

        by_class = self._by_class()
        planes, cubes = [], []
        for _ in range(self.batch):
            kind = draw(self.classes)
            cube = by_class[kind][draw(len(by_class[kind]))]
            n = cube.values.shape[0]
            number = draw(n - len(left_out(n)))
            number += number // (LEFT_OUT - 1) + 1  # 0, 10, 20, ... are left out
            plane = cube.values.select(draw(3), number)
            if self.augment:
                plane = torch.roll(plane, (draw(n), draw(n)), (0, 1)).rot90(draw(4))
                plane = plane.T if draw(2) else plane
            planes.append(plane)
            cubes.append(cube)
        return self._batch(torch.stack(planes), cubes)

    def validation(self) -> Iterator[Batch]:
        for cube in self.validation_cubes:
            planes = spread(cube.values)
            yield self._batch(planes, [cube] * len(planes))

    def _by_class(self) -> list[list[LabelledCube]]:
        return [[cube for cube in self.training_cubes if cube.kind == wanted] for wanted in range(self.classes)]

    def _batch(self, planes: torch.Tensor, cubes: Sequence[LabelledCube]) -> Batch:
        import torch

        kinds = torch.tensor([cube.kind for cube in cubes], device=planes.device)
        known = torch.tensor([cube.quantities for cube in cubes], dtype=planes.dtype, device=planes.device)
        one_hot = torch.nn.functional.one_hot(kinds, self.classes).to(planes.dtype)
        return Batch(seen(planes, self.remove_mean)[:, None], torch.cat([one_hot, known], 1))


def left_out(cells: int) -> range:
    """Planes that training leaves out."""
    return range(0, cells, LEFT_OUT)


def spread(cube: torch.Tensor) -> torch.Tensor:
    """The planes (m, n, n) that training leaves out, across all three axes."""
    import torch

    index = torch.tensor(list(left_out(cube.shape[0])), device=cube.device)
    return torch.cat(
        [cube.index_select(axis, index).movedim(axis, 0) for axis in range(3)],
    )


def seen(planes: torch.Tensor, remove_mean: bool) -> torch.Tensor:
    """Planes (m, n, n) as all that judges them sees them: as they are, or about `MIDDLE` in place of their mean."""
    if not remove_mean:
        return planes
    return (planes - planes.mean((1, 2), keepdim=True) + MIDDLE).clamp_(0, 1)
