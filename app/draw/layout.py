"""One door for all figures."""

from __future__ import annotations

from typing import Any

from app.draw.canvas import Canvas, Drawing
from app.draw.colour import Depth, lightened
from app.draw.drawer import drawer_of


def draw(
    figure: Any, width: int, height: int | None = None, depth: Depth = "truecolor", light: bool = False
) -> Drawing:
    """A figure as coloured lines of at most `width` cells.

    At most `height` of them, or, without a height, as many as are natural for its kind. `light` is the paper.
    """
    return canvas_of(figure, width, height, depth, light).drawing(depth)


def canvas_of(figure: Any, width: int, height: int | None, depth: Depth, light: bool) -> Canvas:
    """A figure on its sheet, its shades as this paper needs them."""
    drawer = drawer_of(figure)
    canvas = drawer.canvas(figure, width, height, depth, light)
    for dark, pale in lightened(depth).items() if light and drawer.shaded else ():
        for codes in (canvas.ink, canvas.paper):
            codes[codes == dark] = pale
    return canvas
