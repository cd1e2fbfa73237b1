"""Tables and matrices: numbers in aligned columns, numbers in coloured cells."""

from __future__ import annotations

import textwrap

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from app.draw.canvas import Canvas
from app.draw.colour import NO_INK, Depth, frame_ink
from app.draw.image import NOTHING, message
from app.draw.maps import LEVELS, colour_table, lightness, paint
from app.draw.shown import shortened, shown
from app.draw.ticks import number
from core.figures import Matrix, Table

_GAP = 2
_NARROWEST = 10  # cells of a text column before whole columns are left out
_WRAPPED = 10  # cells from which text is wrapped and not cut
_WISHED = 28  # cells of a text column where a table may be wider than the room


def table_canvas(figure: Table, width: int, height: int | None, depth: Depth) -> Canvas:
    """Aligned columns; text wraps or is cut to fit, columns and rows that find no room are counted."""
    cells, columns, right = _texts(figure)
    widths = column_widths(figure, width)
    lines: list[tuple[str, int, bool]] = []  # text, ink, bold
    if figure.title:
        lines.append((shortened(_clean(figure.title), width), NO_INK, True))
    lines += [(text, NO_INK, True) for text in _rows_of(columns, widths, right)]
    lines.append(("─" * min(width, sum(widths) + _GAP * max(0, len(widths) - 1)), frame_ink(depth), False))
    body = [(text, NO_INK, False) for row in cells for text in _rows_of(row, widths, right)]
    hidden = len(columns) - len(widths)
    notes = [figure.note] if figure.note else []
    if hidden:
        notes.append(f"… {hidden} more column{'s' * (hidden > 1)}: {', '.join(columns[len(widths) :])}")
    feet = [(text, frame_ink(depth), False) for note in notes for text in textwrap.wrap(_clean(note), max(4, width))]
    if height is not None and len(lines) + len(body) + len(feet) > height:
        feet = feet[: max(0, height - len(lines) - 2)]
        room = max(0, height - len(lines) - len(feet) - 1)
        feet = [(f"… {len(body) - room} more lines", frame_ink(depth), False), *feet] if len(body) > room else feet
        body = body[:room]
    lines = [*lines, *body, *feet][:height]
    canvas = Canvas(width, len(lines))
    for row, (text, ink, bold) in enumerate(lines):
        canvas.write(row, 0, text, ink, bold=bold)
    return canvas


def column_widths(figure: Table, width: int) -> list[int]:
    """Cells of the columns that are shown in a width."""
    cells, columns, right = _texts(figure)
    widest = [max((cell_len(row[k]) for row in cells), default=0) for k in range(len(columns))]
    natural = [max(cell_len(name), size) for name, size in zip(columns, widest, strict=True)]
    # numbers are never cut, text and headings are
    least = [
        min(whole, max(3, size)) if number_column else min(whole, _NARROWEST)
        for size, whole, number_column in zip(widest, natural, right, strict=True)
    ]
    return _fitted(natural, least, width)


def whole_width(figure: Table, text: int = _WISHED) -> int:
    """Cells in which no heading and no number of a table is cut; texts wrap, to `text` cells where they are longer."""
    cells, columns, right = _texts(figure)
    widest = [max((cell_len(row[k]) for row in cells), default=0) for k in range(len(columns))]
    widths = [
        max(cell_len(name), size if is_number else min(size, text))
        for name, size, is_number in zip(columns, widest, right, strict=True)
    ]
    return sum(widths) + _GAP * max(0, len(widths) - 1)


def starts(widths: list[int]) -> list[int]:
    """Where columns of these widths begin."""
    return [sum(widths[:k]) + _GAP * k for k in range(len(widths))]


def _texts(figure: Table) -> tuple[list[list[str]], list[str], list[bool]]:
    """Cells and headings as they are written, and which columns are numbers."""
    cells = [[cell_text(cell) for cell in row] for row in figure.rows]
    columns = [_clean(name) for name in figure.columns]
    right = [
        any(isinstance(row[k], (int, float)) for row in figure.rows)
        and not any(isinstance(row[k], str) for row in figure.rows)
        for k in range(len(columns))
    ]
    return cells, columns, right


