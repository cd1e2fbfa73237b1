"""The Run: a folder that is the only contract between the engine and the front ends.

    config.toml      what was asked for, resolved: recipe, universes, device, every setting
    events.jsonl     what happened, one JSON object a line, append-only; a torn last line is not yet written
    status.json      the worker's last word: process, step, heartbeat, state; replaced atomically
    control          requests to the worker (pause | resume | stop), a line each, taken by it between steps
    worker.log       everything the worker printed
    notes.json       what people wrote about the run: a text and tags
    checkpoint.pt    the newest checkpoint: weights, optimiser, step
    model.pt         the weights to predict with, once there are any
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
from typing import Any, Literal, get_args

from core import processes
from core.errors import HalodeckError, ResourceError, RunError, did_you_mean
from core.files import explain, overwrite, write_json, write_text
from core.runs import requests
from core.runs.requests import Request

State = Literal["new", "running", "paused", "done", "stopped", "failed", "lost"]

HEARTBEAT = 5.0
"""Seconds between a worker's signs of life."""
SILENCE = 60.0
"""Seconds of silence after which a worker on another host counts as lost."""


@dataclass(frozen=True)
class Status:
    """What is known about a run now. `speed` in steps a second, `remaining` in seconds; None where unknown."""

    state: State
    step: int = 0
    steps: int = 0
    values: dict[str, float] | None = None
    speed: float | None = None
    message: str = ""
    host: str = ""
    pid: int = 0
    updated: float = 0.0

    @property
    def remaining(self) -> float | None:
        return (self.steps - self.step) / self.speed if self.speed and self.state == "running" else None

    @property
    def alive(self) -> bool:
        return self.state in ("running", "paused")


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

    def config(self) -> dict[str, Any]:
        """The resolved configuration: recipe, created, command, universes, device, and the table `settings`."""
        import tomllib

        path = self.path / "config.toml"
        try:
            config = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            if self.path.is_dir() and not path.exists():
                raise RunError(f"{path} is missing", "restore it or delete the run") from error
            raise explain(error, path) from error
        except ValueError as error:
            raise RunError(f"{path} is damaged ({error})", "restore it or delete the run") from error
        if missing := {"recipe", "created", "settings"} - config.keys():
            raise RunError(f"{path} lacks {', '.join(sorted(missing))}", "restore it or delete the run")
        if not isinstance(config["created"], int | float) or not isinstance(config["settings"], dict):
            raise RunError(
                f"{path} is not a run's: created or settings are something else", "restore it or delete the run"
            )
        return config

    # what people write

    def notes(self) -> Notes:
        """The notes on the run, empty ones where nobody wrote any. Raises: RunError, ResourceError."""
        path = self.path / "notes.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Notes(str(data["text"]), tuple(map(str, data["tags"])))
        except FileNotFoundError:
            return Notes()
        except OSError as error:
            raise explain(error, path) from error
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"notes.json of run {self.name} is damaged ({error})", f"mend or delete {path}") from error

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
        data = {**status, **_process(), "updated": time.time()}
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
        path = self.path / "status.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Status("new", message="not started")
        except OSError as error:
            return Status("failed", message=f"status.json cannot be read ({error.strerror}); check its permissions")
        except ValueError:
            return Status("failed", message="status.json is cut off or damaged; resuming the run writes it anew")
        try:
            return _status(data)
        except (AttributeError, TypeError, ValueError) as error:
            return Status("failed", message=f"status.json is no run's ({error}); resuming the run writes it anew")

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from a byte offset on, and the offset to go on from. Broken lines are passed over."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                block = file.read()
        except FileNotFoundError:
            return [], 0
        whole = block.rfind(b"\n") + 1
        return list(_parse(block[:whole])), offset + whole

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
        """The end of what the worker printed."""
        try:
            with (self.path / "worker.log").open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 400 * lines))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

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


def open_run(root: Path, name: str) -> Run:
    """A run by name under root, or by path. Raises: RunError with a suggestion."""
    for path in (Path(name), root / name):
        if is_run(path):
            return Run(path)
    if name == "latest" and (runs := all_runs(root)):
        return runs[0]
    raise RunError(f"there is no run {name!r} in {root}", did_you_mean(name, [run.name for run in all_runs(root)]))


def is_run(path: Path) -> bool:
    """Whether a folder is a run's, be it a broken one."""
    return any((path / name).is_file() for name in ("config.toml", "status.json", "events.jsonl"))


def all_runs(root: Path) -> list[Run]:
    """Every readable run under root, newest first."""
    return _sorted_out(root)[0]


def broken_runs(root: Path) -> dict[str, str]:
    """The runs under root that cannot be read, by name, and what is wrong with them."""
    return _sorted_out(root)[1]


def _sorted_out(root: Path) -> tuple[list[Run], dict[str, str]]:
    created, broken = [], {}
    for path in sorted(filter(is_run, root.iterdir())) if root.is_dir() else ():
        try:
            created.append((Run(path).created, path.name, Run(path)))
        except HalodeckError as error:
            broken[path.name] = str(error)
    return [run for _, _, run in sorted(created, key=lambda item: item[:2], reverse=True)], broken


def age(run: Run) -> str:
    """When the run was created, for people."""
    return datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M")


def _process() -> dict[str, Any]:
    """Who writes: host, process and its birth (a process number alone may be given again)."""
    return {"host": processes.host(), "pid": os.getpid(), "born": processes.own_birth()}


def _status(data: dict[str, Any]) -> Status:
    """What status.json says, unless the worker that wrote it is gone."""
    if data.get("state") not in get_args(State):
        raise ValueError(f"unknown state {data.get('state')!r}")
    state: State = data["state"]
    message, pid = str(data.get("message", "")), data.get("pid")
    if state in ("running", "paused") and not _breathes(data):
        state, message = "lost", "the worker died without a word; resume it from its last checkpoint"
    speed = data.get("speed")
    return Status(
        state=state,
        step=int(data.get("step", 0)),
        steps=int(data.get("steps", 0)),
        values={str(name): float(value) for name, value in (data.get("values") or {}).items()},
        speed=None if speed is None else float(speed),
        message=message,
        host=str(data.get("host", "")),
        pid=pid if isinstance(pid, int) else 0,
        updated=float(data.get("updated", 0.0)),
    )


def _breathes(data: dict[str, Any]) -> bool:
    born, pid = data.get("born"), data.get("pid")
    if data.get("host") == processes.host() and isinstance(born, str):
        return isinstance(pid, int) and processes.alive(pid, born)
    return abs(time.time() - float(data.get("updated", 0))) < SILENCE


def _lacks_newline(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) != b"\n")


def _parse(block: bytes) -> Iterator[dict[str, Any]]:
    for line in block.splitlines():
        try:
            event = json.loads(line)
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
