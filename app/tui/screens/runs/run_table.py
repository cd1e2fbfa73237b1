"""The list of runs: as many columns as there is room for, changed cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from app.draw.colour import Depth, ink_name, marker, series_ink
from app.draw.shown import shown
from app.tui.frame.key import bindings
from app.tui.frame.wording import STATES
from app.tui.screens.runs.keys import KEYS
from app.tui.screens.runs.run_columns import Column, columns_for
from core.runs import told
from core.runs.listing import Entry

_BEST = "★"


class RunTable(DataTable[Text]):
    """Runs as rows; the cursor stays on its run when rows come and go.

    Where several curves are drawn their signs stand in the rows, in their colours; the best value of a recipe's runs
    has a star.
    """

    BINDINGS = bindings(KEYS, "list")

    def __init__(self, depth: Depth, wanted: Sequence[str] = ()) -> None:
        super().__init__(id="runs", cursor_type="row", zebra_stripes=False, cursor_foreground_priority="renderable")
        self.fixed_columns = 1
        self._depth: Depth = depth
        self._wanted = wanted
        self._drawn: Sequence[str] = ()
        self._best: dict[str, set[str]] = {}
        self._entries: Sequence[Entry] = ()
        self._shown: list[tuple[Column, str]] = []
        self._marked: frozenset[str] = frozenset()
        self._sorting = "", False

    def on_mount(self) -> None:
        # the age of a run grows without anything happening on disk
        self.set_interval(60, self._update)

    def on_resize(self, event: events.Resize) -> None:
        self._update()

    @property
    def chosen(self) -> Entry | None:
        """The run under the cursor."""
        return self._entries[self.cursor_row] if self.cursor_row < len(self._entries) == self.row_count else None

    def show(self, entries: Sequence[Entry], marked: Sequence[str] = ()) -> None:
        """Show these runs, some of them marked."""
        name, falling = self._sorting
        entries = told.ordered(entries, name, falling) if name else entries
        old, self._entries, self._marked = self._entries, entries, frozenset(marked)
        self._update([entry.name for entry in old])

    def sign(self, drawn: Sequence[str]) -> None:
        """Put the signs of curves into the rows of these runs, in the order in which they are drawn."""
        if drawn != self._drawn:
            self._drawn = drawn
            self._update()

    def want(self, names: Sequence[str]) -> None:
        """Show these columns; without any, those that fit."""
        self._wanted = names
        self._update()

    @property
    def columns_shown(self) -> list[str]:
        """The names of the columns on the screen."""
        return [column.name for column, _ in self._shown]

    def choose(self, name: str) -> None:
        """Move the cursor to a run."""
        for row, entry in enumerate(self._entries):
            if entry.name == name:
                self.move_cursor(row=row)

    def sort_by(self, name: str = "", turn: bool = False) -> None:
        """Sort by a column from now on: another one rising, the same or with `turn` the other way round.

        Without a name by the next column on the screen; after the last one the newest run comes first again.
        """
        before, falling = self._sorting
        names = ["", *self.columns_shown]
        if turn:
            self._sorting = before or "run", not falling
        elif name:
            self._sorting = name, name == before and not falling
        else:
            place = names.index(before) if before in names else 0
            self._sorting = names[(place + 1) % len(names)], False

    def _update(self, before: Sequence[str] | None = None) -> None:
        names = [entry.name for entry in self._entries]
        chosen = columns_for(self.size.width - self.scrollbar_size_vertical, self._entries, self._wanted)
        self._best = {column.name: told.best(self._entries, column.name) for column in chosen}
        columns = [(column, self._head(column)) for column in chosen]
        if [(c.name, c.width, head) for c, head in columns] != [(c.name, c.width, head) for c, head in self._shown] or (
            before is not None and before != names
        ):
            self._rebuild(columns, names, names if before is None else before)
            return
        for row, entry in enumerate(self._entries):
            changed = [self._put(row, place, self._cell(column, entry)) for place, column in enumerate(chosen)]
            if any(changed):
                self.refresh_row(row)

    def _put(self, row: int, place: int, text: Text) -> bool:
        """Change one cell; whether it was another one. DataTable.update_cell would have the whole table sent again."""
        where = Coordinate(row, place)
        if self.get_cell_at(where) == text:
            return False
        keys = self.coordinate_to_cell_key(where)
        self._data[keys.row_key][keys.column_key] = text
        self._update_count += 1
        return True

    def _rebuild(self, columns: list[tuple[Column, str]], names: Sequence[str], before: Sequence[str]) -> None:
        row = self.cursor_row
        if row < len(before) and before[row] in names:
            row = names.index(before[row])
        top = self.scroll_y
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column, head in columns:
                self.add_column(_justified(column, Text(head)), width=column.width, key=column.name)
            for entry in self._entries:
                self.add_row(*(self._cell(column, entry) for column, _ in columns), key=entry.name)
            self.move_cursor(row=max(0, min(row, len(names) - 1)))
            self.scroll_y = top
        self._shown = columns

    def _head(self, column: Column) -> str:
        name, falling = self._sorting
        return f"{column.head} {'↓' if falling else '↑'}" if column.name == name else column.head

    def _cell(self, column: Column, entry: Entry) -> Text:
        text = shown(column.text(entry))
        if column.name == "state":
            sign, colour = STATES[text]
            return Text.assemble((sign, colour), " ", text)
        if column.name == "run":
            marked = "bold" if entry.name in self._marked else ""
            return Text.assemble(self._sign(entry), " ", (text, marked), no_wrap=True, overflow="ellipsis")
        if entry.name in self._best[column.name]:
            return _justified(column, Text(f"{_BEST}{text}", "bold"))
        return _justified(column, Text(text))

    def _sign(self, entry: Entry) -> tuple[str, str]:
        """The sign of the curve of a run, where there are several or it is marked."""
        if entry.name not in self._drawn or not self._marked:
            return " ", ""
        number = self._drawn.index(entry.name)
        return marker(number), ink_name(series_ink(number, self._depth), self._depth)


def _justified(column: Column, text: Text) -> Text:
    text.justify, text.no_wrap, text.overflow = "right" if column.right else "left", True, "ellipsis"
    return text
