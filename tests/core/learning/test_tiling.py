from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import conv3d, pad

from core.errors import UsageError
from core.learning.tiling import kept_in, over_box


def local(values: torch.Tensor) -> torch.Tensor:
    """A function of two outputs that sees two cells far; wrong within two cells of a tile's border."""
    kernel = torch.randn((2, values.shape[1], 5, 5, 5), generator=torch.Generator().manual_seed(1))
    return conv3d(values, kernel, padding=2)


def direct(values: torch.Tensor) -> torch.Tensor:
    """The same over the whole periodic box."""
    kernel = torch.randn((2, values.shape[0], 5, 5, 5), generator=torch.Generator().manual_seed(1))
    return conv3d(pad(values[None], (2,) * 6, mode="circular"), kernel)[0]


@pytest.mark.parametrize(
    ("tile", "buffer"), [(8, 2), (12, 2), (12, 3), (9, 2), (20, 2), (10, 4), (24, 4), (32, 8), (7, 3)]
)
def test_tiles_equal_the_whole_box(tile: int, buffer: int) -> None:
    values = torch.randn((1, 12, 12, 12), generator=torch.Generator().manual_seed(2))
    result = over_box(local, values, tile, buffer)
    assert result.shape == (2, 12, 12, 12)
    torch.testing.assert_close(result, direct(values), rtol=1e-4, atol=1e-4)


def test_a_buffer_too_small_shows() -> None:
    values = torch.randn((1, 12, 12, 12), generator=torch.Generator().manual_seed(2))
    assert (over_box(local, values, 8, 1) - direct(values)).abs().max() > 0.1


def test_the_box_has_no_seam() -> None:
    values = torch.randn((3, 10, 10, 10), generator=torch.Generator().manual_seed(3))
    moved = over_box(local, values.roll((3, -4, 5), (1, 2, 3)), 8, 2)
    torch.testing.assert_close(moved, over_box(local, values, 8, 2).roll((3, -4, 5), (1, 2, 3)), rtol=1e-4, atol=1e-4)


def test_the_function_sees_single_tiles() -> None:
    seen: list[torch.Size] = []
    told: list[float] = []

    def look(values: torch.Tensor) -> torch.Tensor:
        seen.append(values.shape)
        return values

    values = torch.randn(2, 8, 8, 8)
    result = over_box(look, values, 6, 1, lambda fraction, doing: told.append(fraction))
    assert torch.equal(result, values)
    assert set(seen) == {torch.Size((1, 2, 6, 6, 6))}
    assert len(seen) == len(told) == 8
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_buffer_that_leaves_nothing() -> None:
    with pytest.raises(UsageError, match="a buffer of 4 cells leaves nothing of a tile of 8"):
        over_box(local, torch.zeros(1, 8, 8, 8), 8, 4)


def test_tiles_that_are_kept_go_on_where_they_were(tmp_path: Path) -> None:
    values = torch.randn((1, 12, 12, 12), generator=torch.Generator().manual_seed(1))
    expected = over_box(lambda x: x * 2 + 1, values, 6, 1)
    made = 0

    def counted(x: torch.Tensor) -> torch.Tensor:
        nonlocal made
        made += 1
        if made == 7:
            raise KeyboardInterrupt
        return x * 2 + 1

    folder = tmp_path / "tiles"
    with pytest.raises(KeyboardInterrupt), kept_in(folder):
        over_box(counted, values, 6, 1)
    assert int(np.load(folder / "done.npy").sum()) == 5  # the first is made twice: it tells how many outputs there are
    with kept_in(folder):
        found = over_box(counted, values, 6, 1)
        assert torch.equal(found, expected)
    assert made == 7 + 27 - 5
    assert not folder.exists()
