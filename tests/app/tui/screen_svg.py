"""A screen as a small SVG that a browser shows, and back: cells of a sign, its ink, its paper, bold or not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

WIDE, HIGH = 9, 18  # pixels of a cell
NEAR = 8
"""How far apart each of red, green and blue may be: the next digit of a value gives the next colour of a map."""
_NAMESPACE = "{http://www.w3.org/2000/svg}"


class Cell(NamedTuple):
    """What stands in one place; a blank has no ink."""

    sign: str
    ink: str
    paper: str
    bold: bool

    def same_as(self, other: Cell) -> bool:
        """Alike to the eye."""
        return (
            (self.sign, self.bold) == (other.sign, other.bold)
            and _near(self.ink, other.ink)
            and _near(self.paper, other.paper)
        )


Rows = list[list[Cell]]


def cells_of(strips: Iterable[Any]) -> Rows:
    """The cells of the lines that Textual has composed."""
    return [[cell for segment in strip for cell in _of_segment(segment.text, segment.style)] for strip in strips]


def as_svg(rows: Rows) -> str:
    """One path for each paper, one text for each line."""
    papers: dict[str, list[str]] = defaultdict(list)
    lines = []
    usual = Counter(cell.paper for row in rows for cell in row).most_common(1)[0][0]
    for y, row in enumerate(rows):
        for x, run in _runs(row, lambda cell: cell.paper):
            if run[0].paper != usual:
                papers[run[0].paper].append(f"M{x * WIDE} {y * HIGH}h{len(run) * WIDE}v{HIGH}h-{len(run) * WIDE}z")
        spans = []
        for x, run in _runs(row, lambda cell: (cell.ink, cell.bold)):
            if run[0].ink:
                look = f'fill="{run[0].ink}"' + ' font-weight="bold"' * run[0].bold
                spans.append(f'<tspan x="{x * WIDE}" {look}>{escape("".join(cell.sign for cell in run))}</tspan>')
        if spans:
            lines.append(f'<text y="{y * HIGH + 14}">{"".join(spans)}</text>')
    width, height = len(rows[0]) * WIDE, len(rows) * HIGH
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="DejaVu Sans Mono, monospace" font-size="15" style="white-space:pre">',
            f'<rect width="{width}" height="{height}" fill="{usual}"/>',
            *(f'<path fill="{paper}" d="{"".join(parts)}"/>' for paper, parts in papers.items()),
            *lines,
            "</svg>\n",
        ]
    )


def from_svg(text: str) -> Rows:
    """The cells of such a file."""
    root = ElementTree.fromstring(text)
    ground = root.find(f"{_NAMESPACE}rect")
    assert ground is not None
    columns, lines = int(ground.get("width", "0")) // WIDE, int(ground.get("height", "0")) // HIGH
    rows = [[Cell(" ", "", ground.get("fill", ""), False)] * columns for _ in range(lines)]
    for path in root.iter(f"{_NAMESPACE}path"):
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", path.get("d", "")):
            for column in range(int(x) // WIDE, (int(x) + int(width)) // WIDE):
                row = rows[int(y) // HIGH]
                row[column] = row[column]._replace(paper=path.get("fill", ""))
    for line in root.iter(f"{_NAMESPACE}text"):
        row = rows[int(line.get("y", "0")) // HIGH]
        for span in line:
            for column, sign in enumerate(span.text or "", int(span.get("x", "0")) // WIDE):
                row[column] = Cell(sign, span.get("fill", ""), row[column].paper, bool(span.get("font-weight")))
    return rows


def differences(expected: Rows, found: Rows) -> list[str]:
    """What is not the same, a line of words for each line of the screen; nothing if all is."""
    if [len(row) for row in expected] != [len(row) for row in found]:
        return ["another size"]
    said = []
    for y, (before, after) in enumerate(zip(expected, found, strict=True)):
        wrong = [x for x, (one, other) in enumerate(zip(before, after, strict=True)) if not one.same_as(other)]
        if not wrong:
            continue
        lines = ["".join(cell.sign for cell in row).rstrip() for row in (before, after)]
        x = wrong[0]
        said += [f"line {y}, {len(wrong)} cells from column {x}:"]
        said += [f"  - {lines[0]}", f"  + {lines[1]}"] if lines[0] != lines[1] else [f"  {before[x]} is now {after[x]}"]
    return said


def _of_segment(text: str, style: Any) -> Iterator[Cell]:
    ink, paper = _named(style and style.color, "#d0d0d0"), _named(style and style.bgcolor, "#121212")
    if style and style.reverse:
        ink, paper = paper, ink
    for sign in text:
        blank = sign == " "
        yield Cell(sign, "" if blank else ink, paper, bool(style and style.bold and not blank))


def _named(colour: Any, otherwise: str) -> str:
    """A colour as #rrggbb; another one where the terminal chooses."""
    if not colour or colour.is_default:
        return otherwise
    return f"#{''.join(f'{part:02x}' for part in colour.get_truecolor())}"


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if not (one and other):
        return False
    return all(abs(int(one[k : k + 2], 16) - int(other[k : k + 2], 16)) <= NEAR for k in (1, 3, 5))


def _runs(row: list[Cell], key: Any) -> Iterator[tuple[int, list[Cell]]]:
    x = 0
    for _, run in groupby(row, key):
        cells = list(run)
        yield x, cells
        x += len(cells)
