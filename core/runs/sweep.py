"""Sweeps: several values for some settings, a run for each combination of them, kept together under one name.

    runs/.sweeps/sweep-001/sweep.json    its runs in order, the command, and from where on losers are stopped
    runs/.sweeps/sweep-001/job.sh        the script of its job array, and the logs of both

Several values are written `0.001,0.003,0.01`, `1..5` (whole numbers), `0..1 x 5` (evenly spaced) or, by equal factors,
`log 1e-4..1e-2 x 5`.
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from core.errors import RunError, UsageError, did_you_mean
from core.files import explain, write_json
from core.forms import written
from core.reading import read_json
from core.runs.launch_spec import LaunchSpec
from core.runs.listing import children
from core.runs.rivals import OUTRUN
from core.runs.run import Run, is_run
from core.typed import typed

FOLDER = ".sweeps"
MOST = 1000
"""Runs of a sweep."""
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"(log\s+|lin\s+)?({_NUMBER})\s*\.\.\s*({_NUMBER})(?:\s*x\s*(\d+))?")
_RANGELIKE = re.compile(rf"(log|lin)\s.*|{_NUMBER}\s*\.\..*")
"""What is meant as a range, whether or not it is one."""
_CLOSING = {"[": "]", "{": "}", '"': '"', "'": "'"}


# several values


def values_of(text: str) -> list[str]:
    """The values that a text stands for, as texts; one that is not several stands for itself.

    Raises: UsageError for a range that cannot be.
    """
    text = text.strip()
    if found := _RANGE.fullmatch(text):
        return _between(text, *found.groups())
    if _RANGELIKE.fullmatch(text):
        raise UsageError(f"{text!r} is no range", "write log 1e-4..1e-2 x 5, 0..1 x 5, or 1..5 for whole numbers")
    parts = [part.strip() for part in _apart(text)]
    return parts if len(parts) > 1 and all(parts) else [text]


def _between(text: str, kind: str | None, first: str, last: str, number: str | None) -> list[str]:
    low, high, log = float(first), float(last), (kind or "").strip() == "log"
    if number is None:
        if log or not (low.is_integer() and high.is_integer()):
            raise UsageError(f"{text!r} does not say how many", "write log 1e-4..1e-2 x 5, or 1..5 for whole numbers")
        if not 0 <= high - low < MOST:
            raise UsageError(f"{text!r} has no or too many values", f"write 1..5, of {MOST} at most")
        return [str(value) for value in range(int(low), int(high) + 1)]
    count = int(number)
    if not 2 <= count <= MOST or low == high or (log and (low <= 0 or high <= 0)):
        raise UsageError(f"{text!r} cannot be spaced", "give 2 values or more between two numbers, for log above 0")
    steps = [place / (count - 1) for place in range(count)]
    values = [low * (high / low) ** share if log else low + (high - low) * share for share in steps]
    return [written(float(f"{value:.6g}")) for value in values]


def _apart(text: str) -> list[str]:
    """The parts between commas, those inside brackets and quotes left whole."""
    parts, closing = [""], list[str]()
    for letter in text:
        if closing and letter == closing[-1]:
            closing.pop()
        elif letter in _CLOSING and not (closing and closing[-1] in "\"'"):
            closing.append(_CLOSING[letter])
        elif letter == "," and not closing:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def swept(overrides: Sequence[str]) -> dict[str, list[str]]:
    """The settings with several values among overrides "a.b=value". Raises: UsageError."""
    told = [override.partition("=") for override in overrides]
    found = {path.strip(): values_of(text) for path, _, text in told}
    return {path: values for path, values in found.items() if len(values) > 1}


def expanded(spec: LaunchSpec) -> list[LaunchSpec]:
    """A spec for each combination of the values. Raises: UsageError where these are too many or cannot be read."""
    told = [override.partition("=") for override in spec.overrides]
    choices = [[f"{path}={value}" for value in values_of(text)] for path, _, text in told]
    number = 1
    for each in choices:
        number *= len(each)
    if number > MOST:
        raise UsageError(f"these values make {number} runs", f"give fewer: {MOST} at most")
    return [replace(spec, overrides=overrides) for overrides in product(*choices)]


# sweeps on disk


@dataclass(frozen=True)
class _Record:
    """What is in sweep.json."""

    runs: tuple[str, ...]
    command: str = ""
    created: float = 0.0
    losers: float = 0.0


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep, in the order of their values; `losers` is the share of steps after which a run that is
    behind the median of the others is stopped, 0 for never."""

    folder: Path
    runs: tuple[Run, ...]
    command: str = ""
    created: float = 0.0
    losers: float = 0.0

    @property
    def name(self) -> str:
        return self.folder.name

    def open_runs(self) -> list[Run]:
        """The runs that have work left and nobody who does it."""
        found = []
        for run in self.runs:
            status = run.status()
            over = status.state == "done" or (status.state == "stopped" and status.message.startswith(OUTRUN))
            if not over and not status.alive and is_run(run.path):
                found.append(run)
        return found


