"""The layers of a network as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

from app.draw.shown import cells as cells_of
from app.draw.shown import shown, without_middle
from app.tui.frame.filter import has_all, tell_filter

if TYPE_CHECKING:
    from core.figures import Table

_NAME = 24
"""Columns that the names of the layers have at least."""
_COLUMNS = ("output", "sees [Mpc/h]", "weights", "layer", "kind", "sees [cells]")
"""What is given room, one after the other: columns, and the names in full."""


class LayerTable(DataTable[Text], inherit_bindings=False):
    """Layers as rows; the keys are the screen's."""

    words, hint = "", "words of a layer"
    numbers: Sequence[int] = ()
    """The layers that are shown, by their number in the network."""
    _table: Table | None = None

    def show(self, table: Table, width: int) -> None:
        """Show the layers with the columns that fit; long names lose their middle."""
        self._table = table
        self.clear(columns=True)
        cells = [[_text(cell) for cell in row] for row in table.rows]
        sizes = [max(cells_of(row[k]) for row in [list(table.columns), *cells]) + 2 for k in range(len(table.columns))]
        room, name_width, chosen = width - _NAME - self.scrollbar_size_vertical, _NAME, [0]
        for name in _COLUMNS:
            k = table.columns.index(name) if name in table.columns else None
            if k == 0:
                name_width = min(sizes[0], room + _NAME)
                room -= name_width - _NAME
            elif k and sizes[k] <= room:
                room -= sizes[k]
                chosen.append(k)
        name_width -= 2
        for k in sorted(chosen):
            self.add_column(_aligned(table, k, table.columns[k]), width=sizes[k] - 2 if k else name_width)
        self.numbers = [k for k, row in enumerate(cells) if has_all(" ".join(row), self.words)]
        tell_filter(self, self.words, len(self.numbers), len(cells))
        for row in (cells[k] for k in self.numbers):
            row[0] = without_middle(row[0], name_width)
            self.add_row(*(_aligned(table, k, row[k]) for k in sorted(chosen)))

    def choose(self, layer: int) -> None:
        """Put the cursor on a layer, and tell nobody; where it is not shown, on the first."""
        with self.prevent(DataTable.RowHighlighted):
            self.move_cursor(row=self.numbers.index(layer) if layer in self.numbers else 0)

    def filter_by(self, words: str) -> None:
        """Show the layers that have all these words anywhere in their row, the cursor on the one it was on."""
        on = self.numbers[self.cursor_row] if self.cursor_row < len(self.numbers) else 0
        self.words = words.strip()
        if self._table:
            with self.prevent(DataTable.RowHighlighted):
                self.show(self._table, self.size.width)
            self.choose(on)
        if self.numbers:
            self.post_message(DataTable.RowHighlighted(self, self.cursor_row, self.ordered_rows[self.cursor_row].key))


def _text(value: str | float | None) -> str:
    if isinstance(value, (int, float)):
        return f"{value:,.4g}" if value != int(value) else f"{int(value):,}"
    return shown(value or "")


def _aligned(table: Table, column: int, text: str) -> Text:
    right = table.columns[column] not in ("layer", "kind", "output")
    return Text(text, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
