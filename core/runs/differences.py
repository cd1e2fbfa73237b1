"""What runs were told otherwise: one run than the paper has it, several than one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.config import resolve
from core.figures import Table
from core.forms import settings_values
from core.runs.listing import Entry
from core.runs.registry import load


def differences(entries: Sequence[Entry], everything: bool = False) -> Table:
    """Settings in rows: of one run those that are not the paper's beside the paper's, of several those that differ, and
    of several recipes only what all of them have.

    With `everything` the others too, below. Raises: UsageError for a recipe that cannot be used.
    """
    columns = {entry.name: entry.settings for entry in entries}
    if len(entries) == 1:
        columns["paper"] = paper(entries[0].recipe)
    every = dict.fromkeys(key for told in columns.values() for key in told)
    if len({entry.recipe for entry in entries}) > 1:
        columns = {entry.name: {"recipe": entry.recipe, **entry.settings} for entry in entries}
        every = dict.fromkeys(key for key in ("recipe", *every) if all(key in told for told in columns.values()))
    values = {key: [told.get(key, "") for told in columns.values()] for key in every}
    other = [key for key in every if len(set(values[key])) > 1 and not (len(entries) == 1 and key == "universes")]
    same = [key for key in every if key not in other]
    rows = [(key, *values[key]) for key in (*other, *(same if everything else ()))]
    told = "the paper's" if len(entries) == 1 else "the same in all"
    words = f"{len(same)} more are {told}." if other else f"All {len(same)} are {told}."
    return Table("What differs", ("setting", *columns), tuple(rows), "" if everything else words)


def paper(recipe: str) -> Mapping[str, str]:
    """The settings of a recipe as its paper has them. Raises: UsageError."""
    return settings_values(resolve(load(recipe), {}, []))
