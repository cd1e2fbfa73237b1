"""Training data: crops of periodic fields, each a pure function of (seed, step).

Nothing is stored between steps, so training that resumes at a step sees exactly what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol, TypeAlias

from core.aside import read_soon
from core.learning import parallel

if TYPE_CHECKING:
    import torch

    Box: TypeAlias = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Batch:
    """Inputs (batch, channels, m, m, m) and targets (batch, n, n, n), n <= m: the outer cells are context.

    Targets of several channels are (batch, channels, n, n, n).
    """

    inputs: torch.Tensor
    targets: torch.Tensor


class Samples(Protocol):
    """What a learner learns from."""

    @property
    def constants(self) -> dict[str, float]:
        """Numbers of the training set that prediction needs again, e.g. the normalisation."""
        ...

    def training(self, step: int) -> Batch: ...

    def validation(self) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class Crops:
    """Random crops of the training boxes, turned and mirrored; whole passes over the validation boxes.

    boxes: inputs (channels, n, n, n) and targets (n, n, n), or with channels, of each universe on one device. A crop of
    `crop` cells gets `context` cells more on each side of its input, wrapped around the box.
    """

    training_boxes: Sequence[tuple[torch.Tensor, torch.Tensor]]
    validation_boxes: Sequence[tuple[torch.Tensor, torch.Tensor]]
    crop: int
    context: int
    batch: int
    seed: int
    constants: dict[str, float]
    symmetries: Sequence[int] = range(48)
    """Which of the symmetries of the cube are drawn: all, or the `ROTATIONS`."""
    vectors: Sequence[int] = ()
    """The first of the three channels of each vector among the inputs."""
    target_vectors: Sequence[int] = ()
    """The same among targets that have channels."""
    device: torch.device | None = None
    """Where crops are moved to, of boxes that lie elsewhere."""
    most_validated: int = 0
    """Crops of a validation at most, spread evenly over all; 0 is all of them."""

    def training(self, step: int) -> Batch:
        import torch

        picks = []
        for box, corner, symmetry in self._drawn(step):
            inputs, targets = self._cut(box, corner)
            picks.append((turn(inputs, symmetry, self.vectors), turn(targets, symmetry, self.target_vectors)))
        for box, corner, _ in self._drawn(step + parallel.world()):  # the next of this rank
            self._read_soon(box, corner)
        return self._moved(torch.stack([inputs for inputs, _ in picks]), torch.stack([targets for _, targets in picks]))

    def validation(self) -> Iterator[Batch]:
        every = [(box, corner) for box in self.validation_boxes for corner in corners(box[1].shape[-1], self.crop)]
        count = min(self.most_validated or len(every), len(every))
        chosen = [every[number * len(every) // count] for number in range(count)]
        for number, (box, corner) in enumerate(chosen):
            cut = self._cut(box, corner)
            for following in chosen[number + 1 : number + 2]:
                self._read_soon(*following)
            yield self._moved(*(item[None] for item in cut))

    def _moved(self, inputs: torch.Tensor, targets: torch.Tensor) -> Batch:
        if self.device is None:
            return Batch(inputs, targets)
        return Batch(inputs.to(self.device), targets.to(self.device))

    def _drawn(self, step: int) -> Iterator[tuple[Box, list[int], int]]:
        """The crops of a step: of which box, from which corner on, and how they are turned."""
        import torch

        generator = torch.Generator().manual_seed(mix(self.seed, step))

        def draw(bound: int) -> int:
            return int(torch.randint(bound, (1,), generator=generator))

        for _ in range(self.batch):
            box = self.training_boxes[draw(len(self.training_boxes))]
            corner = [draw(box[1].shape[-1]) for _ in range(3)]
            yield box, corner, self.symmetries[draw(len(self.symmetries))]

    def _cut(self, box: Box, corner: Sequence[int]) -> Box:
        inputs, targets = (periodic_cut(values, *where) for values, where in self._places(box, corner))
        return inputs, targets

    def _read_soon(self, box: Box, corner: Sequence[int]) -> None:
        """Have what is cut next read while something else is done, of boxes that may lie in files."""
        if self.device is not None:
            for values, (start, size) in self._places(box, corner):
                for rows in rows_of_cut(values, start, size):
                    read_soon(rows.data_ptr(), rows.nbytes)

    def _places(self, box: Box, corner: Sequence[int]) -> list[tuple[torch.Tensor, tuple[list[int], int]]]:
        """Inputs and targets, each with the corner and the side of the cube that is cut from them."""
        inputs, targets = box
        outer = [c - self.context for c in corner]
        return [(inputs, (outer, self.crop + 2 * self.context)), (targets, (list(corner), self.crop))]


def periodic_cut(values: torch.Tensor, corner: Sequence[int], size: int) -> torch.Tensor:
    """The cube (..., size, size, size) that starts at a corner, wrapped around the box as often as needed."""
    import torch

    cells = values.shape[-1]
    if size > cells:
        for axis, start in zip((-3, -2, -1), corner, strict=True):
            index = (torch.arange(start, start + size, device=values.device)) % cells
            values = values.index_select(axis, index)
        return values
    cut = values.new_empty((*values.shape[:-3], size, size, size))
    # piece by piece: of a box that lies in a file nothing else is read
    for pieces in product(*(_pieces(start % cells, size, cells) for start in corner)):
        to, origin = zip(*pieces, strict=True)
        cut[..., *to] = values[..., *origin]
    return cut


def rows_of_cut(values: torch.Tensor, corner: Sequence[int], size: int) -> Iterator[torch.Tensor]:
    """The rows of a box (..., n, n, n) that `periodic_cut` reads from, in parts (rows, n) without gaps."""
    cells = values.shape[-1]
    size = min(size, cells)
    pieces = [[origin for _, origin in _pieces(start % cells, size, cells)] for start in corner[:2]]
    for channel in values.reshape(-1, cells, cells, cells):
        for planes, rows in product(*pieces):
            yield from channel[planes, rows]


def _pieces(start: int, size: int, cells: int) -> list[tuple[slice, slice]]:
    """Where the one or two parts of a row of cells go, and where they come from."""
    first = min(size, cells - start)
    parts = [(slice(0, first), slice(start, start + first)), (slice(first, size), slice(0, size - first))]
    return parts if first < size else parts[:1]


def corners(cells: int, size: int) -> list[tuple[int, int, int]]:
    """Corners of the cubes that tile a box; the last of a row overlaps its neighbour where the size does not divide."""
    starts = [*range(0, max(cells - size, 0), size), max(cells - size, 0)]
    return [(i, j, k) for i in starts for j in starts for k in starts]


def turn(values: torch.Tensor, symmetry: int, vectors: Sequence[int] = ()) -> torch.Tensor:
    """One of the 48 symmetries of the cube (0 is the identity) on the last three axes of fields (..., n, n, n).

    `vectors` names the first of the three channels (axis -4) of each vector: its components turn with the axes.
    """
    permutation = _PERMUTATIONS[symmetry // 8]
    leading = tuple(range(values.ndim - 3))
    values = values.permute(*leading, *(values.ndim - 3 + axis for axis in permutation))
    mirrored = [axis - 3 for axis in range(3) if symmetry >> axis & 1]
    values = values.flip(mirrored) if mirrored else values
    for first in vectors:
        components = values[..., first : first + 3, :, :, :][..., list(permutation), :, :, :]
        for axis in mirrored:
            components[..., axis + 3, :, :, :] *= -1
        values = values.clone()
        values[..., first : first + 3, :, :, :] = components
    return values


_PERMUTATIONS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
_ODD = (False, True, True, False, False, True)

ROTATIONS = tuple(s for s in range(48) if (_ODD[s // 8] + (s % 8).bit_count()) % 2 == 0)
"""The 24 symmetries that mirror nothing: even permutations of the axes with an even number of flips, or both odd."""


def mix(seed: int, step: int) -> int:
    """A seed for one step: neighbouring (seed, step) pairs give unrelated generators."""
    value = (seed * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9) % 2**64
    value ^= value >> 31
    return value * 0x94D049BB133111EB % 2**63
