"""Who has a run to himself: its worker, and whoever deletes it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from core.errors import RunError
from core.files import explain
from core.processes import host
from core.runs.run import Run
from core.runs.status import SILENCE
from core.trash import throw


@contextmanager
def held(run: Run) -> Iterator[None]:
    """Hold the run's lock; the system lets go of it however the process ends.

    Raises: RunError when another process has it, ResourceError where the folder cannot be written.
    """
    path = run.path / "lock"
    try:
        file = path.open("a")
    except OSError as error:
        raise explain(error, path) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"another worker has run {run.name}", "watch it with `halodeck watch`") from None
        except OSError:
            pass  # some network file systems know no locks: the status is all there is to go by
        yield


def check_free(run: Run) -> None:
    """Refuse what must not be done while a worker lives, be its clock wrong. Raises: RunError."""
    status = run.status()
    if status.alive:
        raise RunError(f"run {run.name} is {status.state}", "stop it first")
    if status.state == "lost" and status.host not in ("", host()):
        silence = _silence(run.path / "status.json")
        if silence < SILENCE:
            raise RunError(
                f"run {run.name} is at work on {status.host}, whose clock differs",
                f"stop it there; without it the run is free after {SILENCE:g} s",
            )


def delete_run(run: Run, for_good: bool = False) -> None:
    """Move a run folder into the trash beside it, or delete it.

    Raises: RunError while a worker has it, ResourceError.
    """
    check_free(run)
    # where no worker ever was there is no lock, and nothing is written into the folder of another
    with held(run) if (run.path / "lock").exists() else nullcontext():
        if not for_good:
            throw(run.path)
            return
        try:
            shutil.rmtree(run.path)
        except OSError as error:
            raise explain(error, run.path) from error


def _silence(path: Path) -> float:
    """Seconds since a file was written, by the clock of its own file system."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".clock-") as probe:
            return Path(probe.name).stat().st_mtime - path.stat().st_mtime
    except OSError as error:
        raise explain(error, path) from error
