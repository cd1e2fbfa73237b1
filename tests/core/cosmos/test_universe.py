"""The file of a universe: round trip, memory maps, and everything it refuses."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.cosmology import Cosmology
from core.cosmos.universe import Universe, check_field, open_universe, write_universe
from core.errors import HalodeckError, InputError, ResourceError, UsageError

BOX = 10.0


def noise(seed: int, shape: tuple[int, ...] = (8, 8, 8)) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


FIELDS = [
    Field("delta_linear", noise(1), BOX),
    Field("velocity_z1", noise(2, (3, 8, 8, 8)), BOX, "km/s", 1.0),
    Field("density", noise(3), BOX, "overdensity", 0.0, "eulerian", "trapezoid"),
    Field("label", np.zeros((8, 8, 8), np.int32), BOX, "halo"),
]
HALOS = Catalogue(
    {"mass": np.array([3e13, 1e12]), "position": noise(4, (2, 3)), "count": np.array([30, 1])},
    BOX,
    0.5,
    "fof",
    {"mass": "Msun/h", "position": "Mpc/h"},
)


@pytest.fixture
def write(tmp_path: Path, planck: Cosmology) -> Any:
    """Write a small universe; what is given replaces its parts."""

    def writer(path: Path = tmp_path / "small.h5", **parts: Any) -> Universe:
        given: dict[str, Any] = {"fields": FIELDS, "catalogues": {"fof": HALOS}, "provenance": {"seed": 3}, **parts}
        return write_universe(path, name="small", box_size=BOX, cosmology=planck, **given)

    return writer


@contextmanager
def unprivileged() -> Iterator[None]:
    """Permissions do not bind the superuser: be somebody else for the while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def one_line(error: HalodeckError, *parts: str) -> None:
    """The message names these parts, says what to do, and fits a line."""
    assert error.remedy
    assert "\n" not in str(error)
    for part in parts:
        assert part in str(error)


def test_round_trip(write: Any, tmp_path: Path, planck: Cosmology) -> None:
    written = write()
    universe = open_universe(tmp_path / "small.h5")
    assert universe == written
    assert (universe.kind, universe.name, universe.box_size, universe.cells) == ("universe", "small", BOX, 8)
    assert universe.cosmology == planck
    assert universe.provenance == {"seed": 3}
    assert list(universe.fields) == sorted(field.name for field in FIELDS)
    for field in FIELDS:
        back = universe.field(field.name)
        np.testing.assert_array_equal(back.values, field.values)
        assert back.values.dtype == field.values.dtype
        assert replace(back, values=field.values) == field
    halos = universe.catalogue()
    assert universe.halos == {"fof": 2}
    assert (halos.redshift, halos.definition, halos.units["mass"], halos.units["count"]) == (0.5, "fof", "Msun/h", "")
    for name, column in HALOS.columns.items():
        np.testing.assert_array_equal(halos[name], column)
    assert universe.particle_mass == planck.particle_mass(BOX, 8)


def test_densities_that_do_not_say_how_they_were_painted(write: Any) -> None:
    eulerian = [replace(FIELDS[2], name=name) for name in ("density_z1", "density_2lpt", "brightness_temperature")]
    path = write(fields=[FIELDS[0], *eulerian]).path
    with h5py.File(path, "a") as file:
        for dataset in file["fields"].values():
            del dataset.attrs["assignment"]
    found = {name: info.assignment for name, info in open_universe(path).fields.items()}
    assert found == {
        "delta_linear": None,
        "density_z1": "cic",
        "density_2lpt": "trapezoid",
        "brightness_temperature": None,
    }


def test_fields_are_read_only_memory_maps(write: Any) -> None:
    universe = write()
    for name, info in universe.fields.items():
        values = universe.field(name).values
        assert isinstance(values, np.memmap)
        assert not values.flags.writeable
        with h5py.File(universe.path) as file:
            np.testing.assert_array_equal(values, file["fields"][name][...])
            assert file["fields"][name].id.get_offset() == info.offset


def test_a_prediction_has_the_same_layout(write: Any) -> None:
    assert write(kind="prediction", catalogues={}).kind == "prediction"


def test_an_existing_file_is_replaced_whole(write: Any, tmp_path: Path) -> None:
    write()
    assert write(provenance={"seed": 4}).provenance == {"seed": 4}
    with pytest.raises(InputError):
        write(fields=[Field("bad", np.full((8, 8, 8), np.nan), BOX)])
    assert open_universe(tmp_path / "small.h5").provenance == {"seed": 4}
    assert [path.name for path in tmp_path.iterdir()] == ["small.h5"]


def test_unknown_names_get_a_suggestion(write: Any) -> None:
    universe = write()
    with pytest.raises(UsageError, match="did you mean 'density'"):
        universe.field("densty")
    with pytest.raises(UsageError, match="fof"):
        universe.catalogue("rockstar")


def nan_in(index: tuple[int, int, int]) -> Array:
    values = noise(1)
    values[index] = np.nan
    return values


