"""Many runs at once: marks, overlaid curves, sorting, notes, comparison, and what the machine does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input
from tui_pilot import a_report, a_run, opened, sees, shown, text, until, view

from app.tui.frame import machine
from app.tui.frame.ask import AskScreen
from app.tui.frame.machine import Gpu, MachineRead, described
from app.tui.frame.wording import notes_line
from app.tui.screens.runs.curves import live_curves, round_up
from app.tui.screens.runs.report import FiguresScreen
from app.tui.screens.runs.run_table import RunTable
from app.tui.screens.runs.screen import RunsScreen
from core.figures import Curves, Number, dump_report
from core.files import write_json
from core.runs.history import History
from core.runs.run import Notes, create_run, read_notes


def rows(pilot: Pilot[None], column: int = 0) -> list[str]:
    """The cells of a column of the table."""
    table = pilot.app.screen.query_one(RunTable)
    return [str(table.get_row_at(row)[column]).strip("●▲■★ ") for row in range(table.row_count)]


async def test_marked_runs_are_overlaid_and_keep_their_colours(root: Path) -> None:
    for recipe in ("halonet", "infall", "classify"):
        a_run(root, recipe, "done")
    async with opened(root) as pilot:
        await sees(pilot, "loss of classify-001")
        await pilot.press("end", "space")
        await sees(pilot, "1 marked", "● halonet-001", "loss of halonet-001")
        await pilot.press("home")
        await sees(pilot, "▲ classify-001")  # as its curve

        def names() -> list[str]:
            figure = shown(pilot, "curve")
            return [series.name for series in figure.series] if figure else []

        await until(pilot, lambda: names() == ["halonet-001 training", "classify-001 training"])
        await pilot.press("j")
        await until(pilot, lambda: names() == ["halonet-001 training", "infall-001 training"])
        await pilot.press("t", "t")
        await until(pilot, lambda: names() == ["halonet-001 validation", "infall-001 validation"])
        await pilot.press("backspace")
        await until(pilot, lambda: names() == ["validation"])
        assert "marked" not in text(pilot)


async def test_a_marked_run_that_is_deleted_is_unmarked(root: Path) -> None:
    a_run(root, "halonet", "done")
    a_run(root, "infall", "done")
    async with opened(root) as pilot:
        await sees(pilot, "loss of infall-001")
        await pilot.press("space")
        await sees(pilot, "1 marked")
        await pilot.press("d", "y")
        await sees(pilot, "1 run ", "loss of halonet-001")
        assert "1 marked" not in text(pilot)


async def test_marked_runs_act_together(root: Path) -> None:
    marked = [a_run(root, "halonet"), a_run(root, "halonet")]
    other = a_run(root, "infall")
    async with opened(root) as pilot:
        await sees(pilot, "loss of infall-001")
        await pilot.press("slash", *"halo", "enter", "asterisk", "slash", "escape")
        await sees(pilot, "2 marked", "infall-001")
        await pilot.press("home", "p")
        await sees(pilot, "asked halonet-002 to pause", "asked halonet-001 to pause")
        assert [run.take_request() for run in (*marked, other)] == ["pause", "pause", None]
        await pilot.press("number_sign")
        await sees(pilot, "Tags for 2 marked runs")
        await pilot.press(*"wide #deep", "enter")
        await until(pilot, lambda: all(run.notes().tags == ("wide", "deep") for run in marked))
        await pilot.press("number_sign")
        await sees(pilot, "Tags for 2 marked runs")
        await pilot.press(*"-wide", "enter")
        await until(pilot, lambda: all(run.notes().tags == ("deep",) for run in marked))
        assert other.notes().tags == ()
        for run in marked:
            run.write_status(state="stopped", step=3, steps=9)
        await sees(pilot, "1 running")
        await pilot.press("d")
        await sees(pilot, "Delete 2 marked runs?", "halonet-002, halonet-001 go into the trash")
        await pilot.press("y")
        await sees(pilot, "1 run, 1 running")
        assert not any(run.path.exists() for run in marked)


async def test_columns_of_what_differs_and_chosen_ones(root: Path) -> None:
    for rate, dice in ((0.1, 0.5), (0.01, 0.75)):
        run = create_run(root, "halonet", {"optimiser": {"learning_rate": rate, "name": "sgd"}, "steps": 9})
        run.emit("validation", step=9, loss=rate, dice=dice)
        run.write_status(state="done", step=9, steps=9, values={"loss": rate})
    async with opened(root, (80, 24)) as pilot:
        await sees(pilot, "learning_rate", "★0.01")
        assert "name" not in text(pilot).splitlines()[2]
        await pilot.press("slash", *"learning_rate>0.05", "enter")
        await sees(pilot, "1 of 2")
        assert rows(pilot) == ["halonet-001"]
        await pilot.press("slash", "escape", "m")
        await sees(pilot, "Columns", "automatic", "✓ validation")
        await pilot.press(*"val dice", "enter", "escape")
        await pilot.press(*"l" * 20)
        await sees(pilot, "★0.75", "dice")
        await pilot.press("m", "ctrl+r")
        await until(pilot, lambda: "★0.75" not in text(pilot))
        await pilot.press("D")
        await sees(pilot, "What differs", "paper", "82000")
        await pilot.press("space", "k")
        await sees(pilot, "halonet-001  halonet-002")


async def test_rows_are_sorted_by_key_and_by_click(root: Path) -> None:
    for recipe, steps in (("halonet", 20), ("infall", 40), ("classify", 30)):
        a_run(root, recipe, "done", steps)
    async with opened(root) as pilot:
        await sees(pilot, "loss of classify-001")
        newest_first = ["classify-001", "infall-001", "halonet-001"]
        assert rows(pilot) == newest_first
        await pilot.press("o", "o", "o", "o")  # run, recipe, state, step
        await sees(pilot, "step ↑")
        assert rows(pilot) == ["halonet-001", "classify-001", "infall-001"]
        await pilot.press("O")
        await sees(pilot, "step ↓")
        assert rows(pilot) == ["infall-001", "classify-001", "halonet-001"]
        assert pilot.app.screen.query_one(RunTable).chosen.name == "classify-001"  # type: ignore[union-attr]
        line = text(pilot).splitlines()[2]
        await pilot.click(RunTable, offset=(line.index("run"), 0))
        await sees(pilot, "run ↑")
        assert rows(pilot) == ["classify-001", "halonet-001", "infall-001"]
        await pilot.press(*"o" * len(pilot.app.screen.query_one(RunTable).columns))
        assert rows(pilot) == newest_first


async def test_only_rows_that_changed_are_sent(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(root, "halonet", "done")
    run = a_run(root, "infall")
    async with opened(root) as pilot:
        await sees(pilot, "30/500", "loss of infall-001")
        table = pilot.app.screen.query_one(RunTable)
        sent: list[tuple[Region, ...]] = []
        refresh = RunTable.refresh

        def counted(self: RunTable, *regions: Region, **options: bool) -> RunTable:
            sent.append(regions)
            return refresh(self, *regions, **options)

        monkeypatch.setattr(RunTable, "refresh", counted)
        run.write_status(state="running", step=31, steps=500, values={"loss": 0.5}, speed=2.5)
        await sees(pilot, "31/500")
        assert [[region.y for region in regions] for regions in sent] == [[1]]
        assert table.row_count == 2


async def test_notes_and_tags_are_written_and_filtered(root: Path) -> None:
    run = a_run(root, "halonet", "done")
    a_run(root, "infall", "done")
    async with opened(root, (200, 50)) as pilot:
        await sees(pilot, "loss of infall-001")
        await pilot.press("j", "number_sign")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await sees(pilot, "Notes on halonet-001", "halodeck note halonet-001")
        await pilot.press(*"wider net #paper #1")
        await pilot.press("enter")
        await sees(pilot, "noted on halonet-001", "paper 1", "wider net #paper #1")
        assert run.notes() == Notes("wider net", ("paper", "1"))
        await pilot.press("slash", *"paper")
        await sees(pilot, "1 of 2")
        assert rows(pilot) == ["halonet-001"]
        await pilot.press("escape", "number_sign")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        assert pilot.app.screen.query_one(Input).value == "wider net #paper #1"
        await pilot.press("x", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert run.notes() == Notes("wider net", ("paper", "1"))


async def test_damaged_notes_are_told_and_kept(root: Path) -> None:
    run = a_run(root, "halonet", "done")
    (run.path / "notes.json").write_text("{")
    async with opened(root) as pilot:
        await sees(pilot, "notes.json of run")
        await pilot.press("number_sign", "x", "enter")
        await sees(pilot, "mend or delete")
        assert (run.path / "notes.json").read_text() == "{"


async def test_reports_are_compared(root: Path) -> None:
    for recipe, dice in (("halonet", 0.75), ("infall", 0.5)):
        run = a_run(root, recipe, "done")
        report = replace(a_report(), numbers=(Number("dice", "foreground Dice", dice),))
        write_json(run.report_path, dump_report(report))
    async with opened(root) as pilot:
        await sees(pilot, "loss of infall-001")
        await pilot.press("c")
        await sees(pilot, "mark the runs to compare with space")
        await pilot.press("space", "j", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        await sees(pilot, "foreground Dice", "0.75", "0.5")
        await pilot.press("end")
        await sees(pilot, "halodeck compare infall-001 halonet-001")


async def test_what_the_machine_does_is_shown_while_a_run_is_alive(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "EVERY", 0.05)
    run = a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "no GPU", "CPU ", " GB")
        run.write_status(state="done", step=500, steps=500, values={"loss": 0.1})
        await sees(pilot, "✓ done")
        await until(pilot, lambda: "CPU " not in text(pilot))


def test_a_gauge_says_nothing_twice_and_ends() -> None:
    posted: list[MachineRead] = []
    gauge = machine.Gauge(posted.append)  # type: ignore[arg-type]
    gauge.say("CPU 3 %", "no GPU")
    gauge.say("CPU 3 %", "no GPU")
    gauge.say("CPU 4 %", "no GPU")
    assert [message.load for message in posted] == ["CPU 3 %", "CPU 4 %"]
    gauge.stop()
    gauge.follow()


def test_gpus_that_tell_little_are_described() -> None:
    gpus = [Gpu("H200", 98, 41_000_000_000, 144_000_000_000, 64), Gpu("H200")]
    assert described(93.4, 5_100_000_000, 16_000_000_000, gpus[:1]) == (
        "CPU 93 % · 5.1 of 16 GB · GPU 98 %, 41 of 144 GB, 64 °C"
    )
    assert described(0.0, 0, 10**9, gpus).endswith("GPU 0 98 %, 41 of 144 GB, 64 °C · GPU 1 -")
    assert machine._names(gpus) == "2 x H200"
    assert machine._names([]) == "no GPU"


@pytest.mark.parametrize("line", ["", "a b", "#x", "more words #x #y-2"])
def test_notes_come_back_from_their_line(line: str) -> None:
    assert notes_line(read_notes(line)) == line


def test_tags_may_stand_anywhere() -> None:
    assert read_notes("#a first #b try") == Notes("first try", ("a", "b"))


def history(steps: int, loss: float = 1.0) -> History:
    history = History()
    history.add({"event": "step", "step": step, "loss": loss / step} for step in range(1, steps + 1))
    return history


def test_one_more_step_does_not_move_the_axes() -> None:
    before, after = (live_curves({"a": history(steps)}, "loss", True, False) for steps in (388, 389))
    assert (before.x_limits, before.y_limits) == (after.x_limits, after.y_limits)
    assert before.x_limits == (0.0, 400.0)
    low, high = before.y_limits or (0.0, 0.0)
    assert low <= 1 / 388
    assert high >= 1.0


def test_the_axis_ends_where_the_run_will() -> None:
    assert live_curves({"a": history(480)}, "loss", True, False, last_step=490).x_limits == (0.0, 490.0)
    assert live_curves({"a": history(480)}, "loss", True, False, last_step=300).x_limits == (0.0, 500.0)


@pytest.mark.parametrize("step", [1, 2, 9, 11, 99, 1234, 10**6 + 1])
def test_round_numbers_of_steps_reach_far_enough_but_not_too_far(step: int) -> None:
    rounded = round_up(step)
    assert step <= rounded <= 1.5 * step
    assert float(f"{rounded:.2g}") == rounded


@pytest.mark.parametrize("log", [True, False])
def test_limits_hold_all_values(log: bool) -> None:
    rng = np.random.default_rng(5)
    for scale in 10.0 ** rng.uniform(-8, 8, 50):
        told = History()
        values = scale * rng.lognormal(size=30)
        told.add({"event": "step", "step": k + 1, "loss": float(value)} for k, value in enumerate(values))
        low, high = live_curves({"a": told}, "loss", log, False).y_limits or (np.nan, np.nan)
        assert low <= values.min() * (1 + 1e-5)
        assert values.max() <= high * (1 + 1e-5)


async def test_a_flat_curve_is_drawn(root: Path) -> None:
    run = create_run(root, "halonet", {})
    for step in (1, 2, 3):
        run.emit("step", step=step, loss=0.0)
    async with opened(root) as pilot:
        await until(pilot, lambda: isinstance(view(pilot, "curve").figure_shown, Curves))
        await pilot.press("s")
        await sees(pilot, "step")
        assert pilot.app.is_running


class FakeLibrary:
    """NVIDIA's library with one GPU that does not tell its temperature."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    nvmlDeviceGetCount = staticmethod(lambda: 1)
    nvmlDeviceGetHandleByIndex = staticmethod(lambda number: number)
    nvmlDeviceGetUtilizationRates = staticmethod(lambda device: SimpleNamespace(gpu=98))
    nvmlDeviceGetMemoryInfo = staticmethod(lambda device: SimpleNamespace(used=41_000_000_000, total=144_000_000_000))
    nvmlDeviceGetName = staticmethod(lambda device: "NVIDIA H200")

    @classmethod
    def nvmlDeviceGetTemperature(cls, device: int, sensor: int) -> int:
        raise cls.NVMLError("not supported")


