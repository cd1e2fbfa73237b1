"""Boxes may lie anywhere: what is cut from them is the same, and what fits is known before."""

import shutil
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.cosmos.universe import Universe
from core.errors import ResourceError
from core.learning import boxes, parallel, samples
from core.learning.boxes import Place, ahead, on_disk, place_for
from core.learning.samples import Crops, periodic_cut
from core.learning.training_set import CropSettings, Parts, crops_of

CPU = torch.device("cpu")


def pair(universe: Universe) -> tuple[torch.Tensor, torch.Tensor]:
    delta = torch.from_numpy(universe.field("delta_linear").values.copy())
    return delta[None], (delta > 1).to(torch.uint8)


@pytest.mark.parametrize("scratch", [False, True])
def test_batches_are_the_same_wherever_the_boxes_lie(
    universes: list[Universe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scratch: bool
) -> None:
    monkeypatch.delenv("HALODECK_SCRATCH", raising=False)
    if scratch:
        monkeypatch.setenv("HALODECK_SCRATCH", str(tmp_path / "not yet there"))
    parts = Parts(universes[:2], universes[2:3], universes[3:])
    settings = CropSettings(size=8, context=3, batch=2)
    places: tuple[Place, ...] = ("device", "memory", "disk")
    ways = [crops_of(parts, pair, settings, 1, {}, CPU, place, "key") for place in places]
    for step in (1, 2, 7):
        first, *others = [crops.training(step) for crops in ways]
        for other in others:
            assert torch.equal(other.inputs, first.inputs)
            assert torch.equal(other.targets, first.targets)
    judged = [torch.cat([batch.inputs for batch in crops.validation()]) for crops in ways]
    assert all(torch.equal(other, judged[0]) for other in judged[1:])
    kept = sorted((tmp_path / "not yet there" / "boxes").glob("*")) if scratch else []
    assert len(kept) == (6 if scratch else 0)
    if scratch:
        before = [path.stat().st_mtime_ns for path in kept]

        def never(universe: Universe) -> tuple[torch.Tensor, torch.Tensor]:
            raise AssertionError

        crops_of(parts, never, settings, 1, {}, CPU, "disk", "key")
        assert [path.stat().st_mtime_ns for path in kept] == before  # what is there is used again
        crops_of(parts, pair, settings, 1, {}, CPU, "disk", "another key")
        assert len(list(kept[0].parent.glob("*"))) == 12


@pytest.mark.parametrize(("size", "context", "ranks"), [(4, 0, 1), (6, 3, 1), (16, 1, 2)])
def test_all_that_the_next_batch_is_cut_from_is_read_meanwhile(
    monkeypatch: pytest.MonkeyPatch, size: int, context: int, ranks: int
) -> None:
    cells = torch.arange(3 * 2 * 16**3, dtype=torch.float32).reshape(3, 2, 16, 16, 16)
    items = [(box, torch.zeros(16, 16, 16, dtype=torch.uint8)) for box in cells]
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(samples, "read_soon", lambda address, count: asked.append((address, address + count)))
    monkeypatch.setattr(parallel, "world", lambda: ranks)
    crops = Crops(items, items[:1], size, context, 2, 1, {}, device=CPU)
    for batches in (map(crops.training, range(1, 9, ranks)), crops.validation()):
        before: list[tuple[int, int]] = []
        for number, batch in enumerate(batches):
            places = cells.data_ptr() + 4 * batch.inputs.long().unique()
            for place in places.tolist() if number else ():
                assert any(start <= place < end for start, end in before)
            before = asked.copy()
            assert sum(end - start for start, end in before) <= crops.batch * (items[0][0].nbytes + 16**3)
            asked.clear()


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALODECK_SCRATCH", str(tmp_path))
    monkeypatch.setattr(np, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ResourceError, match="no space left"):
        on_disk(lambda: (torch.zeros(3), torch.zeros(3)), "x")
    assert not list(tmp_path.rglob("*.npy*"))


def test_the_place_follows_from_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    monkeypatch.setattr(boxes, "free_memory", lambda: 100)
    assert place_for(10, 20, 30, gpu) == "device"
    assert place_for(11, 20, 30, gpu) == "memory"
    assert place_for(71, 20, 30, gpu) == "disk"
    assert place_for(11, 20, 30, CPU) == "disk"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=70))
    with pytest.raises(ResourceError, match="set HALODECK_SCRATCH"):
        place_for(71, 20, 30, gpu)


def test_what_is_made_ahead_comes_in_order_and_fails_where_it_is_used() -> None:
    assert list(ahead(lambda number: number**2, range(7))) == [number**2 for number in range(7)]

    def make(number: int) -> int:
        if number == 3:
            raise ResourceError("the disk is gone")
        return number

    seen: list[int] = []
    with pytest.raises(ResourceError, match="the disk is gone"):
        seen.extend(ahead(make, range(9)))
    coming: Iterator[int] = ahead(make, range(9))
    assert list(islice(coming, 3)) == [0, 1, 2]
    with pytest.raises(ResourceError):
        next(coming)


def test_no_thread_outlives_the_training() -> None:
    before = threading.active_count()
    coming = ahead(lambda number: number, range(1000))
    assert next(coming) == 0
    coming.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_cuts_wrap_as_often_as_needed() -> None:
    values = torch.arange(5**3, dtype=torch.float32).reshape(1, 5, 5, 5)
    for corner in ((0, 0, 0), (3, 4, 1), (-2, 7, -9)):
        for size in (1, 2, 4, 5, 8):
            index = [[(start + k) % 5 for k in range(size)] for start in corner]
            expected = values[0][np.ix_(*index)]
            assert torch.equal(periodic_cut(values, corner, size)[0], expected)


def test_a_validation_has_a_budget_spread_over_all_boxes() -> None:
    items = [(torch.full((1, 8, 8, 8), float(k)), torch.zeros(8, 8, 8)) for k in range(4)]

    def seen(most: int) -> list[float]:
        crops = Crops(items, items, 4, 0, 1, 1, {}, most_validated=most)
        return [float(batch.inputs.mean()) for batch in crops.validation()]

    assert len(seen(0)) == 32
    assert seen(4) == [0, 1, 2, 3]
    assert seen(100) == seen(0)
    assert seen(3) == seen(3)
