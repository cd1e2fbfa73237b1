"""How threads of OpenMP that wait for one another do so, which has to be set before torch is imported.

GNU's spin for milliseconds. On a quiet machine some microseconds are best: a thread that sleeps is late for the next
piece of work. On a busy one whoever spins takes the time of those waited for: there threads sleep at once.
"""

from __future__ import annotations

import os

_SPINS, _OURS = "GOMP_SPINCOUNT", "HALODECK_SPINCOUNT"
"""The variable, and what this program has set it to, which the next program may change; what a user sets stays."""
_QUIET, _BUSY = "5000", "0"
_LOAD = 1.5
"""Processes for each core of the machine, over the last minute, from which on it is busy. One training of all is 1."""


def let_threads_wait() -> None:
    """Set it for this process and those that it starts."""
    if os.environ.get(_SPINS) == os.environ.get(_OURS):
        os.environ[_SPINS] = os.environ[_OURS] = _BUSY if _is_busy() else _QUIET


def _is_busy() -> bool:
    """Whether the cores have more to do than they can: all of the machine, whose load it is that the system tells."""
    try:
        return os.getloadavg()[0] > _LOAD * (os.cpu_count() or 1)
    except OSError:  # the system does not tell
        return False
