"""SLURM's own commands: to submit, to ask, to take back. Nothing here knows what a job is about."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import ResourceError, RunError

_PATIENCE = 20.0
"""Seconds to wait for the answer of a busy scheduler."""


@dataclass(frozen=True)
class Queued:
    """What the queue says about a job: PENDING, RUNNING, ..., why it waits, when it is expected to start, and where it
    runs."""

    job: str
    state: str
    reason: str = ""
    start: str = ""
    nodes: str = ""

    @property
    def waits(self) -> bool:
        return self.state in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "SUSPENDED")


def present() -> bool:
    """Whether this machine knows SLURM."""
    return shutil.which("squeue") is not None


def own_jobs() -> dict[str, Queued] | None:
    """The jobs of this user that wait or run, tasks of arrays as <array>_<task>; None where there is no answer."""
    try:
        told = _ask("squeue", "--me", "--noheader", "--array", "--format=%i|%T|%r|%S|%N")
    except ResourceError:
        return None
    found = {}
    for line in told.splitlines():
        job, state, reason, start, nodes, *_ = [*line.split("|"), "", "", "", ""]
        start = "" if start in ("N/A", "") else start
        found[job] = Queued(job, state, "" if reason == "None" else reason, start, nodes)
    return found


def end_of(job: str) -> float | None:
    """When a running job ends, seconds since the epoch; None where that is not known or never."""
    if not present():
        return None
    try:
        return datetime.fromisoformat(_ask("squeue", "--noheader", f"--jobs={job}", "--format=%e").strip()).timestamp()
    except (ResourceError, ValueError):
        return None


def last_word(job: str) -> str:
    """How the accounting says that a job ended, e.g. TIMEOUT; "" where there is no accounting or no answer."""
    if shutil.which("sacct") is None:
        return ""
    try:
        told = _ask("sacct", "--noheader", "--allocations", "--parsable2", f"--jobs={job}", "--format=State")
    except ResourceError:
        return ""
    return told.splitlines()[-1].split(" ")[0] if told.strip() else ""


def submit(script: Path) -> str:
    """Put a job script into the queue; returns the number of the job. Raises: ResourceError with SLURM's reason."""
    told = _ask("sbatch", "--parsable", str(script))
    found = re.match(r"\d+", told.strip())
    if found is None:
        raise ResourceError(f"sbatch answered {told.strip()!r}", "submit the script by hand")
    return found[0]


def cancel(job: str) -> None:
    """Take a job out of the queue, or end it. Raises: RunError for the job of another, ResourceError."""
    _refuse_others(job)
    _ask("scancel", job)


def hold(job: str) -> None:
    """Keep a waiting job from being started. Raises: RunError, ResourceError."""
    _refuse_others(job)
    _ask("scontrol", "hold", job)


def release(job: str) -> None:
    """Let a job that was held be started. Raises: RunError, ResourceError."""
    _refuse_others(job)
    _ask("scontrol", "release", job)


def requeue(job: str) -> None:
    """Let a job begin again from its start. Raises: ResourceError."""
    _ask("scontrol", "requeue", job)


def _refuse_others(job: str) -> None:
    """Jobs of others, and numbers that were given again, are left alone."""
    own = own_jobs()
    if own is None:
        raise ResourceError("the scheduler does not answer", "try again later")
    if job not in own and not any(name.startswith(f"{job}_") for name in own):
        raise RunError(f"job {job} is no waiting or running job of yours", "see `squeue --me`")


def _ask(*command: str) -> str:
    return _output(command, time.monotonic() + _PATIENCE)


def _output(command: Sequence[str], deadline: float) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=deadline - time.monotonic()
        )
    except FileNotFoundError:
        raise ResourceError(f"there is no {command[0]} on this machine", "use a login node of the cluster") from None
    except subprocess.TimeoutExpired:
        raise ResourceError(f"{command[0]} does not answer", "try again later") from None
    except OSError as error:
        raise ResourceError(f"{command[0]} cannot be started ({error.strerror})", "check the machine") from error
    if done.returncode:
        words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise ResourceError(f"{command[0]} refused: {words}", "change what was asked for, or the site's settings")
    return done.stdout
