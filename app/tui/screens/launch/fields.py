"""What the form of a launch asks for: a table, universes, a device and a note, where to run, the recipe's settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.where import Where
from app.tui.frame.wording import nearby
from core.errors import HalodeckError, UsageError
from core.forms import FormField, settings_fields, settings_groups, settings_problems, settings_values
from core.runs.launch_spec import shortest
from core.runs.sweep import values_of

if TYPE_CHECKING:
    from core.runs.recipe import Recipe

TABLE, UNIVERSES, DEVICE, NOTE = _OF_THE_RUN = ("run.table", "run.universes", "run.device", "run.note")
SITE, NODES, GPUS, RANKS, TIME = _PLACE = ("where.site", "where.nodes", "where.gpus", "where.ranks", "where.time")
PARALLEL, LOSERS = _OF_SWEEPS = ("sweep.parallel", "sweep.stop_losers")
"""The fields that are not settings of the recipe."""
COMMON = (UNIVERSES, DEVICE, NOTE, *_PLACE, *_OF_SWEEPS)
"""Those that stay when another recipe is chosen."""
HERE = "this machine"
_NUMBERS = {NODES: (1, "1"), GPUS: (0, "0"), RANKS: (0, "0"), PARALLEL: (0, "0")}
"""The least and the default of the whole numbers."""
_DEVICES = re.compile(r"auto|cpu|cuda(:\d+)?")


def form_fields(
    kind: type[Recipe], tables: tuple[str, ...], folders: Sequence[Path] = (), sites: tuple[str, ...] = ()
) -> tuple[FormField, ...]:
    """The fields for a recipe with these tables of ready settings, with these folders of universes, on these sites."""
    table = "Ready settings for a size of machine; what you change comes on top."
    universes = "Files and folders to train on; those marked in data (key 1) by default."
    device = "Where to train: auto, cpu, cuda or cuda:N."
    note = "What you want to remember about this run, #words are tags; # among the runs changes it."
    return (
        FormField(TABLE, "choice", tables[0] if tables else "", table, tables, group="run"),
        FormField(UNIVERSES, "path", "", universes, _choices(folders), group="run", required=True),
        FormField(DEVICE, "text", "auto", device, ("auto", "cpu", "cuda"), group="run"),
        FormField(NOTE, "text", "", note, group="run"),
        *_where_fields(sites),
        *(replace(field, group=field.group or kind.name) for field in settings_fields(kind)),
    )


def _choices(folders: Sequence[Path]) -> tuple[str, ...]:
    """Folders as they are written in a form."""
    return tuple(shlex.quote(nearby(path)) for path in folders)


def _where_fields(sites: tuple[str, ...]) -> Iterator[FormField]:
    """Where to run, and how many runs of a sweep at a time."""
    own = "Here in the background, or as a job of a site; yours stand in sites.toml, see `halodeck sites`."
    yield FormField(SITE, "choice", HERE, own, (HERE, *sites), group="where")
    yield FormField(NODES, "int", "1", "Nodes of the job.", bounds="1 or more", group="where")
    yield FormField(GPUS, "int", "0", "GPUs of each node, one process each.", bounds="0 or more", group="where")
    ranks = "Processes of each node, where it has no GPUs."
    yield FormField(RANKS, "int", "0", ranks, bounds="0 or more", group="where")
    time = "Time of the job: 90 (minutes), 1:30:00, 2-12 (days-hours); the site's without."
    yield FormField(TIME, "text", "", time, group="where")
    parallel = "Runs of a sweep at a time; 0: one here, of a job array as many as there is room for."
    yield FormField(PARALLEL, "int", "0", parallel, bounds="0 or more", group="where")
    losers = "Of a sweep: share of the steps after which a run above the median of the others stops; 0: never."
    yield FormField(LOSERS, "float", "0", losers, bounds="0 to 1", group="where")


def groups(kind: type[Recipe]) -> dict[str, str]:
    """What the groups of the form are about."""
    about = (kind.__doc__ or "").partition("\n")[0]
    several = "Several values of a setting make several runs: 0.001,0.003,0.01 or 1..5 or log 1e-4..1e-2 x 5."
    run = {"run": "What is trained on what.", "where": "On which machine, and how large a job."}
    return run | {kind.name: f"{about} {several}"} | settings_groups(kind)


def start_values(kind: type[Recipe], table: Mapping[str, Any], universes: Sequence[Path]) -> dict[str, str]:
    """The values before the user changes any: those of a table, and universes."""
    from core.config import resolve

    paths = shlex.join(map(nearby, shortest(tuple(universes))))
    return {**settings_values(resolve(kind, dict(table), [])), UNIVERSES: paths}


def problems(kind: type[Recipe], tables: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
    """What the values alone tell is wrong, by path."""
    values = {TABLE: "", DEVICE: "auto", **changes}
    found = _settings_problems(kind, tables.get(values[TABLE], {}), own(changes))
    if not _DEVICES.fullmatch(values[DEVICE]):
        found[DEVICE] = "must be auto, cpu, cuda or cuda:N"
    return found | _where_problems(changes)


def _settings_problems(kind: type[Recipe], table: dict[str, Any], changes: dict[str, str]) -> dict[str, str]:
    """What is wrong with settings, of which some may have several values: each of them is tried."""
    found: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for path, text in changes.items():
        try:
            several[path] = values_of(text)
        except UsageError as error:
            found[path] = f"{error.problem}: {error.remedy}"
    first = {path: values[0] for path, values in several.items()}
    found |= settings_problems(kind, table, first)
    for path, values in several.items():
        for value in values[1:]:
            if path not in found and (wrong := settings_problems(kind, table, {**first, path: value})):
                found[path] = f"{value}: {wrong.get(path, next(iter(wrong.values())))}"
    return found


def _where_problems(changes: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with where to run."""
    found = {}
    for path, (least, _) in _NUMBERS.items():
        if (text := changes.get(path)) and not (text.isdecimal() and int(text) >= least):
            found[path] = f"must be a whole number, {least} or more"
    if (text := changes.get(LOSERS)) and not re.fullmatch(r"0?\.\d+|0|1", text):
        found[LOSERS] = "must be 0 to 1"
    if not found:
        try:
            where_of(changes)
        except HalodeckError as error:
            named = next((path for path in (TIME, NODES, GPUS) if f"--{path.partition('.')[2]}" in error.problem), SITE)
            named = GPUS if "GPUs" in error.problem else named
            found[named] = f"{error.problem}: {error.remedy}".replace("--submit SITE", "choose a site")
    return found


