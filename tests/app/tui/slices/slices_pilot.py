"""What the tests of slices share."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import tui_pilot
from textual.pilot import Pilot
from tui_pilot import until

from app.draw import Depth
from app.tui.screens.slices.camera import Camera
from app.tui.screens.slices.screen import SlicesScreen
from app.tui.screens.slices.slice_view import SliceView


def opened(
    folder: Path, size: tuple[int, int] = (120, 40), marked: tuple[str, ...] = (), depth: Depth = "truecolor"
) -> AbstractAsyncContextManager[Pilot[None]]:
    """The slices of the universes in a folder."""
    paths = [Path("universes") / name for name in marked]
    return tui_pilot.opened(folder / "runs", size, universes=folder / "universes", place=2, marked=paths, depth=depth)


def screen(pilot: Pilot[None]) -> SlicesScreen:
    assert isinstance(pilot.app.screen, SlicesScreen)
    return pilot.app.screen


def camera(pilot: Pilot[None]) -> Camera:
    found = screen(pilot).camera
    assert found is not None
    return found


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what is wanted is seen and drawn."""

    def done() -> bool:
        here = screen(pilot)
        shown = [pane for pane in here.query(SliceView) if pane.display]
        drawn = all(pane.figure_shown is image.shown for pane, image in zip(shown, here.images, strict=False))
        return bool(here.images) and here._request == here._answered and (drawn or not here._plan().several)

    await until(pilot, done)
