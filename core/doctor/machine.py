"""Processor, memory, threads and versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from core import VERSION
from core.doctor.finding import Finding, examined
from core.limits import cores, free_memory


def machine() -> list[Finding]:
    """What computes."""
    return examined("machine", (_processor, _memory, _threads, _versions))


def _processor() -> Iterator[Finding]:
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    allowed, there = cores(), os.cpu_count() or 1
    yield Finding("machine", "processor", f"{model or platform.machine()}, {allowed} of {there} cores")
    load = os.getloadavg()[0]
    busy = load > 1.5 * there
    remedy = "others compute here too: timings are worth little"
    yield Finding("machine", "load", f"{load:.1f}", "warning" if busy else "good", remedy if busy else "")


def _memory() -> Iterator[Finding]:
    import psutil

    free, there = free_memory(), psutil.virtual_memory().total
    cells = int((free / (4.0 * (25 + 3.4 * 8))) ** (1 / 3)) // 32 * 32
    yield Finding("machine", "memory", f"{free / 2**30:.1f} GiB free of {there / 2**30:.1f}: simulates {cells}^3")


def _threads() -> Iterator[Finding]:
    import numba
    import torch

    allowed = cores()
    for name, threads in (("torch", torch.get_num_threads()), ("numba", numba.get_num_threads())):
        more = threads > allowed
        remedy = f"export OMP_NUM_THREADS={allowed} NUMBA_NUM_THREADS={allowed}" if more else ""
        yield Finding("machine", f"threads of {name}", str(threads), "warning" if more else "good", remedy)


def _versions() -> Iterator[Finding]:
    from importlib.metadata import version

    names = ("torch", "numpy", "scipy", "h5py", "textual")
    found = ", ".join([f"halodeck {VERSION}", *(f"{name} {version(name)}" for name in names)])
    yield Finding("machine", "versions", f"Python {platform.python_version()}, {found}")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
