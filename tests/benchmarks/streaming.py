"""Training on more than fits into memory: steps a second from memory maps under a limit, beside all in memory.

    python tests/benchmarks/streaming.py [--cells 256] [--boxes 50] [--limit 1000] [--steps 60]

The limit, in MiB, is a control group's, which only root may make; without one the maps are read without a limit, and
it says so. Boxes are noise, for only their size matters; crops have 64^3 cells; each way is a process of its own, with
the surroundings of a training's worker. Two networks: one of three levels and 8 filters, whose steps are shorter than
those of any table, so that reading weighs most, and HaloNet's of the table [cpu-density].
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import torch

from app.waiting import let_threads_wait
from core.config import read_table, resolve
from core.heap import kept
from core.learning.boxes import on_disk
from core.learning.learner import Learner, Network, Optimiser
from core.learning.samples import Crops
from core.runs import registry
from models.losses import dice_loss
from models.vnet import VNet

GROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))


@contextmanager
def limited(mebibytes: int) -> Iterator[Path | None]:
    """A control group with this limit of memory; None where none can be made."""
    for root in GROUPS:
        group = root / f"halodeck-{os.getpid()}"
        names = ("memory.limit_in_bytes", "memory.max")
        try:
            group.mkdir()
            name = next(name for name in names if (group / name).exists())
            (group / name).write_text(str(mebibytes << 20))
        except (OSError, StopIteration):
            if group.is_dir():
                group.rmdir()
            continue
        try:
            yield group
        finally:
            group.rmdir()
        return
    yield None


def box(cells: int, number: int, mapped: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """A density and its mask."""
    density = torch.randn((1, cells, cells, cells), generator=torch.Generator().manual_seed(number))
    pair = (density, (density[0] > 1).to(torch.uint8))
    return on_disk(lambda: pair, str(number)) if mapped else pair


def learner_of(network: str, steps: int) -> Learner:
    """The smallest network, or HaloNet's of a table."""
    device = torch.device("cpu")
    if network != "smallest":
        return resolve(registry.load("halonet"), read_table("halonet", network), [f"steps={steps}"]).learner(device)
    torch.manual_seed(1)
    module = VNet(levels=3, filters=8, kernel=3, depth=1)
    return Network(module, dice_loss, lambda *_: {}, Optimiser(name="adamw"), steps, 1, device)


def train(network: str, cells: int, boxes: int, steps: int, mapped: bool) -> None:
    """Print steps a second after the first ten, and the processor's time of a step."""
    items = [box(cells, number, mapped) for number in range(boxes)]
    crops = Crops(items, [], 64, 0, 1, 1, {}, device=torch.device("cpu") if mapped else None)
    with kept():
        coming = learner_of(network, steps + 10).fit(crops)
        for _ in islice(coming, 10):
            pass
        start, worked = time.perf_counter(), time.process_time()
        for _ in coming:
            pass
        seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    told = f"{steps / seconds:.2f} steps/s, {1000 * worked / steps:.0f} ms of the processor a step"
    print(f"{told}, at most {peak:.0f} MiB resident", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("cells", 256), ("boxes", 50), ("limit", 1000), ("steps", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--networks", nargs="+", default=["smallest", "cpu-density"])
    parser.add_argument("--way", choices=["memory", "maps"])
    told = parser.parse_args()
    if told.way:
        train(told.networks[0], told.cells, told.boxes, told.steps, told.way == "maps")
        return
    let_threads_wait()  # as `halodeck` does
    size = told.boxes * told.cells**3 * 5 / 2**20
    print(f"{told.boxes} boxes of {told.cells}^3: {size:.0f} MiB, {size / told.limit:.1f} times the limit")
    sizes = [f"--{name}={getattr(told, name)}" for name in ("cells", "boxes", "steps")]
    for network in told.networks:
        for way in ("memory", "maps", "memory", "maps"):
            with limited(told.limit) as group:
                unlimited = "" if group or way == "memory" else "(no limit could be set) "
                print(f"{network:<12} {way:<7}", end=unlimited, flush=True)

                def join(group: Path | None = group if way == "maps" else None) -> None:
                    if group:
                        (group / "cgroup.procs").write_text(str(os.getpid()))

                command = [sys.executable, __file__, f"--networks={network}", f"--way={way}", *sizes]
                subprocess.run(command, preexec_fn=join, check=True)


if __name__ == "__main__":
    main()
