"""The filter of lists and forms: words in any order, over what is folded, taken back by esc."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.widgets import OptionList
from tui_pilot import a_report, a_run, opened, sees, text, until

from app.tui.frame.field_list import FieldList
from app.tui.frame.figure_view import FigureView
from app.tui.frame.filter import has_all
from app.tui.frame.matches import lines_with, next_of, spans
from core.figures import Number, dump_report
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
        await pilot.press("slash", *"power halo", "enter")
        contents = pilot.app.screen.query_one(OptionList)
        assert [option.id for option in contents.options] == ["power"]
        await pilot.press("f")
        await sees(pilot, "k [h/Mpc]")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList) is contents)


async def test_words_are_looked_for_in_all_pages(root: Path) -> None:
    numbers = tuple(Number(f"n{k}", f"number {k} of {'haloes' if k == 40 else 'many'}", float(k)) for k in range(60))
    report = replace(a_report(), numbers=numbers, facts={"universes": "seed 8 and its haloes"})
    write_json(a_run(root, state="done").report_path, dump_report(report))
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "number 0 of many")
        await pilot.press("slash", *"haloes", "enter")
        await sees(pilot, "/haloes · 2 of 4", "number 40 of haloes")
        await pilot.press("n")
        await sees(pilot, "seed 8 and its haloes")
        await pilot.press("f", "N")
        await sees(pilot, "number 40 of haloes")
        view = pilot.app.screen.query_one(FigureView)
        line = next(y for y in range(view.size.height) if "haloes" in view.render_line(y).text)
        assert [part.text for part in view.render_line(line) if part.style and part.style.reverse] == ["haloes"]
        await pilot.press("slash", "escape", "n")
        await sees(pilot, "seed 8 and its haloes")
        await pilot.press("slash", *"nowhere", "enter", "n")
        await sees(pilot, "no page has nowhere")


def test_matches_of_words() -> None:
    lines = ["a Halo here", "nothing", "halo", "here"]
    assert lines_with(lines, "halo here") == [0]
    assert lines_with(lines, "halo nothing") == [0, 1, 2]
    assert not lines_with(lines, " ")
    assert (next_of([0, 2], None, -1), next_of([0, 2], 0, 1), next_of([0, 2], 2, 1)) == (2, 2, None)
    assert spans("halos of HALO", "halo alos") == [(0, 5), (9, 13)]
