"""What this process may use of the machine: memory and cores, by control groups, limits of the shell and jobs."""

from __future__ import annotations

import os
import resource
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def free_memory() -> int:
    """Bytes of main memory that this process may still take: what is free, or what the narrowest limit leaves."""
    import psutil

    own = psutil.Process().memory_info()
    left = [int(psutil.virtual_memory().available), *_left_in_groups(_OWN, _GROUPS)]
    for kind, used in ((resource.RLIMIT_AS, own.vms), (resource.RLIMIT_DATA, own.rss), (resource.RLIMIT_RSS, own.rss)):
        soft = resource.getrlimit(kind)[0]
        if soft != resource.RLIM_INFINITY:
            left.append(soft - used)
    of_job = os.environ.get("SLURM_MEM_PER_NODE", "")
    if of_job.isdigit() and of_job != "0":  # 0: all of the node
        left.append((int(of_job) << 20) - own.rss)
    return max(min(left), 0)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _left_in_groups(own: Path, groups: Path) -> list[int]:
    """Bytes that each control group on the way up from the process leaves; caches that can be dropped count as free."""
    found = []
    for line in _text(own).splitlines():
        number, kinds, path = [*line.split(":", 2), "", ""][:3]
        if number == "0":  # version 2
            root, names = groups, ("memory.max", "memory.current", "")
        elif "memory" in kinds.split(","):
            root, names = groups / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
        else:
            continue
        folder = root / path.lstrip("/")
        for group in (folder, *folder.parents):
            limit, used = _text(group / names[0]).strip(), _text(group / names[1]).strip()
            if limit.isdigit() and used.isdigit() and int(limit) < 1 << 60:
                table = group / "memory.stat"
                cached = sum(_in_table(table, f"{names[2]}{kind}_file") for kind in ("inactive", "active"))
                found.append(int(limit) - int(used) + cached)
            if group == root:
                break
    return found


def _in_table(path: Path, name: str) -> int:
    words = dict(line.split() for line in _text(path).splitlines() if len(line.split()) == 2)
    return int(words.get(name, 0))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
