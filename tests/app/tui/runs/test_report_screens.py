"""The report of a run in the workbench."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList
from tui_pilot import a_report, a_run, opened, sees, text, until, view

from app.background import tasks
from app.draw import draw
from app.tui.screens.runs.report import FigureScreen, FiguresScreen
from app.tui.screens.runs.screen import RunsScreen
from core.figures import Figure, Number, Report, dump_report
from core.files import write_json


async def test_the_report(root: Path) -> None:
    run = a_run(root, state="done")
    report = a_report()
    write_json(run.report_path, dump_report(report))
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "foreground Dice", "0.783", "0.713", "0.934", "A note on what this can show.", "Halo power")
        figure = report.figures["density"]
        await pilot.press("down")
        await until(pilot, lambda: view(pilot, "figure").text() == expected(pilot, figure))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await until(pilot, lambda: view(pilot, "figure").text() == expected(pilot, figure))
        assert view(pilot, "figure").size.height >= 37
        await pilot.press("right")
        await sees(pilot, "k [h/Mpc]")
        await pilot.press("right")
        await sees(pilot, "Facts", "seed 8")
        await pilot.press("left", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        assert pilot.app.screen.query_one(OptionList).highlighted == 2
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


def expected(pilot: Pilot[None], figure: Figure) -> str:
    """What drawing the figure as it was before it went through the file gives."""
    size = view(pilot, "figure").size
    return draw(figure, size.width, size.height, "truecolor").plain()


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_long_table_is_scrolled(root: Path, size: tuple[int, int]) -> None:
    run = a_run(root, state="done")
    numbers = tuple(Number(f"n{k}", f"number {k}", float(k)) for k in range(80))
    write_json(run.report_path, dump_report(Report("many numbers", numbers, {})))
    async with opened(root, size) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "number 3 ")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await sees(pilot, "number 3 ")
        assert "number 79" not in text(pilot)
        await pilot.press("end")
        await sees(pilot, "number 79")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "make it with `halodeck report halonet-001 --again`"),
        ("{", "is damaged"),
        ("[]", "cannot be read"),
        (
            json.dumps({"title": "x", "numbers": [], "notes": [], "facts": {}, "figures": {"a": {"kind": "Cake"}}}),
            "Cake",
        ),
    ],
)
async def test_a_missing_or_damaged_report_is_told(root: Path, content: str | None, words: str) -> None:
    run = a_run(root, state="done")
    if content is not None:
        run.report_path.parent.mkdir()
        run.report_path.write_text(content)
    async with opened(root, (120, 40)) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await until(pilot, lambda: words in " ".join(view(pilot, "figure").text().split()))
        # it is there now
        write_json(run.report_path, dump_report(a_report()))
        await pilot.press("ctrl+r")
        await sees(pilot, "foreground Dice")


async def test_the_chosen_run_vanishes_while_its_report_is_open(root: Path) -> None:
    run = a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "has no report yet")
        shutil.rmtree(run.path)
        await sees(pilot, "0 runs")
        await pilot.press("ctrl+r", "escape")
        await sees(pilot, "There are no runs")


async def test_a_wide_comparison_goes_sideways_and_cuts_no_digit(root: Path) -> None:
    for number in range(6):
        run = a_run(root, state="done")
        if number == 2:
            continue  # has no report
        value = Number("n", "a number with a name that is longer than others", 1234.5 + number)
        write_json(run.report_path, dump_report(Report("", (value,), {})))
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "halonet-006")
        await pilot.press("asterisk", "c")
        await sees(pilot, "halonet-006", "1240", "6 runs")
        assert "paper" not in text(pilot)
        await pilot.press(*"llllll")
        await sees(pilot, "paper", "halonet-001", "a number with a name that")
        assert "halonet-006" not in text(pilot)
        await pilot.press(*"hhhhhhh", "c")
        await sees(pilot, "  - halonet-006", "-1", "minus halonet-006")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await sees(pilot, "halonet-003 has no report yet")
        await pilot.press("L")
        await until(pilot, lambda: "halonet-006" not in text(pilot).splitlines()[2])
        assert "minus halonet-006" in text(pilot)
        assert "halonet-003 has no report yet" in text(pilot)


async def test_a_missing_report_is_made_from_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(root, state="done")
    started: list[list[str]] = []

    def start(root: Path, title: str, command: list[str]) -> tasks.Task:
        started.append(command)
        write_json(run.report_path, dump_report(a_report()))
        return tasks.Task(root, title, tuple(command), 0.0, "running")

    monkeypatch.setattr(tasks, "start", start)
    monkeypatch.setattr(tasks, "read_task", lambda path: tasks.Task(path, "report", (), 0.0, "done"))
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "has no report yet")
        await pilot.press("X")
        await sees(pilot, "was not trained to its end: resume it")
        assert not started
        (run.path / "model.pt").touch()
        await pilot.press("ctrl+r")
        await sees(pilot, "X makes it here")
        await pilot.press("X")
        await sees(pilot, "foreground Dice", "0.783")
        assert started == [["report", str(run.path.resolve()), "--again"]]
