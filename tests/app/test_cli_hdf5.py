"""What a command says of HDF5 whose data are elsewhere or nowhere, and what it makes of honest links."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hostile_hdf5 import (
    HOSTILE,
    Put,
    external_link,
    external_storage,
    never_written,
    virtual,
)

from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe, open_universe

Command = Callable[..., tuple[int, str, str]]

CELLS, BOX = 4, 10.0
KNOWN = ("--cosmology", "planck2018", "--length-unit", "Mpc/h", "--cells", CELLS, "--evolved")


def snapshot(path: Path, files: int = 1, part: slice = slice(None)) -> Path:
    """Particles at rest on a lattice, as GADGET writes them; one of several files, with its part of them."""
    places = (np.indices((CELLS,) * 3).reshape(3, -1).T[part] + 0.1) * BOX / CELLS
    cosmology = preset("planck2018")
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs.update(
            NumPart_ThisFile=[0, len(places), 0, 0, 0, 0], NumFilesPerSnapshot=files, Redshift=9.0, BoxSize=BOX
        )
        file["PartType1/Coordinates"] = places
        file["PartType1/Velocities"] = np.random.default_rng(0).normal(size=places.shape)
        file["PartType1/ParticleIDs"] = np.arange(CELLS**3)[part]
        file["PartType1/Masses"] = np.full(len(places), cosmology.particle_mass(BOX, CELLS) / 1e10)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "elsewhere.h5", "w") as file:
        file["x"] = np.arange(8.0)


def refused(told: tuple[int, str, str], words: str) -> None:
    """One line that names the file and says this, and nothing but progress beside it."""
    code, out, err = told
    [line] = [line for line in err.splitlines() if not re.match(r"\w+: +\d+ %", line)]
    assert (code, out) == (1, "")
    assert re.match(f"halodeck: .*bad.h5: .*{words}", line)


def replaced(path: Path, name: str, put: Put) -> None:
    """Put something in the place of a dataset or group."""
    with h5py.File(path, "a") as file:
        attributes = dict(file[name].attrs)
        del file[name]
        parent, _, last = f"/{name}".rpartition("/")
        put(file[parent or "/"], last)
        if isinstance(file[parent or "/"].get(last, getlink=True), h5py.HardLink):
            file[name].attrs.update(attributes)


@pytest.mark.parametrize("put", HOSTILE, ids=lambda put: put.__name__)
def test_snapshots(command: Command, tmp_path: Path, elsewhere: None, put: Put) -> None:
    """Told by `info` as well where the header has to be checked against it."""
    for column in ("Coordinates", "Masses"):
        replaced(snapshot(tmp_path / "bad.h5"), f"PartType1/{column}", put)
        refused(command("import", "bad.h5", *KNOWN, "--out", "u.h5"), HOSTILE[put])
        if column == "Coordinates":
            refused(command("info", "bad.h5"), HOSTILE[put])
    assert not Path("u.h5").exists()


@pytest.mark.parametrize("put", HOSTILE, ids=lambda put: put.__name__)
def test_universes(command: Command, universes: list[Universe], tmp_path: Path, elsewhere: None, put: Put) -> None:
    for name in ("fields/density", "halos/fof/mass"):
        shutil.copy(universes[0].path, tmp_path / "bad.h5")
        replaced(tmp_path / "bad.h5", name, put)
        for words in ("info", "stats", "view"):
            refused(command(words, "bad.h5"), HOSTILE[put])


@pytest.mark.parametrize("put", [external_link, virtual, external_storage, never_written], ids=lambda put: put.__name__)
def test_cubes(command: Command, tmp_path: Path, elsewhere: None, put: Put) -> None:
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        file["cube"] = np.random.default_rng(0).normal(size=(CELLS,) * 3)
        put(file, "other")
    refused(command("info", "bad.h5"), HOSTILE[put])
    refused(command("import", "bad.h5", "--cosmology", "planck2018", "--box-size", BOX, "--out", "u.h5"), HOSTILE[put])


def group(parent: h5py.Group, name: str) -> None:
    parent.create_group(name)


def one_number(parent: h5py.Group, name: str) -> None:
    parent[name] = 3.0


def other_shape(parent: h5py.Group, name: str) -> None:
    parent[name] = np.zeros((5, 5, 5))


def words(parent: h5py.Group, name: str) -> None:
    parent[name] = np.full((16, 16, 16), b"word")


@pytest.mark.parametrize(
    ("name", "put", "told"),
    [
        ("fields/density", group, "fields/density is a group, where a dataset belongs"),
        ("fields/density", one_number, r"field density is float64 of the shape \(\), in a universe of 16\^3 cells"),
        ("fields/density", other_shape, r"field density is float64 of the shape \(5, 5, 5\), in a universe of 16"),
        ("fields/density", words, r"field density is \|S4 of the shape"),
        ("fields", one_number, "fields is a dataset, where a group belongs"),
        ("halos/fof/mass", group, "halos/fof/mass is a group, where a dataset belongs"),
        ("halos/fof/position", other_shape, r"halos/fof/position has the shape \(5, 5, 5\), there are [0-9]+ halos"),
        ("halos/fof", one_number, "halos/fof is a dataset, where a group belongs"),
        ("cosmology", one_number, ""),
    ],
)
def test_universes_of_other_shapes(
    command: Command, universes: list[Universe], tmp_path: Path, name: str, put: Put, told: str
) -> None:
    shutil.copy(universes[0].path, tmp_path / "bad.h5")
    replaced(tmp_path / "bad.h5", name, put)
    if told:
        refused(command("info", "bad.h5"), told)
    else:  # attributes are what is read of it
        assert command("info", "bad.h5")[0] == 0


@pytest.mark.parametrize(
    ("name", "put", "told"),
    [
        ("PartType1", one_number, "PartType1 is a dataset, where a group belongs"),
        ("PartType1/Coordinates", group, "PartType1/Coordinates is a group, where a dataset belongs"),
        ("PartType1/Velocities", other_shape, r"PartType1/Velocities has the shape \(5, 5, 5\), not \(64, 3\)"),
        ("PartType1/Masses", group, "PartType1/Masses is a group, where a dataset belongs"),
    ],
)
def test_snapshots_of_other_shapes(command: Command, tmp_path: Path, name: str, put: Put, told: str) -> None:
    replaced(snapshot(tmp_path / "bad.h5"), name, put)
    refused(command("import", "bad.h5", *KNOWN, "--out", "u.h5"), told)


def test_soft_links_inside_a_snapshot_are_read(command: Command, tmp_path: Path) -> None:
    """As SWIFT and GADGET-4 write them."""
    with h5py.File(snapshot(tmp_path / "snap.h5"), "a") as file:
        file.move("PartType1", "DMParticles")
        file["PartType1"] = h5py.SoftLink("/DMParticles")
        file.move("DMParticles/Coordinates", "DMParticles/Position")
        file["DMParticles/Coordinates"] = h5py.SoftLink("Position")
    code, _, err = command("import", "snap.h5", *KNOWN, "--out", "u.h5")
    assert code == 0, err
    assert open_universe(Path("u.h5")).cells == CELLS


def test_a_virtual_snapshot_is_read_by_the_common_name_of_its_parts(command: Command, tmp_path: Path) -> None:
    """As SWIFT writes them when every rank writes a file: the remedy is tried."""
    half = CELLS**3 // 2
    parts = [snapshot(tmp_path / f"snap.{k}.hdf5", 2, slice(k * half, (k + 1) * half)) for k in (0, 1)]
    layout = h5py.VirtualLayout((2 * half, 3), "f8")
    for k, part in enumerate(parts):
        layout[k * half : (k + 1) * half] = h5py.VirtualSource(part.name, "PartType1/Coordinates", (half, 3))
    with h5py.File(snapshot(tmp_path / "snap.hdf5"), "a") as file:
        del file["PartType1/Coordinates"]
        file["PartType1"].create_virtual_dataset("Coordinates", layout)
    code, _, err = command("import", "snap.hdf5", *KNOWN, "--out", "u.h5")
    assert code == 1
    words = "its data are in snap.0.hdf5, snap.1.hdf5: give the common name of its parts, "
    remedy = err.strip().partition(words)[2]
    assert Path(remedy).name == "snap"
    assert command("import", remedy, *KNOWN, "--out", "u.h5")[0] == 0
    assert open_universe(Path("u.h5")).cells == CELLS
