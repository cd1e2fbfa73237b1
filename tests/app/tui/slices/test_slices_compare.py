"""Slices of several files beside each other, and what is saved of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from slices_pilot import opened, screen, settled
from textual.widgets import Input
from tui_pilot import sees, text, until

from app.tui.frame.ask import AskScreen


async def test_a_prediction_beside_its_universe(deck: Path) -> None:
    async with opened(deck, (200, 50), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("c")
        words = ("input: delta_linear", "truth: mask of label", "prediction: probability", "prediction - truth")
        await sees(pilot, *words, "with halonet-001", "--compare")
        await settled(pilot)
        await sees(pilot, "input ", "truth ", "prediction ", "diff ")
        # only fields of the prediction's frame stand beside it
        await pilot.press("v")
        await sees(pilot, "truth: mask of label", "input: displacement")
        await pilot.press("V", "V")
        await sees(pilot, "input: velocity")
        await pilot.press("v")
        await sees(pilot, *words)
        # all go together, and one can be alone
        await pilot.press("full_stop", "tab", "enter")
        await sees(pilot, "14 of 0-15", "image 2 of 4", "truth: mask of label")
        assert "input: delta_linear" not in text(pilot)
        await pilot.press("shift+tab")
        await sees(pilot, "input: delta_linear", "image 1 of 4")
        await pilot.press("enter")
        await sees(pilot, *words)
        await pilot.press("c")
        await sees(pilot, "· delta_linear ·", "along z", "along x")
        await pilot.press("A")
        await sees(pilot, "one axis")


async def test_some_images_stand_together_where_there_is_little_room(deck: Path) -> None:
    async with opened(deck, (80, 24), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("c")
        await sees(pilot, "input: delta_linear", "truth: mask of label", "images 1-2 of 4")
        await pilot.press("tab", "tab", "tab")
        await sees(pilot, "prediction: probability", "prediction - truth", "images 3-4 of 4")
        await pilot.press("tab")
        await sees(pilot, "input: delta_linear")


async def test_marked_universes_are_turned_and_compared(deck: Path) -> None:
    async with opened(deck, marked=("u2.h5", "u1.h5")) as pilot:
        await sees(pilot, "u2", "1 found")
        await pilot.press("c")
        await sees(pilot, "with u1")
        await pilot.press("u")
        await sees(pilot, "halodeck view", "u1.h5", "2 found")
        assert pilot.app.selection.universe.name == "u1.h5"  # type: ignore[attr-defined]
        await pilot.press("U")
        await sees(pilot, "u2.h5")


async def test_without_marks_the_folder_is_turned(deck: Path) -> None:
    async with opened(deck) as pilot:
        await sees(pilot, "u1.h5", "1 found")
        await pilot.press("u")
        await sees(pilot, "u2.h5", "nothing found")
        await pilot.press("c")
        await until(pilot, lambda: any("halodeck predict" in n.message for n in pilot.app._notifications))


async def test_what_is_seen_is_saved(deck: Path) -> None:
    async with opened(deck, (200, 50)) as pilot:
        await settled(pilot)
        images = screen(pilot).images

        async def save_as(name: str) -> None:
            await pilot.press("e")
            await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
            line = pilot.app.screen.query_one(Input)
            assert line.value.startswith("u1-density-z")
            line.value = name
            await pilot.press("enter")

        for name in ("all.txt", "one.npy"):
            await save_as(name)
            await until(pilot, (deck / name).exists)
        assert "along x" in (deck / "all.txt").read_text()
        np.testing.assert_array_equal(np.load(deck / "one.npy"), images[0].figure.values)
        await save_as("slice.doc")
        await until(pilot, lambda: any("slice.doc" in n.message for n in pilot.app._notifications))
