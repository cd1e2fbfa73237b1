"""What a crate says repeated here: its universes found or made again, its network asked or trained anew, and every
number beside the published one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import HalodeckError, InputError
from core.figures import Number, Report, Table
from core.progress import Progress, silent
from core.reading import read_json
from core.runs.run import Run
from core.typed import typed

FILE = "universes.json"
Verdict = Literal["same", "new", "within error", "outside", "no error told", "missing"]
_ROUNDING = 1e-5
"""Relative: reports keep six digits."""


@dataclass(frozen=True)
class Wanted:
    """A universe that a run was trained or judged on."""

    name: str
    identity: str
    held_out: bool
    settings: dict[str, Any] | None = None


@dataclass(frozen=True)
class _File:
    universes: tuple[Wanted, ...]


@dataclass(frozen=True)
class Repeated:
    """One number, as it was published and as it is here."""

    key: str
    name: str
    published: Number | None
    """None where nothing of this kind was published but what the paper says."""
    here: Number | None

    @property
    def told(self) -> Number:
        """Either of them, for what they have in common."""
        found = self.published or self.here
        assert found is not None
        return found

    @property
    def error(self) -> float | None:
        """One standard deviation, as it was published, else as it is here."""
        told = [item.error for item in (self.published, self.here) if item and item.error is not None]
        return told[0] if told else None

    @property
    def verdict(self) -> Verdict:
        if self.published is None:
            return "new"
        if self.here is None or (self.here.value is None) != (self.published.value is None):
            return "missing"
        if self.here.value is None or self.published.value is None:
            return "same"
        off = abs(self.here.value - self.published.value)
        if off <= _ROUNDING * abs(self.published.value):
            return "same"
        if self.error is None:
            return "no error told"
        return "within error" if off <= self.error else "outside"


def read_universes(folder: Path) -> Sequence[Wanted]:
    """What a crate says of its universes. Raises: InputError."""
    path = folder / FILE
    try:
        return typed(_File, read_json(path)).universes
    except FileNotFoundError as error:
        raise InputError(f"{folder} lacks {FILE}", "make an archive with `halodeck export RUN`") from error
    except ValueError as error:
        raise InputError(f"{path} is not understood ({error})", "get it again from whom it is") from error


def bring_universes(
    run: Run, folder: Path, where: Sequence[Path] = (), all_of_them: bool = False, progress: Progress = silent
) -> list[Path]:
    """The universes that a run has held out, or all of them, by number: found in `where` or `folder` by their identity,
    else made again in `folder`.

    Raises: InputError for one that the run does not tell of, that cannot be made again, or that becomes another one.
    """
    from core.cosmos.again import make_again
    from core.cosmos.identity import identity
    from core.provenance import provenance

    config = run.config()
    told = {item.identity: item for item in read_universes(run.path)}
    names, ids = config.get("universes", []), config.get("universe_ids", [])
    wanted: list[Wanted] = []
    for number in range(len(names)) if all_of_them else config.get("held_out", []):
        name = names[number]
        if number >= len(ids) or ids[number] not in told:
            raise InputError(f"{run.name} names {name} and does not say what it is", "get it again from whom it is")
        wanted.append(told[ids[number]])
    if not wanted:
        raise InputError(f"{run.name} names no universe that it has held out", "train it anew on universes of your own")
    found = _found({item.identity for item in wanted}, [*where, folder])
    missing = [item for item in wanted if item.identity not in found]
    for item in missing:
        if item.settings is None:
            raise InputError(
                f"{item.name}, of {run.name}, was not made by halodeck and is in none of the folders",
                "get it from whom the run is, and say where it is: --universes FOLDER",
            )
    making = {Path(item.name).stem: item.settings or {} for item in missing}
    try:
        for universe in make_again(folder, making, provenance(), progress):
            found[identity(universe)] = universe.path
    except InputError as error:
        raise InputError(f"a universe of {run.name} cannot be made again: {error.problem}", error.remedy) from error
    for item in wanted:
        if item.identity not in found:
            raise InputError(
                f"{item.name} is another universe than that of {run.name}, though it was made in the same way",
                "its settings or its identity were changed: get the run again from whom it is",
            )
    return [found[item.identity] for item in wanted]


def _found(wanted: set[str], folders: Sequence[Path]) -> dict[str, Path]:
    """Where universes are, by identity."""
    from core.cosmos.identity import identity
    from core.cosmos.universe import open_universe

    found: dict[str, Path] = {}
    for path in sorted({path for folder in folders for path in folder.glob("*.h5")}):
        try:
            known = identity(open_universe(path))
        except HalodeckError:
            continue  # another file of the folder
        if known in wanted:
            found.setdefault(known, path)
    return found


def found_by_settings(wanted: Mapping[str, Mapping[str, Any]], folders: Sequence[Path]) -> dict[str, Path]:
    """Where universes with these settings are, by their name."""
    from core.cosmos.universe import open_universe

    found: dict[str, Path] = {}
    for name, settings in wanted.items():
        for path in (folder / f"{name}.h5" for folder in folders):
            try:
                if open_universe(path).provenance.get("settings") == settings:
                    found.setdefault(name, path)
            except HalodeckError:
                continue  # not there, or another file
    return found


def evaluated(run: Run, universes: Sequence[Path], progress: Progress = silent) -> Report:
    """The report of a run on universes, made afresh, as it is kept: no number is NaN. Raises: HalodeckError."""
    from core.cosmos.universe import open_universe
    from core.runs.job import open_model
    from core.runs.report_file import read_report
    from core.runs.reports import make_report

    make_report(run, open_model(run, finished=True), [open_universe(path) for path in universes], progress)
    return read_report(run)


def beside(published: Report, here: Report) -> list[Repeated]:
    """Every published number and that of here."""
    known = {number.key: number for number in here.numbers}
    return [Repeated(number.key, number.name, number, known.get(number.key)) for number in published.numbers]


def alone(here: Report) -> list[Repeated]:
    """Every number of here, where there is no published one but the paper's."""
    return [Repeated(number.key, number.name, None, number) for number in here.numbers]


