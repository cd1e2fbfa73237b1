"""The worker: trains a run to its end, or to the next request to stop; whatever ends it, it can be resumed exactly.

Of several ranks that train together the first does all that a worker does; the others take their share of every step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch

from core.cluster.allocation import allocation
from core.errors import HalodeckError, Interrupted, RunError
from core.files import left_behind
from core.heap import kept
from core.learning import parallel
from core.learning.learner import Learner, Step
from core.learning.samples import Samples
from core.progress import Progress, silent
from core.runs.history import Track
from core.runs.job import Job, Model, open_job, restore, write_tensors
from core.runs.lock import held
from core.runs.pulse import Pulse, beating
from core.runs.reports import make_report
from core.runs.rivals import OUTRUN, Outrun, rivals_of
from core.runs.run import Run
from core.runs.stopping import Stop, on_signals

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

    Universes that are no longer where they were are looked for in `folders`. Where a launcher has started several
    processes, each calls this.
    Raises: RunError when another worker lives, Interrupted after a requested stop, and what training raises.
    """
    with parallel.joined(), on_signals(run) as stop:
        if parallel.rank():
            _assist(run, stop, folders)
            return
        status, here = run.status(), allocation()
        if status.alive and not (here and status.job == here.job):  # of the same job: an earlier start of it
            raise RunError(f"run {run.name} is {status.state} already", "watch it with `halodeck watch`")
        with held(run):
            run.take_request()  # of an earlier worker; from this one's first word on, requests are for it
            for left in left_behind(run.path):
                left.unlink(missing_ok=True)
            with beating(run) as pulse:
                try:
                    _train_and_report(run, pulse, stop, on_step, progress, folders)
                except Outrun as error:  # the end of this run, and no failure
                    run.emit(OUTRUN, step=pulse.status["step"], text=error.problem)
                    pulse.end("stopped", f"{error.problem}; `halodeck resume` goes on all the same")
                except Interrupted as error:
                    words = "stopped to make room" if error.again else "stopped on request"
                    pulse.end("stopped", f"{words}; `halodeck resume` goes on from here", error.again)
                    raise
                except BaseException as error:
                    if parallel.has_lost_others(error):  # whose launcher starts them all again
                        pulse.end("stopped", "another rank was lost; `halodeck resume` goes on from here", again=True)
                        raise
                    words = str(error) if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
                    pulse.end("failed", words)
                    raise


class _Others(Protocol):
    """What is done beside the steps themselves: by the first rank; the others do none of it."""

    def told(self, step: Step, validates: bool) -> None: ...

    def validated(self, step: Step, values: dict[str, float]) -> None: ...

    def kept(self, step: Step) -> None: ...

    def obey(self, where: str) -> None:
        """Do what was asked for. Raises: Interrupted."""
        ...


class _Telling:
    """Events, status and checkpoints in the run's folder."""

    def __init__(
        self, run: Run, job: Job, learner: Learner, pulse: Pulse, stop: Stop, on_step: Callable[[Step, int], None]
    ) -> None:
        self.run, self.job, self.learner, self.pulse, self.stop, self.on_step = run, job, learner, pulse, stop, on_step
        self.last, self.speed, self.before, self.checkpoint = 0.0, 0.0, time.monotonic(), time.monotonic()
        self.rivals, self.losses, self.outrun = rivals_of(run), Track(), ""

    def told(self, step: Step, validates: bool) -> None:
        now = time.monotonic()
        speed = 1 / max(now - self.before, 1e-9)
        # a moving average over about 20 steps
        self.speed = self.speed + 0.05 * (speed - self.speed) if self.speed else speed
        self.before = now
        if now - self.last >= EVENT_INTERVAL or validates:
            self.last = now
            self.run.emit("step", step=step.step, **step.values)
            self.pulse.say(state="running", step=step.step, values=step.values, speed=self.speed, message="training")
        self.on_step(step, self.learner.steps)

    def validated(self, step: Step, values: dict[str, float]) -> None:
        self.run.emit("validation", step=step.step, **values)
        if self.rivals and "loss" in values:
            self.losses.add(step.step, values["loss"])
            self.outrun = self.rivals.verdict(self.losses, self.learner.steps)
        self.before = time.monotonic()

    def kept(self, step: Step) -> None:
        recipe, since = self.job.recipe, time.monotonic() - self.checkpoint
        if step.step % recipe.checkpoint_every == 0 or since > 60 * recipe.checkpoint_minutes:
            self.keep()

    def keep(self) -> None:
        """Write a checkpoint."""
        parts = {"state": self.learner.state(), "weights": self.learner.weights()}
        write_tensors(self.run.path / "checkpoint.pt", self.run, **parts)
        self.checkpoint = time.monotonic()
        self.pulse.say(step=self.learner.step)

    def obey(self, where: str) -> None:
        if self.outrun:
            raise Outrun(self.outrun)
        _obey(self.run, self.pulse, self.stop, where)


