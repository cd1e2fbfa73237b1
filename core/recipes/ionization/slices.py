"""Training data of maps: planes across periodic cubes, each with the class of its cube."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.learning.samples import Batch, mix

if TYPE_CHECKING:
    import torch

LEFT_OUT = 10
"""Every so many planes one is left out of training: what a split by slices of the same cubes would test on."""


@dataclass(frozen=True)
class Slices:
    """Random planes of the training cubes; evenly spaced ones of the validation cubes.

    Cubes (n, n, n) on one device, each with the number of its class. Classes come equally often, whatever their number
    of cubes. Targets are (batch, classes), 1 for the class.
    """

    training_cubes: Sequence[tuple[torch.Tensor, int]]
    validation_cubes: Sequence[tuple[torch.Tensor, int]]
    classes: int
    batch: int
    seed: int
    augment: bool = False
    """Turn, mirror and shift the planes at random."""
    constants: dict[str, float] = field(default_factory=dict)

    def training(self, step: int) -> Batch:
        import torch

        generator = torch.Generator().manual_seed(mix(self.seed, step))

        def draw(bound: int) -> int:
            return int(torch.randint(bound, (1,), generator=generator))

        by_class = self._by_class()
        planes, kinds = [], []
        for _ in range(self.batch):
            kind = draw(self.classes)
            cube = by_class[kind][draw(len(by_class[kind]))]
            n = cube.shape[0]
            number = draw(n - len(left_out(n)))
            number += number // (LEFT_OUT - 1) + 1  # 0, 10, 20, ... are left out
            plane = cube.select(draw(3), number)
            if self.augment:
                plane = torch.roll(plane, (draw(n), draw(n)), (0, 1)).rot90(draw(4))
                plane = plane.T if draw(2) else plane
            planes.append(plane)
            kinds.append(kind)
        return self._batch(torch.stack(planes), torch.tensor(kinds, device=planes[0].device))

    def validation(self) -> Iterator[Batch]:
        import torch

        for cube, kind in self.validation_cubes:
            planes = spread(cube)
            yield self._batch(planes, torch.full((len(planes),), kind, device=planes.device))

    def _by_class(self) -> list[list[torch.Tensor]]:
        return [[cube for cube, kind in self.training_cubes if kind == wanted] for wanted in range(self.classes)]

    def _batch(self, planes: torch.Tensor, kinds: torch.Tensor) -> Batch:
        import torch

        return Batch(planes[:, None], torch.nn.functional.one_hot(kinds, self.classes).to(planes.dtype))


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
