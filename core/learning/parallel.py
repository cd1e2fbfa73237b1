"""Several processes that train one network (torch.distributed): each takes its share of the batches of every step.

At step s, rank r of W takes batch (s - 1) W + r + 1 of those that one process takes in turn, so W ranks learn what one
process learns that accumulates W batches: two batches a step to the last bit, more but for the order of the sums.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.errors import RunError

if TYPE_CHECKING:
    import torch

_PATIENCE = timedelta(days=30)
"""How long a rank waits for the others: a paused training keeps them waiting, and the launcher sees the dead ones."""

_JOINING = 150.0
"""Seconds that finding the others may take: they are started together."""


def asked_for() -> int:
    """How many processes the launcher (torchrun) has started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def first() -> bool:
    """Whether this process is the one that writes: rank 0, or the only one."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined() -> Iterator[None]:
    """Take part in what the launcher has started, be it this process alone."""
    if asked_for() == 1:
        yield
        return
    import torch
    import torch.distributed as dist

    backends = "cpu:gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        backends += ",cuda:nccl"
    # ranks that were started again at the same moment may wait for one another for ever while they connect: whoever
    # does ends, even where C code waits, and the launcher starts all of them once more
    faulthandler.dump_traceback_later(_JOINING, exit=True)
    try:
        dist.init_process_group(backends, timeout=_PATIENCE)
    finally:
        faulthandler.cancel_dump_traceback_later()
    try:
        yield
    finally:
        leave()


def leave() -> None:
    """Go on alone."""
    import torch.distributed as dist

    if _together():
        dist.destroy_process_group()


def has_lost_others(error: BaseException) -> bool:
    """Whether an error tells only that another rank, or the way to it, is gone."""
    import torch.distributed as dist

    if world() == 1:
        return False
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error).lower())


def rank() -> int:
    """The number of this process among those that train together."""
    import torch.distributed as dist

    return dist.get_rank() if _together() else 0


def world() -> int:
    """How many processes train together."""
    import torch.distributed as dist

    return dist.get_world_size() if _together() else 1


def batch_number(step: int, turn: int, turns: int) -> int:
    """Which batch of all this rank takes in a turn (from 0) of a step (from 1): the turns one after another."""
    return ((step - 1) * turns + turn) * world() + rank() + 1


def total(values: Sequence[float]) -> float:
    """The sum of what every rank has of each turn, in the order of the batches."""
    every = gathered(values)
    return sum((one[turn] for turn in range(len(values)) for one in every), 0.0)


def share(learner: Any, ranks: int) -> None:
    """Have a learner take `ranks` batches a step in all, whatever the number of processes: one may do the work of many.

    Raises: RunError where the processes cannot share them evenly.
    """
    if ranks % world():
        raise RunError(
            f"{ranks} batches a step cannot be shared by {world()} processes", "use a number that divides them"
        )
    if ranks > world():
        learner.take_turns(ranks // world())


def agreed(number: int) -> int:
    """The largest of the numbers that the ranks bring."""
    return max(int(value) for (value,) in gathered([number]))


def gathered(values: Sequence[float]) -> list[list[float]]:
    """The equally many values of every rank, in the order of the ranks."""
    if world() == 1:
        return [list(values)]
    import torch
    import torch.distributed as dist

    own = torch.tensor(values, dtype=torch.float64)
    every = [torch.empty_like(own) for _ in range(world())]
    dist.all_gather(every, own)
    return [one.tolist() for one in every]


def mean_over_batches(values: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """Means of what the ranks measured of their batches, by number: the same on every rank, whoever measured what."""
    measured: list[Any] = [values]
    if world() > 1:
        import torch.distributed as dist

        measured = [None] * world()
        dist.all_gather_object(measured, values)
    by_number = {number: found for one in measured for number, found in one.items()}
    totals: dict[str, float] = {}
    for number in sorted(by_number):
        for name, value in by_number[number].items():
            totals[name] = totals.get(name, 0.0) + value
    return {name: total / len(by_number) for name, total in totals.items()}


def synchronised(module: torch.nn.Module) -> torch.nn.Module:
    """The module, whose gradients after a backward pass are the mean over the ranks."""
    if world() == 1:
        return module
    from torch.nn.parallel import DistributedDataParallel

    device = next(module.parameters()).device
    # buffers are statistics, which `RunningStatistics` keeps alike
    return DistributedDataParallel(module, [device] if device.type == "cuda" else None, forward_sync_buffers=False)


def last_alone(module: torch.nn.Module, last: bool) -> AbstractContextManager[object]:
    """Around a pass forth and back: gradients go between the ranks once a step, with the last pass."""
    no_sync = getattr(module, "no_sync", None)
    return nullcontext() if last or no_sync is None else no_sync()


class RunningStatistics:
    """Batch norms whose running statistics follow the batches in their order, whichever rank saw which.

    Each batch is normalised by its own statistics. Where a step has one batch in all, the norms are left alone.
    """

    def __init__(self, module: torch.nn.Module, batches: int) -> None:
        from torch.nn.modules.batchnorm import _BatchNorm

        found: list[Any] = [
            item for item in module.modules() if isinstance(item, _BatchNorm) and item.track_running_stats
        ]
        self.norms = found if batches > 1 else []
        self.seen: list[torch.Tensor] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around a forward pass over one batch: its statistics are remembered, the running ones stay."""
        kept = [(norm, norm.running_mean, norm.running_var, norm.momentum) for norm in self.norms]
        for norm, mean, variance, _ in kept:
            # others in their place, for the backward pass may not find those of the pass changed
            norm.running_mean, norm.running_var = mean.clone(), variance.clone()
            norm.momentum = 1.0  # what remains is the batch's own
        yield
        if self.norms:
            self.seen.append(self._read())
        for norm, mean, variance, momentum in kept:
            norm.running_mean, norm.running_var, norm.momentum = mean, variance, momentum

    def follow(self) -> None:
        """Take the batches since the last call into the running statistics."""
        if not self.norms:
            return
        import torch
        import torch.distributed as dist

        own, every = torch.stack(self.seen), [torch.stack(self.seen)]
        if world() > 1:
            every = [torch.empty_like(own) for _ in range(world())]
            dist.all_gather(every, own)
        momentum = torch.cat([torch.full_like(values, norm.momentum) for norm, values in self._buffers()])
        running = self._read()
        for batch in torch.stack(every, dim=1).flatten(0, 1):
            running = (1 - momentum) * running + momentum * batch
        self._write(running)
        for norm in self.norms:  # the passes of the other ranks
            norm.num_batches_tracked += len(self.seen) * (world() - 1)
        self.seen = []

    def _buffers(self) -> list[tuple[Any, torch.Tensor]]:
        return [(norm, values) for norm in self.norms for values in (norm.running_mean, norm.running_var)]

    def _read(self) -> torch.Tensor:
        import torch

        return torch.cat([values.detach().clone() for _, values in self._buffers()])

    def _write(self, values: torch.Tensor) -> None:
        buffers = [buffer for _, buffer in self._buffers()]
        for buffer, new in zip(buffers, values.split([len(buffer) for buffer in buffers]), strict=True):
            buffer.copy_(new)


def _together() -> bool:
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized()
