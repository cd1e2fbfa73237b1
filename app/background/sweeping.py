"""The runs of a sweep on this machine: some at a time, each a worker of its own, until none has work left."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from app.background.workers import start
from core.errors import RunError
from core.progress import Progress, silent
from core.runs.lock import held
from core.runs.run import Run
from core.runs.sweep import Sweep

_LOOK = 0.5
"""Seconds between two looks at the workers."""


def work_through(sweep: Sweep, parallel: int = 1, progress: Progress = silent) -> list[Run]:
    """Train what is left of a sweep, so many runs at a time; returns those that failed.

    What ends this process ends the workers too, each after its step and with a checkpoint.
    Raises: RunError where another process works through it.
    """
    try:
        with held(Run(sweep.folder)):
            return _work_through(sweep, parallel, progress)
    except RunError as error:
        if error.problem.startswith("another worker"):
            raise RunError(f"{sweep.name} is being worked through already", "see `halodeck sweeps`") from error
        raise


def _work_through(sweep: Sweep, parallel: int, progress: Progress) -> list[Run]:
    waiting, failed = sweep.open_runs(), list[Run]()
    number, workers = len(waiting), dict[Run, subprocess.Popen[bytes]]()
    try:
        while waiting or workers:
            while waiting and len(workers) < parallel:
                run = waiting.pop(0)
                workers[run] = start(("resume", str(run.path.resolve())), run.path / "worker.log")
            for run in [run for run, worker in workers.items() if worker.poll() is not None]:
                if workers.pop(run).returncode:
                    failed.append(run)
            statuses = {run: run.status() for run in workers}
            parts = sum(status.step / status.steps for status in statuses.values() if status.steps)
            words = ", ".join(f"{run.name} {status.step}/{status.steps}" for run, status in statuses.items())
            progress((number - len(waiting) - len(workers) + parts) / max(1, number), words)
            time.sleep(_LOOK)
    except BaseException:
        for worker in workers.values():
            worker.terminate()
        for worker in workers.values():
            worker.wait()
        raise
    return failed


def begin(sweep: Sweep, parallel: int = 1) -> None:
    """Start a process that works through a sweep and outlives this one."""
    words = ("sweep", "--resume", sweep.name, "--parallel", str(parallel), "--runs", str(_root(sweep)))
    start(words, sweep.folder / "sweep.log")


def _root(sweep: Sweep) -> Path:
    return sweep.folder.parent.parent.resolve()
