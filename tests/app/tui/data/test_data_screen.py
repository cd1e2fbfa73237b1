"""The data place: files, what they are, marks, tasks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from data_pilot import choose, field, marked, opened, preview
from spinning import SPINS
from textual.widgets import Input
from tui_pilot import SIZES, sees, text, until

from app.background import describing
from app.background.describing import Describer
from app.tui.frame.confirm import ConfirmScreen
from app.tui.screens.data.file_pane import FilePane


@pytest.mark.parametrize("size", SIZES)
async def test_the_tree_says_what_a_universe_is_and_shows_it(folder: Path, size: tuple[int, int]) -> None:
    async with opened(folder, size) as pilot:
        await choose(pilot, folder / "u1.h5")
        await sees(pilot, "25 Mpc/h, 16^3 cells of", "fof", "delta_linear", "density at redshift 0, depth")
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


async def test_a_file_that_does_not_answer_holds_nothing_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    describer = Describer(3600.0, SPINS)
    monkeypatch.setattr(describing, "describer", lambda: describer)
    shutil.copy(folder / "u1.h5", folder / "spins.h5")
    async with opened(folder) as pilot:
        await choose(pilot, folder / "spins.h5")
        await choose(pilot, folder / "u1.h5")
        await until(pilot, lambda: preview(pilot) is not None)
        describer._limit = 0.3
        await choose(pilot, folder / "spins.h5")
        await sees(pilot, "does not answer")
        await pilot.press("q")
    describer.close()


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
        await pilot.press("backspace")
        await until(pilot, lambda: not marked(pilot))
        await choose(pilot, folder / "cube.npy")
        await pilot.press("space")
        await sees(pilot, "cube.npy holds no universe")


async def test_enter_opens_a_universe_in_slices(folder: Path) -> None:
    async with opened(folder) as pilot:
        await choose(pilot, folder / "u2.h5")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "slices")
        assert pilot.app.selection.universe == folder / "u2.h5"
        assert marked(pilot) == []


async def test_folders_fold_and_new_ones_are_added(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "inner").mkdir(parents=True)
    async with opened(folder) as pilot:
        await pilot.press("g", "left")
        await until(pilot, lambda: "u1.h5" not in text(pilot))
        await pilot.press("right")
        await sees(pilot, "u1.h5")
        await pilot.press("F")
        await sees(pilot, "Which folder?")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "other")
        await pilot.press("enter")
        await sees(pilot, "▸ inner")
        await pilot.press("F")
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
        await pilot.press("z")
        await sees(pilot, "u1.h5 is back")
        assert (folder / "u1.h5").exists()
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
