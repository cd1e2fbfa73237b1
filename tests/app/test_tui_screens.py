"""The workbench without a terminal: every screen and action, on real run folders."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList
from tui_pilot import SIZES, a_report, a_run, opened, sees, shown, text, until, view

from app.draw import draw
from app.tui import screens, widgets
from app.tui.bindings import KEYS, TITLES
from app.tui.screens.confirm import ConfirmScreen
from app.tui.screens.figures import FigureScreen, FiguresScreen
from app.tui.screens.help import HelpScreen, keys_table
from app.tui.screens.runs import RunsScreen
from app.tui.widgets.run_columns import COLUMNS, columns_for
from app.tui.widgets.run_table import RunTable
from app.tui.workbench import Workbench
from core.figures import Figure, Number, Report, dump_report
from core.files import write_json
from core.run import Run


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_and_the_curves_of_the_chosen_run(root: Path, size: tuple[int, int]) -> None:
    a_run(root, "halonet", "done")
    a_run(root, "infall", "running")
    async with opened(root, size) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None)
        await sees(pilot, "2 runs, 1 running", "infall-001", "● running", "halonet-001", "✓ done", "30/500", "0.03333")
        await sees(pilot, "loss of infall-001", "validation", "step", "2.5/s on")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())
        await pilot.press("down")
        await sees(pilot, "loss of halonet-001")


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


async def test_new_events_move_the_curve_and_the_list(root: Path) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None)
        run.emit("step", step=31, loss=0.02, rate=0.01)
        run.emit("validation", step=31, loss=0.0123, dice=0.9)
        run.write_status(state="paused", step=31, steps=500, values={"loss": 0.02}, message="by request")

        def arrived() -> bool:
            figure = shown(pilot, "curve")
            return figure is not None and figure.series[0].x[-1] == 31 and figure.series[1].y[-1] == 0.0123

        await until(pilot, arrived)
        await sees(pilot, "31/500", "◐ paused", "by request")


async def test_metric_axis_and_smoothing(root: Path) -> None:
    a_run(root)
    async with opened(root, (80, 24)) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None)
        assert not view(pilot, "second").display
        await pilot.press("m")
        await sees(pilot, "dice of halonet-001")
        await pilot.press("m")
        await sees(pilot, "rate of halonet-001")
        await pilot.press("M", "M")
        await sees(pilot, "loss of halonet-001")
        before = shown(pilot, "curve")
        assert before is not None
        await pilot.press("l", "w")
        await until(pilot, lambda: (now := shown(pilot, "curve")) is not None and "smoothed" in now.series[0].name)
        after = shown(pilot, "curve")
        assert after is not None
        assert after.y_log != before.y_log


async def test_a_tall_screen_shows_the_next_metric_too(root: Path) -> None:
    a_run(root)
    async with opened(root, (200, 50)) as pilot:
        await until(pilot, lambda: shown(pilot, "second") is not None)
        await sees(pilot, "loss of halonet-001", "dice of halonet-001")


async def test_a_resize_draws_anew(root: Path) -> None:
    a_run(root)
    async with opened(root, (80, 24)) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None)
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: "dice of" in text(pilot) and len(view(pilot, "curve")._strips) > 15)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(view(pilot, "curve")._strips) <= view(pilot, "curve").size.height)
        assert not view(pilot, "curve").show_vertical_scrollbar


async def test_requests_reach_the_worker(root: Path) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "● running")
        for key, request in (("p", "pause"), ("s", "stop"), ("r", "resume")):
            await pilot.press(key)
            await until(pilot, lambda wanted=request: run.take_request() == wanted)  # type: ignore[misc]


async def test_a_request_that_cannot_be_is_told(root: Path) -> None:
    a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "✓ done")
        await pilot.press("p")
        await sees(pilot, "halonet-001 is done")
        assert pilot.app.is_running


async def test_resume_starts_a_worker_for_a_run_without_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(root, state="stopped")
    resumed: list[Run] = []
    monkeypatch.setattr("app.launch.resume", resumed.append)
    async with opened(root) as pilot:
        await sees(pilot, "■ stopped")
        await pilot.press("r")
        await until(pilot, lambda: resumed == [run])
        await sees(pilot, "goes on from its last checkpoint")


async def test_delete_asks_first(root: Path) -> None:
    run, other = a_run(root, state="done"), a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001", "halonet-002")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await sees(pilot, "Delete halonet-002?")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert other.path.is_dir()
        await pilot.press("d", "y")
        await until(pilot, lambda: not other.path.exists())
        await sees(pilot, "1 run", "loss of halonet-001")
        assert run.path.is_dir()


async def test_a_living_run_is_not_deleted(root: Path) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "● running")
        await pilot.press("d", "y")
        await sees(pilot, "stop it first")
        assert run.path.is_dir()


async def test_filter(root: Path) -> None:
    a_run(root, "halonet", "done")
    a_run(root, "halonet", "running")
    a_run(root, "infall", "done")
    async with opened(root) as pilot:
        await sees(pilot, "3 runs")
        await pilot.press("slash", *"hal", "space", *"do")
        await sees(pilot, "runs · 1 of 3", "loss of halonet-001")
        assert pilot.app.screen.query_one(RunTable).row_count == 1
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, RunTable)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.query_one(RunTable).row_count == 3)
        assert "1 of 3" not in text(pilot)
        await pilot.press("slash", *"xx")
        await sees(pilot, "0 of 3")


async def test_keys_typed_ahead_of_the_filter_are_its_words(root: Path) -> None:
    a_run(root, "halonet", "done")
    async with opened(root) as pilot:
        await sees(pilot, "✓ done", "q quit")
        for key in "/d/n":  # as they come out of one packet: nobody waits between them
            pilot.app.post_message(Key(key, key) if key.isalpha() else Key("slash", key))
        await until(pilot, lambda: pilot.app.screen.query_one(Input).value == "d/n")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_the_cursor_stays_on_its_run(root: Path) -> None:
    a_run(root, "halonet", "done")
    a_run(root, "infall", "done")
    async with opened(root) as pilot:
        await sees(pilot, "loss of infall-001")
        await pilot.press("down")
        await sees(pilot, "loss of halonet-001")
        a_run(root, "density", "running")
        await sees(pilot, "density-001")
        assert "loss of halonet-001" in text(pilot)
        chosen = pilot.app.screen.query_one(RunTable).chosen
        assert chosen is not None
        assert chosen.name == "halonet-001"


async def test_the_report(root: Path) -> None:
    run = a_run(root, state="done")
    report = a_report()
    write_json(run.report_path, dump_report(report))
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "foreground Dice", "0.783", "0.713", "0.934", "A note on what this can show.", "Halo power")
        figure = report.figures["density"]
        await pilot.press("down")
        await until(pilot, lambda: view(pilot, "figure").text() == expected(pilot, figure))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await until(pilot, lambda: view(pilot, "figure").text() == expected(pilot, figure))
        assert view(pilot, "figure").size.height >= 37
        await pilot.press("right")
        await sees(pilot, "k [h/Mpc]")
        await pilot.press("right")
        await sees(pilot, "Facts", "seed 8")
        await pilot.press("left", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        assert pilot.app.screen.query_one(OptionList).highlighted == 2
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


def expected(pilot: Pilot[None], figure: Figure) -> str:
    """What drawing the figure as it was before it went through the file gives."""
    size = view(pilot, "figure").size
    return draw(figure, size.width, size.height, "truecolor").plain()


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_long_table_is_scrolled(root: Path, size: tuple[int, int]) -> None:
    run = a_run(root, state="done")
    numbers = tuple(Number(f"n{k}", f"number {k}", float(k)) for k in range(80))
    write_json(run.report_path, dump_report(Report("many numbers", numbers, {})))
    async with opened(root, size) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "number 3 ")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FigureScreen))
        await sees(pilot, "number 3 ")
        assert "number 79" not in text(pilot)
        await pilot.press("end")
        await sees(pilot, "number 79")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "`halodeck report halonet-001` makes one"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        (
            json.dumps({"title": "x", "numbers": [], "notes": [], "facts": {}, "figures": {"a": {"kind": "Cake"}}}),
            "Cake",
        ),
    ],
)
async def test_a_missing_or_damaged_report_is_told(root: Path, content: str | None, words: str) -> None:
    run = a_run(root, state="done")
    if content is not None:
        run.report_path.parent.mkdir()
        run.report_path.write_text(content)
    async with opened(root, (120, 40)) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await until(pilot, lambda: words in " ".join(view(pilot, "figure").text().split()))
        # it is there now
        write_json(run.report_path, dump_report(a_report()))
        await pilot.press("r")
        await sees(pilot, "foreground Dice")


async def test_a_figure_that_cannot_be_drawn_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise ValueError("x and y differ in length")

    monkeypatch.setattr("app.draw.draw", refuse)
    a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "this figure cannot be drawn (x and y differ in length)")


async def test_without_runs_it_says_what_to_type(root: Path) -> None:
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "no runs", "halodeck demo", "halodeck train halonet", "0 runs", "q quit")
        assert "pause" not in text(pilot).splitlines()[-1]
        await pilot.press("p", "d", "f", "m", "slash")
        assert isinstance(pilot.app.screen, RunsScreen)
        a_run(root)
        await sees(pilot, "halonet-001", "● running", "p pause")


async def test_a_broken_run_is_shown_and_the_rest_goes_on(root: Path) -> None:
    a_run(root)
    (root / "broken-001").mkdir()
    (root / "broken-001" / "config.toml").write_text("recipe = [")
    async with opened(root) as pilot:
        await sees(pilot, "● running", "! broken")
        await pilot.press("end")
        await until(pilot, lambda: "restore it or delete the run" in " ".join(view(pilot, "curve").text().split()))
        await pilot.press("home")
        await sees(pilot, "loss of halonet-001")


async def test_a_folder_that_vanishes_and_comes_back(root: Path) -> None:
    a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        root.rename(root.with_name("away"))
        await sees(pilot, "is gone")
        root.with_name("away").rename(root)
        await sees(pilot, "loss of halonet-001")


async def test_the_chosen_run_vanishes_while_its_report_is_open(root: Path) -> None:
    run = a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await sees(pilot, "has no report yet")
        shutil.rmtree(run.path)
        await sees(pilot, "0 runs")
        await pilot.press("r", "escape")
        await sees(pilot, "There are no runs")


async def test_help_lists_every_key_those_of_the_place_first(root: Path) -> None:
    async with opened(root, (120, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await sees(pilot, "Runs", "open the report of the chosen run")
        sections = pilot.app.screen._sections  # type: ignore[attr-defined]
        assert sections[:3] == ["runs", "list", "curves"]
        assert set(sections) == set(TITLES)
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
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
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
        kinds = [Workbench] if key.action.startswith("app.") else bound[key.id]
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
        await pilot.press("ctrl+p", *"halonet")
        await sees(pilot, "go to halonet-001")
        await pilot.press("enter")
        await sees(pilot, "loss of halonet-001")
        await pilot.press("ctrl+p", *"pau")
        await sees(pilot, "pause the chosen run after")
        await pilot.press("enter")
        await until(pilot, lambda: run.take_request() == "pause")


async def test_quit_says_that_runs_go_on(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "● running")
        await pilot.press("q")
    assert pilot.app.return_code == 0
    assert capsys.readouterr().err == "1 run goes on; `halodeck` shows them again\n"
    assert run.status().state == "running"
    assert run.take_request() is None


async def test_nothing_is_drawn_again_while_nothing_changes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(root, state="done")
    async with opened(root) as pilot:
        await until(pilot, lambda: shown(pilot, "second") is not None)
        await pilot.pause()
        updates: list[object] = []
        monkeypatch.setattr(pilot.app, "_display", lambda screen, update: updates.append(update))
        looks: list[float] = []
        look = pilot.app.follower.look  # type: ignore[attr-defined]

        def counted() -> None:
            looks.append(time.monotonic())
            look()

        monkeypatch.setattr(pilot.app.follower, "look", counted)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(looks) > 10)
        assert not [update for update in updates if update is not None]


@pytest.mark.parametrize("width", range(20, 140, 7))
def test_columns_fit_and_the_most_telling_come_first(width: int) -> None:
    chosen = columns_for(width, ["halonet-001"])
    assert sum(column.width + 2 for column in chosen) <= max(width, 13)
    assert chosen[0].title == "run"
    ranks = {column.rank for column in chosen}
    assert ranks == set(sorted(column.rank for column in COLUMNS)[: len(ranks)])
