"""What a refusal advises works: a user who types only what the messages ask for gets there, and in few steps."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forest_files import small_forest, write_lhalo, write_sublink, write_times
from snapshot_writers import BOX, CELLS, GIVEN, OMEGA_MATTER, H, Run, write_ahf, write_gadget, write_hdf5, write_tipsy
from test_cubes import overdensity
from three_halos import halos, run_with, write_csv

from core.cosmos.universe import Universe

Command = Callable[..., tuple[int, str, str]]
TRUTH = {
    "--box-size": BOX,
    "--redshift": 0,
    "--omega-matter": OMEGA_MATTER,
    "--omega-baryon": GIVEN.omega_baryon,
    "--h": H,
    "--sigma8": GIVEN.sigma8,
    "--spectral-index": GIVEN.spectral_index,
    "--field": "density",
    "--length-unit": "Mpc/h",
    "--times": "times",
    "--particle-mass": 1e9,
    "--softening": 0.001,
}
"""What the user knows of the run."""
ALONE = ("--evolved", "--force", "--evolve")
"""Options without a value."""
OPTION = re.compile(r"--[a-z][a-z0-9-]*")


def walk(command: Command, *line: object, steps: int = 4, **truth: object) -> tuple[list[str], str]:
    """Type a command, then add the options that each refusal asks for, until it is done: the refusals, and the output.

    Where several are named by "or", the first is taken.
    """
    known = {**TRUTH, **{f"--{name.replace('_', '-')}": value for name, value in truth.items()}}
    said: list[str] = []
    words = [str(word) for word in line]
    for _ in range(steps):
        code, out, err = command(*words)
        if code == 0:
            return said, out
        said.append(err.strip())
        remedy = err.strip().rpartition(": ")[2].partition(" or ")[0]
        wanted = [option for option in OPTION.findall(remedy) if option not in words]
        assert wanted, f"no way on from {err}"
        for option in wanted:
            words += [option] if option in ALONE else [option, str(known[option])]
    raise AssertionError(said)


def snapshot(path: Path, z: float = 49.0) -> Path:
    return write_hdf5(path, Run(z=z), style="gadget-units")


def test_the_cosmology_that_a_snapshot_lacks(command: Command) -> None:
    said, _ = walk(command, "import", snapshot(Path("ics.hdf5")), "--steps", 2, "--out", "u.h5")
    assert len(said) == 1
    assert Path("u.h5").exists()


def test_an_evolved_snapshot_alone(command: Command) -> None:
    write_hdf5(Path("z0.hdf5"), run_with(halos()), style="gadget-units")
    said, _ = walk(command, "import", "z0.hdf5", "--out", "u.h5")
    assert any("--evolved" in words for words in said)


def test_what_is_there_already(command: Command, universes: list[Universe]) -> None:
    line = ("infall", "make", "--count", 50, "--out", "t.h5")
    assert command(*line)[0] == 0
    assert len(walk(command, *line)[0]) == 1


@pytest.mark.parametrize("form", ["csv", "ahf"])
def test_a_catalogue_that_says_little(command: Command, form: str) -> None:
    path = write_csv(Path("a.csv"), halos()) if form == "csv" else write_ahf(Path("a_halos"), halos())
    said, _ = walk(command, "import", path, "--cells", 16, "--out", "u.h5")
    assert said


def test_a_cube_without_a_word(command: Command) -> None:
    np.save("cube.npy", overdensity())
    assert walk(command, "import", "cube.npy", "--out", "u.h5")[0]


def test_a_cube_of_raw_floats(command: Command) -> None:
    overdensity().astype(np.float32).tofile("cube")
    assert walk(command, "import", "cube", "--out", "u.h5", cells=len(overdensity()))[0]


@pytest.mark.parametrize("form", ["sublink", "lhalo"])
def test_trees_without_times(command: Command, form: str) -> None:
    if form == "sublink":
        write_sublink(path := Path("tree_extended.0.hdf5"), small_forest())
    else:
        write_lhalo(path := Path("trees_sf1_006.0.hdf5"), [small_forest()])
    write_times(Path("times"))
    said, _ = walk(command, "infall", "read", path, "--out", "t.h5", box_size=100.0)
    assert said


def test_a_part_of_a_snapshot(command: Command) -> None:
    for number, part in enumerate((slice(0, 2000), slice(2000, None))):
        write_gadget(Path(f"snap.{number}"), Run(), files=2, part=part)
    code, _, err = command("import", "snap.1")
    assert code == 1
    assert "give their common name, without the number at its end" in err
    walk(command, "import", "snap", "--steps", 2, "--out", "u.h5")


def test_a_part_that_is_missing(command: Command) -> None:
    write_gadget(Path("snap.0"), Run(), files=2, part=slice(0, 2000))
    _, _, err = command("import", "snap")
    assert "snap.1 is missing, one of 2 files: copy all of them" in err
    write_gadget(Path("snap.1"), Run(), files=2, part=slice(2000, None))
    walk(command, "import", "snap", "--steps", 2, "--out", "u.h5")


def test_a_file_that_says_nothing_of_itself(command: Command) -> None:
    write_tipsy(Path("snap"), Run())
    assert walk(command, "import", "snap", "--steps", 2, "--out", "u.h5", redshift=49)[0]


def test_a_misspelt_name_is_the_one_that_is_meant(command: Command, universes: list[Universe]) -> None:
    path = universes[0].path
    for line, wrong, meant in (
        (("stats", path, "--field"), "densty", "density"),
        (("recipes",), "halonett", "halonet"),
        (("view", path, "--field"), "lable", "label"),
    ):
        code, _, err = command(*line, wrong)
        assert code != 0
        assert f"did you mean {meant!r}?" in err
        assert command(*line, meant)[0] == 0


def test_no_universes_yet(command: Command) -> None:
    _, _, err = command("train", "halonet", "--config", "smoke")
    assert "make universes with `halodeck simulate`" in err
    assert command("simulate", "--cells", CELLS, "--box", 25, "--steps", 2, "--seeds", "1-4")[0] == 0
    _, _, err = command("train", "halonet", "--config", "smoke", "--detach")
    assert "does not exist" not in err
