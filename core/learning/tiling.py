"""A network over a whole box: overlapping tiles, wrapped around the periodic boundary, their buffers thrown away.

Several ranks share the tiles. Where a folder is given to keep them in, each is written there when it is done: what is
interrupted goes on, and loses one tile of each rank.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import torch

from core.aside import empty
from core.errors import UsageError
from core.files import appearing, explain
from core.heap import kept
from core.learning import parallel
from core.learning.samples import corners, periodic_cut
from core.progress import Progress, silent

MANY = 8
"""Tiles of which more are kept in the folder: fewer are made again as fast."""
_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)


class FirstGoesOn(BaseException):  # it is no error
    """The tiles of all ranks are done: the first one has them all, the others have nothing more to do."""


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Keep tiles in a folder until what is made of them is written."""
    token = _FOLDER.set(folder)
    try:
        yield
        if parallel.rank() == 0:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        _FOLDER.reset(token)


def over_box(
    function: Callable[[torch.Tensor], torch.Tensor],
    values: torch.Tensor,
    tile: int,
    buffer: int,
    progress: Progress = silent,
) -> torch.Tensor:
    """function((1, channels, t, t, t)) -> (1, outputs, t, t, t) applied to values (channels, n, n, n).

    `tile` is the side of what the function sees, of which `buffer` cells on each side are not kept; never more than
    the box and one tile are held. Returns (outputs, n, n, n) on the host.
    Raises: UsageError, ResourceError; FirstGoesOn in all ranks but the first.
    """
    cells = values.shape[-1]
    side = min(tile - 2 * buffer, cells)
    if side <= 0:
        raise UsageError(f"a buffer of {buffer} cells leaves nothing of a tile of {tile}", "make the tile larger")
    places = corners(cells, side)

    def made(number: int) -> torch.Tensor:
        cut = periodic_cut(values, [c - buffer for c in places[number]], tile)
        output: torch.Tensor = function(cut[None])[0, :, *(slice(buffer, buffer + side),) * 3].cpu()
        return output

    def where(number: int) -> tuple[slice, ...]:
        return (slice(None), *(slice(c, c + side) for c in places[number]))

    folder = _FOLDER.get()
    if folder is not None and (parallel.world() > 1 or len(places) > MANY):
        return _shared(made, where, len(places), cells, folder, progress)
    with kept():
        first = made(0)
        result = torch.from_numpy(empty((first.shape[0], cells, cells, cells), first.numpy().dtype))
        for number in range(len(places)):
            result[where(number)] = made(number) if number else first
            progress((number + 1) / len(places), f"tile {number + 1} of {len(places)}")
    return result


def _shared(
    made: Callable[[int], torch.Tensor],
    where: Callable[[int], tuple[slice, ...]],
    count: int,
    cells: int,
    folder: Path,
    progress: Progress,
) -> torch.Tensor:
    """The share of this rank of so many tiles, written into maps of the folder; in the end all of them."""
    own = range(parallel.rank(), count, parallel.world())
    box, marks = folder / "box.npy", folder / "done.npy"
    try:
        if parallel.rank() == 0 and not marks.exists():
            first = made(0)
            with appearing(box) as temporary:
                kind = first.numpy().dtype
                np.lib.format.open_memmap(temporary, "w+", kind, (first.shape[0], cells, cells, cells)).flush()
            with appearing(marks) as temporary, temporary.open("wb") as file:
                np.save(file, np.zeros(count, np.uint8))
        parallel.agreed(0)  # until the files are there
        result, done = np.load(box, mmap_mode="r+"), np.load(marks, mmap_mode="r+")
        with kept():
            for turn, number in enumerate(own, 1):
                if not done[number]:
                    result[where(number)] = made(number).numpy()
                    result.flush()
                    done[number] = 1
                    done.flush()
                progress(turn / len(own), f"tile {turn} of {len(own)}")
    except OSError as error:
        raise explain(error, folder) from error
    parallel.agreed(0)  # until every rank is done
    if parallel.rank():
        raise FirstGoesOn
    return torch.from_numpy(np.load(box, mmap_mode="c"))
