"""Keys: one table for dispatch, footer, help and palette."""

from __future__ import annotations

import importlib
import pkgutil
from io import StringIO
from pathlib import Path

from rich.console import Console
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from tui_pilot import a_run, opened, sees, takes, text, until

import app.tui
from app.tui.frame.help import HelpScreen, keys_table
from app.tui.keymap import KEYS, SECTIONS
from app.tui.screens.runs.screen import RunsScreen
from app.tui.workbench import Workbench


async def test_the_footer_names_every_hint_of_the_screen(root: Path) -> None:
    a_run(root)
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "halonet-001", "loss of", "f figures", "q quit")
        footer = text(pilot).splitlines()[-1]
        for key in KEYS:
            if key.where in ("runs", "everywhere") and key.hint:
                assert f"{key.signs.split()[0]} {key.hint}" in footer
            if key.where == "curves" and key.hint:
                assert f"{key.key} {key.hint}" in text(pilot)


async def test_help_lists_every_key_those_of_the_place_first(root: Path) -> None:
    async with opened(root, (120, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await sees(pilot, "Runs", "open the report of the chosen run")
        sections = pilot.app.screen._sections  # type: ignore[attr-defined]
        assert list(sections)[:3] == ["runs", "list", "curves"]
        assert sections == {id: SECTIONS[id] for id in sections}
        assert set(sections) == set(SECTIONS)
        console = Console(width=200, file=StringIO())
        console.print(keys_table(sections, KEYS, with_ids=True))
        words = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]
        for key in KEYS:
            assert f"{key.signs} {key.description} {key.id}" in words
        await pilot.press(*"pause")
        await until(pilot, lambda: "pause the chosen run" in text(pilot) and "open the report" not in text(pilot))
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunsScreen)


def test_every_key_of_the_table_has_an_action() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    for module in pkgutil.walk_packages(app.tui.__path__, "app.tui."):
        importlib.import_module(module.name)
    bound: dict[str, list[type[DOMNode]]] = {}
    waiting: list[type[DOMNode]] = [Workbench, Screen, Widget]
    for kind in waiting:
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("app."):
            for item in vars(kind).get("BINDINGS", []):
                if isinstance(item, Binding) and item.id:
                    bound.setdefault(item.id, []).append(kind)
    for key in KEYS:
        name = key.action.partition("(")[0].removeprefix("app.").removeprefix("screen.")
        kinds: list[type[DOMNode]] = [Workbench] if key.action.startswith("app.") else bound[key.id]
        if key.action.startswith("screen."):
            kinds = [kind for kind in waiting if issubclass(kind, Screen)]
        assert any(hasattr(kind, f"action_{name}") for kind in kinds), key


async def test_a_key_is_remapped_by_its_id(root: Path) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "● running")
        pilot.app.set_keymap({"runs.pause": "f5"})
        await pilot.press("f5")
        await until(pilot, lambda: run.take_request() == "pause")
        await sees(pilot, "f5 pause")


async def test_the_palette_goes_to_a_run_and_does_actions(root: Path) -> None:
    run = a_run(root, "halonet")
    a_run(root, "infall")
    async with opened(root) as pilot:
        await sees(pilot, "loss of infall-001")
        await takes(pilot, "halonet", "go to halonet-001")
        await sees(pilot, "loss of halonet-001")
        await takes(pilot, "pau", "pause the chosen run, or")
        await until(pilot, lambda: run.take_request() == "pause")


async def test_a_hint_does_what_its_key_does(root: Path) -> None:
    a_run(root)
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "f figures", "? help ^p palette q quit")
        await pilot.click("#hints", offset=(text(pilot).splitlines()[-1].index("help"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_the_palette_reaches_other_places_and_settings(root: Path) -> None:
    a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await takes(pilot, "halonet nbody.st", "halonet nbody.steps")
        await until(pilot, lambda: pilot.app.current_mode == "launch")
        await sees(pilot, "settings of halonet", "nbody.steps  a whole number")
        await takes(pilot, "write notes", "runs: write notes and #tags")
        await sees(pilot, "Notes on halonet-001")
