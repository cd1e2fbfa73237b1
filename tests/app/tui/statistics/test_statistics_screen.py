"""The place statistics: what it compares, how it is looked at, what goes wrong."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np
import pytest
import tui_pilot
from textual.pilot import Pilot
from textual.widgets import Input
from tui_pilot import sees, text, until

from app.draw.citation import measured
from app.tui.frame.calculator import Calculator
from app.tui.frame.curve_view import CurveView
from app.tui.frame.selection import Selection
from app.tui.screens.statistics.screen import StatisticsScreen
from core.figures import Curves
from core.notebook import NOTEBOOK, read_notebook


def opened(deck: Path, marked: int = 0, size: tuple[int, int] = (120, 40)) -> AbstractAsyncContextManager[Pilot[None]]:
    """The statistics of the first universes of a folder."""
    universes = deck / "universes"
    paths = sorted(universes.glob("*.h5"))[:marked]
    return tui_pilot.opened(deck / "runs", size, universes=universes, place=3, marked=paths)


def the(pilot: Pilot[None]) -> StatisticsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, StatisticsScreen)
    return screen


async def test_one_universe_then_the_next_and_its_figures(deck: Path) -> None:
    async with opened(deck) as pilot:
        await sees(pilot, "Power spectrum of density", "u1", "linear theory", "P(k) [(Mpc/h)^3]", "k [h/Mpc]", "1 of 3")
        assert "halodeck stats universes/u1.h5" in text(pilot)
        await pilot.press("tab")
        await sees(pilot, "Halo mass function", "Press-Schechter", "M [Msun/h]", "2 of 3")
        await pilot.press("tab")
        await sees(pilot, "Distribution of density", "3 of 3")
        await pilot.press("shift+tab", "shift+tab")
        await sees(pilot, "1 of 3")
        await export(pilot, "k.csv", "k.json", "k.svg", "k.txt")
        await pilot.press("u")
        await sees(pilot, "halodeck stats universes/u2.h5", "u2  ·")
        await pilot.press("v")
        await until(pilot, lambda: "Power spectrum of density" not in text(pilot))
        assert the(pilot).field != "density"
        assert f"--field {the(pilot).field}" in text(pilot)


async def test_statistics_on_request(deck: Path) -> None:
    async with opened(deck) as pilot:
        await sees(pilot, "1 of 3")
        await pilot.press("m")
        await sees(pilot, "Which statistics more?", "the reduced bispectrum", "first-crossing masses")
        await pilot.press("enter")
        await sees(pilot, "1 of 4", "--bispectrum")
        await pilot.press("m")
        await sees(pilot, "leave away the reduced bispectrum")
        await pilot.press("enter")
        await sees(pilot, "1 of 3")


async def export(pilot: Pilot[None], *names: str) -> None:
    """Save the power spectrum under these names and read the numbers back."""
    for name in names:
        await pilot.press("e")
        await until(pilot, lambda: bool(pilot.app.screen.query("#answer")))
        line = pilot.app.screen.query_one("#answer", Input)
        assert line.value == "power.csv"
        line.value = name
        await pilot.press("enter")
        await until(pilot, Path(name).exists)
    series = the(pilot).figures["power"].series
    lines = Path("k.csv").read_text().splitlines()
    assert lines[0] == "series,k [h/Mpc],P(k) [(Mpc/h)^3],low,high"
    assert len(lines) == 1 + sum(len(one.x) for one in series)
    assert float(lines[1].split(",")[2]) == pytest.approx(series[0].y[0], rel=1e-6)
    assert json.loads(Path("k.json").read_text())["kind"] == "Curves"


async def test_several_universes(deck: Path) -> None:
    async with opened(deck, marked=3) as pilot:
        await sees(pilot, "over u3", "1 of 5", "3 marked")
        await pilot.press("c")
        await sees(pilot, "over linear theory", "1 of 3", "--reference theory")
        await pilot.press("c")
        await sees(pilot, "over u1", "1 of 5", "--reference universes/u1.h5")
        assert the(pilot).reference == "u1"
        assert [series.name for series in the(pilot).figures["correlation"].series] == ["u2", "u3"]
        await read_out(pilot)
        await look(pilot)
        await resize(pilot)
        pilot.app.selection = Selection((deck / "universes" / "u2.h5",))  # type: ignore[attr-defined]
        await sees(pilot, "halodeck stats universes/u2.h5")
        await until(pilot, lambda: the(pilot).reference == "")


async def read_out(pilot: Pilot[None]) -> None:
    """The cursor reads every curve, by keys and by mouse."""
    await pilot.press("right", "right")
    series = the(pilot).figures["power"].series[0]
    x = the(pilot).windows["power"].cursor
    assert x is not None
    at = int(np.argmin(np.abs(series.x - x)))
    assert series.x[at] == x
    assert series.high is not None
    await sees(pilot, f"k [h/Mpc] = {x:.4g}", measured(series.y[at], series.high[at] - series.y[at]))
    await pilot.press("down", "y")
    await until(pilot, lambda: "(u2, z=0, " in pilot.app.clipboard)
    assert pilot.app.clipboard.startswith(f"P(k={x:.4g} h/Mpc) = ")
    await pilot.press("B")
    await until(pilot, NOTEBOOK.exists)
    [note] = read_notebook(NOTEBOOK)
    assert pilot.app.clipboard in note.text.splitlines()
    assert f"--read power={x:.6g} --save notebook/001" in note.command
    pane = the(pilot).query_one("#pane0", CurveView)
    await until(pilot, lambda: pane.column is not None)
    assert abs((pane.x_at(pane.column or 0) or 0) / x - 1) < 0.05
    await pilot.click(pane, offset=(pane.size.width // 2, pane.size.height // 2))
    await until(pilot, lambda: the(pilot).windows["power"].cursor != x)
    await pilot.press("escape")
    await until(pilot, lambda: pane.column is None)


async def look(pilot: Pilot[None]) -> None:
    """Axes, zoom, theory and bands."""
    screen = the(pilot)
    await pilot.press("right", "plus", "plus")
    assert screen.report
    power = screen.report.figures["power"]
    assert isinstance(power, Curves)
    full = power.series[0].x
    low, high = screen.figures["power"].x_limits or (0, 0)
    assert np.log(high / low) == pytest.approx(np.log(full.max() / full.min()) / 4)
    await pilot.press("shift+left")
    assert (screen.figures["power"].x_limits or (0, 0))[0] <= low
    await pilot.press("0", "s", "S")
    assert screen.figures["power"].x_limits is None
    assert not screen.figures["power"].y_log
    assert not screen.figures["power"].x_log
    await pilot.press("R", "R", "R")
    assert screen.figures["power"].ratio_limits == (0.5, 1.5)
    assert len(screen.figures["power"].series) == 4
    await pilot.press("t")
    assert [series.name for series in screen.figures["power"].series] == ["u1", "u2", "u3"]
    await pilot.press("t", "b")
    await sees(pilot, "--poisson")
    await until(pilot, lambda: "Poisson errors" in screen.figures["mass_function"].title)
    await pilot.press("b")
    assert screen.figures["power"].series[0].low is None


async def resize(pilot: Pilot[None]) -> None:
    """One pane on a small screen, four on a large one, or the chosen one alone."""

    def panes() -> int:
        return sum(pane.display for pane in pilot.app.screen.query(CurveView))

    await pilot.resize_terminal(200, 50)
    await until(pilot, lambda: panes() == 4)
    await sees(pilot, "Power spectrum", "Halo mass function", "Cross-correlation", "Transfer function")
    await pilot.press("enter")
    await until(pilot, lambda: panes() == 1)
    await pilot.press("enter")
    await pilot.resize_terminal(40, 12)
    await until(pilot, lambda: panes() == 1)
    await sees(pilot, "0┤", "k = ", "▲ u2", "ratio 0.9")
    assert "halodeck stats" not in text(pilot)
    await pilot.resize_terminal(120, 40)
    await sees(pilot, "ratio 0.9", "▲ u2")
    await pilot.resize_terminal(80, 24)
    await sees(pilot, "Power spectrum", "P(k)", " h/Mpc   up, down choose", "ratio 0.9", "linear theory, z = 0")


async def test_predictions_and_what_goes_wrong(deck: Path) -> None:
    async with opened(deck, marked=1) as pilot:
        await sees(pilot, "1 of 3")
        await pilot.press("P")
        await sees(pilot, "u1 by halonet-001 halonet", "Halo mass function")
        assert list(the(pilot).figures) == ["mass_function"]
        await pilot.press("P")
        await sees(pilot, "2 of 3")
        process = the(pilot)._calculator._process
        assert process
        process.kill()  # it is started again
        process.wait()
        await pilot.press("b")
        await until(pilot, lambda: "Poisson errors" in str(the(pilot).figures.get("mass_function")))
        for path in (deck / "universes").glob("u[12].h5"):
            path.write_bytes(path.read_bytes()[:3000])
        pilot.app.selection = Selection((deck / "universes" / "u2.h5",))  # type: ignore[attr-defined]
        await until(pilot, lambda: "cut off" in text(pilot) or "damaged" in text(pilot))
        pilot.app.selection = Selection((deck / "universes" / "u3.h5",))  # type: ignore[attr-defined]
        await sees(pilot, "u3 fof")
        pilot.app.selection = Selection((deck / "universes" / "u9.h5",))  # type: ignore[attr-defined]
        await until(pilot, lambda: "does not exist" in " ".join(text(pilot).split()))


async def test_no_universes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    async with opened(tmp_path / "none") as pilot:
        await sees(pilot, "There are no universes in", "halodeck simulate")
        await pilot.press("tab", "right", "c", "e", "v", "plus")
        await sees(pilot, "There are no universes in")


async def test_an_answer_to_an_older_question_is_passed_over(deck: Path) -> None:
    async with opened(deck, 1) as pilot:
        await until(pilot, lambda: the(pilot).report is not None and not the(pilot)._busy)
        report = the(pilot).report
        the(pilot).post_message(Calculator.Answered(the(pilot)._number - 1, {}, "given up"))
        await pilot.pause()
        assert the(pilot).report is report
