"""What is under the cursor on curves, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from app.draw.shown import cells, padded, shortened, without_middle
from app.tui.frame.wording import number

if TYPE_CHECKING:
    from app.draw.numbers import Reading
    from core.figures import Curves


_COLUMN = 39
"""Cells of a name with its value and ratio."""


def choice(key: str, name: str, value: str) -> Content:
    """A choice with its key."""
    return Content.from_markup(f"[$footer-key-foreground]{key:>2}[/] {name:<11} [b]$value[/b]", value=value)


def few_lines(
    figure: Curves | None, found: list[Reading], curve: str | None, width: int, low: bool = False
) -> list[Content]:
    """Every reading, in columns, for a narrow screen; on a low one that of the curve the cursor is on."""
    if figure is None or not found:
        return [Content.from_markup("[dim]left and right read the curves[/]")]
    from app.draw.citation import measured
    from app.draw.legend import distinct

    across = max(1, width // _COLUMN)
    room = width // across - 1
    rows = -(-len(found) // across)
    names = distinct([item.name for item in found])
    entries = []
    for item, name, sign in zip(found, names, _signs(figure), strict=True):
        value = measured(item.y, item.error, "±")
        if item.ratio is not None:
            value += f" ratio {measured(item.ratio, item.ratio_error, '±')}"
        entry = f"{sign} {without_middle(name, max(4, room - cells(value) - 3))} {value}"
        entries.append(Content(padded(shortened(entry, room), room + 1)).stylize(_style(item, curve, found)))
    if low:
        entries = [entries[next((k for k, item in enumerate(found) if item.name == curve), 0)]]
        rows = 1
    name, _, unit = figure.x_label.partition(" ")
    head = f"{name} = {number(found[0].x)} {unit.strip('[]')}   up, down choose what y copies"
    return [
        Content.from_markup("[dim]$head[/]", head=shortened(head, width)),
        *(Content.assemble(*entries[row::rows]) for row in range(rows)),
    ]


def table(figure: Curves | None, found: list[Reading], curve: str | None, width: int) -> list[Content]:
    """The readings for the side of a wide screen."""
    if figure is None or not found:
        return [Content.from_markup("[dim]arrows or a click read the curves[/]")]
    from app.draw.citation import measured

    lines = [Content.from_markup("[b]$label = $x[/b]", label=figure.x_label, x=number(found[0].x))]
    lines.append(Content.from_markup("[dim]$label[/]", label=figure.y_label))
    for item, sign in zip(found, _signs(figure), strict=True):
        ratio = "" if item.ratio is None else f"   ratio {measured(item.ratio, item.ratio_error)}"
        lines.append(Content(f"{sign} {shortened(item.name, width - 2)}").stylize(_style(item, curve, found)))
        lines.append(Content.from_markup("  [b]$y[/b]$rest", y=measured(item.y, item.error), rest=ratio))
    lines.append(Content.from_markup("[dim]up, down choose what y copies[/]"))
    return lines


def _signs(figure: Curves) -> list[str]:
    """What stands for each series: its marker in the legend, or a stroke."""
    from app.draw.curves import sign_of

    signs = [sign_of(number, series, figure) for number, series in enumerate(figure.series)]
    return [sign[len(sign) // 2] for sign in signs]


def _style(item: Reading, curve: str | None, found: list[Reading]) -> str:
    """The curve that the cursor is on stands out."""
    on = curve if curve in {each.name for each in found} else found[0].name
    return "reverse" if item.name == on else ""
