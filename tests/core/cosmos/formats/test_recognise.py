"""`recognise` tells what a path is by its content, whatever its name, and cheaply."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import Run, write_gadget, write_hdf5, write_tipsy

from core.cosmos.box import Catalogue, Field
from core.cosmos.cosmology import PRESETS
from core.cosmos.formats.recognise import recognise
from core.cosmos.universe import open_universe, write_universe
from core.errors import InputError

NAME = "any.name"


@pytest.mark.parametrize("version", [1, 2])
def test_gadget(tmp_path: Path, version: int) -> None:
    described = recognise(write_gadget(tmp_path / NAME, Run(), version=version))
    assert described.kind == f"gadget{version}"
    assert described.holds == "particles"
    assert described.facts == {
        "dark matter particles": "4096 = 16^3",
        "box": "50000 (in the file's unit)",
        "redshift": "49",
        "omega_matter": "0.3",
        "omega_lambda": "0.7",
        "h": "0.7",
    }


@pytest.mark.parametrize(
    ("style", "box"), [("gadget", "50"), ("gadget-units", "50000"), ("arepo", "50000"), ("swift", "71.4286")]
)
def test_hdf5_snapshot(tmp_path: Path, style: str, box: str) -> None:
    described = recognise(write_hdf5(tmp_path / NAME, Run(), style=style))
    assert described.kind == "hdf5-snapshot"
    assert described.facts["dark matter particles"] == "4096 = 16^3"
    assert described.facts["box"] == f"{box} (in the file's unit)"
    assert described.facts["omega_matter"] == "0.3"


def test_tipsy(tmp_path: Path) -> None:
    run = Run()
    run.ids, run.positions, run.velocities = run.ids[1:], run.positions[1:], run.velocities[1:]
    described = recognise(write_tipsy(tmp_path / NAME, run))
    assert described.kind == "tipsy"
    assert described.facts == {"dark matter particles": "4095, no cube", "redshift": "49"}


def test_a_set_of_files_by_its_common_name(tmp_path: Path) -> None:
    for index, part in enumerate((slice(0, 1000), slice(1000, None))):
        write_gadget(tmp_path / f"snap.{index}", Run(), files=2, part=part)
    described = recognise(tmp_path / "snap")
    assert described.kind == "gadget1"
    assert described.facts["dark matter particles"] == "4096 = 16^3"
    assert described.facts["files"] == "2"


@pytest.mark.parametrize("kind", ["universe", "prediction"])
def test_universe(tmp_path: Path, kind: str) -> None:
    values = np.random.default_rng(1).normal(size=(4, 4, 4)).astype(np.float32)
    halos = Catalogue({"mass": np.ones(3), "position": np.ones((3, 3))}, 10.0)
    write_universe(
        tmp_path / NAME,
        name="one",
        box_size=10.0,
        cosmology=PRESETS["planck2015"],
        fields=[Field("density", values, 10.0, "overdensity", 0.5, "eulerian")],
        catalogues={"fof": halos},
        provenance={},
        kind=kind,  # type: ignore[arg-type]
    )
    described = recognise(tmp_path / NAME)
    assert described.kind == kind
    assert described.holds != "particles"
    assert described.facts["box"] == "10 Mpc/h"
    assert described.facts["cells"] == "4^3"
    assert described.facts["cosmology"].endswith("(planck2015)")
    assert described.facts["field density"] == "4 x 4 x 4 float32, overdensity, z = 0.5, eulerian"
    assert described.facts["halos fof"] == "3"


def test_arrays(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        np.save(file, np.zeros((3, 4), dtype=np.int16))
    assert recognise(tmp_path / NAME).facts == {"shape": "3 x 4", "type": "int16"}
    with h5py.File(tmp_path / "other", "w") as hdf5_file:
        for index in range(14):
            hdf5_file[f"group/d{index:02d}"] = np.zeros((2, 5))
    described = recognise(tmp_path / "other")
    assert described.kind == "hdf5"
    assert described.facts["dataset group/d00"] == "2 x 5 float64"
    assert list(described.facts)[-1] == "..."
    assert len(described.facts) == 13


def test_folders(tmp_path: Path) -> None:
    described = recognise(tmp_path)
    assert (described.kind, described.facts["entries"]) == ("directory", "0")
    (tmp_path / "config.toml").write_text('recipe = "halonet"\ndevice = "cpu"\nuniverses = ["a", "b"]\n')
    described = recognise(tmp_path)
    assert described.kind == "run"
    assert described.facts == {"recipe": "halonet", "device": "cpu", "universes": "2"}
    (tmp_path / "config.toml").write_text("not = a [run\n")
    assert recognise(tmp_path).facts == {"entries": "1", "names": "config.toml"}


def test_neither_fish_nor_fowl(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert recognise(tmp_path / "empty").kind == "empty"
    (tmp_path / "text").write_text("x" * 1536)
    described = recognise(tmp_path / "text")
    assert (described.kind, described.facts) == ("unknown", {"size": "1.5 kiB"})
    with pytest.raises(InputError, match="does not exist"):
        recognise(tmp_path / "nowhere")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    np.save(path, np.zeros(100))
    for writer in (write_gadget, write_hdf5, write_tipsy):
        writer(tmp_path / writer.__name__, Run())
    for path in tmp_path.iterdir():
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(InputError, match="cut off"):
            recognise(path)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gadget(tmp_path / "ics", Run())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="no permission to read"):
        recognise(path)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="no permission to read"):
        recognise(tmp_path)


def test_it_is_cheap(tmp_path: Path) -> None:
    """Neither torch nor pynbody is imported, nor anything else heavy."""
    path = write_gadget(tmp_path / "ics", Run())
    code = (
        "import sys; from pathlib import Path\n"
        "from core.cosmos.formats.recognise import recognise\n"
        "kind = recognise(Path(sys.argv[1])).kind\n"
        "print(kind, *sorted({'torch', 'pynbody', 'h5py', 'scipy', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "gadget1"


def test_real_files(shared_data: object) -> None:
    kinds = {
        "arepo-L50n32/ics": "gadget1",
        "genetic-ics/tipsy_32_z99.tipsy": "tipsy",
        "merger-trees/treeUNIT.hdf5": "hdf5",
        "merger-trees/dummy_halocat_0.07812.list": "hlist",
        "21cmfast-z6.5/density_z6.5.npy": "npy",
        "arepo-L50n32/inputspec_ics.txt": "unknown",
        "arepo-L50n32": "directory",
    }
    found = {name: recognise(shared_data(name)).kind for name in kinds}  # type: ignore[operator]
    assert found == kinds
    assert recognise(shared_data("arepo-L50n32/ics")).facts["dark matter particles"] == "32768 = 32^3"  # type: ignore[operator]


def test_a_peak_patch_catalogue(tmp_path: Path) -> None:
    halos = np.zeros((3, 11), np.float32)
    halos[:, 6] = 2.0
    path = tmp_path / "halos.dat"
    path.write_bytes(np.int32(3).tobytes() + np.float32([2.0, 0.0]).tobytes() + halos.tobytes())  # type: ignore[arg-type]
    described = recognise(path)
    assert (described.kind, described.facts["halos"]) == ("pksc", "3")
    assert described.holds == "halos"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["fifo", "device"])
def test_what_would_never_end_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "u.h5"
    make(path)
    with pytest.raises(InputError, match="is no regular file"):
        recognise(path)
    with pytest.raises(InputError, match="is not a halodeck universe"):
        open_universe(path)
    (tmp_path / "snap.0").symlink_to(path)
    with pytest.raises(InputError):
        recognise(tmp_path / "snap")
