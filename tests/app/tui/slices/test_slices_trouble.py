"""Slices of files that are missing, broken or empty; what is sent while little changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from slices_pilot import opened, screen, settled
from textual.geometry import Region
from textual.widget import Widget
from tui_pilot import sees, until

from app.draw import Depth
from app.tui.screens.slices.slice_view import SliceView
from core.cosmos.universe import open_universe


async def test_no_universes_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        await sees(pilot, "There are no universes", "halodeck simulate")
        await pilot.press("full_stop", "c", "e", "n", "v", "u", "plus", "tab", "t", "R", "s", "A", "a")
        await sees(pilot, "There are no universes")


async def test_a_file_that_breaks_while_it_is_shown(deck: Path) -> None:
    path = deck / "universes" / "u1.h5"
    whole = path.read_bytes()
    harms: dict[str, Callable[[], object]] = {
        "does not exist": path.unlink,
        "cut off or damaged": lambda: os.truncate(path, 9000),
        "not a halodeck universe": lambda: path.write_bytes(b"something else"),
    }
    async with opened(deck, marked=("u1.h5",)) as pilot:
        for words, harm in harms.items():
            await settled(pilot)
            harm()
            await pilot.press("full_stop")
            await sees(pilot, words)
            await pilot.press("full_stop", "t", "v", "e", "c", "n")
            path.write_bytes(whole)
            await pilot.press("full_stop")
            await sees(pilot, "along z")


@pytest.mark.parametrize("depth", ["256", "none"])
async def test_cubes_without_numbers_and_constant_ones(deck: Path, depth: Depth) -> None:
    path = deck / "universes" / "u1.h5"
    offset = open_universe(path).fields["density"].offset
    async with opened(deck, (80, 24), depth=depth) as pilot:
        for value, words in ((np.nan, "no finite values"), (0.5, "0.75"), (-1.0, "no finite values")):
            await settled(pilot)
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(np.full(16**3, value, "<f4").tobytes())
            os.utime(path, (time.time() + 60 + len(words), time.time() + 60 + len(words)))
            await pilot.press("full_stop", "right")
            await sees(pilot, words)
        await pilot.press("R", "w", "plus", "n", "s")
        await sees(pilot, "zoom 2", "density [overdensity] -1")


async def test_nothing_is_sent_while_nothing_changes(deck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(deck) as pilot:
        await settled(pilot)
        await pilot.pause(0.3)
        updates: list[object] = []
        monkeypatch.setattr(pilot.app, "_display", lambda screen, update: updates.append(update))
        await pilot.pause(0.5)
        assert not [update for update in updates if update is not None]


async def test_a_cursor_step_repaints_two_lines(deck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(deck) as pilot:
        await settled(pilot)
        pane = screen(pilot).query_one("#pane0", SliceView)
        await until(pilot, lambda: pane.cursor is not None)
        await pilot.pause(0.3)
        seen: list[int] = []
        refresh = pane.refresh

        def noted(*regions: Region, **how: bool) -> Widget:
            seen.append(sum(region.height for region in regions) or 99)
            return refresh(*regions, **how)

        monkeypatch.setattr(pane, "refresh", noted)
        await pilot.press("up")
        await settled(pilot)
        assert seen in ([1], [1, 1])
