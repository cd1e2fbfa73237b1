"""The workbench on infall tables, which are universes without fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_pilot import sees, until

from app.tui.frame import follow
from app.tui.frame.figure_view import FigureView
from app.tui.screens.data import task_pane
from app.tui.screens.data.file_tree import FileTree
from app.tui.screens.data.screen import DataScreen
from app.tui.workbench import Workbench
from core.cosmos.infall.model import Infalls, make_table


async def test_a_table_in_every_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "EVERY", 0.1)
    monkeypatch.setattr(task_pane, "LOOK_EVERY", 0.1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()
    make_table(tmp_path / "tables" / "drawn.h5", Infalls(100, 1), {})
    bench = Workbench(tmp_path / "runs", "truecolor", tmp_path / "tables")
    bench.animation_level = "none"
    async with bench.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("1")
        await until(pilot, lambda: isinstance(bench.screen, DataScreen))
        await sees(pilot, "drawn.h5")
        bench.screen.query_one(FileTree).show_path(tmp_path / "tables" / "drawn.h5")
        await sees(pilot, "100 infall", "subhalos", "features")
        assert bench.screen.query_one("#preview", FigureView).figure_shown is None
        await pilot.press("v")  # there is no next field
        await pilot.press("space")
        await until(pilot, lambda: [path.name for path in bench.selection.universes] == ["drawn.h5"])
        await pilot.press("2")
        await sees(pilot, "no field")  # the line may break before it
        await pilot.press("3")
        await pilot.press("1")
        await sees(pilot, "drawn.h5")
