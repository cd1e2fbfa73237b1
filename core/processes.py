"""Which process is meant by a number: numbers are given again, and clocks are set."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def birth(pid: int) -> str:
    """What tells a living process from all others that ever had its number; "" for none, or one that is a zombie.

    The boot of this machine and the clock ticks from it to the start of the process, which no change of the clock
    moves; the time of the start where the system does not tell ticks.
    """
    try:
        # the name of the program, in brackets, may hold anything
        state, *fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if state in "ZX" else f"{_boot()}:{fields[18]}"
    except (OSError, ValueError, IndexError):
        return _birth_by_clock(pid)


def alive(pid: int, born: str) -> bool:
    """Whether the process of this machine that has this number is the one that was born then, and no zombie."""
    return bool(born) and birth(pid) == born


@lru_cache(maxsize=1)
def own_birth() -> str:
    """The birth of this process."""
    return birth(os.getpid())


@lru_cache(maxsize=1)
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _birth_by_clock(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"clock:{process.create_time():.0f}"
    except psutil.Error:
        return ""
