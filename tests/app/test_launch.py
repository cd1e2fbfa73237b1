"""Detached workers: killed, lost, resumed, stopped; and refused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.background import workers as launch
from core.cosmos.universe import Universe
from core.errors import ResourceError, RunError
from core.runs.run import Run
from core.runs.status import State
from core.runs.worker import work

STEPS = 250


def halodeck(*arguments: object) -> str:
    """The program in a process of its own, which must end well."""
    program = [sys.executable, "-P", "-c", "from app.main import main; main()", *map(str, arguments)]
    result = subprocess.run(program, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def wait_for_state(run: Run, *states: State) -> None:
    wait_for(lambda: run.status().state in states)


def losses(run: Run) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in run.steps()[0]}


def test_killed_lost_resumed_stopped_resumed(
    universes: list[Universe], new_run: Callable[..., Run], tmp_path: Path
) -> None:
    settings = (f"steps={STEPS}", "validate_every=1", "checkpoint_every=10")
    runs = tmp_path / "detached"
    sets = [item for setting in settings for item in ("--set", setting)]
    out = halodeck(
        "train", "halonet", "--config", "smoke", *sets,
        "--on", universes[0].path.parent, "--device", "cpu", "--runs", runs, "--detach",
    )  # fmt: skip
    assert "training in the background" in out
    run = Run(runs / "halonet-001")
    assert run.status().state == "running"
    worker = run.status().pid
    assert os.getsid(worker) == worker  # a session of its own: no terminal takes it along

    wait_for(lambda: run.status().step >= 35)
    os.kill(worker, signal.SIGKILL)
    wait_for_state(run, "lost")
    killed_at = len(losses(run))
    assert 35 <= killed_at < STEPS
    assert "lost" in halodeck("runs", "--runs", runs)

    halodeck("resume", "halonet-001", "--runs", runs, "--detach")
    assert run.status().pid != worker
    wait_for(lambda: run.status().step >= killed_at + 20)
    run.request("pause")
    wait_for_state(run, "paused")
    os.kill(run.status().pid, signal.SIGTERM)
    wait_for_state(run, "stopped")
    stopped_at = max(losses(run))
    assert killed_at + 20 <= stopped_at < STEPS
    wait_for(lambda: "halodeck: run halonet-001 was stopped at step" in run.log_tail())
    assert "Traceback" not in run.log_tail(200)

    work(run)
    assert run.status().state == "done"
    whole = new_run(*settings)
    work(whole)
    assert losses(run) == losses(whole)
    assert run.report_path.exists()
    # after the kill the worker went on from a checkpoint, so some steps were made twice, alike
    steps = [event["step"] for event in run.steps()[0]]
    again = steps[steps.index(killed_at) + 1]
    assert killed_at - 10 < again <= killed_at + 1
    assert again % 10 == 1


def test_a_second_worker_is_refused(new_run: Callable[..., Run]) -> None:
    run = new_run()
    run.write_status(state="running", step=1, steps=2)
    with pytest.raises(RunError, match="is running already: watch it"):
        launch.resume(run)
    assert not (run.path / "worker.log").exists()


def test_a_worker_that_fails_at_once(new_run: Callable[..., Run]) -> None:
    run = new_run()
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace("u1.h5", "gone.h5"))
    with pytest.raises(RunError, match=r"failed at its start .*gone\.h5, of .*does not exist.*see .*worker\.log"):
        launch.resume(run)
    assert "halodeck: " in run.log_tail()
    assert "Traceback" not in run.log_tail(200)


def test_a_worker_that_says_nothing(new_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "print('hello')"))
    run = new_run()
    with pytest.raises(RunError, match=r"said nothing: see .*worker\.log"):
        launch.resume(run)
    assert run.log_tail() == "hello"


def test_no_place_for_the_log(new_run: Callable[..., Run]) -> None:
    run = new_run()
    (run.path / "worker.log").mkdir()
    with pytest.raises(ResourceError, match=r"worker\.log"):
        launch.resume(run)


def test_the_log_is_appended_and_has_no_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        launch, "PROGRAM", ("-c", "import os, sys; print(os.environ['NO_COLOR'], sys.argv[1:], sys.stdin.read())")
    )
    for word in ("one", "two"):
        assert launch.start((word, "more"), tmp_path / "log").wait() == 0
    assert (tmp_path / "log").read_text() == "1 ['one', 'more'] \n1 ['two', 'more'] \n"
