"""The words above curves: title, unit of y, and what stands for which series."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from app.draw.canvas import Canvas
from app.draw.colour import NO_INK, Depth, series_ink, series_shade
from app.draw.shown import cells, shortened

_GAP = 3
_SHORTEST_START = 6
"""Letters that names must share before these are left out."""


@dataclass(frozen=True)
class Legend:
    """What stands for a series in the legend: a sign in the series' colour, on its band's shade, and its name."""

    number: int
    sign: str
    name: str
    banded: bool = False

    @property
    def room(self) -> int:
        """Cells that it takes."""
        return cells(self.sign) + 1 + cells(self.name)


def header(canvas: Canvas, title: str, y_label: str, legends: list[Legend], depth: Depth) -> int:
    """Title, unit of y and legend, in as few rows as they need; the number of rows."""
    width, small = canvas.width, canvas.height < 10
    if small:
        y_label = ""
    size = sum(item.room for item in legends) + _GAP * max(0, len(legends) - 1)
    if title and cells(title) <= width and size + cells(title) + 3 <= width:
        canvas.write(0, 0, title, bold=True)
        _write_legends(canvas, 0, width - size, legends, depth)
        canvas.write(1, 0, shortened(y_label, width))
        return 1 + bool(y_label)
    row = _write_title(canvas, title)
    if size + cells(y_label) + 3 <= width:
        canvas.write(row, 0, y_label)
        _write_legends(canvas, row, width - size if y_label else 0, legends, depth)
        return row + bool(y_label or legends)
    most = max(1, canvas.height // 4 - row)
    lines = _lines(legends, width)
    if len(lines) > most:
        short = distinct([item.name for item in legends])
        lines = _lines([Legend(i.number, i.sign, n, i.banded) for i, n in zip(legends, short, strict=True)], width)
    for line in _cut(lines, most, width):
        _write_legends(canvas, row, 0, line, depth)
        row += 1
    canvas.write(row, 0, shortened(y_label, width))
    return row + bool(y_label)


def key(items: list[Legend], width: int, most: int, depth: Depth) -> Canvas:
    """Signs and names of all series in columns, down first, in at most `most` rows."""
    wide = max((item.room for item in items), default=0) + 2
    across = max(1, min(len(items), (width + 2) // max(wide, 1)))
    rows = max(1, min(most, -(-len(items) // across)))
    canvas = Canvas(width, rows)
    for place, item in enumerate(items[: rows * across]):
        # a column ends where the next begins
        column = place // rows * wide
        _write_legends(canvas, place % rows, column, [item], depth)
    if len(items) > rows * across:
        last = f"+{len(items) - rows * across + 1} more"
        canvas.write(rows - 1, (across - 1) * wide, last.ljust(wide))
    return canvas


def distinct(names: list[str]) -> list[str]:
    """The names without what several begin with: "…s0001 fof", "…s0002 fof" of long ones."""
    short = list(names)
    for start in dict.fromkeys(name[:_SHORTEST_START] for name in names):
        alike = [k for k, name in enumerate(names) if name.startswith(start)]
        first, last = min(names[k] for k in alike), max(names[k] for k in alike)
        size = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
        ends = [match.end() for match in re.finditer(r"[-_ /]", first[:size])]
        if len({names[k] for k in alike}) > 1 and ends and ends[-1] >= _SHORTEST_START:
            for k in alike:
                short[k] = "…" + names[k][ends[-1] :]
    return short


def _write_title(canvas: Canvas, title: str) -> int:
    """The title, in two rows where it needs them and there is room; the number of rows."""
    if not title:
        return 0
    lines = [title]
    if cells(title) > canvas.width and cells(title) == len(title) and canvas.height >= 16:
        lines = textwrap.wrap(title, canvas.width)
        lines = [lines[0], " ".join(lines[1:])]
    for row, line in enumerate(lines):
        canvas.write(row, 0, shortened(line, canvas.width), bold=True)
    return len(lines)


def _lines(legends: list[Legend], width: int) -> list[list[Legend]]:
    """The legends in rows that fit."""
    lines: list[list[Legend]] = []
    used = width
    for item in legends:
        if used + _GAP + item.room > width:
            lines.append([])
            used = -_GAP
        lines[-1].append(item)
        used += _GAP + item.room
    return lines


def _cut(lines: list[list[Legend]], most: int, width: int) -> list[list[Legend]]:
    """At most so many rows, the last of which says how many names are left away."""
    if len(lines) <= most:
        return lines
    kept, left = lines[:most], sum(map(len, lines[most:]))
    last = list(kept[-1])
    while last:
        more = Legend(-1, f"+{left} more", "")
        if sum(item.room + _GAP for item in (*last, more)) - _GAP <= width or len(last) == 1:
            break
        last.pop()
        left += 1
    return [*kept[:-1], [*last, Legend(-1, f"+{left} more", "")]]


def _write_legends(canvas: Canvas, row: int, column: int, legends: list[Legend], depth: Depth) -> None:
    for item in legends:
        ink = series_ink(item.number, depth) if item.number >= 0 else NO_INK
        paper = series_shade(item.number, depth) if item.banded else NO_INK
        canvas.write(row, column, item.sign, ink, paper)
        size = cells(item.sign)
        canvas.write(row, column + size + 1, shortened(item.name, canvas.width - column - size - 1))
        column += item.room + _GAP
