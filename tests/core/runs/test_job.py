"""Runs outlive their universes and their settings' names."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.config import removed, renamed
from core.cosmos.universe import Universe
from core.errors import InputError, RunError
from core.recipes.halonet.recipe import HaloNet
from core.runs import registry
from core.runs.job import has_seen, open_held_out, open_model, open_universes
from core.runs.launch_spec import LaunchSpec
from core.runs.registry import open_recipe
from core.runs.reports import make_report, read_report
from core.runs.run import Run

FIXTURE = Path(__file__).parent / "fixtures" / "halonet-001"
"""A run of version 0.1.0, before runs knew the identity of their universes and the version of their settings."""


@pytest.fixture
def old(tmp_path: Path) -> Run:
    return Run(shutil.copytree(FIXTURE, tmp_path / "halonet-001"))


@pytest.fixture
def spec(universes: list[Universe], tmp_path: Path) -> LaunchSpec:
    paths = tuple(universe.path for universe in universes)
    return LaunchSpec("halonet", paths, "smoke", (), "cpu", tmp_path / "runs")


def test_a_model_needs_no_universe(old: Run) -> None:
    model = open_model(old)
    assert model.learner.step == 12
    assert isinstance(model.recipe, HaloNet)


def test_an_old_run_reports_again_on_universes_that_moved(old: Run, universes: list[Universe], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist: say where it is: --universes FOLDER"):
        open_universes(old)
    for universe in universes:
        shutil.copy(universe.path, tmp_path / f"planck2018-16-L25-s000{universe.path.stem[1]}.h5")
    kept, model = read_report(old), open_model(old)
    made = make_report(old, model, open_held_out(old, model.recipe, [tmp_path]))
    values = {n.key: n.value for n in made.numbers}
    known = {n.key: n.value for n in kept.numbers if n.value is not None}  # None stands for NaN in the file
    assert known.keys() <= values.keys()
    # another processor's FFT puts single cells on the other side of a threshold; the few halos hang on such cells
    for key in ("dice", "foreground_dice", "auc", "true_positive_rate", "false_positive_rate"):
        assert values[key] == pytest.approx(known[key], rel=5e-3), key


def test_universes_are_found_by_identity(spec: LaunchSpec, universes: list[Universe], tmp_path: Path) -> None:
    run = spec.create()
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace(str(universes[0].path.parent), str(tmp_path / "scratch")))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number, universe in enumerate(universes):
        shutil.copy(universe.path, elsewhere / f"{9 - number}.h5")  # other names in another order
    (elsewhere / "broken.h5").write_bytes(b"nothing")
    found = open_universes(run, [elsewhere])
    assert [universe.path.name for universe in found] == ["9.h5", "8.h5", "7.h5", "6.h5"]
    assert [universe.path.name for universe in open_held_out(run, open_recipe(run), [elsewhere])] == ["6.h5"]
    (elsewhere / "6.h5").unlink()
    with pytest.raises(InputError, match=r"u4\.h5, of run halonet-001, does not exist and is not in .*elsewhere"):
        open_universes(run, [elsewhere])
    assert len(open_universes(run, [elsewhere], [0, 1])) == 2


def test_another_universe_in_the_old_place_is_refused(
    spec: LaunchSpec, universes: list[Universe], tmp_path: Path
) -> None:
    run = spec.create()
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace(f'{universes[3].path}"', f'{universes[0].path}"'))
    with pytest.raises(InputError, match="is another universe than that of the training"):
        open_held_out(run, open_recipe(run))


def test_what_a_run_has_seen(spec: LaunchSpec, old: Run, universes: list[Universe], tmp_path: Path) -> None:
    run = spec.create()
    assert [has_seen(run, universe) for universe in universes] == [True, True, True, False]
    copy = Universe(**{**vars(universes[0]), "path": tmp_path / "copy.h5"})
    assert has_seen(run, copy)
    assert not has_seen(old, universes[0])


def test_a_universe_given_twice_is_refused(spec: LaunchSpec, universes: list[Universe], tmp_path: Path) -> None:
    copy = shutil.copy(universes[0].path, tmp_path / "copy.h5")
    twice = LaunchSpec("halonet", (*spec.on, Path(copy)), "smoke", (), "cpu", spec.runs)
    with pytest.raises(InputError, match=r"u1\.h5 and .*copy\.h5 are one universe"):
        twice.create()


class Newer(HaloNet):
    """Halonet some years later: one setting renamed, one gone."""

    name: ClassVar[str] = "halonet"
    version: ClassVar[int] = HaloNet.version + 1
    smallest: int = 8

    @classmethod
    def migrate(cls, settings: dict[str, Any], version: int) -> dict[str, Any]:
        return removed(renamed(settings, "minimum_cells", "smallest"), "network.batch_norm")


def test_settings_of_an_earlier_version_are_brought_up_to_date(old: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "load", lambda name: Newer)
    recipe = open_recipe(old)
    assert isinstance(recipe, Newer)
    assert recipe.smallest == 8


def test_settings_of_a_later_version_are_refused(spec: LaunchSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HaloNet, "version", HaloNet.version + 1)
    run = spec.create()
    monkeypatch.undo()
    with pytest.raises(RunError, match="were written by a newer halonet: update it"):
        open_recipe(run)


def test_renaming() -> None:
    table = {"a": {"b": 1, "c": 2}, "d": 3}
    assert renamed(table, "a.b", "e.f") == {"a": {"c": 2}, "d": 3, "e": {"f": 1}}
    assert renamed(table, "a.x", "e.f") == table
    assert removed(table, "a.b") == {"a": {"c": 2}, "d": 3}
    assert removed(table, "x.y") == table


def test_report_command_takes_the_folder(
    done_run: Run, universes: list[Universe], tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    run = Run(shutil.copytree(done_run.path, tmp_path / "runs" / "halonet-001"))
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace(str(universes[0].path.parent), str(tmp_path / "gone")))
    code, _, errors = command("report", "halonet-001", "--again")
    assert (code, "--universes FOLDER" in errors) == (1, True)
    code, output, _ = command("report", "halonet-001", "--again", "--universes", universes[0].path.parent)
    assert code == 0
    assert "held-out universes" in output
