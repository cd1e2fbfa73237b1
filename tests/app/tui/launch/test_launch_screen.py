"""The launch place: recipes, the form, the command, and the run it starts."""

from __future__ import annotations

import os
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList
from tui_pilot import SIZES, sees, text, until

from app.background import workers as launch
from app.cli import training, where
from app.tui.frame import follow
from app.tui.frame.form import Form
from app.tui.frame.lines import Lines
from app.tui.screens.launch.screen import LaunchScreen
from app.tui.screens.runs.screen import RunsScreen
from app.tui.workbench import Workbench
from core.cluster import queue
from core.cosmos.universe import Universe
from core.runs import registry
from core.runs.listing import all_runs
from core.runs.run import Notes, Run


@pytest.fixture
def bench(tmp_path: Path, universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> Workbench:
    monkeypatch.setattr(follow, "EVERY", 0.1)
    made = Workbench(tmp_path / "runs", "truecolor", universes[0].path.parent)
    made.animation_level = "none"
    return made


@asynccontextmanager
async def opened(bench: Workbench, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    """The form of halonet with its table [smoke]."""
    async with bench.run_test(size=size, notifications=True) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: isinstance(bench.screen, LaunchScreen) and bool(bench.screen._recipes))
        recipes = bench.screen.query_one(OptionList)
        recipes.highlighted = recipes.get_option_index("halonet")
        await sees(pilot, "Berger & Stein")
        await pilot.press("enter")
        form(pilot).list.go("run.table")
        for _ in range(8):
            if form(pilot).values["run.table"] == "smoke":
                break
            await pilot.press("right")
        await until(pilot, lambda: "trains on 4 universes" in str(bench.screen.query_one("#command").border_title))
        yield pilot


def form(pilot: Pilot[None]) -> Form:
    return pilot.app.screen.query_one(Form)


def command(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one("#command", Lines).content.plain


async def write(pilot: Pilot[None], path: str, value: str) -> None:
    """Edit a field with the keyboard, without leaving it."""
    edit = pilot.app.screen.query_one("#edit", Input)
    form(pilot).list.go(path)
    await until(pilot, lambda: not edit.display)  # the field edited before is left
    await pilot.press("enter")
    await until(pilot, lambda: edit.has_focus)
    edit.value = ""
    await pilot.press(*value)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_of_recipes_and_their_papers(bench: Workbench, size: tuple[int, int]) -> None:
    async with bench.run_test(size=size) as pilot:
        await pilot.press("4")
        await sees(pilot, *(registry.load(name).title[:20] for name in registry.names()))
        first = registry.load(registry.names()[0])
        await sees(pilot, first.paper[:20], f"halodeck train {first.name}")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())


@pytest.mark.parametrize("size", SIZES)
async def test_the_form_says_what_differs_from_the_paper(bench: Workbench, size: tuple[int, int]) -> None:
    async with opened(bench, size) as pilot:
        await sees(pilot, "settings of halonet", "smoke", "not paper")
        form(pilot).list.go("steps")
        await sees(pilot, "12", "not 8", "the paper has")
        await write(pilot, "optimiser.learning_rate", "0.5")
        await sees(pilot, "0.5", "Largest learning rate", "a number, above 0")
        assert "--config smoke --set optimiser.learning_rate=0.5" in command(pilot)
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())