def where_of(changes: Mapping[str, str]) -> Where:
    """Where the form says to run, by the same checks as those of the command. Raises: HalodeckError."""
    numbers = {path: int(changes.get(path) or default) for path, (_, default) in _NUMBERS.items()}
    site = changes.get(SITE, HERE)
    here = site == HERE
    if here and numbers[RANKS] + numbers[GPUS] > 0:
        raise UsageError("GPUs and processes are of jobs", "choose a site, or type the command")
    submit = None if here else site
    return Where.chosen(submit, numbers[NODES], numbers[GPUS], numbers[RANKS], changes.get(TIME, ""), here)


def own(changes: Mapping[str, str]) -> dict[str, str]:
    """The changes that are settings of the recipe."""
    others = (*_OF_THE_RUN, *_PLACE, *_OF_SWEEPS)
    return {path: text for path, text in changes.items() if path not in others}


def paths_in(text: str) -> list[str]:
    """The paths in a text, quoted where they hold blanks; while a quote is still open, the text as it is."""
    try:
        return shlex.split(text)
    except ValueError:
        return [text]


def blamed(words: str, fields: tuple[FormField, ...]) -> str:
    """The field that a problem names first, else the universes."""
    named = [field.path for field in fields if "." in field.path and re.search(rf"\b{re.escape(field.path)}\b", words)]
    return min(named, key=words.index, default=UNIVERSES)
