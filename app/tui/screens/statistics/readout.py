"""What is under the cursor on curves, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from app.draw.shown import cells, shortened
from app.tui.frame.wording import number

if TYPE_CHECKING:
    from app.draw.numbers import Reading
    from core.figures import Curves


def choice(key: str, name: str, value: str) -> Content:
    """A choice with its key."""
    return Content.from_markup(f"[$footer-key-foreground]{key:>2}[/] {name:<11} [b]$value[/b]", value=value)


def one_line(figure: Curves | None, found: list[Reading], width: int) -> Content:
    """The readings for a narrow screen; without the names, in the order of the legend, where those do not fit."""
    if figure is None or not found:
        return Content.from_markup("[dim]left and right read the curves[/]")
    name, _, unit = figure.x_label.partition(" ")
    at = f"{name} {number(found[0].x)} {unit.strip('[]')}"
    values = [f"{number(item.y)}{_error(item)}" for item in found]
    named = " · ".join([at, *(f"{item.name} {value}" for item, value in zip(found, values, strict=True))])
    return Content(named if cells(named) <= width else " · ".join([at, *values]))


def table(figure: Curves | None, found: list[Reading], width: int) -> list[Content]:
    """The readings for the side of a wide screen."""
    if figure is None or not found:
        return [Content.from_markup("[dim]arrows or a click read the curves[/]")]
    lines = [Content.from_markup("[b]$label = $x[/b]", label=figure.x_label, x=number(found[0].x))]
    lines.append(Content.from_markup("[dim]$label[/]", label=figure.y_label))
    for item in found:
        ratio = "" if item.ratio is None else f"   ratio {number(item.ratio)}"
        lines.append(Content(shortened(item.name, width)))
        lines.append(Content.from_markup("  [b]$y[/b]$rest", y=number(item.y), rest=_error(item) + ratio))
    return lines


def _error(item: Reading) -> str:
    return "" if item.error is None else f" ± {item.error:.2g}"
