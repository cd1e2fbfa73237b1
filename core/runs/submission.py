"""Runs as jobs of a cluster: the script in the run's folder, the job's number, and what is asked of the scheduler."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cluster import queue, slurm
from core.cluster.allocation import allocation, marker
from core.cluster.script import NOTES, Size, run_script, runs_script
from core.errors import ResourceError, RunError
from core.files import write_json, write_text
from core.reading import read_json
from core.runs.launch_spec import RUNS
from core.runs.lock import delete_run
from core.runs.requests import Request
from core.runs.run import Run
from core.runs.sweep import Sweep

if TYPE_CHECKING:
    from core.cluster.sites import Site


def script_of(run: Run, site: Site, size: Size) -> str:
    """The job script of a run."""
    return run_script(run.name, run.path.resolve(), site, size)


def submit(run: Run, name: str, site: Site, size: Size) -> str:
    """Submit a run; returns the number of its job, which is kept with the run.

    Raises: RunError where somebody works on it or its job waits, ResourceError where the scheduler refuses.
    """
    status = run.status()
    if status.alive or status.state in ("queued", "done"):
        raise RunError(f"run {run.name} is {status.state}", "there is nothing to submit")
    script = run.path / "job.sh"
    write_text(script, script_of(run, site, size))
    marker(run.path).unlink(missing_ok=True)
    job = slurm.submit(script)
    write_json(run.path / "job.json", {"job": job, "site": name, "submitted": time.time()}, run.path)
    queue.renew()
    return job


def sweep_script(sweep: Sweep, runs: Sequence[Run], site: Site, size: Size, parallel: int = 0) -> str:
    """The script of a job array, a task for each run of a sweep."""
    return runs_script(sweep.name, sweep.folder.resolve(), [r.path.resolve() for r in runs], site, size, parallel)


def submit_sweep(sweep: Sweep, name: str, site: Site, size: Size, parallel: int = 0) -> str:
    """Submit the runs of a sweep that have work left as a job array; returns its number, each run knows its task.

    Raises: RunError where none has any or they wait already, ResourceError where the scheduler refuses.
    """
    runs = [run for run in sweep.open_runs() if run.status().state != "queued"]
    if not runs:
        raise RunError(f"no run of {sweep.name} has work left that is not queued", "there is nothing to submit")
    script = sweep.folder / "job.sh"
    write_text(script, sweep_script(sweep, runs, site, size, parallel))
    for run in runs:
        marker(run.path).unlink(missing_ok=True)
    job = slurm.submit(script)
    for task, run in enumerate(runs):
        write_json(run.path / "job.json", {"job": f"{job}_{task}", "site": name, "submitted": time.time()}, run.path)
    queue.renew()
    return job


def ask(run: Run, request: Request) -> str:
    """Ask the worker of a run for something, or, where its job waits, the scheduler; returns what was done.

    Raises: RunError where there is neither, ResourceError.
    """
    if run.status().state != "queued":
        run.request(request)
        return f"asked {run.name} to {request}: it answers after its current step"
    job = run.job()
    does, words = {
        "stop": (slurm.cancel, "is out of the queue"),
        "pause": (slurm.hold, "stays in the queue until it is resumed"),
        "resume": (slurm.release, "starts when its turn comes"),
    }[request]
    does(job)
    queue.renew()
    return f"job {job} of {run.name} {words}"


def delete(run: Run, for_good: bool = False) -> str:
    """Throw a run into the trash, or delete it, after its waiting job was taken out of the queue.

    Raises: RunError while a worker has it.
    """
    if run.status().state == "queued":
        ask(run, "stop")
    delete_run(run, for_good)
    if for_good:
        return f"{run.name} is deleted for good"
    return f"{run.name} is deleted; `{shlex.join(undelete_words(run))}` brings it back"


def undelete_words(run: Run) -> list[str]:
    """The command that brings a deleted run back."""
    root = run.path.parent
    return ["halodeck", "undelete", run.name, *(["--runs", str(root)] if root != RUNS else [])]


def requeue(run: Run, code: int) -> bool:
    """Let the job that this process is part of begin again, where its run has work left that was only interrupted.

    So it is after a worker has made room, and after one was killed, if it has got on since the job began last.
    Returns whether it was put into the queue. Raises: RunError outside a job.
    """
    here = allocation()
    if here is None:
        raise RunError("this is no job", "`halodeck requeue` is for job scripts")
    shutil.rmtree(run.path / NOTES, ignore_errors=True)
    status, kept = run.status(), run.path / "requeued.json"
    if status.state == "done" or (status.state == "stopped" and not status.again):
        return False  # one that was stopped by hand stays so
    killed = code >= 128 or status.state == "lost"
    if not (status.again or (killed and _has_got_on(kept, status.step))):
        return False
    write_json(kept, {"step": status.step}, run.path)
    try:
        slurm.requeue(here.job)
    except ResourceError:
        return False  # it is being requeued, or taken away, by SLURM itself
    return True


def _has_got_on(kept: Path, step: int) -> bool:
    try:
        return step > int(read_json(kept)["step"])
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return True
