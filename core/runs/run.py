"""The Run: a folder that is the only contract between the engine and the front ends.

    config.toml      what was asked for, resolved: recipe, universes, device, every setting
    events.jsonl     what happened, one JSON object a line, append-only; a torn last line is not yet written
    status.json      the worker's last word: process, step, heartbeat, state; replaced atomically
    job.json         the job of a scheduler that works, or is to work, on the run, where there is one
    job.sh           the script of that job
    control          requests to the worker (pause | resume | stop), a line each, taken by it between steps
    worker.log       everything the worker printed
    notes.json       what people wrote about the run: a text and tags
    checkpoint.pt    the newest checkpoint: weights, optimiser, step
    model.pt         the weights to predict with, once there are any
    model.safetensors  the same, in a run that came trained (core/runs/crate.py)
    predictions/     one file of kind "prediction" for each predicted universe
    report/          report.json and what was saved beside it

One process writes, any number read; it survives the loss of the terminal that launched it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import HalodeckError, InputError, ResourceError, RunError
from core.files import explain, overwrite, write_json, write_text
from core.reading import open_regular, parse_json, read_json, read_tail, read_toml
from core.runs import requests
from core.runs.requests import Request
from core.runs.status import Status, own_process, read_job, read_status
from core.runs.weights_file import MODEL
from core.typed import typed

_MOST = 16 << 20
"""Bytes of a file that says something about a run."""
_MOST_EVENTS = 1 << 30
"""Bytes of the events: a worker that trains for months writes less."""
_BLOCK = 16 << 20
"""Bytes of the events that are taken into memory at a time."""


@dataclass(frozen=True)
class Notes:
    """What people wrote about a run."""

    text: str = ""
    tags: tuple[str, ...] = ()


def read_notes(line: str) -> Notes:
    """Notes from a line in which words with "#" are tags."""
    words = line.split()
    tags = tuple(word.lstrip("#") for word in words if word.startswith("#"))
    return Notes(" ".join(word for word in words if not word.startswith("#")), tags)


@dataclass(frozen=True)
class Run:
    """A run folder. All methods read from or write to disk; nothing is cached."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def created(self) -> float:
        """When the run was created, seconds since the epoch."""
        return float(self.config()["created"])

    @property
    def recipe(self) -> str:
        return str(self.config()["recipe"])

    @property
    def came_trained(self) -> bool:
        """Whether it was trained elsewhere, so that there is nothing to go on from."""
        return (self.path / MODEL).exists() and not (self.path / "model.pt").exists()

    def config(self) -> dict[str, Any]:
        """The resolved configuration: recipe, created, command, universes, device, and the table `settings`.

        Raises: RunError for one that is missing or damaged; ResourceError.
        """
        path = self.path / "config.toml"
        try:
            config = read_toml(path, _MOST)
            typed(_Config, config)
        except FileNotFoundError as error:
            if self.path.is_dir():
                raise RunError(f"{path} is missing", "restore it or delete the run") from error
            raise explain(error, path) from error
        except InputError as error:
            raise RunError(error.problem, "restore it or delete the run") from error
        except ValueError as error:
            raise RunError(f"{path} is not a run's ({error})", "restore it or delete the run") from error
        return config

    # what people write

    def notes(self) -> Notes:
        """The notes on the run, empty ones where nobody wrote any. Raises: RunError, ResourceError."""
        path = self.path / "notes.json"
        try:
            return typed(Notes, read_json(path, _MOST))
        except FileNotFoundError:
            return Notes()
        except (InputError, ValueError) as error:
            words = error.problem if isinstance(error, InputError) else error
            raise RunError(f"notes.json of run {self.name} is damaged ({words})", f"mend or delete {path}") from error

    def notes_or_problem(self) -> Notes:
        """The notes, or what is wrong with them as their text: for lists of many runs."""
        try:
            return self.notes()
        except HalodeckError as error:
            return Notes(error.problem)

    def write_notes(self, notes: Notes) -> None:
        """Replace the notes; tags are kept once each, in order. Raises: ResourceError."""
        tags = [tag for tag in dict.fromkeys(notes.tags) if tag]
        write_json(self.path / "notes.json", {"text": notes.text, "tags": tags}, self.path)

    # what a worker writes

    def write_status(self, **status: Any) -> None:
        """Replace status.json: state, step, steps, values, speed, message. Process and time are added."""
        path = self.path / "status.json"
        data = {**status, **own_process(), "updated": time.time()}
        try:
            write_json(path, data, self.path)
        except ResourceError:
            if not path.exists():
                raise
            overwrite(path, json.dumps(data))  # on a full disk there is room in the file itself

    def emit(self, event: str, **values: Any) -> None:
        """Append one event. A line is one write, so readers see it whole or torn, never mixed."""
        line = json.dumps({"time": round(time.time(), 3), "event": event, **values}) + "\n"
        path = self.path / "events.jsonl"
        try:
            with path.open("a+b") as file:
                if file.tell() and _lacks_newline(file):
                    line = "\n" + line  # a worker was killed in the middle of a line
                file.write(line.encode())
        except OSError as error:
            raise explain(error, path) from error

    def take_request(self) -> Request | None:
        """What is asked for, taken away."""
        return requests.take(self.path / "control")

    # what anybody reads

    def status(self) -> Status:
        """The honest state: a worker that died without a word is "lost"."""
        return read_status(self.path)

    def job(self) -> str:
        """The number of the job that was submitted last for this run; "" where there was none."""
        return read_job(self.path)

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from a byte offset on, and the offset to go on from. Broken lines are passed over.

        Raises: InputError for what is no regular file or far too large, ResourceError.
        """
        path, found = self.path / "events.jsonl", list[dict[str, Any]]()
        try:
            with open_regular(path, _MOST_EVENTS) as file:
                file.seek(offset)
                while block := file.read(_BLOCK):
                    whole = block.rfind(b"\n") + 1
                    if not whole and len(block) < _BLOCK:
                        break  # the last line is not yet written
                    whole = whole or len(block)  # no event is that long
                    found += _parse(block[:whole])
                    offset += whole
                    file.seek(offset)
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise explain(error, path) from error
        return found, offset

    def steps(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Like `events`, the step events alone, in order of writing: after a resume some steps come twice."""
        events, offset = self.events(offset)
        return [event for event in events if event.get("event") == "step"], offset

    def request(self, request: Request) -> None:
        """Ask the worker for something. Raises: RunError when no worker lives."""
        status = self.status()
        if not status.alive:
            raise RunError(
                f"run {self.name} is {status.state}", "there is no worker to ask; `halodeck resume` starts one"
            )
        requests.ask(self.path / "control", request)

    def log_tail(self, lines: int = 20) -> str:
        """The end of what the worker printed. Raises: InputError for what is no regular file, ResourceError."""
        try:
            tail = read_tail(self.path / "worker.log", 400 * lines)
        except FileNotFoundError:
            return ""
        return "\n".join(tail.decode(errors="replace").splitlines()[-lines:])

    @property
    def report_path(self) -> Path:
        return self.path / "report" / "report.json"


