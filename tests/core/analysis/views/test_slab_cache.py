"""Planes read by offset are the planes of the memory map; what is broken is told."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.views import slab_cache as module
from core.analysis.views.slab_cache import SlabCache, read_planes
from core.analysis.views.view import View
from core.cosmos.universe import Universe
from core.errors import InputError, Interrupted, UsageError


@pytest.fixture
def copy(universes: list[Universe], tmp_path: Path) -> Path:
    path = tmp_path / "copy.h5"
    path.write_bytes(universes[0].path.read_bytes())
    return path


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", ["density", "label", "velocity"])
def test_planes_are_those_of_the_memory_map(universes: list[Universe], axis: int, name: str) -> None:
    values = np.asarray(universes[0].field(name).values)
    for component, cube in enumerate(values if values.ndim == 4 else values[None]):
        planes = read_planes(universes[0].path, universes[0].fields[name], axis, 3, 5, component)
        np.testing.assert_array_equal(planes, np.moveaxis(cube, axis, 0)[3:8])


@pytest.mark.parametrize("block", [1, 1 << 12, 1 << 24])
def test_slabs_go_around_the_box_whatever_is_read_together(
    universes: list[Universe], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    cube = np.asarray(universes[0].field("density").values)
    velocity = np.asarray(universes[0].field("velocity").values)
    label = np.asarray(universes[0].field("label").values)
    cache, planes = SlabCache(room=1 << 14), [13, 14, 15, 0, 1]
    view = View("y", 13, 5)
    np.testing.assert_allclose(cache.slab(universes[0], "density", view), cube[:, planes].mean(axis=1), atol=1e-5)
    highest = cache.slab(universes[0], "density", replace(view, pooling="max"))
    np.testing.assert_array_equal(highest, cube[:, planes].max(axis=1))
    along = cache.slab(universes[0], "velocity", replace(view, component="z"))
    np.testing.assert_allclose(along, velocity[2][:, planes].mean(axis=1), rtol=1e-4, atol=1e-3)
    longest = cache.slab(universes[0], "velocity", replace(view, pooling="max"))
    np.testing.assert_allclose(longest, np.sqrt((velocity**2).sum(axis=0))[:, planes].max(axis=1), rtol=1e-5)
    # labels are never averaged, their mask is
    np.testing.assert_array_equal(cache.slab(universes[0], "label", view), label[:, 13])
    np.testing.assert_allclose(cache.slab(universes[0], "label", view, mask=True), (label > 0)[:, planes].mean(axis=1))


def test_what_was_read_is_kept(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = SlabCache()
    first = cache.slab(universes[0], "density", View("z", 3))

    def refuse(*arguments: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(module, "read_planes", refuse)
    assert cache.slab(universes[0], "density", View("z", 3)) is first
    # neighbours come with it
    expected = np.asarray(universes[0].field("density").values)[:, :, 9]
    np.testing.assert_array_equal(cache.slab(universes[0], "density", View("z", 9)), expected)


def test_the_next_block_is_fetched_ahead(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4 * 16 * 16 * 4)  # four planes
    cache, read = SlabCache(), []

    def noted(*arguments: object) -> object:
        read.append(arguments[3])
        return read_planes(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_planes", noted)
    cache.slab(universes[0], "density", View("z", 14))
    cache.fetch_ahead(universes[0], "density", View("z", 14), 1, lambda: False)
    cache.fetch_ahead(universes[0], "density", View("z", 14), -1, lambda: False)
    assert read == [12, 0, 8]


def test_a_file_cut_off_while_open_is_told(copy: Path) -> None:
    cache = SlabCache()
    universe = cache.universe(copy)
    os.truncate(copy, 9000)
    with pytest.raises(InputError, match="cut off"):
        cache.slab(universe, "density", View("z", 3))
    with pytest.raises(InputError, match="cut off or damaged"):
        cache.universe(copy)
    copy.unlink()
    with pytest.raises(Exception, match="does not exist"):
        cache.universe(copy)


def test_another_file_in_its_place_is_read_anew(copy: Path, universes: list[Universe]) -> None:
    cache = SlabCache()
    before = cache.slab(cache.universe(copy), "density", View("z", 3))
    copy.write_bytes(universes[1].path.read_bytes())
    os.utime(copy, (time.time() + 9, time.time() + 9))
    after = cache.slab(cache.universe(copy), "density", View("z", 3))
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, np.asarray(universes[1].field("density").values)[:, :, 3])


def test_reading_is_given_up_when_asked(universes: list[Universe]) -> None:
    with pytest.raises(Interrupted):
        SlabCache().slab(universes[0], "density", View("z", 3), cancelled=lambda: True)


def test_unknown_fields_are_refused(universes: list[Universe]) -> None:
    with pytest.raises(UsageError, match="no field 'densty'"):
        SlabCache().slab(universes[0], "densty", View())
