"""The filter of lists and forms: words in any order, over what is folded, taken back by esc."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import OptionList
from tui_pilot import a_report, a_run, opened, sees, text, until

from app.tui.frame.field_list import FieldList
from app.tui.frame.filter import has_all
from core.figures import dump_report
from core.files import write_json


def test_words_in_any_order() -> None:
    assert has_all("optimiser.learning_rate: steps", "RATE steps")
    assert has_all("anything", " ")
    assert not has_all("optimiser", "optimiser rate")


async def test_recipes_and_their_settings_are_filtered(root: Path) -> None:
    async with opened(root, place=4) as pilot:
        await sees(pilot, "HaloNet: protohalos")
        await pilot.press("slash", *"v-net")
        await until(pilot, lambda: "Ionization" not in text(pilot))
        await pilot.press("enter", "enter")
        await sees(pilot, "settings of halonet", "▸ nbody")
        await pilot.press("slash", *"nbody st", "enter")
        await sees(pilot, "▾ nbody", "Time steps from z = 9")
        fields = pilot.app.screen.query_one(FieldList)
        assert [getattr(line, "path", line) for line in fields.lines] == ["nbody", "nbody.steps"]
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(fields.lines) > 10)


async def test_pages_of_a_report_are_filtered(root: Path) -> None:
    write_json(a_run(root, state="done").report_path, dump_report(a_report()))
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "Halo power")
        await pilot.press("slash", *"halo", "enter")
        contents = pilot.app.screen.query_one(OptionList)
        assert [option.id for option in contents.options] == ["power"]
        await pilot.press("f")
        await sees(pilot, "k [h/Mpc]")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList) is contents)
