"""Tasks of the Data place: universes simulated, brought in and predicted while the tree is looked at."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from data_pilot import choose, opened, preview, tree
from tui_pilot import SIZES, a_run, sees, text, until

from app.background import tasks
from app.background import workers as launch
from app.tui.frame.folders import Inside
from app.tui.frame.form import Form
from app.tui.frame.pick import PickScreen
from app.tui.screens.data import file_tree, task_pane
from app.tui.screens.data.command_screen import CommandScreen
from app.tui.screens.data.file_tree import FileTree
from app.tui.screens.data.screen import DataScreen
from app.tui.screens.data.task_list import TaskList
from app.tui.workbench import Workbench


@pytest.mark.parametrize("size", SIZES)
async def test_universes_are_simulated_as_a_task(
    folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = folder / "u7.h5"
    code = f"import shutil; shutil.copy({str(folder / 'u1.h5')!r}, {str(made)!r})"
    monkeypatch.setattr(launch, "PROGRAM", ("-c", code))
    async with opened(folder, size) as pilot:
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        form = pilot.app.screen.query_one(Form)
        form.list.go("seeds")
        await pilot.press("enter", "backspace", *"7-x")
        await sees(pilot, "write 7, 1-10 or 1,4,9")
        await pilot.press("enter", "X")
        assert isinstance(pilot.app.screen, CommandScreen)
        await pilot.press("enter", "backspace", "8", "enter")
        await sees(pilot, "halodeck simulate --seeds 7-8 --out")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())
        await pilot.press("X")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        await sees(pilot, "✓", "100 %", "simulate 64^3, seeds 7-8", "─u7.h5─", "25 Mpc/h, 16^3 cells of")
        await until(pilot, lambda: preview(pilot) is not None)
        pilot.app.screen.query_one(TaskList).focus()
        await sees(pilot, "command")
        await pilot.press("slash", *"import")
        await until(pilot, lambda: pilot.app.screen_stack[-2].query_one(TaskList).option_count == 0)
        await pilot.press("backspace", "backspace", "enter")
        await pilot.press("slash", *"x", "backspace", "escape")
        await until(pilot, lambda: pilot.app.screen.query_one(TaskList).option_count == 1)
        await pilot.press("x")
        await until(pilot, lambda: not pilot.app.screen.query_one("#work").display)


async def test_what_a_task_makes_is_shown_although_it_is_there_before_the_task_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, listed, real = folder / "u7.h5", threading.Event(), tasks.start

    def make_at_once(*arguments: Any) -> tasks.Task:
        shutil.copy(folder / "u1.h5", made)
        assert listed.wait(20)
        return real(*arguments)

    monkeypatch.setattr(tasks, "start", make_at_once)
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "print('u7.h5')"))
    async with opened(folder) as pilot:
        pilot.app.screen.query_one(task_pane.TaskPane).start("simulate", ["simulate"])
        await sees(pilot, "u7.h5")
        listed.set()
        await sees(pilot, "─u7.h5─", "25 Mpc/h, 16^3 cells of", "100 %")


async def test_an_older_reading_of_a_folder_is_not_told_after_a_newer_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async with opened(folder) as pilot:
        here, real = tree(pilot), file_tree.inside

        def slow(path: Path) -> Inside:
            number = sum(word.startswith("begins") for word in order)
            order.append(f"begins {number}")
            found = real(path)
            if not number:
                shutil.copy(folder / "u1.h5", folder / "u7.h5")
                pilot.app.call_from_thread(here.reveal, folder)
                time.sleep(0.2)  # the newer reading would overtake this one
            order.append(f"ends {number}")
            return found

        monkeypatch.setattr(file_tree, "WATCH_EVERY", 3600)
        monkeypatch.setattr(file_tree, "inside", slow)
        here.reveal(folder)
        await until(pilot, lambda: "ends 1" in order)
        await sees(pilot, "u7.h5")
    assert order[:4] == ["begins 0", "ends 0", "begins 1", "ends 1"]


def test_a_folder_that_has_just_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files made within one tick of the clock leave one time."""
    told: list[file_tree.FileTree.Read] = []
    here = FileTree()
    monkeypatch.setattr(here, "post_message", told.append)
    read = FileTree._read.__wrapped__  # type: ignore[attr-defined]
    now = time.time_ns()
    monkeypatch.setattr(file_tree, "stamp", lambda path: (now, 1))
    read(here, [tmp_path], False)
    (tmp_path / "new.h5").touch()
    read(here, [tmp_path], False)
    assert [len(message.content[tmp_path]) for message in told] == [0, 1]
    monkeypatch.setattr(file_tree, "stamp", lambda path: (now - 10 * file_tree._YOUNG, 1))
    read(here, [tmp_path], False)
    monkeypatch.setattr(file_tree, "inside", None)
    read(here, [tmp_path], False)
    assert len(told) == 3


