"""The list of runs: as many columns as there is room for, changed cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from app.draw.shown import shown
from app.tui.frame.key import bindings
from app.tui.frame.wording import STATES
from app.tui.screens.runs.keys import KEYS
from app.tui.screens.runs.run_columns import Column, columns_for, ordered
from core.runs.listing import Entry

_MARK = "+ "


class RunTable(DataTable[Text]):
    """Runs as rows; the cursor stays on its run when rows come and go."""

    BINDINGS = bindings(KEYS, "list")

    def __init__(self, wanted: Sequence[str] = ()) -> None:
        super().__init__(id="runs", cursor_type="row", zebra_stripes=False)
        self._wanted = wanted
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
        title, falling = self._sorting
        entries = ordered(entries, title, falling) if title else entries
        old, self._entries, self._marked = self._entries, entries, frozenset(marked)
        self._update([entry.name for entry in old])

    def choose(self, name: str) -> None:
        """Move the cursor to a run."""
        for row, entry in enumerate(self._entries):
            if entry.name == name:
                self.move_cursor(row=row)

    def sort_by(self, title: str = "", turn: bool = False) -> None:
        """Sort by a column from now on: another one rising, the same or with `turn` the other way round.

        Without a title by the next column on the screen; after the last one the newest run comes first again.
        """
        before, falling = self._sorting
        titles = ["", *(column.title for column, _ in self._shown)]
        if turn:
            self._sorting = before or "run", not falling
        elif title:
            self._sorting = title, title == before and not falling
        else:
            place = titles.index(before) if before in titles else 0
            self._sorting = titles[(place + 1) % len(titles)], False

    def _update(self, before: Sequence[str] | None = None) -> None:
        names = [entry.name for entry in self._entries]
        states = [entry.state for entry in self._entries]
        chosen = columns_for(self.size.width - self.scrollbar_size_vertical, names, self._wanted, states)
        columns = [(column, self._head(column)) for column in chosen]
        if columns != self._shown or (before is not None and before != names):
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
                self.add_column(_justified(column, head), width=column.width, key=column.title)
            for entry in self._entries:
                self.add_row(*(self._cell(column, entry) for column, _ in columns), key=entry.name)
            self.move_cursor(row=max(0, min(row, len(names) - 1)))
            self.scroll_y = top
        self._shown = columns

    def _head(self, column: Column) -> str:
        title, falling = self._sorting
        return f"{column.title} {'↓' if falling else '↑'}" if column.title == title else column.title

    def _cell(self, column: Column, entry: Entry) -> Text:
        text = shown(column.text(entry))
        if column.title == "state":
            sign, colour = STATES[text]
            return Text.assemble((sign, colour), " ", text)
        if column.title == "run":
            marked = entry.name in self._marked
            return Text.assemble((_MARK if marked else "  ", "bold yellow"), (text, "bold" if marked else ""))
        return _justified(column, text)


def _justified(column: Column, text: str) -> Text:
    return Text(text, justify="right" if column.right else "left", no_wrap=True, overflow="ellipsis")
