"""The data place: files, what they are, marks, tasks."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui_pilot import SIZES, a_run, sees, text, until

from app.background import tasks
from app.background import workers as launch
from app.tui.frame import follow
from app.tui.frame.confirm import ConfirmScreen
from app.tui.frame.figure_view import FigureView
from app.tui.frame.folders import Inside
from app.tui.frame.form import Form
from app.tui.frame.pick import PickScreen
from app.tui.screens.data import file_tree, task_pane
from app.tui.screens.data.command_screen import CommandScreen
from app.tui.screens.data.file_pane import FilePane
from app.tui.screens.data.file_tree import FileTree
from app.tui.screens.data.screen import DataScreen
from app.tui.screens.data.task_list import TaskList
from app.tui.workbench import Workbench
from core.cosmos.universe import Universe
from core.figures import Slice


@pytest.fixture
def folder(tmp_path: Path, universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two universes and what else may lie there."""
    monkeypatch.setattr(follow, "EVERY", 0.1)
    monkeypatch.setattr(task_pane, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(file_tree, "WATCH_EVERY", 0.1)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "boxes"
    folder.mkdir()
    for universe in universes[:2]:
        shutil.copy(universe.path, folder)
    (folder / "cut.h5").write_bytes(universes[0].path.read_bytes()[:5000])
    (folder / "empty.h5").touch()
    np.save(folder / "cube.npy", np.zeros((4, 4, 4), np.float32))
    return folder


@asynccontextmanager
async def opened(folder: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    bench = Workbench(folder.parent / "runs", "truecolor", folder)
    bench.animation_level = "none"
    async with bench.run_test(size=size, notifications=True) as pilot:
        await pilot.press("1")
        await until(pilot, lambda: isinstance(bench.screen, DataScreen))
        await sees(pilot, "u1.h5", "u2.h5")
        yield pilot


def tree(pilot: Pilot[None]) -> FileTree:
    return pilot.app.screen.query_one(FileTree)


def preview(pilot: Pilot[None]) -> Slice | None:
    figure = pilot.app.screen.query_one("#preview", FigureView).figure_shown
    assert figure is None or isinstance(figure, Slice)
    return figure


def field(pilot: Pilot[None]) -> str:
    """The field of the preview."""
    figure = preview(pilot)
    return figure.title.split()[0] if figure else ""


def marked(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app, Workbench)
    return [path.name for path in pilot.app.selection.universes]


async def choose(pilot: Pilot[None], path: Path) -> None:
    tree(pilot).show_path(path)
    await sees(pilot, f"─{path.name}─")


@pytest.mark.parametrize("size", SIZES)
async def test_the_tree_says_what_a_universe_is_and_shows_it(folder: Path, size: tuple[int, int]) -> None:
    async with opened(folder, size) as pilot:
        await choose(pilot, folder / "u1.h5")
        await sees(pilot, "25 Mpc/h, 16^3 cells of", "fof", "delta_linear", "density at x = 12.5 Mpc/h")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())


async def test_the_preview_turns_through_the_fields_and_keeps_the_one_chosen(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await until(pilot, lambda: preview(pilot) is not None)
        seen = set()
        for _ in range(5):
            before = field(pilot)
            seen.add(before)
            await pilot.press("v")
            await until(pilot, lambda before=before: field(pilot) != before)  # type: ignore[misc]
        assert seen == {"density", "delta_linear", "displacement", "velocity", "label"}
        await pilot.press("V")
        await until(pilot, lambda: field(pilot) != "density")
        chosen = field(pilot)
        await choose(pilot, folder / "u2.h5")
        await sees(pilot, "halos")
        await until(pilot, lambda: field(pilot) == chosen)


async def test_a_field_is_shown_although_the_folder_is_read_meanwhile(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await until(pilot, lambda: field(pilot) == "density")
        pane = pilot.app.screen.query_one(FilePane)
        pane.turn_field(1)
        pane.show_path(folder / "u1.h5")
        await until(pilot, lambda: field(pilot) == "displacement")


async def test_files_that_are_none_or_broken(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "cut.h5")
        await sees(pilot, "is cut off or", "copy or make it")
        await choose(pilot, folder / "empty.h5")
        await sees(pilot, "kind  empty")
        await choose(pilot, folder / "cube.npy")
        await sees(pilot, "kind  npy", "4 x 4 x 4", "i brings it in")
        assert preview(pilot) is None


async def test_marks_are_shared_by_all_places(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await pilot.press("space")
        await until(pilot, lambda: marked(pilot) == ["u1.h5"])
        await pilot.press("space")
        await until(pilot, lambda: marked(pilot) == ["u1.h5", "u2.h5"])
        await sees(pilot, "2 marked", "● u1.h5", "● u2.h5")
        await choose(pilot, folder / "u1.h5")
        await pilot.press("space")
        await until(pilot, lambda: marked(pilot) == ["u2.h5"])
        await pilot.press("u")
        await until(pilot, lambda: not marked(pilot))
        await choose(pilot, folder / "cube.npy")
        await pilot.press("space")
        await sees(pilot, "cube.npy holds no universe")


async def test_enter_opens_a_universe_in_slices(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u2.h5")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "slices")
        assert marked(pilot) == ["u2.h5"]


async def test_folders_fold_and_new_ones_are_added(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "inner").mkdir(parents=True)
    async with opened(folder) as pilot:
        await pilot.press("g", "left")
        await until(pilot, lambda: "u1.h5" not in text(pilot))
        await pilot.press("right")
        await sees(pilot, "u1.h5")
        await pilot.press("o")
        await sees(pilot, "Which folder?")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "other")
        await pilot.press("enter")
        await sees(pilot, "▸ inner")
        await pilot.press("o")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "none" / "there")
        await pilot.press("enter")
        await sees(pilot, "does not exist")


async def test_the_filter_finds_files_in_folders_that_are_folded(folder: Path) -> None:
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "u9.h5").touch()
    async with opened(folder) as pilot:
        await pilot.press("slash", "u", "9")
        await sees(pilot, "u9.h5")
        assert "u1.h5" not in text(pilot)
        await pilot.press("enter", "escape")
        await sees(pilot, "u1.h5")
        assert "u9.h5" not in text(pilot)


async def test_a_universe_is_deleted_after_a_question(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await until(pilot, lambda: preview(pilot) is not None)
        await pilot.press("space", "k", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await sees(pilot, "Delete u1.h5?", "boxes/u1.h5`")
        await pilot.press("n")
        assert (folder / "u1.h5").exists()
        await pilot.press("d", "y")
        await until(pilot, lambda: not (folder / "u1.h5").exists() and "u1.h5 is deleted" in text(pilot))
        await until(pilot, lambda: not marked(pilot))
        await choose(pilot, folder / "cube.npy")
        await pilot.press("d")
        await sees(pilot, "cube.npy holds no universe or prediction")


async def test_a_file_that_goes_away_is_no_longer_marked(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await pilot.press("space", "space")
        await until(pilot, lambda: marked(pilot) == ["u1.h5", "u2.h5"])
        (folder / "u1.h5").unlink()
        await until(pilot, lambda: marked(pilot) == ["u2.h5"] and "u1.h5" not in text(pilot))


async def test_a_file_that_is_written_anew_is_looked_into_again(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u1.h5")
        await until(pilot, lambda: preview(pilot) is not None)
        before = preview(pilot)
        shutil.copy(folder / "u2.h5", folder / "new")
        (folder / "new").replace(folder / "u1.h5")
        await until(pilot, lambda: (now := preview(pilot)) is not None and now is not before)


@pytest.mark.parametrize("size", SIZES)
async def test_universes_are_simulated_as_a_task(
    folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = folder / "u7.h5"
    code = f"import shutil; shutil.copy({str(folder / 'u1.h5')!r}, {str(made)!r})"
    monkeypatch.setattr(launch, "PROGRAM", ("-c", code))
    async with opened(folder, size) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        form = pilot.app.screen.query_one(Form)
        form.list.go("seeds")
        await pilot.press("enter", "backspace", *"7-x")
        await sees(pilot, "write 7, 1-10 or 1,4,9")
        await pilot.press("enter", "L")
        assert isinstance(pilot.app.screen, CommandScreen)
        await pilot.press("enter", "backspace", "8", "enter")
        await sees(pilot, "halodeck simulate --seeds 7-8 --out")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())
        await pilot.press("L")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        await sees(pilot, "✓", "100 %", "simulate 64^3, seeds 7-8", "─u7.h5─", "25 Mpc/h, 16^3 cells of")
        await until(pilot, lambda: preview(pilot) is not None)
        pilot.app.screen.query_one(TaskList).focus()
        await sees(pilot, "command")
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
        await pilot.press("L")
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
        await pilot.press("L")
        await sees(pilot, "✗", "cut.h5 is cut off: copy it again")


async def test_a_trained_run_predicts_the_chosen_universe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(folder.parent / "runs", "halonet", "done")
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "import sys; print(sys.argv[1:])"))
    async with opened(folder) as pilot:
        assert isinstance(pilot.app, Workbench)
        await until(pilot, lambda: bool(pilot.app.entries))  # type: ignore[attr-defined]
        await choose(pilot, folder / "u2.h5")
        await pilot.press("p")
        await sees(pilot, "Apply which run to u2.h5?", "halonet-001  halonet, done")
        await pilot.press("escape", "p")
        await sees(pilot, "Apply which run")
        await pilot.press("enter")
        await sees(pilot, "✓", "halonet-001 predicts u2.h5", "['predict', 'halonet-001', 'boxes/u2.h5'")


async def test_without_a_trained_run_nothing_is_predicted(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u2.h5")
        await pilot.press("p")
        await sees(pilot, "no run has been trained yet")


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
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickScreen))
        await sees(pilot, "simulate", "import", "ionize", "infall make", "infall read")
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        await sees(pilot, "draw an infall table", "halodeck infall make")
        await pilot.press("L")
        await until(pilot, lambda: bool(tasks.all_tasks(folder.parent / "runs")))
        [task] = tasks.all_tasks(folder.parent / "runs")
        assert (task.title, tuple(task.command)) == ("draw 20000 subhalos", ("infall", "make"))
