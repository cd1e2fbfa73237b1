"""Cubes around particles: cut out of periodic fields on the device when they are needed, never stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.heap import kept
from core.learning.samples import Batch, mix, turn
from core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

    Change = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Centres:
    """Particles to look around: mesh cells (N, 3) at which they sit, and what is to be told of them (N,) in [-1, 1]."""

    cells: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class SubBoxes:
    """Random particles of the training universes with their surroundings; all of the validation particles.

    boxes: fields (channels, n, n, n) and the particles in them, of each universe, on one device. Inputs are (batch,
    channels, side, side, side) after `change`, targets (batch,). With `augment` each batch is turned by one of the 48
    symmetries of the cube; `vectors` names the first of the three channels of each vector.
    """

    training_boxes: Sequence[tuple[torch.Tensor, Centres]]
    validation_boxes: Sequence[tuple[torch.Tensor, Centres]]
    side: int
    batch: int
    seed: int
    constants: dict[str, float]
    change: Change
    augment: bool = False
    vectors: Sequence[int] = ()

    def training(self, step: int) -> Batch:
        import torch

        generator = torch.Generator().manual_seed(mix(self.seed, step))
        ends = torch.tensor([len(centres) for _, centres in self.training_boxes]).cumsum(0)
        picks = torch.randint(int(ends[-1]), (self.batch,), generator=generator)
        which = torch.searchsorted(ends, picks, right=True)
        inputs, targets = [], []
        for number in which.unique().tolist():
            fields, centres = self.training_boxes[number]
            rows = (picks[which == number] - (ends[number] - len(centres))).to(fields.device)
            inputs.append(around(fields, centres.cells[rows], self.side))
            targets.append(centres.targets[rows])
        cubes = self.change(torch.cat(inputs))
        if self.augment:
            cubes = turn(cubes, int(torch.randint(48, (1,), generator=generator)), self.vectors)
        return Batch(cubes, torch.cat(targets))

    def validation(self) -> Iterator[Batch]:
        for fields, centres in self.validation_boxes:
            for start in range(0, len(centres), self.batch):
                rows = slice(start, start + self.batch)
                cubes = self.change(around(fields, centres.cells[rows], self.side))
                yield Batch(cubes, centres.targets[rows])


def told(
    network: Change, fields: torch.Tensor, centres: Centres, side: int, batch: int, progress: Progress = silent
) -> Array:
    """What a network (N, channels, side, side, side) -> (N,) tells of each of the particles in fields, float32."""
    result = np.empty(len(centres), dtype=np.float32)
    with kept():
        for start in range(0, len(centres), batch):
            cubes = around(fields, centres.cells[start : start + batch], side)
            result[start : start + batch] = network(cubes).cpu().numpy()
            progress(start / len(centres), f"particle {start:,} of {len(centres):,}")
    progress(1.0, f"{len(centres):,} particles")
    return result


def around(fields: torch.Tensor, cells: torch.Tensor, side: int) -> torch.Tensor:
    """The cubes (N, channels, side, side, side) of periodic fields (channels, n, n, n) whose middle cells are `cells`
    (N, 3); side odd."""
    import torch

    offsets = torch.arange(side, device=fields.device) - side // 2
    i, j, k = ((cells[:, axis, None] + offsets) % fields.shape[axis + 1] for axis in range(3))
    return fields[:, i[:, :, None, None], j[:, None, :, None], k[:, None, None, :]].transpose(0, 1)


def shell_average(cubes: torch.Tensor, shells: int = 20) -> torch.Tensor:
    """Cubes (..., m, m, m) of which only the mean over shells about the middle is left: nothing anisotropic.

    `shells` of equal width between 2 cells and the nearest face, of the same width beyond, as far as they lie inside.
    """
    index, share = _shells(cubes.shape[-1], shells, str(cubes.device))
    means = cubes.flatten(-3) @ share
    return means[..., index].reshape(cubes.shape)


@lru_cache(maxsize=4)
def _shells(side: int, shells: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The shell of each cell (m^3,), and a matrix (m^3, shells) whose columns average over one shell."""
    import torch

    axis = np.arange(side) - side // 2
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2).reshape(-1)
    width = (side / 2 - 2) / shells
    _, index = np.unique(np.where(radius < 2, -1, np.floor((radius - 2) / width)), return_inverse=True)
    share = np.zeros((len(radius), index.max() + 1), dtype=np.float32)
    share[np.arange(len(radius)), index] = 1
    return torch.from_numpy(index).to(device), torch.from_numpy(share / share.sum(axis=0)).to(device)
