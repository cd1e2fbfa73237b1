"""The columns of the list of runs: what each says of a run, how it sorts, and which fit into a width."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.draw.shown import cells, shown
from app.tui.frame.wording import duration, number, speed, steps
from core.runs.listing import Entry

_NAME_WIDTHS = (8, 24)
_STATE_WIDTH = 9


@dataclass(frozen=True)
class Column:
    """A column with its width; the lowest ranks are shown first when room is short."""

    title: str
    width: int
    rank: int
    text: Callable[[Entry], str]
    value: Callable[[Entry], str | float | None]
    """What it sorts by; None comes last."""
    right: bool = False


def _loss(entry: Entry) -> float | None:
    return (entry.status.values or {}).get("loss")


def _age(entry: Entry) -> float | None:
    return time.time() - entry.created if entry.created else None


def _age_in_words(entry: Entry) -> str:
    """In minutes at least: seconds would have every row sent again each second."""
    age = _age(entry)
    return "< 1 min" if age is not None and age < 60 else duration(age)


def _speed(entry: Entry) -> float | None:
    return entry.status.speed if entry.status.alive else None


def _step(entry: Entry) -> str:
    return "" if entry.problem else steps(entry.status.step, entry.status.steps)


def _tags(entry: Entry) -> str:
    return " ".join(entry.notes.tags)


COLUMNS = (
    Column("run", _NAME_WIDTHS[0], 0, lambda entry: entry.name, lambda entry: entry.name),
    Column("recipe", 12, 9, lambda entry: entry.recipe, lambda entry: entry.recipe),
    Column("state", _STATE_WIDTH, 1, lambda entry: entry.state, lambda entry: entry.state),
    Column("step", 11, 2, _step, lambda entry: entry.status.step, True),
    Column("loss", 8, 3, lambda entry: number(_loss(entry)), _loss, True),
    Column("validation", 10, 4, lambda entry: number(entry.validation), lambda entry: entry.validation, True),
    Column("speed", 8, 6, lambda entry: speed(_speed(entry)), _speed, True),
    Column("left", 7, 5, lambda entry: duration(entry.status.remaining), lambda entry: entry.status.remaining, True),
    Column("device", 7, 10, lambda entry: entry.device, lambda entry: entry.device),
    Column("age", 7, 7, _age_in_words, _age, True),
    Column("tags", 16, 8, _tags, _tags),
)
TITLES = tuple(column.title for column in COLUMNS)


def columns_for(
    width: int, names: Sequence[str], wanted: Sequence[str] = (), states: Sequence[str] = ()
) -> list[Column]:
    """The columns that fit into a width, in the order of the table; only wanted ones, where any are named."""
    widest = max([_NAME_WIDTHS[0], *(cells(shown(name)) for name in names)])
    longest = min(_NAME_WIDTHS[1], widest + 2)  # the sign of a marked run
    room = width
    chosen: list[Column] = []
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if wanted and column.title not in ("run", *wanted):
            continue
        if column.title == "run":
            column = replace(column, width=longest)
        if column.title == "state":
            column = replace(column, width=max([_STATE_WIDTH, *(len(state) + 2 for state in states)]))
        if room < column.width + 2 and chosen:
            break
        room -= column.width + 2
        chosen.append(column)
    return sorted(chosen, key=lambda column: TITLES.index(column.title))


def ordered(entries: Sequence[Entry], title: str, falling: bool) -> list[Entry]:
    """Runs sorted by a column, those without a value last; equal ones stay in their order."""
    value = next(column.value for column in COLUMNS if column.title == title)
    known = [entry for entry in entries if not _unknown(value(entry))]
    unknown = [entry for entry in entries if _unknown(value(entry))]
    return [*sorted(known, key=value, reverse=falling), *unknown]  # type: ignore[arg-type]


def _unknown(value: str | float | None) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))