def table(title: str, repeated: Sequence[Repeated]) -> Table:
    """The numbers as a table; of what was told without an error, by how much it is off."""
    rows = [
        (
            f"{item.name} [{item.told.unit}]" if item.told.unit else item.name,
            item.told.paper,
            item.published.value if item.published else None,
            item.here.value if item.here else None,
            item.error,
            _words(item),
        )
        for item in repeated
    ]
    columns = ("number", "paper", "published", "here", "+-", "")
    kept = [k for k in range(len(columns)) if k not in (1, 2) or any(row[k] is not None for row in rows)]
    shown = tuple(tuple(row[k] for k in kept) for row in rows)
    return Table(title, tuple(columns[k] for k in kept), shown, _sum(repeated))


def repeats(repeated: Sequence[Repeated]) -> bool:
    """Whether nothing is outside its error or missing."""
    return not any(item.verdict in ("outside", "missing") for item in repeated)


def dumped(item: Repeated) -> Mapping[str, Any]:
    """A number for machines."""
    return {
        "key": item.key,
        "name": item.name,
        "unit": item.told.unit,
        "paper": item.told.paper,
        "published": item.published.value if item.published else None,
        "here": item.here.value if item.here else None,
        "error": item.error,
        "verdict": item.verdict,
    }


def _words(item: Repeated) -> str:
    if item.verdict == "new":
        return ""
    if item.verdict != "no error told" or item.here is None or item.published is None:
        return item.verdict
    assert item.here.value is not None
    assert item.published.value is not None
    size = max(abs(item.published.value), abs(item.here.value))
    return f"off by {abs(item.here.value - item.published.value) / size:.1%}, no error told"


def _sum(repeated: Sequence[Repeated]) -> str:
    verdicts = [item.verdict for item in repeated]
    if set(verdicts) == {"new"}:
        return f"{len(verdicts)} numbers; the paper's stand beside them where cut, truth and estimator are the same."
    told = [f"{verdicts.count(kind)} {kind}" for kind in dict.fromkeys(verdicts)]
    return f"Of {len(repeated)} numbers {', '.join(told)}."
