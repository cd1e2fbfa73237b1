import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import InputError, Interrupted, ResourceError, RunError
from core.files import begun
from core.learning.learner import Step
from core.runs.job import open_model
from core.runs.run import Run
from core.runs.worker import work

NewRun = Callable[..., Run]
EVERY = ("validate_every=1", "checkpoint_every=3")
"""Every step is told, a checkpoint every third."""


def losses(run: Run) -> dict[int, float]:
    """Loss of every step, of the last time it was made."""
    return {event["step"]: event["loss"] for event in run.steps()[0]}


def states(run: Run) -> list[str]:
    return [event["state"] for event in run.events()[0] if event["event"] == "state"]


@pytest.fixture(scope="module")
def uninterrupted(run_in: NewRun, tmp_path_factory: pytest.TempPathFactory) -> dict[int, float]:
    run = run_in(tmp_path_factory.mktemp("uninterrupted"), *EVERY)
    work(run)
    return losses(run)


def at(step: int, action: Callable[[], object]) -> Callable[[Step, int], None]:
    def on_step(done: Step, steps: int) -> None:
        if done.step == step:
            action()

    return on_step


def test_a_run_from_beginning_to_end(new_run: NewRun) -> None:
    run = new_run(*EVERY)
    told: list[int] = []
    stages: list[str] = []
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    work(run, lambda step, steps: told.append(step.step), lambda fraction, doing: stages.append(doing))
    assert told == list(range(1, 13))
    status = run.status()
    assert (status.state, status.step, status.steps) == ("done", 12, 12)
    assert states(run) == ["running", "done"]
    assert set(losses(run)) == set(told)
    validations = [event for event in run.events()[0] if event["event"] == "validation"]
    assert len(validations) == 12
    assert {"loss", "dice", "foreground_dice", "auc"} <= set(validations[0])
    for name in ("checkpoint.pt", "model.pt", "report/report.json", "predictions/u4.h5"):
        assert (run.path / name).is_file()
    assert not list(run.path.rglob("*.part"))
    assert stages[-1] == "report written"
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers


def test_events_have_a_brake(new_run: NewRun) -> None:
    run = new_run("steps=40", "validate_every=40")
    start = time.monotonic()
    work(run)
    allowed = (time.monotonic() - start) / 0.2 + 2
    assert len(run.steps()[0]) <= allowed
    assert run.steps()[0][-1]["step"] == 40


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_clean_stop(new_run: NewRun, uninterrupted: dict[int, float], number: signal.Signals) -> None:
    run = new_run(*EVERY)
    with pytest.raises(Interrupted, match="was stopped at step 5"):
        work(run, at(5, lambda: os.kill(os.getpid(), number)))
    assert run.status().state == "stopped"
    assert states(run) == ["running", "stopped"]
    assert torch.load(run.path / "checkpoint.pt", weights_only=True)["state"]["step"] == 5
    work(run)
    assert run.status().state == "done"
    assert losses(run) == uninterrupted
    assert [event["step"] for event in run.steps()[0]] == list(range(1, 13))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_tells_its_number(new_run: NewRun, number: signal.Signals) -> None:
    run = new_run()
    with pytest.raises(Interrupted) as caught:
        work(run, at(1, lambda: os.kill(os.getpid(), number)))
    assert caught.value.exit_code == 128 + number


def test_a_lost_terminal_that_was_to_be_ignored_is(new_run: NewRun) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    try:
        run = new_run("steps=2")
        work(run, at(1, lambda: os.kill(os.getpid(), signal.SIGHUP)))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert run.status().state == "done"


