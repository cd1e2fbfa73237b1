"""Rows: figures side by side, in a grid where they would become too narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.draw.canvas import Canvas
from app.draw.colour import Depth
from app.draw.curves import legends
from app.draw.drawer import Drawer, Terminal, drawer_of
from app.draw.image import message
from app.draw.layout import canvas_of
from app.draw.legend import key
from app.draw.shown import shortened
from core.errors import UsageError
from core.figures import Curves, Figure, Row

_PANEL_WIDTH = 24  # cells below which panels go under each other
_PANEL_HEIGHT = 6
_GAP = 2


def _row_canvas(figure: Row, width: int, height: int | None, terminal: Terminal) -> Canvas:
    """Equal panels side by side; in a grid where they would become too narrow."""
    count = len(figure.figures)
    if not count:
        return message(figure.title, "no figures", width, height)
    head = int(bool(figure.title) and (height is None or height > 3))
    names = _key(figure, width, height, terminal.depth)
    if names is not None and height is not None:
        height -= names.height
    across = max(1, min(count, (width + _GAP) // (_PANEL_WIDTH + _GAP)))
    down = -(-count // across)
    across = -(-count // down)  # five panels: three and two, not four and one
    panel_width = (width - _GAP * (across - 1)) // across
    panel_height = None
    if height is not None:
        down = max(1, min(down, (height - head) // _PANEL_HEIGHT))
        panel_height = (height - head) // down
    chosen = _without_names(figure)[: across * down]
    panels = [canvas_of(item, panel_width, panel_height, terminal) for item in chosen]
    hidden = count - len(panels)
    lines = [panels[k : k + across] for k in range(0, len(panels), across)]
    between = int(height is None)
    tall = [max(panel.height for panel in line) + between for line in lines]
    top = head + (names.height if names is not None else 0)
    canvas = Canvas(width, max(1, top + sum(tall) - between))
    title = figure.title + (f"  (+{hidden} more with a larger window)" if hidden else "")
    if head:
        canvas.write(0, 0, shortened(title, width), bold=True)
    if names is not None:
        canvas.paste(names, head, 0)
    for line, step in zip(lines, tall, strict=True):
        for k, panel in enumerate(line):
            canvas.paste(panel, top, k * (panel_width + _GAP))
        top += step
    return canvas


def _key(figure: Row, width: int, height: int | None, depth: Depth) -> Canvas | None:
    """The names of the series of all panels, where they stand once and there is room."""
    first = figure.figures[0]
    if not figure.one_key or not isinstance(first, Curves):
        return None
    most = len(first.series) if height is None else height // 2 - 1
    return key(legends(first), width, most, depth) if most > 0 else None


def _without_names(figure: Row) -> list[Figure]:
    """The panels, without names that stand elsewhere."""
    if not figure.one_key:
        return list(figure.figures)
    return [
        replace(item, series=tuple(replace(series, name="") for series in item.series))
        if isinstance(item, Curves) and item.ratio_to is None
        else item
        for item in figure.figures
    ]


def _picture(page: Any, figure: Row) -> None:
    page.suptitle(figure.title)
    if figure.figures:
        widths = [drawer_of(item).size(item)[0] for item in figure.figures]
        parts = page.subfigures(1, len(widths), squeeze=False, width_ratios=widths)[0]
        for part, item in zip(parts, figure.figures, strict=True):
            drawer_of(item).picture(part, item)
        if figure.one_key:
            _legend_beside(page, [axes for part in parts for axes in part.axes])


def _legend_beside(page: Any, panels: Sequence[Any]) -> None:
    """One legend for all panels in place of their own."""
    for axes in panels:
        if legend := axes.get_legend():
            legend.remove()
    page.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")


def _size(figure: Row) -> tuple[float, float]:
    sizes = [drawer_of(item).size(item) for item in figure.figures]
    return (sum(w for w, _ in sizes) or 4.0) + 1.6 * figure.one_key, max((h for _, h in sizes), default=3.0) + 0.3


def _numbers(figure: Row) -> Iterator[Sequence[str | float]]:
    raise UsageError("several figures do not fit into one .csv", "save them one by one")


DRAWER = Drawer(_row_canvas, _picture, _size, _numbers)