class _Silent:
    """What the other ranks do beside the steps: obey their own signals."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop

    def told(self, step: Step, validates: bool) -> None: ...

    def validated(self, step: Step, values: dict[str, float]) -> None: ...

    def kept(self, step: Step) -> None: ...

    def obey(self, where: str) -> None:
        _make_room(self.stop, where)


def _ready(run: Run, folders: Sequence[Path]) -> tuple[Job, Samples, Learner]:
    """What a rank trains with, as it was at the last checkpoint."""
    job = open_job(run, folders)
    torch.manual_seed(job.recipe.seed)
    samples = job.recipe.samples(job.universes, job.device)
    learner = job.recipe.learner(job.device)
    parallel.share(learner, int(run.config().get("ranks", 1)))
    if (run.path / "checkpoint.pt").exists():
        restore(learner.restore, run.path / "checkpoint.pt", run, job.device, "state")
    if parallel.agreed(learner.step) != learner.step:
        raise RunError(f"the ranks of run {run.name} begin at different steps", "give them one and the same folder")
    return job, samples, learner


def _assist(run: Run, stop: Stop, folders: Sequence[Path]) -> None:
    """The part of a rank that is not the first. Raises: as `work`."""
    job, samples, learner = _ready(run, folders)
    with stop.waiting(), kept():
        _train(job, learner, samples, _Silent(stop))


def _train_and_report(
    run: Run,
    pulse: Pulse,
    stop: Stop,
    on_step: Callable[[Step, int], None],
    progress: Progress,
    folders: Sequence[Path],
) -> None:
    run.emit("state", state="running")
    job, samples, learner = _ready(run, folders)
    recipe = job.recipe
    pulse.say(step=learner.step, steps=learner.steps, message="training")
    telling = _Telling(run, job, learner, pulse, stop, on_step)
    with stop.waiting(), kept():
        try:
            _train(job, learner, samples, telling)
        except Interrupted:
            telling.keep()
            raise
        # whatever else ends the loop may do so in the middle of a step: the last checkpoint stays
        telling.keep()
    parallel.leave()  # what follows is the first rank's alone
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


def _train(job: Job, learner: Learner, samples: Samples, others: _Others) -> None:
    for step in learner.fit(samples):
        validates = step.step == learner.steps or step.step % job.recipe.validate_every == 0
        others.told(step, validates)
        if validates:
            others.validated(step, learner.validate(samples))
        others.kept(step)
        _agree(others, f" at step {step.step}")


def _agree(others: _Others, where: str) -> None:
    """Do what was asked of any rank; all stop after the same step. Raises: Interrupted."""
    asked: Interrupted | None = None
    try:
        others.obey(where)
    except Interrupted as error:
        asked = error
    if parallel.world() == 1:
        if asked:
            raise asked
        return
    # the number of the signal, and 1000 where the work is to go on by itself
    said = parallel.agreed(asked.signal + 1000 * asked.again if asked else 0)
    if isinstance(asked, Outrun):
        raise asked
    if said:
        words = asked.problem if asked else f"another rank was stopped{where}"
        raise Interrupted(words, "`halodeck resume` goes on from here", said % 1000, said > 1000)


def _make_room(stop: Stop, where: str) -> None:
    """Stop for a signal, or for what the machine is wanted for. Raises: Interrupted."""
    stop.check(where)
    if stop.room_is_wanted():
        raise stop.interrupted(where, again=True)


def _obey(run: Run, pulse: Pulse, stop: Stop, where: str) -> None:
    """Do what was asked for: pause until resumed, or stop. Raises: Interrupted."""
    _make_room(stop, where)
    request = run.take_request()
    if request == "pause":
        doing = pulse.status["message"]
        pulse.say(state="paused", message="paused; `halodeck resume` goes on")
        run.emit("state", state="paused")
        while request not in ("resume", "stop"):
            time.sleep(_LOOK)
            _make_room(stop, where)
            request = run.take_request()
        pulse.say(state="running", message=doing)
        run.emit("state", state="running")
    if request == "stop":
        raise stop.interrupted(where)