def matrix_canvas(figure: Matrix, width: int, height: int | None, depth: Depth) -> Canvas:
    """Numbers on the colour of their size, with names above and to the left."""
    values = np.asarray(figure.values, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return message(figure.title, NOTHING, width, height)
    texts = alike(values)
    names = [_clean(name) for name in figure.row_names]
    left = min(max([cell_len(name) for name in (*names, figure.row_label)], default=0), max(4, width // 3)) + 1
    needed = max(len(text) for row in texts for text in row) + 2
    wished = max(needed, min(14, 2 + max(cell_len(name) for name in figure.column_names)))
    shown = min(values.shape[1], (width - left) // needed)
    if shown < 1:
        return message(figure.title, "too small to draw", width, height)
    cell = min(wished, (width - left) // shown)
    head = 2 + bool(figure.column_label)
    rows = min(values.shape[0], (height if height is not None else 10**6) - head)
    if rows < 1:
        return message(figure.title, "too small to draw", width, height)
    cut = rows < values.shape[0] or shown < values.shape[1]

    low, high = min(0.0, float(finite.min())), float(finite.max())
    shares = (values - low) / (high - low or 1.0)
    canvas = Canvas(width, rows + head)
    title = figure.title + (f"  (first {rows} x {shown} of {values.shape[0]} x {values.shape[1]})" if cut else "")
    canvas.write(0, 0, shortened(title, width), bold=True)
    if figure.column_label:
        label = shortened(figure.column_label, width - left)
        canvas.write(1, left + max(0, (cell * shown - cell_len(label)) // 2), label)
    canvas.write(head - 1, 0, shortened(figure.row_label, left - 1))
    for k in range(shown):
        canvas.write(head - 1, left + k * cell, _aligned(figure.column_names[k], cell - 1, True))
    for row in range(rows):
        canvas.write(head + row, 0, shortened(names[row], left - 1))
        for k in range(shown):
            ink, paper = _cell_colours(float(shares[row, k]), depth)
            canvas.write(head + row, left + k * cell, texts[row][k].rjust(cell - 1) + " ", ink, paper)
    return canvas


def alike(values: npt.NDArray[np.float64]) -> list[list[str]]:
    """The numbers of a matrix with the same decimals: as many as the largest needs for two or three digits."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    whole = bool(np.all(finite == np.round(finite)))
    size = int(np.floor(np.log10(largest))) if largest else 0
    decimals = 0 if whole else max(0, 2 - (0 if size == -1 else size))

    def text(value: float) -> str:
        if largest >= 1e5 or 0 < largest < 0.01 or not np.isfinite(value):
            return number(value, 3)
        return f"{value:.{decimals}f}" if value else "0"

    return [[text(float(value)) for value in row] for row in values]


def _cell_colours(share: float, depth: Depth) -> tuple[int, int]:
    """Ink and paper of a matrix cell: black on light, white on dark."""
    if depth == "none" or not np.isfinite(share):
        return NO_INK, NO_INK
    level = min(LEVELS - 1, int(share * LEVELS))
    light = float(lightness(colour_table("sequential")[level] * 255.0)) > 50.0
    black, white = {"truecolor": (0x000000, 0xFFFFFF), "256": (16, 231), "16": (0, 15)}[depth]
    return black if light else white, int(paint(np.array([[share]]), "sequential", depth, dither=False)[0, 0])


def cell_text(cell: str | float | None) -> str:
    """What a cell of a table says."""
    if cell is None:
        return "-"
    return _clean(cell) if isinstance(cell, str) else number(float(cell))


def _clean(text: str) -> str:
    return shown(text.replace("\n", " "))


def _fitted(natural: list[int], least: list[int], width: int) -> list[int]:
    """Column widths that fit: the widest give way first, then columns from the right are left out."""
    widths = list(natural)
    while len(widths) > 1 and sum(least[: len(widths)]) + _GAP * (len(widths) - 1) > width:
        widths.pop()
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        spare = [size - floor for size, floor in zip(widths, least, strict=False)]
        widest = max(range(len(widths)), key=lambda k: (spare[k] > 0, widths[k]))
        widths[widest] -= 1
    return widths


def _rows_of(cells: list[str], widths: list[int], right: list[bool]) -> list[str]:
    """The lines of one table row."""
    columns = [
        textwrap.wrap(cell, width) or [""]
        if cell_len(cell) > width >= _WRAPPED and cell_len(cell) == len(cell)
        else [cell]
        for cell, width in zip(cells, widths, strict=False)
    ]
    return [
        (" " * _GAP)
        .join(
            _aligned(column[k] if k < len(column) else "", width, to_right)
            for column, width, to_right in zip(columns, widths, right, strict=False)
        )
        .rstrip()
        for k in range(max((len(column) for column in columns), default=0))
    ]


def _aligned(text: str, width: int, to_right: bool) -> str:
    text = shortened(text, width)
    blank = " " * (width - cell_len(text))
    return blank + text if to_right else text + blank
