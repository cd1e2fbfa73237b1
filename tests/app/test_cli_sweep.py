"""Commands of many runs: sweeps, what differs, lists with columns and conditions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.background import sweeping
from core.cosmos.universe import Universe
from core.errors import RunError
from core.runs.launch_spec import LaunchSpec
from core.runs.lock import held
from core.runs.run import Run, create_run
from core.runs.sweep import Sweep, create_sweep, open_sweep

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sweep(universes: list[Universe], tmp_path: Path) -> Sweep:
    on = tuple(universe.path for universe in universes)
    return create_sweep(LaunchSpec("halonet", on, "smoke", ("seed=1..3",), "cpu", tmp_path / "runs"))


def test_a_sweep_is_worked_through_and_goes_on_where_it_was(
    sweep: Sweep, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run fails the first time; each worker is a process that says what became of its run."""
    started: list[str] = []

    def start(words: tuple[str, ...], log: Path) -> subprocess.Popen[bytes]:
        run = Run(Path(words[1]))
        started.append(run.name)
        fails = started == ["halonet-001", "halonet-002"]
        run.write_status(state="failed" if fails else "done", step=3, steps=3)
        return subprocess.Popen([sys.executable, "-c", f"raise SystemExit({int(fails)})"])

    monkeypatch.setattr(sweeping, "start", start)
    monkeypatch.setattr(sweeping, "_LOOK", 0.01)
    code, _, err = command("sweep", "--resume", "latest")
    assert code == 1
    assert "halonet-002 failed: see worker.log" in err
    assert started == ["halonet-001", "halonet-002", "halonet-003"]
    code, out, _ = command("sweep", "--resume", sweep.name, "--parallel", "2", "--json")
    assert code == 0
    assert json.loads(out)["runs"] == ["halonet-001", "halonet-002", "halonet-003"]
    assert started[3:] == ["halonet-002"]
    [told] = json.loads(command("sweeps", "--json")[1])["sweeps"]
    assert (told["sweep"], told["varied"], told["runs"]) == ("sweep-001", "seed", "3 done")


def test_one_process_at_a_time_works_through_a_sweep(sweep: Sweep) -> None:
    with held(Run(sweep.folder)), pytest.raises(RunError, match="is being worked through already"):
        sweeping.work_through(open_sweep(sweep.folder.parent.parent, sweep.name))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "name a recipe, or a sweep to go on with"),
        (("halonet", "--resume", "sweep-001"), "name a recipe, or a sweep to go on with"),
        (("--resume", "sweep-009"), "there is no sweep 'sweep-009'"),
        (("halonet", "--config", "smoke", "--set", "seed=1"), "no setting has several values"),
        (("halonet", "--ranks", "2", "--set", "seed=1..2"), "--ranks and --gpus are for the jobs of a sweep"),
    ],
)
def test_what_is_no_sweep_is_refused(command: Command, words: tuple[str, ...], complaint: str) -> None:
    code, _, err = command("sweep", *words)
    assert code in (1, 2)
    assert complaint in err


def test_the_script_of_a_sweep_is_printed_and_nothing_made(command: Command, universes: list[Universe]) -> None:
    words = ("halonet", "--config", "smoke", "--set", "seed=1..3", "--on", universes[0].path.parent)
    code, out, _ = command("sweep", *words, "--submit", "here", "--dry-run")
    assert code == 0
    assert "--array=0-2" in out
    assert not Path("runs").exists()


def test_a_list_with_columns_conditions_and_an_order(command: Command) -> None:
    for rate, loss in ((0.1, 0.5), (0.01, 0.25), (0.001, 0.75)):
        run = create_run(Path("runs"), "halonet", {"optimiser": {"learning_rate": rate}})
        run.emit("validation", step=1, loss=loss)
    out = command("runs", "--where", "validation<0.6", "--sort", "learning_rate")[1]
    lines = [line.split() for line in out.splitlines() if line.startswith("halonet")]
    assert [line[0] for line in lines] == ["halonet-002", "halonet-001"]
    assert [line[4] for line in lines] == ["0.01", "0.1"]
    told = json.loads(command("runs", "--sort", "validation", "--falling", "--json")[1])["runs"]
    assert [run["validation"]["loss"] for run in told] == [0.75, 0.5, 0.25]
    assert "'seed==' is no condition" in command("runs", "--where", "seed==")[2]
    assert "none of the 3 runs" in command("runs", "--where", "validation>9")[1]
    assert "no run knows 'los': did you mean 'loss'?" in command("runs", "--sort", "los")[2]
    assert "0.001" in command("settings", "halonet-001", "halonet-003")[1]
    assert command("stop", "halonet-001", "halonet-002")[0] == 1
