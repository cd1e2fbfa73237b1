"""Receptive fields: how many cells of the input a cell of any tensor inside a network can see.

Every tensor operation of one forward pass on the meta device (shapes without numbers) is followed, so the network may
be written in any way. The rule for a kernel of k cells on a grid of step j is r -> r + (k - 1) j (Araujo, Norris & Sim
2019, doi:10.23915/distill.00021); behind an upsampling neighbouring cells see the same block of the input, so there
the field grows by whole blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Path = tuple[float, Fraction, Fraction]
"""Cells seen before the coarsest upsampling, cells that kernels have added since, and its block in cells."""


@dataclass(frozen=True)
class Reach:
    """What one cell of a tensor sees along each path from the input; `step` is the tensor's cell in input cells."""

    step: Fraction
    paths: frozenset[Path]

    @property
    def cells(self) -> int | None:
        """Side of the receptive field in input cells; None is the whole input."""
        widest = max(_cells(path) for path in self.paths)
        return None if math.isinf(widest) else int(widest)

    def widened(self, kernel: int) -> Reach:
        """Behind a kernel of so many cells."""
        grown = ((first, span + (kernel - 1) * self.step, block) for first, span, block in self.paths)
        return Reach(self.step, _pruned(grown))

    def coarser(self, factor: Fraction) -> Reach:
        """On a grid of larger cells."""
        return Reach(self.step * factor, self.paths)

    def finer(self, factor: Fraction, kernel: int) -> Reach:
        """On a grid of smaller cells, each of which sees `kernel` of the larger ones."""
        spread = (kernel - 1) * self.step
        paths = (
            (_cells(path) + spread, Fraction(0), self.step)
            if path[2] < self.step
            else (path[0], path[1] + spread, path[2])
            for path in self.paths
        )
        return Reach(self.step / factor, _pruned(paths))

    def whole(self) -> Reach:
        """Behind an operation that mixes all cells."""
        return Reach(self.step, frozenset({(math.inf, Fraction(0), Fraction(1))}))


INPUT = Reach(Fraction(1), frozenset({(1.0, Fraction(0), Fraction(1))}))

_MIXING = (
    "addmm", "mm", "bmm", "baddbmm", "mean", "sum", "amax", "amin", "_fft_r2c", "_fft_c2r", "_fft_c2c",
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d",
)  # fmt: skip


class Reaches(TorchDispatchMode):
    """While active, follows what every tensor sees of `source`."""

    def __init__(self, source: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # a tensor is known by its memory, so that views and changes in place need no care; held so that none is reused
        self._known: dict[int, Reach] = {_place(source): INPUT}
        self._held: list[Any] = [source.untyped_storage()]

    def of(self, tensor: torch.Tensor) -> Reach | None:
        """What a tensor sees; None if it does not come from the source."""
        return self._known.get(_place(tensor))

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        seen = [reach for leaf in tree_leaves((args, kwargs)) if (reach := self._reach(leaf))]
        if seen:
            outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
            for output in outputs:
                after = _after(func.overloadpacket.__name__, _joined(seen), args, output)
                self._known[_place(output)] = after
                self._held.append(output.untyped_storage())
        return result

    def _reach(self, leaf: Any) -> Reach | None:
        return self.of(leaf) if isinstance(leaf, torch.Tensor) else None


def _after(operation: str, reach: Reach, args: Sequence[Any], output: torch.Tensor) -> Reach:
    """What the output of an operation sees; what moves no cell changes nothing."""
    if operation == "convolution":
        kernel, stride, dilation = args[1].shape[-1], args[3][-1], args[5][-1]
        if args[6]:
            return reach.finer(Fraction(stride), -(-((kernel - 1) * dilation + 1) // stride))
        return reach.widened((kernel - 1) * dilation + 1).coarser(Fraction(stride))
    if operation.startswith(("max_pool", "avg_pool")):
        kernel, stride = args[1][-1], (args[2] if len(args) > 2 and args[2] else args[1])[-1]
        return reach.widened(kernel).coarser(Fraction(stride))
    if operation.startswith("upsample"):
        factor = Fraction(output.shape[-1], args[0].shape[-1])
        return reach.finer(factor, 1 if "nearest" in operation else 2)
    return reach.whole() if operation in _MIXING else reach


def _joined(reaches: Sequence[Reach]) -> Reach:
    paths = (path for reach in reaches for path in reach.paths)
    return Reach(max(reach.step for reach in reaches), _pruned(paths))


def _pruned(paths: Any) -> frozenset[Path]:
    """Without the paths that see less than another one with the same past."""
    longest: dict[tuple[float, Fraction], Fraction] = {}
    for first, span, block in paths:
        longest[first, block] = max(span, longest.get((first, block), Fraction(0)))
    return frozenset((first, span, block) for (first, block), span in longest.items())


def _cells(path: Path) -> float:
    first, span, block = path
    return first + math.ceil(span / block) * block if math.isfinite(first) else first


def _place(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
