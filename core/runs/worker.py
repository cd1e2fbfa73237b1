"""The worker: trains a run to its end, or to the next request to stop; whatever ends it, it can be resumed exactly."""

from __future__ import annotations

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
from core.files import left_behind
from core.learning.learner import Learner, Step
from core.learning.samples import Samples
from core.progress import Progress, silent
from core.runs.job import Job, Model, open_job, restore, write_tensors
from core.runs.lock import held
from core.runs.reports import make_report
from core.runs.run import HEARTBEAT, Run, State

EVENT_INTERVAL = 0.2
"""Least seconds between two step events."""
_LOOK = 0.2
"""Seconds between two looks of a paused worker for requests."""


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
    with held(run):
        run.take_request()  # of an earlier worker; from this one's first word on, requests are for it
        for left in left_behind(run.path):
            left.unlink(missing_ok=True)
        with _pulse(run) as pulse, _stop_on_signals(run) as stop:
            try:
                _train_and_report(run, pulse, stop, on_step, progress, folders)
            except Interrupted:
                pulse.end("stopped", "stopped on request; `halodeck resume` goes on from here")
                raise
            except BaseException as error:
                words = str(error) if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
                pulse.end("failed", words)
                raise


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

    def end(self, state: State, message: str) -> None:
        """The last word. Where it cannot be written, what ended the work matters more."""
        with suppress(HalodeckError):
            self.say(state=state, message=message)
            self.run.emit("state", state=state, **({"text": message} if state == "failed" else {}))

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


class _Stop:
    """Whether a signal has asked for the end: at once, or, while training, after the step and with a checkpoint."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.number: int | None = None
        self.waits = False
        """Whether a signal waits for the end of a step."""

    def handle(self, number: int, frame: FrameType | None) -> None:
        again = self.number is not None and number == signal.SIGINT
        self.number = number
        if again:
            raise KeyboardInterrupt  # the second Ctrl-C does not wait for the step to end
        if not self.waits:
            self.check()

    def check(self, where: str = "") -> None:
        """End here if asked to. Raises: Interrupted."""
        if self.number is not None:
            raise self.interrupted(where)

    def interrupted(self, where: str = "") -> Interrupted:
        return Interrupted(
            f"run {self.run.name} was stopped{where}",
            "`halodeck resume` goes on from here",
            self.number or signal.SIGINT,
        )

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What must not be torn: a signal is kept until its end, or until somebody checks."""
        self.waits = True
        try:
            yield
        finally:
            self.waits = False


@contextmanager
def _stop_on_signals(run: Run) -> Iterator[_Stop]:
    """Obey SIGTERM, SIGINT and SIGHUP (a lost terminal). In a thread other than the main one they are left alone."""
    stop = _Stop(run)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    wanted = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop.handle) for number in wanted}
    try:
        yield stop
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _train_and_report(
    run: Run,
    pulse: _Pulse,
    stop: _Stop,
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
    with stop.waiting():
        try:
            _train(run, job, learner, samples, pulse, stop, on_step)
        except Interrupted:
            write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
            raise
        # whatever else ends the loop may do so in the middle of a step: the last checkpoint stays
        write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
    stop.check(" after its training")

    pulse.say(message="measuring what prediction needs besides the weights", speed=None)
    recipe.finish(learner, job.universes)
    write_tensors(run.path / "model.pt", run, weights=learner.weights())

    def report(fraction: float, doing: str) -> None:
        _obey(run, pulse, stop, " before its report was made")
        pulse.say(message=doing)
        progress(fraction, doing)

    make_report(run, Model(recipe, learner, job.device), recipe.held_out(job.universes), report)
    with stop.waiting():
        pulse.say(state="done", message="done")
        run.emit("state", state="done")


def _train(
    run: Run,
    job: Job,
    learner: Learner,
    samples: Samples,
    pulse: _Pulse,
    stop: _Stop,
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
        _obey(run, pulse, stop, f" at step {step.step}")


def _obey(run: Run, pulse: _Pulse, stop: _Stop, where: str) -> None:
    """Do what was asked for: pause until resumed, or stop. Raises: Interrupted."""
    stop.check(where)
    request = run.take_request()
    if request == "pause":
        doing = pulse.status["message"]
        pulse.say(state="paused", message="paused; `halodeck resume` goes on")
        run.emit("state", state="paused")
        while request not in ("resume", "stop"):
            time.sleep(_LOOK)
            stop.check(where)
            request = run.take_request()
        pulse.say(state="running", message=doing)
        run.emit("state", state="running")
    if request == "stop":
        raise stop.interrupted(where)
