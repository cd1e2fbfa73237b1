"""A network over a whole box: overlapping tiles, wrapped around the periodic boundary, their buffers thrown away."""

from __future__ import annotations

from collections.abc import Callable

import torch

from core.errors import UsageError
from core.learning.samples import corners, periodic_cut
from core.progress import Progress, silent


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
    """
    cells = values.shape[-1]
    kept = min(tile - 2 * buffer, cells)
    if kept <= 0:
        raise UsageError(f"a buffer of {buffer} cells leaves nothing of a tile of {tile}", "make the tile larger")
    result: torch.Tensor | None = None
    places = corners(cells, kept)
    for number, corner in enumerate(places):
        cut = periodic_cut(values, [c - buffer for c in corner], tile)
        output = function(cut[None])[0, :, *(slice(buffer, buffer + kept),) * 3].cpu()
        if result is None:
            result = torch.empty((output.shape[0], cells, cells, cells), dtype=output.dtype)
        result[:, *(slice(c, c + kept) for c in corner)] = output
        progress((number + 1) / len(places), f"tile {number + 1} of {len(places)}")
    assert result is not None
    return result
