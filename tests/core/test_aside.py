"""What is kept of many boxes lies in files, and is what it was."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from core import aside as module
from core.aside import aside, empty, is_map
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import ResourceError
from core.protohalos.finder import ShellThreshold, find
from core.protohalos.growth import Growth
from core.recipes.distance_map.watershed import watershed
from core.runs.job import open_held_out, open_model
from core.runs.reports import make_report
from core.runs.run import Run


@dataclass(frozen=True)
class Kept:
    label: Array
    name: str


class Pair(NamedTuple):
    first: Array
    second: Array


def test_large_arrays_go_to_files_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 100)
    large, small = np.arange(30, dtype=np.float64).reshape(5, 6), np.arange(3)
    value = {"a": [Kept(large[:, ::2], "x"), small], "b": Pair(large, small), "c": torch.arange(40.0)}
    moved = aside(value)
    kept, few = moved["a"]
    assert isinstance(kept, Kept)
    assert is_map(kept.label)
    assert kept.name == "x"
    assert isinstance(moved["b"], Pair)
    assert is_map(moved["b"].first)
    assert few is small
    assert moved["b"].second is small
    np.testing.assert_array_equal(kept.label, large[:, ::2])
    np.testing.assert_array_equal(moved["b"].first, large)
    assert torch.equal(moved["c"], value["c"])  # type: ignore[arg-type]


def test_what_is_small_or_in_a_file_stays_itself(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    value = (np.zeros(5), Kept(np.ones(3), "y"), universes[0], None)
    assert aside(value) is value
    monkeypatch.setattr(module, "LARGE", 1)
    field = universes[0].field("delta_linear")
    assert aside(field) is field
    assert aside(np.asarray(field.values)[2:, 1:]).base is not None
    moved = aside(np.ones(5))
    assert aside(moved) is moved


def test_an_empty_array_is_filled_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not is_map(empty((2, 3), np.int32))
    monkeypatch.setattr(module, "LARGE", 1)
    assert not is_map(empty((2, 3), np.int32))  # memory has room for many of these
    monkeypatch.setattr(module, "SEVERAL", float("inf"))
    monkeypatch.setenv("HALODECK_SCRATCH", str(tmp_path / "new"))
    array = empty((4, 5), np.int32)
    assert is_map(array)
    assert not array.any()
    array[2] = 7
    assert array.sum() == 35
    assert not list((tmp_path / "new").iterdir())  # it has no name


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="no space left"):
        aside(np.ones(4))
    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(module, "SEVERAL", float("inf"))
    with pytest.raises(ResourceError, match="no space left"):
        empty((4,), np.int32)


def test_reports_of_boxes_in_files_are_the_same(done_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    shutil.copytree(done_run.path, run.path)
    model = open_model(run)
    held = open_held_out(run, model.recipe)
    before = make_report(run, model, held)
    monkeypatch.setattr(module, "LARGE", 1)
    after = make_report(run, model, held)
    # as text, where NaN is NaN
    assert repr(after.numbers) == repr(before.numbers)


def test_finders_in_files_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).random((16, 16, 16))
    probability = ((noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3).astype(np.float32)
    seeds = (probability > 0.75).astype(np.int32)

    def found() -> list[Array]:
        shells = find(probability, (0.8, 0.6), ShellThreshold(), 4).label
        basins = watershed(probability, 0.4, 0.1, seeds)
        return [shells, basins.label, basins.order, Growth(0.5, 0.6)(basins.label, probability, 3)[0]]

    before = found()
    monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(module, "SEVERAL", float("inf"))
    for values, expected in zip(found(), before, strict=True):
        assert is_map(values)
        assert expected.max() > 1
        np.testing.assert_array_equal(values, expected)
