"""The list of runs: as many columns as there is room for, changed cell by cell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from app.tui.bindings import bindings
from app.tui.follow import Entry
from app.tui.wording import STATES, duration, number, speed, steps

_NAME_WIDTHS = (8, 24)


@dataclass(frozen=True)
class Column:
    """A column with its width; the lowest ranks are shown first when room is short."""

    title: str
    width: int
    rank: int
    text: Callable[[Entry], str]


COLUMNS = (
    Column("run", _NAME_WIDTHS[0], 0, lambda entry: entry.name),
    Column("recipe", 12, 9, lambda entry: entry.recipe),
    Column("state", 9, 1, lambda entry: entry.state),
    Column("step", 11, 2, lambda entry: "" if entry.problem else steps(entry.status.step, entry.status.steps)),
    Column("loss", 8, 3, lambda entry: number((entry.status.values or {}).get("loss"))),
    Column("validation", 10, 4, lambda entry: number(entry.validation)),
    Column("speed", 8, 6, lambda entry: speed(entry.status.speed) if entry.status.alive else "-"),
    Column("left", 7, 5, lambda entry: duration(entry.status.remaining)),
    Column("age", 7, 7, lambda entry: duration(time.time() - entry.created) if entry.created else "-"),
)
_NUMBERS = ("step", "loss", "validation", "speed", "left", "age")


def columns_for(width: int, names: Sequence[str]) -> list[Column]:
    """The columns that fit into a width, in the order of the table."""
    low, high = _NAME_WIDTHS
    longest = min(high, max([low, *map(len, names)]))
    room = width
    chosen: list[Column] = []
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        needed = (longest if column.title == "run" else column.width) + 2
        if room < needed and chosen:
            break
        room -= needed
        chosen.append(column)
    return [
        Column(column.title, longest, column.rank, column.text) if column.title == "run" else column
        for column in COLUMNS
        if column in chosen
    ]


class RunTable(DataTable[Text]):
    """Runs as rows; the cursor stays on its run when rows come and go."""

    BINDINGS = bindings("list")

    def __init__(self) -> None:
        super().__init__(id="runs", cursor_type="row", zebra_stripes=False)
        self._entries: Sequence[Entry] = ()
        self._shown: list[Column] = []

    def on_mount(self) -> None:
        # the age of a run grows without anything happening on disk
        self.set_interval(60, self._update)

    def on_resize(self, event: events.Resize) -> None:
        self._update()

    @property
    def chosen(self) -> Entry | None:
        """The run under the cursor."""
        return self._entries[self.cursor_row] if self.cursor_row < len(self._entries) == self.row_count else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Show these runs."""
        old, self._entries = self._entries, entries
        self._update([entry.name for entry in old])

    def choose(self, name: str) -> None:
        """Move the cursor to a run."""
        for row, entry in enumerate(self._entries):
            if entry.name == name:
                self.move_cursor(row=row)

    def _update(self, before: Sequence[str] | None = None) -> None:
        names = [entry.name for entry in self._entries]
        columns = columns_for(self.size.width - self.scrollbar_size_vertical, names)
        if columns != self._shown or (before is not None and before != names):
            self._rebuild(columns, names, names if before is None else before)
            return
        for entry in self._entries:
            for column in columns:
                text = _cell(column, entry)
                if self.get_cell(entry.name, column.title) != text:
                    self.update_cell(entry.name, column.title, text)

    def _rebuild(self, columns: list[Column], names: Sequence[str], before: Sequence[str]) -> None:
        row = self.cursor_row
        if row < len(before) and before[row] in names:
            row = names.index(before[row])
        top = self.scroll_y
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column in columns:
                self.add_column(_justified(column, column.title), width=column.width, key=column.title)
            for entry in self._entries:
                self.add_row(*(_cell(column, entry) for column in columns), key=entry.name)
            self.move_cursor(row=max(0, min(row, len(names) - 1)))
            self.scroll_y = top
        self._shown = columns


def _cell(column: Column, entry: Entry) -> Text:
    text = column.text(entry)
    if column.title == "state":
        sign, colour = STATES[text]
        return Text.assemble((sign, colour), " ", text)
    return _justified(column, text)


def _justified(column: Column, text: str) -> Text:
    right = column.title in _NUMBERS
    return Text(text, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
