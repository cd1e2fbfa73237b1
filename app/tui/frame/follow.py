"""Follow a folder of runs from one thread: what changed on disk becomes a message, and nothing else does.

Files are polled by their stat, never by inotify, which sees no writes from other machines on a shared disk. Events
are read from the byte where the last reading ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.message import Message

from core.errors import HalodeckError
from core.files import explain
from core.patience import Patient
from core.runs.history import History
from core.runs.listing import Entry, in_order, read_entry, silent_entry
from core.runs.measured import reported, validated
from core.runs.run import Run, is_run
from core.runs.status import Status

EVERY = 1.0
"""Seconds between two looks; a live curve costs some 8 kB for each."""
LIMIT = 1.0
"""Seconds that the folder, or a run in it, has to answer; one that comes later is in the next list."""
LOG_LINES = 40
_STAMPED = ("config.toml", "status.json", "events.jsonl", "notes.json", "job.json", "report/report.json")
_EVENTS, _REPORT = 2, 5

Stamp = tuple[int, int, int] | None


class RunsFound(Message):
    """The list of runs, newest first; `problem` says why the folder cannot be read."""

    def __init__(self, entries: tuple[Entry, ...], problem: str) -> None:
        self.entries = entries
        self.problem = problem
        super().__init__()


class RunFollowed(Message):
    """All that has happened so far in one of the runs followed, and the end of its log."""

    def __init__(self, run: Run, history: History, log: str) -> None:
        self.run = run
        self.history = history
        self.log = log
        super().__init__()


class _Reading:
    """How far the events of one run have been read."""

    def __init__(self) -> None:
        self.stamps: tuple[Stamp, ...] | None = None
        self.offset = 0
        self.history = History()


class Follower:
    """Looks at a folder of runs and at the chosen ones, and posts what changed."""

    def __init__(self, root: Path, post: Callable[[Message], Any], limit: float = LIMIT) -> None:
        self.root = root
        self._post = post
        self._limit = limit
        self._folders = Patient(_inside, limit)
        self._entries = Patient(self._entry, limit)
        self._followed = Patient(self._look_at, limit)
        self._chosen: tuple[Run, ...] = ()
        self._stopped = False
        self._wake = threading.Event()
        self._next_list = 0.0
        self._seen: dict[Path, tuple[tuple[Stamp, ...], Entry]] = {}
        self._found: tuple[tuple[Entry, ...], str] | None = None
        self._existed = False
        self._readings: dict[Run, _Reading] = {}

    def choose(self, *runs: Run) -> None:
        """Follow the events of these runs from now on (any thread)."""
        if runs != self._chosen:
            self._chosen = runs
            self._wake.set()

    def stop(self) -> None:
        """End `follow` soon (any thread)."""
        self._stopped = True
        self._wake.set()

    def follow(self) -> None:
        """Look until told to stop: the body of the thread."""
        while not self._stopped:
            self._wake.clear()
            self.look()
            self._wake.wait(EVERY)

    def look(self) -> None:
        """Look once: at the folder, unless that was just done, and at the chosen runs."""
        if time.monotonic() >= self._next_list:
            self._next_list = time.monotonic() + EVERY / 2
            found = self._list()
            if found != self._found:
                self._found = found
                self._post(RunsFound(*found))
        chosen = self._chosen
        self._readings = {run: self._readings.get(run, _Reading()) for run in chosen}
        self._followed.ask(chosen)

    def _list(self) -> tuple[tuple[Entry, ...], str]:
        try:
            paths = self._folders.ask([self.root]).get(self.root)
        except FileNotFoundError:
            # no folder is an empty one, unless it was there before
            return (), f"{self.root} is gone: it comes back here when it is there again" if self._existed else ""
        except OSError as error:
            return (), str(explain(error, self.root))
        if paths is None:
            return (), f"{self.root} does not answer: check its disk, or the network that it is on"
        self._existed = True
        answers = self._entries.ask(paths)
        silent = [silent_entry(path, self._limit) for path in paths if path not in answers]
        self._seen = {path: answer for path, answer in answers.items() if answer}
        return tuple(in_order([*(entry for _, entry in self._seen.values()), *silent])), ""

    def _entry(self, path: Path) -> tuple[tuple[Stamp, ...], Entry] | None:
        """The entry of a run, read again only where its files changed, or where its worker may have died."""
        if not is_run(path):
            return None
        stamps = tuple(_stamp(path / name) for name in _STAMPED)
        old = self._seen.get(path)
        if old and old[0] == stamps and not _may_change(old[1].status):
            return old
        entry = read_entry(path)
        if entry.problem:
            return stamps, entry
        before, known = (old[0], old[1]) if old else ((), entry)
        has_new = [not before or before[number] != stamps[number] for number in (_EVENTS, _REPORT)]
        return stamps, replace(
            entry,
            validated=validated(entry.run, known.validated) if has_new[0] else known.validated,
            numbers=reported(entry.run) if has_new[1] else known.numbers,
        )

    def _look_at(self, run: Run) -> None:
        reading = self._readings.get(run, _Reading())
        stamps = tuple(_stamp(run.path / name) for name in ("config.toml", "events.jsonl", "worker.log"))
        if stamps == reading.stamps:
            return
        events = stamps[1]
        again = reading.stamps is None or reading.stamps[0] != stamps[0]  # a new run may have taken the name
        if again or events is None or events[1] < reading.offset:
            reading.offset, reading.history = 0, History()
        reading.stamps = stamps
        try:
            new, reading.offset = run.events(reading.offset)
            reading.history.add(new)
            log = run.log_tail(LOG_LINES)
        except Exception as error:  # whatever is in the folder of a run, it is that run's alone
            log = str(error) if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
        self._post(RunFollowed(run, reading.history.copy(), log))


def _may_change(status: Status) -> bool:
    """Whether a run may become another one while its files stay as they are: its worker dies, its job moves on."""
    return status.alive or (bool(status.job) and status.state != "done")


def _inside(folder: Path) -> list[Path]:
    """What is in a folder. Raises: OSError."""
    return list(folder.iterdir())


def _stamp(path: Path) -> Stamp:
    """What tells a changed file: its inode, size and time; None without a file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
