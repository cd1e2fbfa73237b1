"""Where the boxes of a training lie: on the device, in main memory, or in memory maps of files.

What is cut from them is the same to the last bit; only the way of a crop to the device is longer.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np

from core.aside import allow_many_files, in_file, scratch_folder, settle, temporary_folder
from core.errors import ResourceError
from core.files import appearing, explain
from core.heap import give_back
from core.limits import free_memory

if TYPE_CHECKING:
    import torch

Pair: TypeAlias = "tuple[torch.Tensor, torch.Tensor]"
"""Inputs (channels, n, n, n) and targets (n, n, n), or with channels, of one universe."""
T = TypeVar("T")

Place = Literal["device", "memory", "disk"]
SHARE = 0.7
"""The part of free main memory that boxes may take beside a device: reports and caches of files need some too."""
AHEAD = 2
"""Batches that are made while the one before is learnt from."""


def place_for(stored: int, learning: int, free: int, device: torch.device) -> Place:
    """Where boxes of `stored` bytes fit beside `learning` bytes on a device that has `free`.

    Raises: ResourceError where not even the disk has room.
    """
    if stored + learning <= free:
        return "device"
    if device.type != "cpu" and stored <= SHARE * free_memory():
        return "memory"
    folder = temporary_folder()
    here = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    if (room := shutil.disk_usage(here).free) < stored:
        raise ResourceError(
            f"the universes need {stored / 2**30:.3g} GiB beside the network, {folder} has {room / 2**30:.3g} free",
            "set HALODECK_SCRATCH to a folder with more room, or train on fewer universes",
        )
    return "disk"


def stored(make: Callable[[], Pair], place: Place, device: torch.device, name: str) -> Pair:
    """What `make` makes, at a place; `name` tells it from all else that is kept on disk. Raises: ResourceError."""
    if place == "device":
        inputs, targets = make()
        return inputs.to(device), targets.to(device)
    return make() if place == "memory" else on_disk(make, name)


def on_disk(make: Callable[[], Pair], name: str) -> Pair:
    """Tensors that lie in files: read where they are looked at, dropped where memory is short.

    The files have names in the scratch folder, where there is one, and are not made again; else they have none and end
    with the process. Raises: ResourceError.
    """
    import torch

    allow_many_files()
    give_back()
    folder = scratch_folder()
    try:
        if folder is None:
            inputs, targets = (torch.from_numpy(in_file(values.cpu().numpy())) for values in make())
            return inputs, targets
        start = folder / "boxes" / hashlib.sha256(name.encode()).hexdigest()[:32]
        paths = [start.with_suffix(f".{part}.npy") for part in ("inputs", "targets")]
        if not all(path.exists() for path in paths):
            for path, values in zip(paths, make(), strict=True):
                with appearing(path) as temporary, temporary.open("wb") as file:
                    np.save(file, values.cpu().numpy())
                    settle(file)
        inputs, targets = map(_mapped, paths)
        return inputs, targets
    except OSError as error:
        raise explain(error, temporary_folder()) from error


def _mapped(path: Path) -> torch.Tensor:
    import torch

    # "c": a page that is written to is copied; nothing writes, but a read-only array is no tensor
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def ahead(make: Callable[[int], T], numbers: Iterable[int]) -> Iterator[T]:
    """What `make` makes of each number, in their order, some of it in a thread while the last is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[T]] = deque()
        for number in numbers:
            waiting.append(pool.submit(make, number))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
