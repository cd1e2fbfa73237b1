"""The scheduler and the sites."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from core.cluster import slurm
from core.cluster.allocation import allocation
from core.cluster.sites import own_sites, sites
from core.doctor.finding import Finding, examined
from core.errors import HalodeckError


def cluster() -> list[Finding]:
    """Whether jobs can be submitted here, and where to."""
    return examined("cluster", (_scheduler, _sites))


def _scheduler() -> Iterator[Finding]:
    if not slurm.present():
        yield Finding(
            "cluster", "scheduler", "no SLURM here", "absent", "--submit works on the login nodes of clusters"
        )
        return
    version = subprocess.run(["sinfo", "--version"], capture_output=True, text=True, timeout=20).stdout.strip()
    jobs = slurm.own_jobs()
    if jobs is None:
        yield Finding("cluster", "scheduler", f"{version or 'SLURM'} does not answer", "warning", "check SLURM_CONF")
    else:
        yield Finding("cluster", "scheduler", f"{version}, {len(jobs)} jobs of yours")
    if here := allocation():
        yield Finding("cluster", "job", f"this is job {here.job}")


def _sites() -> Iterator[Finding]:
    try:
        found = sites()
    except HalodeckError as error:
        yield Finding("cluster", "sites", error.problem, "bad", error.remedy or f"correct {own_sites()}")
        return
    yield Finding("cluster", "sites", ", ".join(found))
