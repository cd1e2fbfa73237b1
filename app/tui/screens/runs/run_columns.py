"""The columns of the list of runs: what each says of a run, and which of them are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.draw.shown import cells, shown
from app.tui.frame.wording import duration, number, speed, steps
from core.runs import told
from core.runs.listing import Entry

_NAME_WIDTHS = (8, 24)
_STATE_WIDTH = 9
_WIDTHS = (4, 16)
"""Of a column of a setting or metric."""
_MOST = 12
"""Columns of settings that are shown without being asked for."""
_NOTHING = ("", "-")


@dataclass(frozen=True)
class Column:
    """A column with its width; the lowest ranks are shown first when room is short."""

    name: str
    """What it says, as `core.runs.told` names it, which is also what it sorts by."""
    width: int
    rank: float
    text: Callable[[Entry], str]
    right: bool = False
    title: str = ""

    @property
    def head(self) -> str:
        """What stands above it."""
        return self.title or self.name


def _age_in_words(entry: Entry) -> str:
    """In minutes at least: seconds would have every row sent again each second."""
    age = time.time() - entry.created if entry.created else None
    return "< 1 min" if age is not None and age < 60 else duration(age)


def _step(entry: Entry) -> str:
    return "" if entry.problem else steps(entry.status.step, entry.status.steps)


def _number(name: str) -> Callable[[Entry], str]:
    """What a run says under a name, in few letters."""

    def text(entry: Entry) -> str:
        said = told.value(entry, name)
        if isinstance(said, float):
            return str(int(said)) if said.is_integer() and abs(said) < 1e6 else number(said)
        return said or ""

    return text


COLUMNS = (
    Column("run", _NAME_WIDTHS[0], 0, lambda entry: entry.name),
    Column("recipe", 12, 9, lambda entry: entry.recipe),
    Column("state", _STATE_WIDTH, 1, lambda entry: entry.state),
    Column("step", 11, 2, _step, True),
    Column("loss", 10, 3, lambda entry: number((entry.status.values or {}).get("loss")), True),
    Column("validation", 10, 4, lambda entry: number(entry.validated.get("loss")), True),
    Column("speed", 8, 6, lambda entry: speed(entry.status.speed if entry.status.alive else None), True),
    Column("left", 7, 4.5, lambda entry: duration(entry.status.remaining), True),
    Column("device", 7, 10, lambda entry: entry.device),
    Column("sweep", 12, 8.5, lambda entry: entry.sweep),
    Column("age", 7, 7, _age_in_words, True),
    Column("tags", 16, 8, lambda entry: " ".join(entry.notes.tags)),
)
TITLES = tuple(column.name for column in COLUMNS)
_OF_DIFFERENCES = 5.0
"""The rank of the first setting that differs."""


def all_columns(entries: Sequence[Entry], wanted: Sequence[str] = ()) -> list[Column]:
    """What may be shown of these runs: the wanted columns, or without any those of every run, with what differs."""
    names = [name for name in wanted if name not in TITLES] if wanted else told.differing(entries)[:_MOST]
    shorts = [told.short(name) for name in names]
    more = []
    for place, (name, short) in enumerate(zip(names, shorts, strict=True)):
        title = short if shorts.count(short) == 1 and short not in TITLES else name
        more.append(_column(name, title, _OF_DIFFERENCES + 0.01 * place, entries))
    own = [column for column in COLUMNS if not wanted or column.name in ("run", *wanted)]
    return [*own, *more] if wanted else [*own[:3], *more, *own[3:]]


def _column(name: str, title: str, rank: float, entries: Sequence[Entry]) -> Column:
    """The column of a setting, a metric or a number of the report."""
    text = _number(name)
    right = all(not isinstance(told.value(entry, name), str) for entry in entries)
    widest = max([cells(title) + 2 * right, *(cells(shown(text(entry))) + 2 * right for entry in entries)])
    return Column(name, max(_WIDTHS[0], min(_WIDTHS[1], widest)), rank, text, right, title)


def columns_for(width: int, entries: Sequence[Entry], wanted: Sequence[str] = ()) -> list[Column]:
    """The columns to be shown in a width, in their order: all that are wanted, or those that fit and say something."""
    room = width
    chosen: list[Column] = []
    every = all_columns(entries, wanted)
    for column in sorted(every, key=lambda column: column.rank):
        if column.name == "run":
            widest = max([_NAME_WIDTHS[0], *(cells(shown(entry.name)) for entry in entries)])
            column = replace(column, width=min(_NAME_WIDTHS[1], widest + 2))  # the sign of its curve
        elif column.name == "state":
            column = replace(column, width=max([_STATE_WIDTH, *(len(entry.state) + 2 for entry in entries)]))
        elif not wanted and all(column.text(entry) in _NOTHING for entry in entries):
            continue
        if room < column.width + 2 and chosen and not wanted:
            if column.name in TITLES:
                break
            continue  # another setting may be short enough
        room -= column.width + 2
        chosen.append(column)
    order = [column.name for column in every]
    return sorted(chosen, key=lambda column: order.index(column.name))
