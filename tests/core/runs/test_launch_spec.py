"""A plan: what it checks, the run it makes, and the command that says the same."""

from pathlib import Path

import pytest

from core.cosmos.universe import Universe
from core.errors import ConfigError, InputError, UsageError
from core.runs.launch_spec import LaunchSpec, shortest


def test_the_command_leaves_out_what_is_a_default() -> None:
    assert LaunchSpec("halonet").command() == ["halodeck", "train", "halonet"]
    spec = LaunchSpec("halonet", (Path("a b.h5"), Path("more")), "demo", ("steps=5",), "cpu", Path("elsewhere"), "a b")
    words = ["halodeck", "train", "halonet", "--on", "a b.h5", "--on", "more", "--config", "demo", "--set", "steps=5"]
    assert spec.command() == [*words, "--device", "cpu", "--note", "a b", "--runs", "elsewhere"]


def test_a_plan_becomes_a_run_that_remembers_its_command(universes: list[Universe], tmp_path: Path) -> None:
    paths = tuple(universe.path for universe in universes)
    spec = LaunchSpec("halonet", paths, "smoke", ("steps=5",), "cpu", tmp_path / "runs")
    config = spec.create().config()
    assert config["settings"]["steps"] == 5
    assert config["universes"] == [str(path) for path in paths]
    assert config["command"].startswith("halodeck train halonet --on ")
    assert not any((tmp_path / "runs" / "halonet-001").glob("events*"))


def test_nothing_is_made_of_a_plan_that_cannot_work(universes: list[Universe], tmp_path: Path) -> None:
    one, runs = (universes[0].path,), tmp_path / "runs"
    for spec, error in (
        (LaunchSpec("halonet", one, "smoke", (), "cpu", runs), InputError),
        (LaunchSpec("halonet", (tmp_path / "none.h5",), "smoke", (), "cpu", runs), InputError),
        (LaunchSpec("halonet", one, "smoke", ("steps=0",), "cpu", runs), ConfigError),
        (LaunchSpec("halonet", one, "none", (), "cpu", runs), UsageError),
        (LaunchSpec("halonets", one, None, (), "cpu", runs), UsageError),
    ):
        with pytest.raises(error):
            spec.create()
    assert not runs.exists()


def test_a_folder_stands_for_all_its_universes(tmp_path: Path) -> None:
    paths = tuple(tmp_path / name for name in ("a.h5", "b.h5", "c.h5"))
    for path in paths:
        path.touch()
    assert shortest(paths[::-1]) == (tmp_path,)
    assert shortest(paths[:2]) == paths[:2]
    assert shortest(()) == ()
