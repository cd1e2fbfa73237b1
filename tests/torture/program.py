"""`halodeck` as processes that start at once: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds for a command of a few on a busy machine."""
_IMPORTED = ["app.main", "torch", "core.runs.worker", "core.cosmos.simulate", "core.runs.reports", "app.cli.program"]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(_IMPORTED)


def start(folder: Path, *arguments: object, log: str = "log") -> BaseProcess:
    """Start a command in a folder; what it prints is appended to a file there."""
    process = _processes.Process(target=_command, args=(str(folder), [str(word) for word in arguments], log))
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """The exit code of a process, 128 + the signal that ended it, as a shell has it; -1 for one that does not end."""
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        return -1
    return process.exitcode if process.exitcode >= 0 else 128 - process.exitcode


def run(folder: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and output of a command."""
    log = folder / f"log-{time.monotonic_ns()}"
    code = ended(start(folder, *arguments, log=log.name))
    text = log.read_text(errors="surrogateescape")
    log.unlink()
    return code, text


def apart(*arguments: object, prefix: tuple[str, ...] = (), cwd: Path) -> tuple[int, str]:
    """The same in a process of its own, after a command that makes its surroundings."""
    program = [*prefix, sys.executable, "-P", "-c", "from app.main import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, capture_output=True, text=True, cwd=cwd, env=environment, timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


def _command(folder: str, arguments: list[str], log: str) -> None:
    os.setsid()
    os.chdir(folder)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["halodeck", *arguments]
    from app.main import main

    main()
