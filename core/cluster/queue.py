"""The queue as it was when last asked: one answer for everybody in this process, renewed at most every few seconds."""

from __future__ import annotations

import threading
import time
from functools import cache

from core.cluster import slurm
from core.cluster.slurm import Queued

RENEW = 15.0
"""Seconds for which an answer is good: schedulers ask not to be asked often."""


class Queue:
    """What the scheduler says about the jobs of this user."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Queued] | None = None
        self._asked = -RENEW

    def jobs(self) -> dict[str, Queued] | None:
        """The jobs that wait or run; None where nothing is known of them."""
        if not slurm.present():
            return None
        with self._lock:
            if time.monotonic() - self._asked >= RENEW:
                self._jobs, self._asked = slurm.own_jobs(), time.monotonic()
            return self._jobs

    def renew(self) -> None:
        """Ask anew at the next look: something was submitted or taken back."""
        self._asked = -RENEW


_QUEUE = Queue()


def look(job: str) -> Queued | None:
    """What the queue says of a job; None where it holds no such job, or nothing is known."""
    return (_QUEUE.jobs() or {}).get(job)


def is_gone(job: str) -> bool:
    """Whether the queue is known and holds the job no more."""
    jobs = _QUEUE.jobs()
    return jobs is not None and job not in jobs


@cache
def ended_as(job: str) -> str:
    """How the accounting says that a job that is gone ended, e.g. OUT_OF_MEMORY; "" where there is no accounting."""
    return slurm.last_word(job)


def renew() -> None:
    """Forget the last answer."""
    _QUEUE.renew()