def create_sweep(spec: LaunchSpec, command: str = "", losers: float = 0.0) -> Sweep:
    """Check a spec for every combination of its values, then make all the runs; nothing is trained yet.

    Raises: UsageError where there is one combination, and as `LaunchSpec.create`; the runs made so far go again.
    """
    specs = expanded(spec)
    if len(specs) < 2:
        raise UsageError("no setting has several values", "write --set seed=1..3 or --set steps=100,200")
    for each in specs:
        each.settings()  # all mistakes before anything is made
    folder = _new_folder(spec.runs)
    made: list[Run] = []
    try:
        made += [each.create(sweep=folder.name) for each in specs]
        record = {"runs": [run.name for run in made], "command": command, "created": time.time(), "losers": losers}
        write_json(folder / "sweep.json", record)
    except BaseException:
        from core.runs.lock import delete_run

        for run in made:
            delete_run(run, for_good=True)
        folder.rmdir()
        raise
    return open_sweep(spec.runs, folder.name)


def _new_folder(root: Path) -> Path:
    number = 1 + max((int(path.name.split("-")[1]) for path in _folders(root)), default=0)
    while True:
        folder = root / FOLDER / f"sweep-{number:03d}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:  # another process took the number
            number += 1
        except OSError as error:
            raise explain(error, folder) from error


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in children(root / FOLDER) if re.fullmatch(r"sweep-\d+", path.name))


def sweeps(root: Path) -> list[Sweep]:
    """The sweeps among the runs, the first first; damaged ones are passed over."""
    found = []
    for folder in _folders(root):
        try:
            found.append(open_sweep(root, folder.name))
        except RunError:
            continue
    return found


def open_sweep(root: Path, name: str) -> Sweep:
    """A sweep by its name, or latest. Raises: RunError with a suggestion."""
    known = [folder.name for folder in _folders(root)]
    name = known[-1] if name == "latest" and known else name
    if name not in known:
        raise RunError(f"there is no sweep {name!r} in {root}", did_you_mean(name, known))
    path = root / FOLDER / name / "sweep.json"
    try:
        record = typed(_Record, read_json(path))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is no sweep's ({error})", f"delete {path.parent}; its runs stay") from error
    # a name is no path: it may be anybody's
    runs = tuple(Run(root / run) for run in record.runs if Path(run).name == run and is_run(root / run))
    return Sweep(path.parent, runs, record.command, record.created, record.losers)


def command_of(spec: LaunchSpec, losers: float = 0.0, parallel: int = 1) -> list[str]:
    """The command that makes a sweep; what is a default is left out."""
    words = spec.command()
    words[1] = "sweep"
    words += ["--stop-losers", f"{losers:g}"] if losers else []
    return words + (["--parallel", str(parallel)] if parallel > 1 else [])


def line_of(spec: LaunchSpec, losers: float = 0.0, parallel: int = 1) -> str:
    """The same as it would be typed."""
    return shlex.join(command_of(spec, losers, parallel))