def infinite() -> Array:
    values = noise(1)
    values[0, 0, 0], values[0, 0, 1] = np.inf, -np.inf
    return values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (nan_in((7, 7, 7)), "1 value that is not finite"),
        (infinite(), "2 values that are not finite"),
        (np.full((8, 8, 8), 0.5, np.float32), "constant (0.5)"),
        (noise(1, (8, 8, 7)), "shape (8, 8, 7)"),
        (noise(1, (8, 8)), "shape (8, 8)"),
        (noise(1, (4, 4, 4)), "4 cells per side, not 8"),
    ],
)
def test_unusable_fields_are_refused(write: Any, tmp_path: Path, values: Array, said: str) -> None:
    with pytest.raises(InputError) as caught:
        write(fields=[FIELDS[0], Field("bad", values, BOX)])
    one_line(caught.value, "bad", said)
    assert not any(tmp_path.iterdir())


def test_labels_and_predictions_may_be_constant(write: Any) -> None:
    check_field(FIELDS[3], 8)
    nothing = Field("probability", np.zeros((8, 8, 8), np.float32), BOX)
    assert write(fields=[nothing], kind="prediction").field("probability").values.max() == 0


def test_what_is_no_universe_is_refused(tmp_path: Path) -> None:
    empty, text, hdf5 = tmp_path / "empty.h5", tmp_path / "text.h5", tmp_path / "other.h5"
    empty.touch()
    text.write_text("halos")
    with h5py.File(hdf5, "w") as file:
        file["Header"] = np.zeros(3)
    for path, said in [
        (tmp_path / "missing.h5", "does not exist"),
        (empty, "is not a halodeck universe"),
        (text, "is not a halodeck universe"),
        (tmp_path, "is a folder"),
        (hdf5, "no halodeck universe"),
    ]:
        with pytest.raises(InputError) as caught:
            open_universe(path)
        one_line(caught.value, str(path), said)


@pytest.mark.parametrize("kept", [0.999, 0.6, 0.1])
def test_truncated_files_are_refused(write: Any, kept: float) -> None:
    path = write().path
    os.truncate(path, int(kept * path.stat().st_size))
    with pytest.raises(InputError) as caught:
        open_universe(path)
    one_line(caught.value, str(path), "cut off")


def test_newer_layouts_are_refused(write: Any) -> None:
    path = write().path
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 99
    with pytest.raises(InputError) as caught:
        open_universe(path)
    one_line(caught.value, "version 99", "update halodeck")


@pytest.mark.parametrize("part", ["fields", "cosmology", "provenance"])
def test_incomplete_files_are_refused(write: Any, part: str) -> None:
    path = write().path
    with h5py.File(path, "r+") as file:
        del file[part]
    with pytest.raises(InputError) as caught:
        open_universe(path)
    one_line(caught.value, str(path), part)


def test_chunked_fields_are_refused(write: Any) -> None:
    path = write().path
    with h5py.File(path, "r+") as file:
        del file["fields/density"]
        file.create_dataset("fields/density", data=noise(1), chunks=(4, 4, 4))
    with pytest.raises(InputError, match="density is not contiguous"):
        open_universe(path)


def test_reading_without_permission(write: Any) -> None:
    path = write().path
    path.chmod(0)
    with unprivileged(), pytest.raises(ResourceError) as caught:
        open_universe(path)
    one_line(caught.value, "no permission", str(path))


def test_writing_without_permission(write: Any, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with unprivileged(), pytest.raises(ResourceError) as caught:
        write(folder / "small.h5")
    one_line(caught.value, "no permission", str(folder))
    assert not any(folder.iterdir())


def test_a_file_in_place_of_the_folder(write: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError) as caught:
        write(tmp_path / "file" / "small.h5")
    one_line(caught.value, str(tmp_path / "file"))


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """The operating system refuses to let any file grow beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 4_000, 12_000, 20_000])
def test_no_room_for_the_file(write: Any, tmp_path: Path, size: int) -> None:
    with file_size_limit(size), pytest.raises(ResourceError) as caught:
        write()
    one_line(caught.value, str(tmp_path / "small.h5"))
    assert not any(tmp_path.iterdir())


def test_full_disk_before_writing(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, length: int) -> None:
        assert length > sum(field.values.nbytes for field in FIELDS)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ResourceError) as caught:
        write()
    one_line(caught.value, "no space left", str(tmp_path / "small.h5"))
    assert not any(tmp_path.iterdir())


def test_disk_filled_while_writing(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HDF5 tells the error number in its message only."""

    def full(group: h5py.Group, name: str, **data: object) -> None:
        raise OSError(f"Can't write data ({name}, errno = 28, error message = 'No space left on device')")

    monkeypatch.setattr(h5py.Group, "create_dataset", full)
    with pytest.raises(ResourceError) as caught:
        write()
    one_line(caught.value, "no space left", str(tmp_path / "small.h5"))
    assert not any(tmp_path.iterdir())
