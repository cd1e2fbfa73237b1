"""What tests of the Data place share: opening it, and what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from tui_pilot import sees, until

from app.tui.frame.figure_view import FigureView
from app.tui.screens.data.file_tree import FileTree
from app.tui.screens.data.screen import DataScreen
from app.tui.workbench import Workbench
from core.figures import Slice


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
