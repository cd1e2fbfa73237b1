"""Tables: aligned columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from app.draw.drawer import Drawer
from app.draw.tables import table_canvas
from app.draw.ticks import number
from core.figures import Table


def _picture(page: Any, figure: Table) -> None:
    _table(page.subplots(), figure)


def _table(axes: Any, figure: Table) -> None:
    axes.axis("off")
    axes.set_title(figure.title)
    cells = [
        ["-" if cell is None else cell if isinstance(cell, str) else number(float(cell)) for cell in row]
        for row in figure.rows
    ]
    if cells:
        table = axes.table(cells, colLabels=figure.columns, loc="upper center", cellLoc="left", edges="horizontal")
        table.auto_set_font_size(False)
        table.auto_set_column_width(range(len(figure.columns)))
    if figure.note:
        axes.text(0.0, 0.0, textwrap.fill(figure.note, 120), transform=axes.transAxes, fontsize=8, va="top")


def _numbers(figure: Table) -> Iterator[Sequence[str | float]]:
    yield figure.columns
    for row in figure.rows:
        yield ["" if cell is None else cell for cell in row]


DRAWER = Drawer(
    lambda figure, width, height, terminal: table_canvas(figure, width, height, terminal.depth),
    _picture,
    lambda figure: (8.0, 0.8 + 0.28 * len(figure.rows)),
    _numbers,
    framed=False,
)
