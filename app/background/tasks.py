"""Tasks: simulations, imports and predictions, each the same `halodeck` command in a session of its own.

A task is a folder `.tasks/<time>-<command>` among the runs: task.json (what was asked for, and which process does it),
progress.json (how far it is), log (all it printed), code (its exit code once it has ended), cancelled (somebody asked
it to end). So it outlives the workbench, and any workbench on the same runs shows it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.background import progress
from app.background import workers as launch
from app.background.progress import Told
from core import processes
from core.errors import HalodeckError, RunError
from core.files import explain, write_json
from core.reading import read_bytes, read_json, read_tail
from core.typed import typed

State = Literal["running", "done", "failed", "stopped", "lost"]

_FOLDER = ".tasks"
_TAIL = 4000
"""Bytes of a log that are read again and again."""
_SILENCE = 1800.0
"""Seconds without a written word after which a task of another machine counts as lost: a step may take minutes."""
_MOST = 1 << 20
"""Bytes of task.json: a command may name many files."""
_MOST_LOG = 64 << 20
_children: list[subprocess.Popen[bytes]] = []
"""Kept until they end, so that none stays a zombie."""


@dataclass(frozen=True)
class _TaskFile:
    """What is in task.json; `born` tells its process from all others of the same number."""

    title: str
    command: tuple[str, ...]
    started: float
    host: str
    pid: int
    born: Any


@dataclass(frozen=True)
class Task:
    """What a task is and how far it is."""

    path: Path
    title: str
    command: tuple[str, ...]
    started: float
    state: State
    fraction: float = 0.0
    words: str = ""
    """What it does now, or its last word."""

    @property
    def alive(self) -> bool:
        return self.state == "running"

    def log(self, lines: int = 20) -> str:
        """The end of what it printed."""
        return "\n".join(_tail(self.path / "log").splitlines()[-lines:])

    def line(self) -> str:
        """The command as it would be typed."""
        return shlex.join(["halodeck", *self.command])


def start(root: Path, title: str, command: Sequence[str]) -> Task:
    """Start `halodeck COMMAND`. Raises: ResourceError where the folder of the runs cannot be written."""
    path = root / _FOLDER / f"{time.time_ns()}-{command[0]}"
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise explain(error, path) from error
    child = launch.start(command, path / "log", path / "code", path / "progress.json")
    _children.append(child)
    facts = {"title": title, "command": list(command), "started": time.time()}
    whose = {"host": processes.host(), "pid": child.pid, "born": processes.birth(child.pid)}
    write_json(path / "task.json", {**facts, **whose})
    return read_task(path)


def all_tasks(root: Path) -> list[Task]:
    """Every task among the runs, the newest last; a folder that is no whole task is passed over."""
    _children[:] = [child for child in _children if child.poll() is None]
    found = []
    for path in sorted((root / _FOLDER).glob("*/task.json")):
        try:
            found.append(read_task(path.parent))
        except (HalodeckError, OSError):  # being written, cleared away meanwhile, or damaged
            continue
    return found


def read_task(path: Path) -> Task:
    """A task from its folder. Raises: RunError for what is no task, ResourceError."""
    facts = _facts(path)
    # in this order: the code is written before the process ends
    alive = _lives(facts, path)
    code = _text(path / "code").strip()
    state: State
    if code == "0":
        state = "done"
    elif not code and alive:
        state = "running"
    elif (path / "cancelled").exists():
        state = "stopped"
    else:
        state = "failed" if code else "lost"
    fraction, words = _last_word(progress.read(path / "progress.json"), _tail(path / "log"), state)
    if state == "done":
        words = _result(path / "log")
    return Task(path, facts.title, facts.command, facts.started, state, fraction, words)


def _facts(path: Path) -> _TaskFile:
    file = path / "task.json"
    try:
        return typed(_TaskFile, read_json(file, _MOST))
    except FileNotFoundError as error:
        raise explain(error, file) from error
    except ValueError as error:
        raise RunError(f"{file} is no task's ({error})", f"delete {path}") from error


def left_running(root: Path) -> int:
    """How many tasks go on when the workbench is left."""
    return sum(task.alive for task in all_tasks(root))


def cancel(task: Task) -> str:
    """Ask a task to end, which leaves nothing half-written; asked again, it is killed. Raises: RunError."""
    if not read_task(task.path).alive:
        return f"{task.title} has ended"
    facts = _facts(task.path)
    if facts.host != processes.host():
        raise RunError(f"{task.title} runs on {facts.host}", "cancel it there")
    asked = task.path / "cancelled"
    number = signal.SIGKILL if asked.exists() else signal.SIGINT
    try:
        asked.touch()
        os.killpg(facts.pid, number)
    except ProcessLookupError:
        return f"{task.title} has ended"
    except OSError as error:
        raise explain(error, asked) from error
    return f"{task.title} is killed" if number == signal.SIGKILL else f"asked {task.title} to end; x again kills it"


def clear(task: Task) -> str:
    """Forget a task that has ended; what it made stays."""
    shutil.rmtree(task.path, ignore_errors=True)
    return f"{task.title} is cleared away"


def _lives(facts: _TaskFile, path: Path) -> bool:
    """Whether a task works: by its process, on another machine by what it has written lately."""
    if facts.host == processes.host() and isinstance(facts.born, str):
        return facts.pid > 1 and processes.alive(facts.pid, facts.born)
    written = [file.stat().st_mtime for file in path.iterdir()]
    return abs(time.time() - max(written, default=0.0)) < _SILENCE


def _last_word(told: Told, log: str, state: State) -> tuple[float, str]:
    """The fraction done and what is done now; once it has gone wrong, its last line."""
    if state == "running":
        return told.fraction, told.doing
    if state == "done":
        return 1.0, ""
    if state == "stopped":
        return told.fraction, "ended on request"
    lines = [line for line in log.splitlines() if line.strip()]
    last = lines[-1].removeprefix("halodeck: ") if lines else ""
    return told.fraction, last if state == "failed" else f"died without a word; {last or told.doing}"


def _result(log: Path) -> str:
    """What a command printed: what it made. Of several lines the last one and their number."""
    try:
        found = [line for line in read_bytes(log, _MOST_LOG).decode(errors="replace").splitlines() if line.strip()]
    except (OSError, HalodeckError):
        return ""
    last = " ".join(found[-1].split()) if found else ""
    return f"{last}, and {len(found) - 1} more" if len(found) > 1 else last


def _tail(path: Path) -> str:
    try:
        return read_tail(path, _TAIL).decode(errors="replace")
    except (OSError, HalodeckError):
        return ""


def _text(path: Path) -> str:
    try:
        return read_bytes(path, _TAIL).decode(errors="replace")
    except (OSError, HalodeckError):
        return ""
