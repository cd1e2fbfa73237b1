"""Foreign text in the workbench: nothing of it reaches the terminal but letters, wherever it stands."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hostile_text import FILE_NAME, HOSTILE, NAME, harmless, hostile_run, hostile_universe
from rich.cells import cell_len
from rich.segment import ControlType, Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Static
from tui_pilot import opened, sees, until

from app.draw.shown import shown
from app.tui.frame.guard import Guard
from app.tui.workbench import Workbench

_MOVES = re.compile(r"\x1b\[\d+;\d+H|\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\\\")


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to be in: universes/ and runs/, with a run and a task that has failed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    Path("universes").mkdir()
    hostile_universe(Path("universes"))
    hostile_run(Path("runs"))
    task = Path("runs") / ".tasks" / "1-import"
    task.mkdir(parents=True)
    facts = {"title": f"title{HOSTILE}", "command": ["import", HOSTILE], "started": 1.0, "host": HOSTILE, "pid": 0}
    (task / "task.json").write_text(json.dumps({**facts, "born": 0.0}))
    (task / "code").write_text("1")
    (task / "log").write_text(f"log{HOSTILE}", errors="surrogateescape")
    return tmp_path


def sent(pilot: Pilot[None]) -> str:
    """The whole screen as the driver would write it, without where it goes."""
    update: Any = pilot.app.screen._compositor.render_update(full=True)
    return _MOVES.sub("", update.render_segments(pilot.app.console))


def check(pilot: Pilot[None]) -> None:
    assert all(part.text.isprintable() for strip in pilot.app.screen._compositor.render_strips() for part in strip)
    assert harmless(sent(pilot)), repr(sent(pilot))
    width = pilot.app.size.width
    assert {strip.cell_length for strip in pilot.app.screen._compositor.render_strips()} == {width}


SIGN = shown("\x1b]52")


async def test_runs_reports_questions_and_the_palette(deck: Path) -> None:
    async with opened(Path("runs"), (160, 50), universes=Path("universes")) as pilot:
        await sees(pilot, SIGN, "log")
        check(pilot)
        for key, words in (("number_sign", "Notes on"), ("d", "Delete"), ("ctrl+p", "go to")):
            await pilot.press(key, *("go to" if key == "ctrl+p" else ""))
            await sees(pilot, f"{words} a{SIGN}")
            check(pilot)
            await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        await pilot.press("f")
        await sees(pilot, "Numbers", SIGN)
        for _ in range(4):
            await pilot.press("j")
            await pilot.pause()
            check(pilot)


async def test_files_and_tasks(deck: Path) -> None:
    async with opened(Path("runs"), (160, 50), universes=Path("universes"), place=1) as pilot:
        await sees(pilot, SIGN, "title")
        check(pilot)
        await pilot.press("down")
        await sees(pilot, f"name{SIGN}")
        check(pilot)


@pytest.mark.parametrize("place", [2, 3, 6])
async def test_places_of_a_marked_universe(deck: Path, place: int) -> None:
    path = next(Path("universes").iterdir())
    async with opened(Path("runs"), (160, 50), universes=Path("universes"), place=place, marked=[path]) as pilot:
        await sees(pilot, SIGN)
        check(pilot)


async def test_what_was_forgotten_does_not_get_through(deck: Path) -> None:
    """A widget, a title and a notification that show foreign text as it is."""
    shutil.rmtree("runs")
    async with opened(Path("runs"), (100, 20)) as pilot:
        widget = Static(HOSTILE, markup=False)
        await pilot.app.screen.mount(widget)
        assert isinstance(pilot.app, Workbench)
        pilot.app.notify(f"told {HOSTILE}")
        await sees(pilot, "told ", "漢")
        check(pilot)


def test_lines_stay_as_long_as_they_are() -> None:
    for hostile in (HOSTILE, FILE_NAME, NAME, "plain", "a\u00a0b"):
        [part] = Guard().apply([Segment(hostile)], Color(0, 0, 0))
        assert part.text.isprintable()
        assert cell_len(part.text) == cell_len(hostile)
    control = Segment("\x1b[H", None, [(ControlType.HOME,)])
    assert Guard().apply([control], Color(0, 0, 0)) == [control]
