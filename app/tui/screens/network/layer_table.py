"""The layers of a network as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

from app.draw.shown import cells as cells_of
from app.draw.shown import shown, without_middle

if TYPE_CHECKING:
    from core.figures import Table

_NAME = 24
"""Columns that the names of the layers have at least."""
_COLUMNS = ("output", "sees [Mpc/h]", "weights", "layer", "kind", "sees [cells]")
"""What is given room, one after the other: columns, and the names in full."""


class LayerTable(DataTable[Text], inherit_bindings=False):
    """Layers as rows; the keys are the screen's."""

    def show(self, table: Table, width: int) -> None:
        """Show the layers with the columns that fit; long names lose their middle."""
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
        for row in cells:
            row[0] = without_middle(row[0], name_width)
            self.add_row(*(_aligned(table, k, row[k]) for k in sorted(chosen)))


def _text(value: str | float | None) -> str:
    if isinstance(value, (int, float)):
        return f"{value:,.4g}" if value != int(value) else f"{int(value):,}"
    return shown(value or "")


def _aligned(table: Table, column: int, text: str) -> Text:
    right = table.columns[column] not in ("layer", "kind", "output")
    return Text(text, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
