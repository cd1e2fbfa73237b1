"""What the form of a launch asks for: a table, universes, a device and a note, then the settings of the recipe."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.tui.frame.wording import nearby
from core.forms import FormField, settings_fields, settings_groups, settings_problems, settings_values
from core.runs.launch_spec import shortest

if TYPE_CHECKING:
    from core.runs.recipe import Recipe

TABLE, UNIVERSES, DEVICE, NOTE = _OF_THE_RUN = ("run.table", "run.universes", "run.device", "run.note")
"""The fields that are not settings of the recipe."""
_DEVICES = re.compile(r"auto|cpu|cuda(:\d+)?")


def form_fields(kind: type[Recipe], tables: tuple[str, ...], folders: Sequence[Path] = ()) -> tuple[FormField, ...]:
    """The fields for a recipe with these tables of ready settings, where these folders hold universes."""
    table = "Ready settings for a size of machine; what you change comes on top."
    universes = "Files and folders to train on; those marked in data (key 1) by default."
    device = "Where to train: auto, cpu, cuda or cuda:N."
    note = "What you want to remember about this run, #words are tags; # among the runs changes it."
    return (
        FormField(TABLE, "choice", tables[0] if tables else "", table, tables, group="run"),
        FormField(UNIVERSES, "path", "", universes, _choices(folders), group="run", required=True),
        FormField(DEVICE, "text", "auto", device, ("auto", "cpu", "cuda"), group="run"),
        FormField(NOTE, "text", "", note, group="run"),
        *(replace(field, group=field.group or kind.name) for field in settings_fields(kind)),
    )


def _choices(folders: Sequence[Path]) -> tuple[str, ...]:
    """Folders as they are written in a form."""
    return tuple(shlex.quote(nearby(path)) for path in folders)


def groups(kind: type[Recipe]) -> dict[str, str]:
    """What the groups of the form are about."""
    about = (kind.__doc__ or "").partition("\n")[0]
    return {"run": "What is trained on what, and where.", kind.name: about} | settings_groups(kind)


def start_values(kind: type[Recipe], table: Mapping[str, Any], universes: Sequence[Path]) -> dict[str, str]:
    """The values before the user changes any: those of a table, and universes."""
    from core.config import resolve

    paths = shlex.join(map(nearby, shortest(tuple(universes))))
    return {**settings_values(resolve(kind, dict(table), [])), UNIVERSES: paths}


def problems(kind: type[Recipe], tables: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
    """What the values alone tell is wrong, by path."""
    values = {TABLE: "", DEVICE: "auto", **changes}
    found = settings_problems(kind, tables.get(values[TABLE], {}), own(changes))
    if not _DEVICES.fullmatch(values[DEVICE]):
        found[DEVICE] = "must be auto, cpu, cuda or cuda:N"
    return found


def own(changes: Mapping[str, str]) -> dict[str, str]:
    """The changes that are settings of the recipe."""
    return {path: text for path, text in changes.items() if path not in _OF_THE_RUN}


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