@pytest.mark.parametrize("where", ["open_job", "make_report"])
def test_a_signal_before_or_after_training_is_obeyed_at_once(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    run, went_on = new_run("steps=2"), []

    def asked(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        went_on.append(where)

    with monkeypatch.context() as patch:
        patch.setattr(f"core.runs.worker.{where}", asked)
        with pytest.raises(Interrupted, match="run halonet-001 was stopped: `halodeck resume` goes on"):
            work(run)
    assert not went_on
    assert run.status().state == "stopped"
    work(run)
    assert run.status().state == "done"


def test_stop_by_request(new_run: NewRun, uninterrupted: dict[int, float]) -> None:
    run = new_run(*EVERY)
    with pytest.raises(Interrupted):
        work(run, at(4, lambda: run.request("stop")))
    assert run.status().state == "stopped"
    work(run)
    assert losses(run) == uninterrupted


def test_stop_while_reporting(new_run: NewRun) -> None:
    run = new_run()
    asked: list[str] = []

    def progress(fraction: float, doing: str) -> None:
        if not asked:
            asked.append(doing)
            run.request("stop")

    with pytest.raises(Interrupted):
        work(run, progress=progress)
    assert run.status().state == "stopped"
    assert not run.report_path.exists()
    work(run)
    assert run.status().state == "done"
    assert run.report_path.exists()


def test_pause_while_reporting(new_run: NewRun) -> None:
    run = new_run("steps=2")
    asked: list[str] = []

    def somebody_else() -> None:
        deadline = time.monotonic() + 20
        while run.status().state != "paused" and time.monotonic() < deadline:
            time.sleep(0.02)
        asked.append(run.status().state)
        run.request("resume")

    other = threading.Thread(target=somebody_else)

    def progress(fraction: float, doing: str) -> None:
        if not other.ident:
            run.request("pause")
            other.start()

    work(run, progress=progress)
    other.join()
    assert asked == ["paused"]
    assert states(run) == ["running", "paused", "running", "done"]


def test_pause_keeps_everything_until_resumed(new_run: NewRun, uninterrupted: dict[int, float]) -> None:
    run = new_run(*EVERY)
    seen: list[tuple[str, int]] = []

    def somebody_else() -> None:
        deadline = time.monotonic() + 20
        while run.status().state != "paused" and time.monotonic() < deadline:
            time.sleep(0.02)
        seen.append((run.status().state, len(run.steps()[0])))
        time.sleep(0.3)
        seen.append((run.status().state, len(run.steps()[0])))
        run.request("resume")

    other = threading.Thread(target=somebody_else)
    other.start()

    def on_step(step: Step, steps: int) -> None:
        if step.step == 6:
            run.request("pause")
        if step.step == 7:
            seen.append((run.status().state, 7))

    work(run, on_step)
    other.join()
    assert seen == [("paused", 6), ("paused", 6), ("running", 7)]
    assert states(run) == ["running", "paused", "running", "done"]
    assert losses(run) == uninterrupted


def test_a_paused_run_can_be_stopped(new_run: NewRun) -> None:
    run = new_run(*EVERY)

    def somebody_else() -> None:
        deadline = time.monotonic() + 20
        while run.status().state != "paused" and time.monotonic() < deadline:
            time.sleep(0.02)
        run.request("stop")

    other = threading.Thread(target=somebody_else)
    other.start()
    with pytest.raises(Interrupted):
        work(run, at(2, lambda: run.request("pause")))
    other.join()
    assert run.status().state == "stopped"


def test_of_two_workers_at_once_one_gets_the_lock(new_run: NewRun) -> None:
    run = new_run()
    with (run.path / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # the other has not said a word yet
        assert run.status().state == "new"
        with pytest.raises(RunError, match="another worker has run"):
            work(run)
    assert run.status().state == "new"


def test_a_second_worker_is_refused(new_run: NewRun) -> None:
    run = new_run("steps=2")
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(RunError, match="is running already") as caught:
            work(run)
        refused.append(str(caught.value))

    work(run, at(1, second))
    assert len(refused) == 1
    assert run.status().state == "done"


def test_an_old_request_is_not_obeyed(new_run: NewRun) -> None:
    run = new_run("steps=2")
    (run.path / "control").write_text("stop")
    work(run)
    assert run.status().state == "done"


def test_a_request_is_heard_from_the_worker_s_first_word_on(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run("steps=2")
    say, asked = Run.write_status, []  # type: ignore[var-annotated]

    def ask_at_once(self: Run, **status: Any) -> None:
        say(self, **status)
        if not asked:
            asked.append(status["state"])
            run.request("stop")

    monkeypatch.setattr(Run, "write_status", ask_at_once)
    with pytest.raises(Interrupted):
        work(run)
    assert run.status().state == "stopped"
    assert asked == ["running"]


class Broken(BaseException):
    """What no code expects."""


def test_what_breaks_a_step_leaves_the_last_checkpoint(
    new_run: NewRun, uninterrupted: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(*EVERY)
    real = torch.optim.AdamW.step

    def fail_halfway(self: torch.optim.AdamW, *arguments: Any) -> Any:
        result = real(self, *arguments)
        if len(run.steps()[0]) == 7:
            raise Broken("in the middle of step 8")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", fail_halfway)
        with pytest.raises(Broken):
            work(run)
    assert run.status().state == "failed"
    assert run.status().message == "Broken: in the middle of step 8"
    assert run.events()[0][-1]["text"] == run.status().message
    # the weights had moved already, the step was not counted: only the checkpoint of step 6 is whole
    assert torch.load(run.path / "checkpoint.pt", weights_only=True)["state"]["step"] == 6
    work(run)
    assert losses(run) == uninterrupted


def test_a_loss_that_is_not_finite(new_run: NewRun) -> None:
    run = new_run("optimiser.learning_rate=1e30", *EVERY)
    with pytest.raises(RunError, match="loss became nan at step"):
        work(run)
    assert run.status().state == "failed"
    assert "lower optimiser.learning_rate" in run.status().message


def test_a_universe_that_vanished(new_run: NewRun, tmp_path: Path) -> None:
    run = new_run()
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace("u2.h5", "gone.h5"))
    with pytest.raises(InputError, match=r"gone\.h5, of run halonet-001, does not exist: say where it is: --universes"):
        work(run)
    assert run.status().state == "failed"
    assert not (run.path / "checkpoint.pt").exists()


def test_no_space_left_for_the_checkpoint(new_run: NewRun) -> None:
    run = new_run("checkpoint_every=2")
    begun(run.path / "checkpoint.pt").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=r"no space left for .*checkpoint\.pt: free some room"):
        work(run)
    assert run.status().state == "failed"
    assert not (run.path / "checkpoint.pt").exists()
    assert not list(run.path.glob(".*.part"))


def test_no_space_left_for_the_status(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    # the heartbeat's thread must not shout (an exception there would be a warning, so an error): training tells it
    monkeypatch.setattr("core.runs.pulse.HEARTBEAT", 0.01)
    run = new_run("steps=30", "validate_every=10")

    def full(path: Path, *data: Any) -> None:
        raise ResourceError(f"no space left for {path}")

    def fill_the_disk() -> None:
        monkeypatch.setattr("core.runs.run.write_json", full)
        monkeypatch.setattr("core.runs.run.overwrite", full)
        time.sleep(0.1)

    with pytest.raises(ResourceError, match="no space left"):
        work(run, at(5, fill_the_disk))


def test_a_run_that_was_deleted_under_its_worker_stays_so(new_run: NewRun) -> None:
    run = new_run("checkpoint_every=2")
    with pytest.raises(ResourceError, match="does not exist"):
        work(run, at(3, lambda: shutil.rmtree(run.path)))
    assert not run.path.exists()


def test_a_worker_removes_what_a_killed_one_left(new_run: NewRun) -> None:
    run = new_run("steps=2")
    killed = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    left = begun(run.path / "checkpoint.pt")
    left = left.with_name(left.name.replace(str(os.getpid()), killed.stdout.strip()))
    left.write_bytes(b"half")
    work(run)
    assert not left.exists()


def test_weights_of_an_unfinished_run(new_run: NewRun) -> None:
    run = new_run(*EVERY)
    with pytest.raises(Interrupted):
        work(run, at(5, lambda: run.request("stop")))
    assert open_model(run).learner.step == 5
