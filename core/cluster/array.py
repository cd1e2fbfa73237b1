"""Campaigns: many universes as the tasks of one job array, and what has become of each of them."""

from __future__ import annotations

import re
import shlex
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cluster import queue, slurm
from core.cluster.script import Expanded, Size, command_script
from core.cluster.sites import Site
from core.errors import HalodeckError, InputError, ResourceError
from core.files import write_json, write_text
from core.reading import read_json, read_tail
from core.typed import typed

if TYPE_CHECKING:
    from core.figures import Table

FOLDER = "jobs"
"""Where the scripts and logs of campaigns are, in the folder of their universes."""
_MOST_SAID = 10
"""Missing universes of which it is said why."""
TASK = Expanded('"$SLURM_ARRAY_TASK_ID"')


@dataclass(frozen=True)
class Campaign:
    """A job array and the files that its tasks, counted from 0, are to make."""

    job: str
    files: tuple[str, ...]
    command: str = ""
    submitted: float = 0.0


@dataclass(frozen=True)
class Task:
    """One universe of a campaign: done, running, waiting or missing."""

    file: str
    state: str
    message: str = ""


def array_script(name: str, out: Path, arguments: list[str], site: Site, size: Size, tasks: int, parallel: int) -> str:
    """The script of an array of commands that end in --part TASK, `parallel` at a time; 0 sets no limit."""
    limit = f"%{parallel}" if parallel else ""
    words = [*arguments, "--part", TASK]
    return command_script(name, out.resolve() / FOLDER, words, site, size, (f"--array=0-{tasks - 1}{limit}",))


def submit_array(out: Path, script: str, files: list[str], command: list[str]) -> str:
    """Submit the script of a campaign; returns the number of its job. Raises: ResourceError, InputError."""
    folder = out / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"{folder} cannot be made ({error.strerror})", "choose another --out") from error
    number = 1 + max((int(path.stem.split("-")[1]) for path in _records(folder)), default=0)
    path = folder / f"campaign-{number:03d}.sh"
    write_text(path, script)
    job = slurm.submit(path)
    record: dict[str, Any] = {"job": job, "files": files, "command": shlex.join(command), "submitted": time.time()}
    write_json(path.with_suffix(".json"), record)
    queue.renew()
    return job


def campaigns(out: Path) -> list[Campaign]:
    """The campaigns of a folder of universes, the first first. Raises: InputError for a damaged record."""
    found = []
    for path in _records(out / FOLDER):
        try:
            found.append(typed(Campaign, read_json(path)))
        except ValueError as error:
            raise InputError(f"{path} is no campaign's ({error})", "delete it") from error
    return found


def tasks(out: Path, campaign: Campaign) -> list[Task]:
    """What has become of each universe of a campaign."""
    found = []
    for number, file in enumerate(campaign.files):
        queued = queue.look(f"{campaign.job}_{number}")
        if (out / file).exists():
            found.append(Task(file, "done"))
        elif queued and queued.waits:
            found.append(Task(file, "waiting", queued.reason))
        elif queued:
            found.append(Task(file, "running", queued.nodes))
        else:
            found.append(Task(file, "missing", _last_line(out / FOLDER / f"job-{campaign.job}_{number}.log")))
    return found


def counts(found: list[Task]) -> dict[str, int]:
    """How many are done, run, wait and are missing."""
    number = Counter(task.state for task in found)
    return {state: number[state] for state in ("done", "running", "waiting", "missing")}


def overview(out: Path, found: list[tuple[Campaign, list[Task]]] | None = None) -> Table:
    """The campaigns of a folder: universes done, running, waiting and missing, and why. Raises: InputError."""
    from core.figures import Table

    found = [(each, tasks(out, each)) for each in campaigns(out)] if found is None else found
    rows = tuple((each.job, str(len(of)), *map(str, counts(of).values())) for each, of in found)
    missing = [f"{task.file}: {task.message}" for _, of in found for task in of if task.state == "missing"]
    more = [f"... and {len(missing) - _MOST_SAID} more"] if len(missing) > _MOST_SAID else []
    columns = ("job", "universes", "done", "running", "waiting", "missing")
    return Table(f"Campaigns in {out}", columns, rows, "\n".join([*missing[:_MOST_SAID], *more]))


def without_options(words: list[str], options: dict[str, int]) -> list[str]:
    """A command line without some options; the number of each is that of the words that follow it."""
    kept, skip = [], 0
    for word in words:
        if skip:
            skip -= 1
        elif (name := word.partition("=")[0]) in options:
            skip = 0 if "=" in word else options[name]
        else:
            kept.append(word)
    return kept


def _records(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("campaign-*.json") if re.fullmatch(r"campaign-\d+", path.stem))


def _last_line(log: Path) -> str:
    """What halodeck said last in a log, else what anybody did."""
    try:
        lines = read_tail(log, 4000).decode(errors="replace").splitlines()
    except (FileNotFoundError, HalodeckError):
        return "it never began"
    own = [line for line in lines if line.startswith("halodeck: ")]
    return [*lines, *own][-1] if lines else ""
