"""The runs in a folder: one that is broken or does not answer is a line of its own and hides no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import HalodeckError, ResourceError, RunError, did_you_mean
from core.files import explain
from core.forms import flat
from core.patience import PATIENCE, Patient, within
from core.runs import shipped
from core.runs.measured import reported, validated
from core.runs.run import Notes, Run, is_run
from core.runs.status import Status

SILENT = "not answering"
"""The state of a run whose folder does not answer in time."""
_UNREADABLE = Status("failed")


@dataclass(frozen=True)
class Entry:
    """One line of the list of runs; `problem` says why a run cannot be read."""

    run: Run
    status: Status
    recipe: str = ""
    created: float = 0.0
    problem: str = ""
    device: str = ""
    notes: Notes = field(default_factory=Notes)
    silent: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    """Every setting as text, by its dotted name, and how many `universes` it was given."""
    sweep: str = ""
    """The sweep that it is part of."""
    validated: Mapping[str, float] = field(default_factory=dict)
    """What the last validation measured."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The numbers of its report."""

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def state(self) -> str:
        if self.silent:
            return SILENT
        return "broken" if self.problem else self.status.state


def read_entry(path: Path) -> Entry:
    """What the folder of a run says; whatever is wrong with it becomes the problem of its entry."""
    run = Run(path)
    try:
        config = run.config()
        recipe, created, device = config["recipe"], float(config["created"]), config.get("device", "")
        settings = {**flat(config["settings"]), "universes": str(len(config.get("universes", ())))}
        notes, sweep = run.notes_or_problem(), str(config.get("sweep", ""))
        return Entry(run, run.status(), recipe, created, device=device, notes=notes, settings=settings, sweep=sweep)
    except HalodeckError as error:
        problem = str(error)
    except Exception as error:  # one run must not hide the others, whatever is in its folder
        problem = f"{path} cannot be read ({type(error).__name__}: {error}): restore it or delete the run"
    return Entry(run, _UNREADABLE, problem=problem)


def measured(entry: Entry) -> Entry:
    """The same with what its run has measured last."""
    return replace(entry, validated=validated(entry.run), numbers=reported(entry.run)) if not entry.problem else entry


def silent_entry(path: Path, limit: float) -> Entry:
    """The entry of a run that has not answered within so many seconds."""
    problem = f"{path} does not answer within {limit:g} s: check its disk, or the network that it is on"
    return Entry(Run(path), _UNREADABLE, problem=problem, silent=True)


def in_order(entries: list[Entry]) -> list[Entry]:
    """The newest first; those whose time of creation is unknown last."""
    return sorted(entries, key=lambda entry: (entry.created, entry.name), reverse=True)


def children(root: Path) -> list[Path]:
    """What is in a folder, nothing where there is none. Raises: OSError."""
    try:
        with os.scandir(root) as items:
            return [Path(item.path) for item in items]
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_measured(path: Path) -> Entry:
    """The same as `read_entry`, with what the run has measured last."""
    return measured(read_entry(path))


def entries(root: Path, limit: float = PATIENCE, read: Callable[[Path], Entry] = read_entry) -> list[Entry]:
    """Every run under root, the newest first, and what is wrong with those that cannot be read.

    Raises: ResourceError for a folder that does not answer or may not be read.
    """
    try:
        paths = within(lambda: children(root), limit)
    except OSError as error:
        raise explain(error, root) from error
    if paths is None:
        raise ResourceError(f"{root} does not answer within {limit:g} s", "check its disk, or the network it is on")
    found = Patient[Path, Entry | None](lambda path: read(path) if is_run(path) else None, limit).ask(paths)
    silent = [silent_entry(path, limit) for path in paths if path not in found]
    return in_order([*filter(None, found.values()), *silent])


def all_runs(root: Path) -> list[Run]:
    """Every readable run under root, newest first. Raises: ResourceError."""
    return [entry.run for entry in entries(root) if not entry.problem]


def open_run(root: Path, name: str) -> Run:
    """A run by name under root, by path, or a network that comes along, of which a copy is laid out under root.

    Raises: RunError with a suggestion; ResourceError.
    """
    return _find(root, name, shipped.laid_out)


def look_at_run(root: Path, name: str) -> Run:
    """The same to be read only: a network that comes along is taken where it lies."""
    return _find(root, name, lambda _, name: shipped.in_place(name))


def _find(root: Path, name: str, network: Callable[[Path, str], Run]) -> Run:
    for path in (Path(name), root / name):
        if is_run(path):
            return Run(path)
    if shipped.is_shipped(name):
        return network(root, name)
    if name == "latest" and (runs := all_runs(root)):
        return runs[0]
    raise RunError(f"there is no run {name!r} in {root}", did_you_mean(name, [run.name for run in all_runs(root)]))
