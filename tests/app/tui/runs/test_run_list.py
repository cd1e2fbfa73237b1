"""The place of runs without a terminal: its list, curves and actions, on real run folders."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.events import Key
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input
from tui_pilot import SIZES, a_run, opened, sees, shown, text, until, view

from app.tui.frame import figure_view
from app.tui.frame.confirm import ConfirmScreen
from app.tui.frame.follow import RunsFound
from app.tui.screens.runs.run_columns import COLUMNS, columns_for
from app.tui.screens.runs.run_table import RunTable
from app.tui.screens.runs.screen import RunsScreen
from core.runs.listing import Entry
from core.runs.run import Notes, Run
from core.runs.status import Status


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_and_the_curves_of_the_chosen_run(root: Path, size: tuple[int, int]) -> None:
    a_run(root, "halonet", "done")
    a_run(root, "infall", "running")
    async with opened(root, size) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None)
        await sees(pilot, "2 1 ●" if size == (80, 24) else "2 runs, 1 running")
        await sees(pilot, "infall-001", "● running", "halonet-001", "✓ done", "30/500", "0.03333")
        await sees(pilot, "loss of infall-001", "validation", "step", "2.5 steps/s on")
        assert all(len(line) <= size[0] for line in text(pilot).splitlines())
        await pilot.press("down")
        await sees(pilot, "loss of halonet-001")


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
        await pilot.press("v")
        await sees(pilot, "dice of halonet-001")
        await pilot.press("v")
        await sees(pilot, "rate of halonet-001")
        await pilot.press("V", "V")
        await sees(pilot, "loss of halonet-001")
        before = shown(pilot, "curve")
        assert before is not None
        await pilot.press("s", "w")
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
        for key, request in (("p", "pause"), ("x", "stop"), ("r", "resume")):
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
    monkeypatch.setattr("app.background.workers.resume", resumed.append)
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
        await pilot.press("p", "d", "f", "v", "slash")
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


async def test_a_folder_that_is_lost_while_it_is_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list, then word that the folder is gone: neither holds a run."""
    async with opened(root) as pilot:
        await sees(pilot, "There are no runs")
        # the next look would find the folder there again, before a slow machine has shown that it is gone
        monkeypatch.setattr(pilot.app.follower, "look", lambda: None)  # type: ignore[attr-defined]
        pilot.app.post_message(RunsFound((), "the folder is gone"))
        await sees(pilot, "the folder is gone")


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
        since: list[float] = []  # looks since something was drawn: what was begun before may come a little later
        monkeypatch.setattr(pilot.app, "_display", lambda screen, update: since.clear() if update is not None else None)
        look = pilot.app.follower.look  # type: ignore[attr-defined]

        def counted() -> None:
            since.append(time.monotonic())
            look()

        monkeypatch.setattr(pilot.app.follower, "look", counted)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(since) > 10)


@pytest.mark.parametrize("width", range(20, 140, 7))
def test_columns_fit_and_the_most_telling_come_first(width: int) -> None:
    status = Status("running", 5, 9, {"loss": 0.1}, 2.0)
    entry = Entry(
        Run(Path("halonet-001")),
        status,
        "halonet",
        1.0,
        "",
        "cpu",
        Notes("", ("paper",)),
        sweep="sweep-001",
        validated={"loss": 0.1},
    )
    chosen = columns_for(width, [entry])
    assert sum(column.width + 2 for column in chosen) <= max(width, 13)
    assert chosen[0].name == "run"
    ranks = {column.rank for column in chosen}
    assert ranks == set(sorted(column.rank for column in COLUMNS)[: len(ranks)])


async def test_a_live_curve_is_not_sent_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(root)
    async with opened(root) as pilot:
        await until(pilot, lambda: shown(pilot, "curve") is not None and "v metric" in text(pilot))
        whole: list[object] = []
        refresh = figure_view.FigureView.refresh

        def counted(self: figure_view.FigureView, *regions: Region, **others: bool) -> figure_view.FigureView:
            if not regions:
                whole.append(self)
            return refresh(self, *regions, **others)

        monkeypatch.setattr(figure_view.FigureView, "refresh", counted)
        for step in (31, 32):  # with the first the pane may still be finding its size
            before = shown(pilot, "curve")
            whole.clear()
            run.emit("step", step=step, loss=0.03, rate=0.01)
            await until(pilot, lambda: shown(pilot, "curve") is not before)  # noqa: B023
            await pilot.pause()
        assert not whole


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (["ab", "cdef"], ["abxdef"], (2, 3)),
        (["abc"], ["a", "bc"], (0, 0)),
        (["abc"], ["xbz"], (0, 3)),
        ([], ["  abc"], (2, 5)),
        (["a宇c"], ["a宇d"], (0, 9)),
    ],
)
def test_only_the_cells_that_look_different_are_sent(
    before: list[str], after: list[str], changed: tuple[int, int]
) -> None:
    old, new = (Strip([Segment(text) for text in texts]) for texts in (before, after))
    assert figure_view._changed(old, new, 9) == changed
