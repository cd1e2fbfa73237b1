"""Cells of slices divided further, by a key."""

from pathlib import Path

from textual.color import Color
from textual.pilot import Pilot
from tui_pilot import opened, sees, text, until

from app.tui.frame.guard import Guard
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
        for _ in range(2):  # quadrants, sextants
            await pilot.press("apostrophe")
        await until(pilot, lambda: fine(pilot))
        await until(pilot, lambda: load_preferences(path).blocks == "sextant")
        await pilot.press("apostrophe")
        await until(pilot, lambda: any("\U0001cd00" <= letter <= "\U0001cde5" for letter in text(pilot)))
        strips = pilot.app.screen._compositor.render_strips()
        # all the way to the terminal, past what keeps foreign text off it
        sent = "".join(part.text for strip in strips for part in Guard().apply(list(strip), Color(0, 0, 0)))
        assert "\ufffd" not in sent
        await pilot.press(*["apostrophe"] * 3)
        await until(pilot, lambda: load_preferences(path).blocks == "sextant")
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await pilot.press("2")
        await sees(pilot, "Mpc/h")
        await until(pilot, lambda: fine(pilot))
    path.write_text("blocks = 'triangles'\n")
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await sees(pilot, "no mosaic 'triangles'")
        assert pilot.app.blocks == "auto"  # type: ignore[attr-defined]