async def test_a_running_task_is_cancelled_and_outlives_the_workbench(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from app.background.progress import wanted; wanted()(0.1, 'reading'); import time; time.sleep(60)"
    monkeypatch.setattr(launch, "PROGRAM", ("-c", code))
    async with opened(folder) as pilot:
        await choose(pilot, folder / "cube.npy")
        await pilot.press("i")
        await sees(pilot, "halodeck import boxes/cube.npy")
        await pilot.press("X")
        await sees(pilot, "●", "10 %", "reading", "import boxes/cube.npy")
        assert isinstance(pilot.app, Workbench)
        await pilot.app.action_quit()
    assert tasks.left_running(folder.parent / "runs") == 1
    async with opened(folder) as pilot:
        await sees(pilot, "●", "10 %", "reading")
        await pilot.press("x")
        await sees(pilot, "■", "ended on request")
        await pilot.press("x")
        await until(pilot, lambda: not pilot.app.screen.query_one("#work").display)


async def test_an_import_that_fails_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; print('halodeck: cut.h5 is cut off: copy it again', file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(launch, "PROGRAM", ("-c", code))
    async with opened(folder) as pilot:
        await choose(pilot, folder / "cut.h5")
        await pilot.press("i")
        await sees(pilot, "halodeck import boxes/cut.h5")
        await pilot.press("X")
        await sees(pilot, "✗", "cut.h5 is cut off: copy it again")


async def test_a_trained_run_predicts_the_chosen_universe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(folder.parent / "runs", "halonet", "done")
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "import sys; print(sys.argv[1:])"))
    async with opened(folder) as pilot:
        assert isinstance(pilot.app, Workbench)
        await until(pilot, lambda: bool(pilot.app.entries))
        await choose(pilot, folder / "u2.h5")
        await pilot.press("P")
        await sees(pilot, "Apply which run to u2.h5?", "halonet-001  halonet, done")
        await pilot.press("escape", "P")
        await sees(pilot, "Apply which run")
        await pilot.press("enter")
        await sees(pilot, "✓", "halonet-001 predicts u2.h5", "['predict', 'halonet-001', 'boxes/u2.h5'")


async def test_without_a_trained_run_networks_that_come_along_predict(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "import sys; print(sys.argv[1:])"))
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u2.h5")
        await pilot.press("P")
        await sees(pilot, "halonet@cpu  halonet, comes along", "density@cpu")
        await pilot.press("enter")
        await sees(pilot, "✓", "density@cpu predicts u2.h5", "['predict', 'density@cpu', 'boxes/u2.h5'")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_folder_that_may_not_be_read(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0)
    async with opened(folder) as pilot:
        tree(pilot).show_path(closed)
        await pilot.press("right")
        await sees(pilot, "no permission")


async def test_data_of_every_recipe_is_made_by_a_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "import sys; print(sys.argv[1:])"))
    async with opened(folder) as pilot:
        await pilot.press("m")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickScreen))
        await sees(pilot, "simulate", "emulate", "import", "ionize", "infall make", "infall read")
        await pilot.press("down", "down", "down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        await sees(pilot, "draw an infall table", "halodeck infall make")
        await pilot.press("X")
        await until(pilot, lambda: bool(tasks.all_tasks(folder.parent / "runs")))
        [task] = tasks.all_tasks(folder.parent / "runs")
        assert (task.title, tuple(task.command)) == ("draw 20000 subhalos", ("infall", "make"))
