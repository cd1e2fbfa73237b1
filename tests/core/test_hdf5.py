"""HDF5 whose names lead out of the file, whose shapes hold no data, or whose groups and datasets are exchanged."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hostile_hdf5 import HOSTILE, Put, external_link, external_storage, never_written, virtual

from core.errors import InputError
from core.hdf5 import File, dataset, values


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "elsewhere.h5", "w") as other:
        other["x"] = np.arange(8.0)
    with h5py.File(tmp_path / "given.h5", "w") as given:
        given["group/x"] = np.arange(8.0)
        given["scalar"] = 3.0
    return tmp_path / "given.h5"


@pytest.mark.parametrize("put", HOSTILE, ids=lambda put: put.__name__)
def test_what_leads_nowhere_or_out_of_the_file_is_refused_by_name(file: Path, put: Put) -> None:
    with h5py.File(file, "a") as writing:
        put(writing["group"], "bad")
    with File(file) as reading:
        assert "group/bad" in reading
        for read in (
            lambda: reading["group/bad"],
            lambda: reading["group"].get("bad"),
            lambda: [*reading["group"].values()],
            lambda: values(reading["group"]["bad"], file),
        ):
            with pytest.raises(InputError, match=f"given.h5: .*{HOSTILE[put]}"):
                read()
        assert values(reading["group/x"], file).sum() == 28


@pytest.mark.parametrize("put", [external_link, virtual, external_storage, never_written], ids=lambda put: put.__name__)
def test_a_walk_over_everything_passes_over_nothing(file: Path, put: Put) -> None:
    with h5py.File(file, "a") as writing:
        put(writing["group"], "bad")
    with File(file) as reading, pytest.raises(InputError, match="bad"):
        reading.visititems(lambda name, item: None)


@pytest.mark.parametrize("target", ["/group/x", "x", "./x", "alias", "/link/x"])
def test_soft_links_inside_the_file_are_followed(file: Path, target: str) -> None:
    with h5py.File(file, "a") as writing:
        writing["group/alias"] = writing["group/x"]  # a hard link
        writing["link"] = h5py.SoftLink("group")
        writing["group/soft"] = h5py.SoftLink(target)
        writing["group/dangling"] = h5py.SoftLink("/nothing")
    with File(file) as reading:
        for name in ("group/soft", "link/soft", "/link/soft"):
            assert name in reading
            assert values(reading[name], file).sum() == 28
        assert "group/dangling" not in reading
        assert reading.get("group/dangling") is None
        assert reading["group"].get("nothing", 3) == 3


def test_groups_and_datasets_are_not_exchanged(file: Path) -> None:
    with File(file) as reading:
        for wrong in (
            lambda: values(reading["group"], file),
            lambda: dataset(reading, "group"),
            lambda: reading["group"].shape,
            lambda: reading["group"][:],
        ):
            with pytest.raises(InputError, match=r"given.h5: group is a group, where a dataset belongs: make"):
                wrong()
        for wrong in (
            lambda: reading["group/x/y"],
            lambda: reading["group/x"]["y"],
            lambda: "y" in reading["group/x"],
            lambda: [*reading["group/x"]],
            lambda: reading["group/x"].items(),
        ):
            with pytest.raises(InputError, match=r"given.h5: group/x is a dataset, where a group belongs: make"):
                wrong()
        assert values(reading["scalar"], file) == 3


def test_a_shape_that_was_never_written_holds_no_values(file: Path) -> None:
    with h5py.File(file, "a") as writing:
        writing.create_dataset("empty", (0, 3), "f4")
        writing.create_dataset("zeros", (4,), "f4")
        writing.create_dataset("packed", data=np.zeros(300_000), chunks=True, compression="gzip", shuffle=True)
    with File(file) as reading:
        assert values(reading["empty"], file).shape == (0, 3)
        assert not values(reading["packed"], file).any()  # compressed some hundred times, and believed
        with pytest.raises(InputError, match="zeros was never written: it has a shape and no data"):
            values(reading["zeros"], file)
