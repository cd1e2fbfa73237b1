"""What the tests of the screens share: the workbench without a terminal, waiting, looking, and runs to look at."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from textual.command import CommandList
from textual.pilot import Pilot

from app.draw import Depth
from app.tui.frame.figure_view import FigureView
from app.tui.frame.preferences import Preferences
from app.tui.frame.selection import Selection
from app.tui.places import PLACES
from app.tui.workbench import Workbench
from core.figures import Curves, Number, Report, Series, Slice
from core.runs.run import Run, create_run

SIZES = [(80, 24), (120, 40), (200, 50)]
PATIENCE = 40.0  # seconds; helper processes import torch


@asynccontextmanager
async def opened(
    root: Path,
    size: tuple[int, int] = (120, 40),
    preferences: Preferences | None = None,
    universes: Path = Path("nowhere"),
    *,
    place: int = 0,
    marked: Sequence[Path] = (),
    depth: Depth = "truecolor",
) -> AsyncIterator[Pilot[None]]:
    """The workbench in a size, at the place of this number, with these universes marked."""
    bench = Workbench(root, depth, universes, preferences)
    bench.animation_level = "none"
    bench.selection = Selection(tuple(marked))
    async with bench.run_test(size=size, notifications=True) as pilot:
        if place:
            await pilot.press(str(place))
            await until(pilot, lambda: bench.current_mode == PLACES[place - 1].id and bench.screen.is_mounted)
        yield pilot


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app go on until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, text(pilot)
        await pilot.pause(0.01)


async def sees(pilot: Pilot[None], *words: str) -> None:
    """Wait until all these words are on the screen."""
    await until(pilot, lambda: all(word in text(pilot) for word in words))


async def takes(pilot: Pilot[None], typed: str, words: str) -> None:
    """Type into the palette and take what it finds, once that stands first: until then it was found for less typed."""
    await pilot.press("ctrl+p", *typed)
    await sees(pilot, words)
    found = pilot.app.screen.query_one(CommandList)
    await until(pilot, lambda: found.option_count > 0 and words in str(found.get_option_at_index(0).prompt))
    await pilot.press("enter")


def text(pilot: Pilot[None]) -> str:
    """The screen as plain text."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def view(pilot: Pilot[None], id: str) -> FigureView:
    return pilot.app.screen.query_one(f"#{id}", FigureView)


def shown(pilot: Pilot[None], id: str) -> Curves | None:
    figure = view(pilot, id).figure_shown
    assert figure is None or isinstance(figure, Curves)
    return figure


def a_run(root: Path, recipe: str = "halonet", state: str = "running", steps: int = 30) -> Run:
    run = create_run(root, recipe, {})
    for step in range(1, steps + 1):
        run.emit("step", step=step, loss=1.0 / step, rate=0.01)
        if step % 10 == 0:
            run.emit("validation", step=step, loss=1.25 / step, dice=0.5 + step / 100)
    run.write_status(state=state, step=steps, steps=500, values={"loss": 1 / steps, "rate": 0.01}, speed=2.5)
    return run


def a_report() -> Report:
    k = np.geomspace(0.1, 5.0, 20)
    return Report(
        "halonet on one universe",
        (Number("dice", "foreground Dice", 0.783, baseline=0.713, paper=0.934),),
        {
            "density": Slice("Density slice", np.arange(64.0).reshape(8, 8), (0, 8, 0, 8), "x [Mpc/h]", "y [Mpc/h]"),
            "power": Curves("Halo power", (Series("truth", k, 1 / k),), "k [h/Mpc]", "P(k)", True, True),
        },
        ("A note on what this can show.",),
        {"universes": "seed 8"},
    )