def test_what_a_gpu_does_not_tell_is_left_out() -> None:
    gpus = machine._gpus(FakeLibrary)
    assert gpus == [Gpu("NVIDIA H200", 98, 41_000_000_000, 144_000_000_000, None)]
    assert described(0, 0, 10**9, gpus).endswith("GPU 98 %, 41 of 144 GB")
    assert machine._gpus(None) == []


async def test_differences_that_come_when_the_place_is_left_are_let_go(root: Path) -> None:
    """They are read in a thread, which the workbench does not wait for."""
    a_run(root, "halonet", "done")
    async with opened(root, (200, 50)) as pilot:
        await sees(pilot, "What differs")
        place = pilot.app.screen
        assert isinstance(place, RunsScreen)
        await place.query_one("#differences").remove()
        place._tell_differences(None, "too late")
        await pilot.pause()
        assert "too late" not in text(pilot)


async def test_lines_of_the_log_begin_with_what_each_says_anew(root: Path) -> None:
    run = a_run(root)
    (run.path / "worker.log").write_text(f"train {run.name}:  10 %  step 5/50  loss 0.25\nHalo 3: a word\n")
    async with opened(root) as pilot:
        await sees(pilot, "10 %  step 5/50  loss 0.25", "Halo 3: a word")
        assert f"train {run.name}" not in text(pilot)
