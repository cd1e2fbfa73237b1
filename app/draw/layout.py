"""One door for all figures, and the grid of a Row."""

from __future__ import annotations

from typing import assert_never

from app.draw.canvas import Canvas, Drawing, shortened
from app.draw.colour import Depth, lightened
from app.draw.curves import curves_canvas
from app.draw.histogram import histogram_canvas
from app.draw.image import message, slice_canvas
from app.draw.tables import matrix_canvas, table_canvas
from core.figures import Curves, Figure, Histogram, Matrix, Row, Slice, Table

_PANEL_WIDTH = 24  # cells below which panels go under each other
_PANEL_HEIGHT = 6
_GAP = 2


def draw(
    figure: Figure, width: int, height: int | None = None, depth: Depth = "truecolor", light: bool = False
) -> Drawing:
    """A figure as coloured lines of at most `width` cells.

    At most `height` of them, or, without a height, as many as are natural for its kind. `light` is the paper.
    """
    return _canvas(figure, width, height, depth, light).drawing(depth)


def _canvas(figure: Figure, width: int, height: int | None, depth: Depth, light: bool) -> Canvas:
    if isinstance(figure, Slice):
        return slice_canvas(figure, width, height, depth)
    if isinstance(figure, Curves):
        return _on(light, curves_canvas(figure, width, height, depth), depth)
    if isinstance(figure, Histogram):
        return _on(light, histogram_canvas(figure, width, height, depth), depth)
    if isinstance(figure, Matrix):
        return matrix_canvas(figure, width, height, depth)
    if isinstance(figure, Table):
        return table_canvas(figure, width, height, depth)
    if isinstance(figure, Row):
        return _row_canvas(figure, width, height, depth, light)
    assert_never(figure)


def _on(light: bool, canvas: Canvas, depth: Depth) -> Canvas:
    """The canvas with its shades, which are made for dark paper, as this paper needs them."""
    for dark, pale in lightened(depth).items() if light else ():
        for codes in (canvas.ink, canvas.paper):
            codes[codes == dark] = pale
    return canvas


def _row_canvas(figure: Row, width: int, height: int | None, depth: Depth, light: bool) -> Canvas:
    """Equal panels side by side; in a grid where they would become too narrow."""
    count = len(figure.figures)
    if not count:
        return message(figure.title, "no figures", width, height)
    head = int(bool(figure.title) and (height is None or height > 3))
    across = max(1, min(count, (width + _GAP) // (_PANEL_WIDTH + _GAP)))
    down = -(-count // across)
    across = -(-count // down)  # five panels: three and two, not four and one
    panel_width = (width - _GAP * (across - 1)) // across
    panel_height = None
    if height is not None:
        down = max(1, min(down, (height - head) // _PANEL_HEIGHT))
        panel_height = (height - head) // down
    panels = [_canvas(item, panel_width, panel_height, depth, light) for item in figure.figures[: across * down]]
    hidden = count - len(panels)
    lines = [panels[k : k + across] for k in range(0, len(panels), across)]
    between = int(height is None)
    tall = [max(panel.height for panel in line) + between for line in lines]
    canvas = Canvas(width, max(1, head + sum(tall) - between))
    title = figure.title + (f"  (+{hidden} more with a larger window)" if hidden else "")
    if head:
        canvas.write(0, 0, shortened(title, width), bold=True)
    top = head
    for line, step in zip(lines, tall, strict=True):
        for k, panel in enumerate(line):
            canvas.paste(panel, top, k * (panel_width + _GAP))
        top += step
    return canvas
