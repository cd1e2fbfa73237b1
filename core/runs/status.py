"""How a run is: the worker's last word, whether the worker lives, and the queue where its job waits."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core import processes
from core.cluster import queue
from core.cluster.allocation import allocation
from core.errors import HalodeckError, InputError
from core.reading import read_json
from core.typed import Measured, typed

State = Literal["new", "queued", "running", "paused", "done", "stopped", "failed", "lost"]

HEARTBEAT = 5.0
"""Seconds between a worker's signs of life."""
SILENCE = 60.0
"""Seconds of silence after which a worker on another host counts as lost."""
_MOST = 16 << 20
"""Bytes of a file that says something about a run."""


@dataclass(frozen=True)
class Status:
    """What is known about a run now. `speed` in steps a second, `remaining` in seconds; None where unknown."""

    state: State
    step: int = 0
    steps: int = 0
    values: dict[str, float] | None = None
    speed: float | None = None
    message: str = ""
    host: str = ""
    pid: int = 0
    updated: float = 0.0
    job: str = ""
    """The job of the scheduler that the worker is, or was, in; of a queued run the one that waits."""
    again: bool = False
    """Whether the worker stopped only to make room."""

    @property
    def remaining(self) -> float | None:
        if not self.speed or self.state != "running":
            return None
        seconds = (self.steps - self.step) / self.speed
        return seconds if math.isfinite(seconds) else None

    @property
    def alive(self) -> bool:
        return self.state in ("running", "paused")


def read_status(folder: Path) -> Status:
    """The honest state of a run: a worker that died without a word is "lost"."""
    status = _told(folder)
    return status if status.alive or status.state == "done" else _queued(folder, status)


def read_job(folder: Path) -> str:
    """The number of the job that was submitted last for a run; "" where there was none."""
    try:
        return typed(_Job, read_json(folder / "job.json", _MOST)).job
    except (FileNotFoundError, HalodeckError, ValueError):
        return ""


def _is_over(folder: Path, job: str) -> bool:
    """Whether a run's job has left the queue; one that was submitted since that was asked may not be in it yet."""
    try:
        young = time.time() - (folder / "job.json").stat().st_mtime < 2 * queue.RENEW
    except OSError:
        return False
    return bool(job) and not young and queue.is_gone(job)


def own_process() -> dict[str, Any]:
    """Who writes: host, process, its birth (a process number alone may be given again), and the job it is in."""
    here = allocation()
    job = {"job": here.job} if here else {}
    return {"host": processes.host(), "pid": os.getpid(), "born": processes.own_birth(), **job}


@dataclass(frozen=True)
class _Job:
    """What must be in job.json."""

    job: str


@dataclass(frozen=True)
class _StatusFile:
    """What may be in status.json."""

    state: State
    step: int = 0
    steps: int = 0
    values: dict[str, Measured] | None = None
    speed: float | None = None
    message: str = ""
    host: str = ""
    pid: Any = 0
    born: Any = ""
    updated: float = 0.0
    job: str = ""
    again: bool = False


def _alive_or_lost(said: _StatusFile, written: float) -> Status:
    """What status.json says, unless the worker that wrote it is gone."""
    state, message = said.state, said.message
    if state in ("running", "paused") and not _breathes(said, written):
        state, message = "lost", "the worker died without a word; resume it from its last checkpoint"
    return Status(
        state=state,
        step=said.step,
        steps=said.steps,
        values={name: float(value) for name, value in (said.values or {}).items()},
        speed=said.speed,
        message=message,
        host=said.host,
        pid=said.pid if isinstance(said.pid, int) else 0,
        updated=said.updated,
        job=said.job,
        again=said.again,
    )


def _breathes(said: _StatusFile, written: float) -> bool:
    """Whether the worker lives: by its process; on another machine by the queue, else by when its last word was
    `written`."""
    if said.host == processes.host() and isinstance(said.born, str):
        return isinstance(said.pid, int) and processes.alive(said.pid, said.born)
    if said.job and queue.is_gone(said.job):
        return False
    return abs(time.time() - written) < SILENCE


def _told(folder: Path) -> Status:
    """What status.json says."""
    path, again = folder / "status.json", "resuming the run writes it anew"
    try:
        return _alive_or_lost(typed(_StatusFile, read_json(path, _MOST)), path.stat().st_mtime)
    except FileNotFoundError:
        return Status("new", message="not started")
    except InputError as error:
        return Status("failed", message=f"{error.problem}; {again}")
    except HalodeckError as error:
        return Status("failed", message=f"status.json cannot be read ({error.problem}); check its permissions")
    except ValueError as error:
        return Status("failed", message=f"status.json is no run's ({error}); {again}")


def _queued(folder: Path, status: Status) -> Status:
    """The status of a run that nobody works on: queued where its job waits or begins."""
    job = read_job(folder)
    found = queue.look(job) if job else None
    if found is None and status.state in ("new", "lost") and _is_over(folder, job):
        end = queue.ended_as(job)
        ended = f"job {job} ended{f' ({end})' if end else ''}"
        if status.state == "lost":
            return replace(status, message=f"{status.message}; {ended}") if end else status
        return replace(status, state="failed", message=f"{ended} before the run began; see job-{job}.log", job=job)
    if found is None or not (found.waits or status.again or status.state in ("new", "lost")):
        return status
    expected = f", expected to start {found.start}" if found.start else ""
    words = f"waits ({found.reason or 'its turn'}){expected}" if found.waits else f"begins on {found.nodes}"
    return replace(status, state="queued", message=f"job {job} {words}", job=job, speed=None)
