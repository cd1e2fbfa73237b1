"""The job of the scheduler that this process is part of: its number, its end, and whether it is to make room."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.cluster import slurm

MARGIN = 120.0
"""Seconds before the end of a job at which a worker stops by itself, where nothing else has told it to."""


@dataclass(frozen=True)
class Allocation:
    """A running job, how often it was requeued, and when it ends (seconds since the epoch), where that is known.

    `job` is its name in the queue, <array>_<task> for one of an array; `number` its own.
    """

    job: str
    restarts: int
    ends: float | None
    number: str = ""

    @property
    def start(self) -> str:
        """What tells this start of the job from those before and after it."""
        return f"{self.number or self.job}.{self.restarts}"

    def is_over(self) -> bool:
        """Whether it is time to write the last checkpoint."""
        return self.ends is not None and time.time() > self.ends - MARGIN


@lru_cache(maxsize=1)
def allocation() -> Allocation | None:
    """The job that this process runs in. Its number is that of the environment."""
    number = os.environ.get("SLURM_JOB_ID", "")
    if not number.isdigit():
        return None
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID", ""), os.environ.get("SLURM_ARRAY_TASK_ID", "")
    job = f"{array}_{task}" if array.isdigit() and task.isdigit() else number
    restarts, ends = os.environ.get("SLURM_RESTART_COUNT", "0"), os.environ.get("SLURM_JOB_END_TIME", "")
    end = float(ends) if ends.isdigit() else slurm.end_of(job)
    return Allocation(job, int(restarts) if restarts.isdigit() else 0, end, number)


def marker(folder: Path) -> Path:
    """The file that a job script writes when its job is to make room: the start of the job that is meant."""
    return folder / "yield"


def makes_room(folder: Path) -> bool:
    """Whether the job script has asked for this start of the job to end."""
    here = allocation()
    try:
        return here is not None and marker(folder).read_text().strip() == here.start
    except (OSError, ValueError):
        return False