async def test_what_is_wrong_stands_at_its_field_while_one_types(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        await write(pilot, "steps", "1x")
        await sees(pilot, "✗", "1 wrong", "valid integer")
        await pilot.press("backspace")
        await until(pilot, lambda: not form(pilot).problems)
        await pilot.press("enter")
        assert form(pilot).changes == {"run.table": "smoke", "steps": "1"}
        await pilot.press("backspace")
        assert form(pilot).changes == {"run.table": "smoke"}


async def test_escape_leaves_a_value_as_it_was(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        await write(pilot, "seed", "77")
        assert "--set seed=77" in command(pilot)
        await pilot.press("escape")
        assert "seed" not in command(pilot)
        assert bench.focused is form(pilot).list


@pytest.mark.parametrize("size", SIZES)
async def test_back_to_the_recipes_with_what_was_changed_kept(bench: Workbench, size: tuple[int, int]) -> None:
    async with opened(bench, size) as pilot:
        await write(pilot, "seed", "77")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: isinstance(bench.focused, OptionList))
        await pilot.press("down")
        await until(pilot, lambda: "train halonet" not in command(pilot))
        await pilot.press("up")
        await until(pilot, lambda: "train halonet" in command(pilot))
        assert "--config smoke --set seed=77" in command(pilot)


async def test_choices_turn_and_groups_fold(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        form(pilot).list.go("network.padding")
        await sees(pilot, "▾ network", "‹ circular ›")
        await pilot.press("left")
        await sees(pilot, "‹ zeros ›")
        form(pilot).list.cursor = form(pilot).list.lines.index("network")
        await pilot.press("left")
        await sees(pilot, "▸ network")
        assert form(pilot).list.line == "network"
        await pilot.press("right", "j")
        assert form(pilot).list.line != "network"


async def test_every_universe_that_does_not_fit_is_told_in_the_form(
    bench: Workbench, universes: list[Universe], monkeypatch: pytest.MonkeyPatch
) -> None:
    # each letter is looked for: from the root on a path would be one of everybody's folders first
    monkeypatch.chdir(universes[0].path.parent)
    async with opened(bench) as pilot:
        await write(pilot, "run.universes", universes[0].path.name)
        await sees(pilot, "give at least 3")
        assert set(form(pilot).problems) == {"run.universes"}
        await pilot.press("escape")
        await until(pilot, lambda: not form(pilot).problems)
        await write(pilot, "network.levels", "5")
        await until(pilot, lambda: bool(form(pilot).problems))
        assert set(form(pilot).problems) == {"crop.size"}
        await pilot.press("enter", "n")
        assert form(pilot).list.line.path == "crop.size"  # type: ignore[union-attr]


async def test_marked_universes_are_trained_on(bench: Workbench, universes: list[Universe]) -> None:
    async with opened(bench) as pilot:
        for universe in universes[:3]:
            bench.selection = bench.selection.toggled(universe.path)
        await until(pilot, lambda: "on 3 universes" in str(bench.screen.query_one("#command").border_title))
        assert command(pilot).count("--on") == 3


async def test_keys_typed_ahead_of_the_editor_are_its_text(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        form(pilot).list.go("seed")
        await pilot.pause()
        for key in ("enter", "backspace", "4", "2"):  # as they come out of one packet: nobody waits between them
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: "--set seed=42" in command(pilot))
        assert isinstance(bench.screen, LaunchScreen)


async def test_a_choice_that_is_turned_is_the_one_the_cursor_was_on(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        form(pilot).list.go("network.padding")
        await pilot.pause()
        for key in ("right", "g", "j", "j", "j", "j"):  # typed ahead: the cursor is on a text when it is turned
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: "network.padding=" in command(pilot))
        assert form(pilot).list.line.path == "run.note"  # type: ignore[union-attr]


async def test_marked_universes_are_named_from_where_one_is(
    bench: Workbench, universes: list[Universe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(universes[0].path.parent)
    async with opened(bench) as pilot:
        for universe in universes[:3]:
            bench.selection = bench.selection.toggled(universe.path)
        await until(pilot, lambda: f"--on {universes[0].path.name} --on" in command(pilot))


async def test_a_wrong_device_is_refused(bench: Workbench) -> None:
    async with opened(bench) as pilot:
        await write(pilot, "run.device", "gpu")
        await sees(pilot, "must be auto, cpu, cuda or cuda:N")
        await pilot.press("enter", "X")
        await sees(pilot, "1 wrong")
        assert not all_runs(bench.root)


async def test_a_job_is_submitted_from_the_form_and_waits_in_the_table(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a scheduler that only notes what it is given and says what it was asked for."""
    scheduler = tmp_path / "bin"
    scheduler.mkdir()
    answers = {"sbatch": f'cp "$2" {tmp_path}/script; echo 4242', "squeue": "echo '4242|PENDING|Priority|N/A|'"}
    for name, answer in answers.items():
        (scheduler / name).write_text(f"#!/bin/sh\n{answer}\n")
        (scheduler / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{scheduler}:{os.environ['PATH']}")
    queue.renew()
    async with opened(bench) as pilot:
        form(pilot).list.go("where.site")
        while form(pilot).values["where.site"] != "here":
            await pilot.press("right")
        await write(pilot, "where.time", "90")
        await pilot.press("enter")
        await until(pilot, lambda: "--submit here --time 90" in command(pilot).replace("\n", " "))
        await pilot.press("X")
        await until(pilot, lambda: isinstance(bench.screen, RunsScreen))
        await sees(pilot, "halonet-001", "queued")
    [run] = all_runs(bench.root)
    assert "#SBATCH --time=90" in (tmp_path / "script").read_text()
    assert run.status().state == "queued"
    queue.renew()


async def test_launching_makes_the_run_of_the_command_and_shows_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Run] = []
    monkeypatch.setattr(launch, "resume", started.append)
    async with opened(bench) as pilot:
        await write(pilot, "steps", "5")
        await pilot.press("enter")
        await write(pilot, "run.note", "a trial #probe")
        await pilot.press("enter")
        said = command(pilot)
        await pilot.press("X")
        await until(pilot, lambda: isinstance(bench.screen, RunsScreen) and bool(started))
        await sees(pilot, "halonet-001")
        assert bench.selection.run == "halonet-001"
    [run] = started
    config = run.config()
    assert config["settings"]["steps"] == 5
    assert len(config["universes"]) == 4
    assert config["command"] == said
    assert run.notes() == Notes("a trial", ("probe",))


async def test_impatience_makes_no_second_run(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes: list[Callable[[], str]] = []
    async with opened(bench) as pilot:
        monkeypatch.setattr(bench.screen, "attempt", wishes.append)
        await pilot.press("X", "X")
        await sees(pilot, "making the run ...")
        assert len(wishes) == 1


async def test_the_command_is_the_one_of_the_command_line(
    bench: Workbench,
    command: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(where, "train_here", lambda *_: None)
    monkeypatch.setattr(training, "report", lambda name, runs: None)
    async with opened(bench) as pilot:
        await write(pilot, "run.device", "cpu")
        await write(pilot, "steps", "3")
        await pilot.press("enter", "y")
        said = shlex.split(bench.clipboard)
        form_settings = bench.screen.plan.spec.settings()  # type: ignore[attr-defined]
    code, _, errors = command(*[word for word in said[1:] if word != "--detach"])
    assert code == 0, errors
    [run] = all_runs(tmp_path / "runs")
    assert registry.load("halonet").model_validate(run.config()["settings"]) == form_settings
