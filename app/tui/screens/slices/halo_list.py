"""The halos of a universe as rows, in any order; the cursor leads the slices."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from app.tui.frame.filter import FilterScreen, tell_filter
from app.tui.frame.key import bindings
from app.tui.screens.slices.keys import KEYS
from core.analysis.lens.halo_table import COLUMNS, HaloRow, matching, ordered

WIDTH = 50
"""Columns of the list beside the slices."""
_SHOWN = ("mass", "verdict", "radius", "count", "concentration", "environment", "patch", "distance", "other_mass")
_TITLES = {
    "mass": "Msun/h", "radius": "R200m", "count": "count", "concentration": "c", "verdict": "verdict",
    "environment": "delta_8", "patch": "R_L", "distance": "off", "other_mass": "other",
}  # fmt: skip
_SIZES = {"mass": 8, "verdict": 8, "other_mass": 8, "radius": 5, "count": 5, "concentration": 5}
_COLOURS = {"missed": "red", "merged": "yellow", "split": "yellow", "false": "red", "matched": "green"}


class HaloList(DataTable[Text]):
    """Halos of a universe; what a prediction gets wrong stands among them."""

    BINDINGS = bindings(KEYS, "halos")
    words = ""
    """Words and conditions that the halos shown meet."""
    hint = "words, or so: missed mass>1e14"

    class Chosen(Message):
        """The cursor is on a halo; with `taken` it has been entered."""

        def __init__(self, row: HaloRow, taken: bool) -> None:
            self.row, self.taken = row, taken
            super().__init__()

    class Card(Message):
        """More of a halo is wanted."""

        def __init__(self, row: HaloRow) -> None:
            self.row = row
            super().__init__()

    def __init__(self) -> None:
        super().__init__(id="halos", cursor_type="row", zebra_stripes=False)
        self._rows: tuple[HaloRow, ...] = ()
        self.rows_shown: tuple[HaloRow, ...] = ()
        self._by, self._falling = "mass", True

    @property
    def chosen(self) -> HaloRow | None:
        """The halo under the cursor."""
        return self.rows_shown[self.cursor_row] if self.cursor_row < len(self.rows_shown) else None

    def show(self, rows: Sequence[HaloRow]) -> None:
        """Show these halos in the order that was chosen; the cursor stays on its halo."""
        kept, self._rows = self.chosen, tuple(rows)
        self.rows_shown = ordered(matching(rows, self.words), self._by, self._falling)
        tell_filter(self, self.words, len(self.rows_shown), len(rows))
        room = self.size.width or WIDTH
        names = [name for name in _SHOWN if any(_text(name, row) for row in self.rows_shown[:200])]
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            self.add_column("halo", width=5)
            room, shown = room - 7, []
            for name in names:
                size = _SIZES.get(name, max(6, len(_TITLES[name]) + 1))
                if size + 2 <= room:
                    shown.append(name)
                    room -= size + 2
                    self.add_column(self._head(name), width=size, key=name)
            for row in self.rows_shown:
                self.add_row(_name(row), *(_cell(name, row) for name in shown))
            if kept in self.rows_shown:
                self.move_cursor(row=self.rows_shown.index(kept))

    def filter_by(self, words: str) -> None:
        """Show the halos for which these words and conditions hold."""
        self.words = words.strip()
        self.show(self._rows)

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))

    def choose(self, row: HaloRow) -> None:
        """Move the cursor to a halo, and tell nobody."""
        if row in self.rows_shown:
            with self.prevent(DataTable.RowHighlighted):
                self.move_cursor(row=self.rows_shown.index(row))

    def action_order(self, by: int) -> None:
        """By the next column, the largest first."""
        names = [str(column.key.value) for column in self.ordered_columns if column.key.value in COLUMNS]
        if names:
            place = names.index(self._by) if self._by in names else -1
            self._by, self._falling = names[(place + by) % len(names)], True
            self.show(self._rows)

    def action_turn(self) -> None:
        """The order turned round."""
        self._falling = not self._falling
        self.show(self._rows)

    def action_card(self) -> None:
        if self.chosen:
            self.post_message(self.Card(self.chosen))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if self.chosen and self.has_focus:
            self.post_message(self.Chosen(self.chosen, taken=False))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if self.chosen:
            self.post_message(self.Chosen(self.chosen, taken=True))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        event.stop()
        name = str(event.column_key.value)
        if name in COLUMNS:
            self._falling = not self._falling if name == self._by else True
            self._by = name
            self.show(self._rows)

    def _head(self, name: str) -> str:
        return f"{_TITLES[name]}{'↓' if self._falling else '↑'}" if name == self._by else _TITLES[name]


def _name(row: HaloRow) -> Text:
    return Text(f"{'p' if row.side == 'predicted' else ''}{row.rank}", justify="right")


def _cell(name: str, row: HaloRow) -> Text:
    text = _text(name, row)
    if name == "verdict":
        return Text(text, style=_COLOURS.get(text, ""))
    return Text(text, justify="right")


def _text(name: str, row: HaloRow) -> str:
    value = COLUMNS[name][1](row)
    if isinstance(value, str):
        return value
    if not value or value != value:
        return ""
    return f"{value:.2e}" if value > 1e6 else f"{value}" if isinstance(value, int) else f"{value:.3g}"
