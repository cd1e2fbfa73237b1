"""Cells of slices divided further, by a key."""

from pathlib import Path

from textual.pilot import Pilot
from tui_pilot import opened, sees, text, until

from app.tui.frame.preferences import load_preferences
from core.cosmos.universe import Universe


async def test_a_key_divides_cells_further_and_it_is_kept(
    root: Path, tmp_path: Path, universes: list[Universe]
) -> None:
    path, folder = tmp_path / "settings.toml", universes[0].path.parent

    def fine(pilot: Pilot[None]) -> bool:
        return any("\U0001fb00" <= letter < "\U0001fbff" for letter in text(pilot))

    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await pilot.press("2")
        await sees(pilot, "Mpc/h")
        assert not fine(pilot)
        for _ in range(3):  # halves, quadrants, sextants
            await pilot.press("apostrophe")
        await until(pilot, lambda: fine(pilot))
        await until(pilot, lambda: load_preferences(path).blocks == "sextant")
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await pilot.press("2")
        await sees(pilot, "Mpc/h")
        await until(pilot, lambda: fine(pilot))
    path.write_text("blocks = 'triangles'\n")
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await sees(pilot, "no mosaic 'triangles'")
        assert pilot.app.blocks == "auto"