def create_run(root: Path, recipe: str, settings: dict[str, Any], **facts: Any) -> Run:
    """Make a new run folder `<recipe>-<number>` under root with its config.toml.

    `facts` go to the top of config.toml (universes, device, command). Raises: ResourceError.
    """
    import tomli_w

    try:
        root.mkdir(parents=True, exist_ok=True)
        taken = [int(m[1]) for path in root.iterdir() if (m := re.fullmatch(rf"{re.escape(recipe)}-(\d+)", path.name))]
        number = max(taken, default=0) + 1
        while True:
            path = root / f"{recipe}-{number:03d}"
            try:
                path.mkdir()
                break
            except FileExistsError:  # another process took the number
                number += 1
    except OSError as error:
        raise explain(error, root) from error
    config = {"recipe": recipe, "created": time.time(), **facts, "settings": _without_none(settings)}
    try:
        write_text(path / "config.toml", tomli_w.dumps(config))
    except HalodeckError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return Run(path)


def is_run(path: Path) -> bool:
    """Whether a folder is a run's, be it a broken one."""
    return any(os.path.lexists(path / name) for name in ("config.toml", "status.json", "events.jsonl"))


def age(created: float) -> str:
    """When a run was created, for people."""
    return datetime.fromtimestamp(created).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class _Config:
    """What must be in config.toml; whatever else there is belongs to nobody here."""

    recipe: str
    created: float
    settings: dict[str, Any]
    universes: tuple[str, ...] = ()
    universe_ids: tuple[str, ...] = ()
    held_out: tuple[int, ...] = ()
    device: str = ""
    command: str = ""
    settings_version: int = 1
    sweep: str = ""

    def __post_init__(self) -> None:
        try:
            datetime.fromtimestamp(self.created)
        except (OverflowError, OSError, ValueError):
            raise ValueError(f"created is {self.created:g}, which is no time") from None
        if any(not 0 <= number < len(self.universes) for number in self.held_out):
            raise ValueError(f"held_out names others than the {len(self.universes)} universes")


def _lacks_newline(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) != b"\n")


def _parse(block: bytes) -> Iterator[dict[str, Any]]:
    for line in block.splitlines():
        try:
            event = parse_json(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def _without_none(settings: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: an unset option is an absent one."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if value is not None
    }
