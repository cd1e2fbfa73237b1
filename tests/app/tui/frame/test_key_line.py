"""The keys below a screen fit it, and light paper has light shades."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tui_pilot import a_run, opened, sees, text, until, view

from app.draw import draw
from app.draw.colour import NO_INK, series_shade
from app.tui.places import PLACES
from app.tui.screens.runs.report import FiguresScreen
from core.figures import Curves, Report, Series, Slice, Table, dump_report
from core.files import write_json


@pytest.mark.parametrize("place", ["2", "3", "6"])
async def test_help_and_quit_stay_in_a_narrow_footer(root: Path, place: str) -> None:
    async with opened(root, (60, 24)) as pilot:
        await pilot.press(place)
        await until(pilot, lambda: "? help ^p palette q quit" in text(pilot).splitlines()[-1])
        narrow = text(pilot).splitlines()[-1]
        assert len(narrow.rstrip()) <= 60
        await pilot.resize_terminal(200, 24)
        there = next(each for each in PLACES if each.key == place)
        first = next(key for key in reversed(there.keys) if key.hint and key.where == there.id)
        await until(pilot, lambda: f"{first.signs.split()[0]} {first.hint}" in text(pilot).splitlines()[-1])


def shades(light: bool) -> set[str]:
    x = np.linspace(0.0, 1.0, 20)
    band = Series("a", x, x, x - 0.3, x + 0.3)
    drawing = draw(Curves("", (band,), "x", "y"), 60, 20, "truecolor", light)
    return {s.style.bgcolor.name for line in drawing.lines for s in line if s.style and s.style.bgcolor}


def test_error_bands_are_pale_on_light_paper() -> None:
    dark = f"#{series_shade(0, 'truecolor'):06x}"
    assert series_shade(0, "truecolor") != NO_INK
    assert shades(light=False) == {dark}
    [pale] = shades(light=True)
    assert min(bytes.fromhex(pale[1:])) > max(bytes.fromhex(dark[1:]))


def test_the_colours_of_an_image_do_not_change_with_the_paper() -> None:
    image = Slice("", np.arange(64.0).reshape(8, 8), (0, 8, 0, 8), "x", "y")
    for depth in ("truecolor", "256"):
        assert draw(image, 40, 20, depth, True).lines == draw(image, 40, 20, depth, False).lines


def test_a_line_at_a_ratio_of_one_lies_beside_its_tick() -> None:
    x = np.linspace(1.0, 2.0, 20)
    curves = (Series("a", x, 9 * x), Series("b", x, x))
    figure = Curves("", curves, "x", "y", ratio_to="b", ratio_limits=(0.5, 1.5), ratio_bands=(0.1,))
    for height in range(20, 50):
        lines = draw(figure, 60, height, "truecolor").plain().splitlines()
        ratio = next(k for k, line in enumerate(lines) if "└─" in line)
        ruled = [line for line in lines[ratio + 1 :] if sum("⠀" < letter <= "⣿" for letter in line) > 40]
        assert [line.partition("┤")[0].strip() for line in ruled] in (["1.0"], ["1"])


async def test_letters_move_through_a_report(root: Path) -> None:
    run = a_run(root, state="done")
    pages = {"one": Table("One", ("a",), (("1",),)), "two": Table("Two", ("b",), (("2",),))}
    write_json(run.report_path, dump_report(Report("a report", (), pages, (), {})))  # type: ignore[arg-type]
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        await sees(pilot, "One")
        for key, title in (("j", "Two"), ("k", "One")):
            await pilot.press(key)
            await until(pilot, lambda wanted=title: getattr(view(pilot, "figure").figure_shown, "title", "") == wanted)  # type: ignore[misc]


async def test_a_done_run_is_not_trained_again(root: Path) -> None:
    a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "✓ done")
        await pilot.press("r")
        await sees(pilot, "halonet-001 is done", "see its report")
