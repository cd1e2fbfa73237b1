"""The worker: trains a run to its end, or to the next request to stop; whatever ends it, it can be resumed exactly."""

from __future__ import annotations

import fcntl
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from core.cosmos.universe import Universe, open_universe
from core.device import choose_device
from core.errors import HalodeckError, Interrupted, RunError
from core.files import appearing
from core.learning.learner import Learner, Step
from core.progress import Progress, silent
from core.runs.recipe import Recipe, load
from core.runs.run import HEARTBEAT, Run
from core.learning.samples import Samples

EVENT_INTERVAL = 0.2
"""Least seconds between two step events."""


@dataclass(frozen=True)
class Job:
    """A run's configuration, ready to work with."""

    recipe: Recipe
    universes: list[Universe]
    device: torch.device


def open_job(run: Run) -> Job:
    """Rebuild recipe, universes and device from config.toml. Raises: ConfigError, InputError, ResourceError."""
    from core.config import resolve

    config = run.config()
    recipe = resolve(load(str(config["recipe"])), config["settings"], [])
    universes = [open_universe(Path(path)) for path in config["universes"]]
    return Job(recipe, universes, choose_device(str(config["device"])))


def work(
    run: Run, on_step: Callable[[Step, int], None] = lambda step, steps: None, progress: Progress = silent
) -> None:
    """Train until done, then predict the held-out universes and write the report.

    Raises: RunError when another worker lives, Interrupted after a requested stop, and what training raises.
    """
    if run.status().alive:
        raise RunError(f"run {run.name} is {run.status().state} already", "watch it with `halodeck watch`")
    with _only_worker(run), _pulse(run) as pulse, _stop_on_signals() as stop:
        run.take_request()
        try:
            _train_and_report(run, pulse, stop, on_step, progress)
        except Interrupted:
            pulse.say(state="stopped", message="stopped on request; `halodeck resume` goes on from here")
            run.emit("state", state="stopped")
            raise
        except BaseException as error:
            message = str(error) if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
            pulse.say(state="failed", message=message)
            run.emit("state", state="failed", text=message)
            raise


def load_learner(run: Run, job: Job) -> Learner:
    """The trained learner of a run. Raises: RunError when there are no weights yet or they are another recipe's."""
    path = run.path / "model.pt"
    if not path.exists():
        path = run.path / "checkpoint.pt"
    if not path.exists():
        raise RunError(f"run {run.name} has no weights yet", f"go on with `halodeck resume {run.name}`")
    learner = job.recipe.learner(job.device)
    learner.load_weights(_read_tensors(path, run, job.device, "weights"))
    return learner


def read_constants(run: Run) -> dict[str, float]:
    """What a trained run has measured besides its weights. Raises: RunError when there are no weights yet."""
    path = run.path / "model.pt"
    if not path.exists():
        raise RunError(f"run {run.name} is not trained yet", f"go on with `halodeck resume {run.name}`")
    weights = _read_tensors(path, run, torch.device("cpu"), "weights")
    return dict(weights.get("constants", {}))


@contextmanager
def _only_worker(run: Run) -> Iterator[None]:
    """Hold the run's lock; the system lets go of it however the process ends."""
    with (run.path / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another worker has run {run.name}", "watch it with `halodeck watch`") from None
        except OSError:
            pass  # some network file systems know no locks: the status is all there is to go by
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
    run: Run, pulse: _Pulse, stop: threading.Event, on_step: Callable[[Step, int], None], progress: Progress
) -> None:
    from core.runs.reports import make_report

    run.emit("state", state="running")
    job = open_job(run)
    recipe = job.recipe
    torch.manual_seed(recipe.seed)
    samples = recipe.samples(job.universes, job.device)
    learner = recipe.learner(job.device)
    if (run.path / "checkpoint.pt").exists():
        learner.restore(_read_tensors(run.path / "checkpoint.pt", run, job.device, "state"))
    pulse.say(step=learner.step, steps=learner.steps, message="training")
    try:
        _train(run, job, learner, samples, pulse, stop, on_step)
    except Interrupted:
        _write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
        raise
    # whatever else ends the loop may do so in the middle of a step: the last checkpoint stays
    _write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())

    pulse.say(message="measuring what prediction needs besides the weights", speed=None)
    recipe.finish(learner, job.universes)
    _write_tensors(run.path / "model.pt", run, weights=learner.weights())

    def report(fraction: float, doing: str) -> None:
        if stop.is_set() or run.take_request() == "stop":
            raise Interrupted("stopped")
        pulse.say(message=doing)
        progress(fraction, doing)

    make_report(run, job, learner, report)
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
            _write_tensors(run.path / "checkpoint.pt", run, state=learner.state(), weights=learner.weights())
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


def _write_tensors(path: Path, run: Run, **parts: dict[str, Any]) -> None:
    with appearing(path) as temporary, temporary.open("wb") as file:
        try:
            torch.save({"recipe": run.recipe, **parts}, file)
        except RuntimeError as error:
            # torch hides a full disk behind an error of its own
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def _read_tensors(path: Path, run: Run, device: torch.device, part: str) -> dict[str, Any]:
    """One part of what `_write_tensors` wrote: tensors and plain values, never pickled classes."""
    import pickle
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:  # torch itself compares no checksums
            if archive.testzip():
                raise zipfile.BadZipFile("checksum")
        data = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, pickle.PickleError) as error:
        raise RunError(f"{path} cannot be read", "delete it to start again from the beginning") from error
    if not isinstance(data, dict) or data.get("recipe") != run.recipe:
        other = data.get("recipe") if isinstance(data, dict) else "something else"
        raise RunError(f"{path} is of {other}, the run is {run.recipe}", "put the run's own file back or delete it")
    if part not in data:
        raise RunError(f"{path} holds no {part}", "put the run's own file back or delete it")
    return dict(data[part])
