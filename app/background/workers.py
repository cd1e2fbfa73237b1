"""Detached workers: a run goes on when the terminal that launched it is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.background.progress import PROGRESS
from core.cluster.script import NOTES, Size, launched
from core.errors import Interrupted, RunError
from core.files import explain
from core.runs.run import Run

_HEAR = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
# a shell without job control has what it starts in the background ignore SIGINT, and so all that this starts
PROGRAM = ("-P", "-c", f"{_HEAR}; from app.main import main; main()")
"""What makes Python `halodeck`; -P keeps the working directory, where a folder may be called core, off its path."""
_RECORD_CODE = '"$@"; echo $? > "$0"'
_SIGN_OF_LIFE = 30.0
"""Seconds to wait for the worker's first step; when it only lives by then, be it without a word, that is good enough:
from a cold disk the libraries alone may take longer."""


def resume(run: Run, folders: Sequence[Path] = ()) -> None:
    """Start a detached worker for a run and wait until it trains.

    It has its own session, no input, and prints to worker.log; universes that have moved are in one of the folders.
    Raises: RunError when a worker lives already or the new one dies at once.
    """
    if run.status().alive:
        raise RunError(f"run {run.name} is {run.status().state} already", "watch it with `halodeck watch`")
    before = run.status().updated
    moved = [word for folder in folders for word in ("--universes", str(folder.resolve()))]
    worker = start(("resume", str(run.path), *moved), run.path / "worker.log")
    deadline = time.monotonic() + _SIGN_OF_LIFE
    while worker.poll() is None and time.monotonic() < deadline:
        status = run.status()
        if status.updated != before and (status.steps or not status.alive):
            break
        time.sleep(0.05)
    status = run.status()
    if status.state == "failed":
        worker.wait()  # its log is whole then
        raise RunError(f"run {run.name} failed at its start ({status.message})", f"see {run.path / 'worker.log'}")
    if status.updated == before and worker.poll() is not None:
        raise RunError(f"the worker of run {run.name} said nothing", f"see {run.path / 'worker.log'}")


def train_together(run: Run, size: Size, folders: Sequence[Path] = ()) -> None:
    """Train a run in several processes of this machine, and wait for them. Raises: RunError where one of them fails."""
    moved = [word for folder in folders for word in ("--universes", str(folder.resolve()))]
    notes = run.path.resolve() / NOTES
    code = together(launched(["resume", str(run.path.resolve()), *moved], size, notes), notes)
    if run.status().state == "stopped":
        raise Interrupted(f"run {run.name} was stopped", "`halodeck resume` goes on from here")
    if code:
        raise RunError(f"run {run.name} failed ({run.status().message})", "see what was printed above")


def together(command: Sequence[str], notes: Path) -> int:
    """Run several processes by their launcher, whose notes are removed; returns its exit code."""
    process = subprocess.Popen(command)
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal has told the ranks too, which write a checkpoint
            except BaseException:
                process.terminate()  # the launcher tells its ranks
                process.wait()
                raise
    finally:
        shutil.rmtree(notes, ignore_errors=True)


def _environment(progress: Path | None) -> dict[str, str]:
    """What a started process sees: where it tells its progress, never where the one that starts it does."""
    inherited = {name: value for name, value in os.environ.items() if name != PROGRESS}
    return {**inherited, "NO_COLOR": "1", **({PROGRESS: str(progress)} if progress else {})}


def start(
    arguments: Sequence[str], log: Path, code: Path | None = None, progress: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start `halodeck ARGUMENTS` in a session of its own, its output appended to a file.

    Its exit code is kept in a file, and how far it is in another (`app.background.progress`), where these are wanted.
    """
    command = [sys.executable, *PROGRAM, *arguments]
    if code:
        command = ["/bin/sh", "-c", _RECORD_CODE, str(code), *command]
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=_environment(progress),
            )
    except OSError as error:
        raise explain(error, log) from error
