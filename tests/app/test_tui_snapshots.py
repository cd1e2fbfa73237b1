"""Whole screens as text, beside the files in snapshots/: `SNAPSHOTS=write pytest THIS_FILE` writes them anew."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from tui_pilot import a_report, a_run, opened, text, until

from app.tui import machine
from app.tui.screens.ask import AskScreen
from app.tui.screens.figures import FigureScreen, FiguresScreen
from app.tui.screens.help import HelpScreen
from core import run as core_run
from core.figures import dump_report
from core.files import write_json
from core.run import Notes

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def runs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four runs whose screens look the same on every machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "gethostname", lambda: "node1")
    monkeypatch.setattr(core_run, "_process", lambda: {"host": "node2", "pid": 4711, "started": 0.0})
    monkeypatch.setattr(machine.Gauge, "follow", lambda self: self.say("", "no GPU"))
    here = root.relative_to(tmp_path)
    a_run(here, "halonet", "done", 500)
    a_run(here, "infall", "failed", 120)
    noted = a_run(here, "halonet", "stopped", 300)
    noted.write_notes(Notes("a wider net", ("paper",)))
    a_run(here, "halonet", "running", 200)
    for run, dice in zip(sorted(here.iterdir()), (0.75, 0.5, 0.25), strict=False):
        report = a_report()
        number = replace(report.numbers[0], value=dice)
        write_json(run / "report" / "report.json", dump_report(replace(report, numbers=(number,))))
    return here


async def matches(pilot: Pilot[None], name: str) -> None:
    """Wait until the screen looks as it did."""
    path = SNAPSHOTS / f"{name}.txt"

    def now() -> str:
        return "\n".join(line.rstrip() for line in text(pilot).splitlines()) + "\n"

    if os.environ.get("SNAPSHOTS") == "write":
        await settled(pilot, now)
        path.parent.mkdir(exist_ok=True)
        path.write_text(now(), encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    deadline = time.monotonic() + 10
    while now() != expected and time.monotonic() < deadline:
        await pilot.pause(0.02)
    assert now() == expected


async def settled(pilot: Pilot[None], now: Callable[[], str]) -> None:
    """Wait until nothing has changed for a second."""
    before, since = now(), time.monotonic()
    while time.monotonic() - since < 1:
        await pilot.pause(0.05)
        if now() != before:
            before, since = now(), time.monotonic()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_runs(runs: Path, size: tuple[int, int]) -> None:
    async with opened(runs, size) as pilot:
        await matches(pilot, f"runs-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_marked_sorted_and_filtered_runs(runs: Path, size: tuple[int, int]) -> None:
    async with opened(runs, size) as pilot:
        await until(pilot, lambda: "halonet-003" in text(pilot))
        await pilot.press("space", "j", "space", *"oooo", "slash", *"net", "enter")
        await matches(pilot, f"marked-{size[0]}x{size[1]}")


async def test_a_tag_and_its_note(runs: Path) -> None:
    async with opened(runs, (80, 24)) as pilot:
        await until(pilot, lambda: "halonet-002" in text(pilot))
        await pilot.press("j", "n")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await matches(pilot, "note-80x24")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_report(runs: Path, size: tuple[int, int]) -> None:
    async with opened(runs, size) as pilot:
        await until(pilot, lambda: "halonet-001" in text(pilot))
        await pilot.press("end", "f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen) and "Halo power" in text(pilot))
        await matches(pilot, f"report-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_figure(runs: Path, size: tuple[int, int]) -> None:
    async with opened(runs, size) as pilot:
        await until(pilot, lambda: "halonet-001" in text(pilot))
        await pilot.press("end", "f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen) and "Halo power" in text(pilot))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await matches(pilot, f"figure-{size[0]}x{size[1]}")


async def test_comparison(runs: Path) -> None:
    async with opened(runs, (120, 40)) as pilot:
        await until(pilot, lambda: "halonet-001" in text(pilot))
        await pilot.press("end", "space", "up", "up", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen) and "Density slice" in text(pilot))
        await matches(pilot, "comparison-120x40")


async def test_help(runs: Path) -> None:
    async with opened(runs, (80, 24)) as pilot:
        await until(pilot, lambda: "halonet-001" in text(pilot) and "loss of" in text(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press(*"run")
        await matches(pilot, "help-80x24")


async def test_no_runs(runs: Path) -> None:
    async with opened(runs.with_name("empty"), (80, 24)) as pilot:
        await matches(pilot, "empty-80x24")
