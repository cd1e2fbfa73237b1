"""The place network: layers, filters and activations of a run and of the toy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import tui_pilot
from textual.pilot import Pilot
from textual.widgets import Input
from tui_pilot import sees, text, until

from app.tui.frame.figure_view import FigureView
from app.tui.screens.network.layer_table import LayerTable
from app.tui.screens.network.screen import NetworkScreen
from core.analysis.inspection.names import named
from core.cosmos.universe import Universe
from core.figures import Row
from core.runs.run import Run


def opened(
    folder: Path, runs: Path = Path("runs"), size: tuple[int, int] = (120, 40)
) -> AbstractAsyncContextManager[Pilot[None]]:
    """The networks of the runs in a folder."""
    return tui_pilot.opened(folder / runs, size, universes=folder / "universes", place=6)


def the(pilot: Pilot[None]) -> NetworkScreen:
    screen = pilot.app.screen
    assert isinstance(screen, NetworkScreen)
    return screen


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no settings of the user."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_a_run(folder: Path, done_run: Run, universes: list[Universe]) -> None:
    shutil.copytree(done_run.path, folder / "runs" / done_run.name)
    (folder / "universes").mkdir()
    for universe in universes[:2]:
        shutil.copy(universe.path, folder / "universes")
    async with opened(folder) as pilot:
        await sees(
            pilot, "HaloNet", "weights", "entry.convolution", "2 x 16^3", "filter 0 of 2 on input channel 0 of 1"
        )
        assert f"halodeck inspect {done_run.name} --layer entry.convolution --filters" in text(pilot)
        await pilot.press("right")
        await sees(pilot, "filter 1 of 2")
        await pilot.press("j")
        await sees(pilot, "has no filters; v shows its activations")
        await pilot.press("G")
        await sees(pilot, "exit: filter 0 of 2, 2 input channels")
        await pilot.press("I")
        await sees(pilot, "on input channel 0 of 2", "--source 0")
        await pilot.press("I", "I")
        await sees(pilot, "exit: filter 0 of 2, 2 input channels")
        await pilot.press("slash", *"convolution entry", "enter")
        await sees(pilot, "/convolution entry · ")
        table = the(pilot).query_one(LayerTable)
        every = the(pilot).found["names"]
        assert 0 < table.row_count < len(every)
        await pilot.press("G", "g")
        await until(pilot, lambda: the(pilot).layer == every[table.numbers[0]])
        await pilot.press("slash", "escape")
        await until(pilot, lambda: table.row_count == len(every))
        await pilot.press("G", "v")
        await sees(pilot, "exit: 2 channels, z = 12.5 Mpc/h", "input u1", "channel 1", "y [Mpc/h]")
        await pilot.press("full_stop", "full_stop")
        await sees(pilot, "z = 15.62 Mpc/h", "--depth 0.625")
        await pilot.press("c")
        await sees(pilot, "input: 1 channel")
        await pilot.press("c", "u")
        await sees(pilot, "input u2", "--universe")
        await pilot.press("e")
        await until(pilot, lambda: bool(pilot.app.screen.query("#answer")))
        pilot.app.screen.query_one("#answer", Input).value = "maps.txt"
        await pilot.press("enter")
        await until(pilot, Path("maps.txt").exists)
        assert "channel 1" in Path("maps.txt").read_text()
        await pilot.resize_terminal(80, 24)
        table, image = the(pilot).query_one(LayerTable), the(pilot).query_one("#image", FigureView)
        await until(pilot, lambda: table.parent.display and not image.display)  # type: ignore[union-attr]
        await pilot.press("tab")
        await sees(pilot, "exit: ", "channel 0")
        (folder / "universes" / "u2.h5").write_bytes(b"nothing")
        await pilot.press("g")
        await until(pilot, lambda: "is not a halodeck universe" in " ".join(text(pilot).split()))
        await pilot.press("u")
        await sees(pilot, "entry.convolution: 2 channels")


async def test_the_toy_without_runs(folder: Path) -> None:
    async with opened(folder) as pilot:
        await sees(pilot, "There are no runs in", "press m to look at the toy")
        await pilot.press("tab", "tab", "right", "v", "v", "e", "u", "n", "j", "I")
        await pilot.press("m")
        await sees(
            pilot, "9 layers, 348 weights", "conv1: filter 0 of 2", "halodeck inspect toy --layer conv1 --filters"
        )
        await pilot.press("v")
        await sees(pilot, "conv1: 2 channels", "channel 1")
        figure = the(pilot).figures[1]
        assert isinstance(figure, Row)
        await pilot.resize_terminal(200, 50)
        await sees(pilot, "sees [cells]", "convolution 3^2", "conv1: 2 channels")
        await pilot.press("m")
        await sees(pilot, "trained to invert images", "halodeck inspect inversion --layer conv1")
        await pilot.press("m")
        await sees(pilot, "1,170,149 weights, not trained", "conv1.0: channels 0 to", "inspect segmentation")
        await pilot.press("m", "v")
        await sees(pilot, "inspect density@cpu --layer", "density@cpu", "filter 0 of")
        await pilot.press("v")
        await sees(pilot, "activations need a universe")
        await pilot.press(*"m" * (len(named()) - 3))
        await sees(pilot, "There are no runs in")


async def test_a_run_without_weights(folder: Path, new_run: Callable[..., Run]) -> None:
    run = new_run()
    async with opened(folder, run.path.parent) as pilot:
        await sees(pilot, "entry.convolution")
        await until(pilot, lambda: "has no weights yet" in " ".join(text(pilot).split()))


async def test_a_run_of_another_version_is_told_also_where_one_pane_is_shown(
    folder: Path, new_run: Callable[..., Run]
) -> None:
    run = new_run()
    path = run.path / "config.toml"
    path.write_text(path.read_text().replace('"halonet"', '"halonet9"', 1))
    new_run()
    async with opened(folder, run.path.parent, (80, 24)) as pilot:
        await sees(pilot, "entry.convolution")
        await pilot.press("n")
        await sees(pilot, "unknown recipe 'halonet9'")
        await pilot.press("n")
        await sees(pilot, "entry.convolution")
