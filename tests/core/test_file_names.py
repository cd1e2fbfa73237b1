"""Foreign text as file names: it never leaves its folder, and two names stay two."""

import shutil
from pathlib import Path

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.show import save_report
from core.cosmos.cosmology import preset
from core.cosmos.simulate import Simulation
from core.cosmos.universe import Universe, open_universe
from core.figures import Report, Table
from core.files import file_name
from core.runs.predictions import path_for
from core.runs.run import Run

HOSTILE = [
    "../../x",
    "/etc/x",
    "..",
    ".",
    "",
    ".hidden",
    "a/b",
    "a\\b",
    "a\nb",
    "\x1b[2J",
    "\u202ex",
    "-rf",
    "a" * 999,
    "~/x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names(text: str) -> None:
    name = file_name(text)
    assert Path(name).name == name
    assert name[0] not in ".-~"
    assert name.isprintable()
    assert len(name.encode()) < 255


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text(one: str, other: str) -> None:
    a, b = file_name(one), file_name(other)
    assert Path("folder", f"{a}.h5").parent == Path("folder")
    assert "\0" not in a
    assert (a == b) == (one == other)


def test_plain_names_stay(universes: list[Universe]) -> None:
    for name in ("u1", "planck2018-64-L64-s0001", "box [2] (a)", "übung", "a.b=1,c+d"):
        assert file_name(name) == name


def renamed(universe: Universe, path: Path, name: str) -> Universe:
    shutil.copy(universe.path, path)
    with h5py.File(path, "r+") as file:
        file.attrs["name"] = name
    return open_universe(path)


@pytest.mark.parametrize("name", ["../../x", "/elsewhere/x"])
def test_a_name_in_a_file_stays_in_its_folder(
    done_run: Run, universes: list[Universe], tmp_path: Path, name: str
) -> None:
    hostile = renamed(universes[0], tmp_path / "h.h5", name)
    assert path_for(done_run, hostile).parent == done_run.path / "predictions"
    like = Simulation(16, 25.0, preset("planck2018").__class__(0.3, 0.05, 0.7, 0.8, 0.96, name))
    assert Path("out", f"{like.name}.h5").parent == Path("out")


def test_the_key_of_a_figure_stays_in_its_folder(tmp_path: Path) -> None:
    table = Table("t", ("a",), (("1",),))
    save_report(Report("r", (), {"../../out": table}, (), {}), tmp_path / "deep" / "saved")
    assert not [path for path in tmp_path.iterdir() if path.name != "deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["saved"]
