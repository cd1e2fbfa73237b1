"""The worker: trains a run to its end, or to the next request to stop; whatever ends it, it can be resumed exactly."""

from __future__ import annotations

import fcntl
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from core.errors import HalodeckError, Interrupted, RunError
from core.learning.learner import Learner, Step
from core.learning.samples import Samples
from core.progress import Progress, silent
from core.runs.job import Job, Model, open_job, restore, write_tensors
from core.runs.reports import make_report
from core.runs.run import HEARTBEAT, Run

EVENT_INTERVAL = 0.2
"""Least seconds between two step events."""


def work(
    run: Run,
    on_step: Callable[[Step, int], None] = lambda step, steps: None,
    progress: Progress = silent,
    folders: Sequence[Path] = (),
) -> None:
    """Train until done, then predict the held-out universes and write the report.

    Universes that are no longer where they were are looked for in `folders`.

    Raises: RunError when another worker lives, Interrupted after a requested stop, and what training raises.
    """
    if run.status().alive:
        raise RunError(f"run {run.name} is {run.status().state} already", "watch it with `halodeck watch`")
    with _only_worker(run), _pulse(run) as pulse, _stop_on_signals() as stop:
        try:
            _train_and_report(run, pulse, stop, on_step, progress, folders)
        except Interrupted:
            pulse.say(state="stopped", message="stopped on request; `halodeck resume` goes on from here")
            run.emit("state", state="stopped")
            raise
        except BaseException as error:
            message = str(error) if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
            pulse.say(state="failed", message=message)
            run.emit("state", state="failed", text=message)
            raise


@contextmanager
def _only_worker(run: Run) -> Iterator[None]:
    """Hold the run's lock; the system lets go of it however the process ends."""
    with (run.path / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another worker has run {run.name}", "watch it with `halodeck watch`") from None
        except OSError:
            pass  # some network file systems know no locks: the status is all there is to go by
        run.take_request()  # of an earlier worker; from this one's first word on, requests are for it
        yield


class _Pulse:
    """Says how the run is, and that it lives, every few seconds from its own thread."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status: dict[str, Any] = {"state": "running", "step": 0, "steps": 0, "values": {}, "message": "starting"}
        self.lock = threading.Lock()

    def say(self, **status: Any) -> None:
        with self.lock:
            self.status.update(status)
            self.run.write_status(**self.status)

    def beat(self, until: threading.Event) -> None:
        while not until.wait(HEARTBEAT):
            with suppress(HalodeckError):  # a full disk is the training's to report
                self.say()


@contextmanager
def _pulse(run: Run) -> Iterator[_Pulse]:
    pulse, end = _Pulse(run), threading.Event()
    pulse.say()
    thread = threading.Thread(target=pulse.beat, args=(end,), daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        end.set()
        thread.join()


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set. In a thread other than the main one signals are left alone."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handler(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt  # the second Ctrl-C does not wait for the step to end
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _train_and_report(
    run: Run,
    pulse: _Pulse,
    stop: threading.Event,
    on_step: Callable[[Step, int], None],
    progress: Progress,
    folders: Sequence[Path],
) -> None:
    run.emit("state", state="running")
    job = open_job(run, folders)
    recipe = job.recipe
    torch.manual_seed(recipe.seed)
    samples = recipe.samples(job.universes, job.device)
    learner = recipe.learner(job.device)
    if (run.path / "checkpoint.pt").exists():
        restore(learner.restore, run.path / "checkpoint.pt", run, job.device, "state")
    pulse.say(step=learner.step, steps=learner.steps, message="training")
    try:
        _train(run, job, learner, samples, pulse, stop, on_step)
    except Interrupted:
        write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
        raise
    # whatever else ends the loop may do so in the middle of a step: the last checkpoint stays
    write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())

    pulse.say(message="measuring what prediction needs besides the weights", speed=None)
    recipe.finish(learner, job.universes)
    write_tensors(run.path / "model.pt", run, weights=learner.weights())

    def report(fraction: float, doing: str) -> None:
        if stop.is_set() or run.take_request() == "stop":
            raise Interrupted("stopped")
        pulse.say(message=doing)
        progress(fraction, doing)

    make_report(run, Model(recipe, learner, job.device), recipe.held_out(job.universes), report)
    pulse.say(state="done", message="done")
    run.emit("state", state="done")


def _train(
    run: Run,
    job: Job,
    learner: Learner,
    samples: Samples,
    pulse: _Pulse,
    stop: threading.Event,
    on_step: Callable[[Step, int], None],
) -> None:
    recipe = job.recipe
    told, speed, before = 0.0, 0.0, time.monotonic()
    for step in learner.fit(samples):
        now = time.monotonic()
        # a moving average over about 20 steps
        speed = 1 / max(now - before, 1e-9) if not speed else speed + 0.05 * (1 / max(now - before, 1e-9) - speed)
        before = now
        last = step.step == learner.steps
        validates = last or step.step % recipe.validate_every == 0
        if now - told >= EVENT_INTERVAL or validates:
            told = now
            run.emit("step", step=step.step, **step.values)
            pulse.say(state="running", step=step.step, values=step.values, speed=speed, message="training")
        on_step(step, learner.steps)
        if validates:
            run.emit("validation", step=step.step, **learner.validate(samples))
            before = time.monotonic()
        if step.step % recipe.checkpoint_every == 0:
            write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
        if stop.is_set():
            raise Interrupted(f"run {run.name} was stopped at step {step.step}", "`halodeck resume` goes on from here")
        _obey(run, pulse, stop, step)


def _obey(run: Run, pulse: _Pulse, stop: threading.Event, step: Step) -> None:
    """Do what was asked for: pause until resumed, or stop."""
    request = run.take_request()
    if request == "pause":
        pulse.say(state="paused", message="paused; `halodeck resume` goes on")
        run.emit("state", state="paused")
        while request not in ("resume", "stop") and not stop.wait(0.2):
            request = run.take_request()
        pulse.say(state="running", message="training")
        run.emit("state", state="running")
    if request == "stop" or stop.is_set():
        raise Interrupted(f"run {run.name} was stopped at step {step.step}", "`halodeck resume` goes on from here")
