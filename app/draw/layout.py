"""One door for all figures."""

from __future__ import annotations

from typing import Any

from app.draw.blocks import Blocks
from app.draw.canvas import Canvas, Drawing
from app.draw.colour import Depth, lightened
from app.draw.drawer import Terminal, drawer_of


def draw(
    figure: Any,
    width: int,
    height: int | None = None,
    depth: Depth = "truecolor",
    light: bool = False,
    blocks: Blocks = "half",
) -> Drawing:
    """A figure as coloured lines of at most `width` cells.

    At most `height` of them, or, without a height, as many as are natural for its kind. `light` is the paper, `blocks`
    what a cell of an image is divided into.
    """
    return canvas_of(figure, width, height, Terminal(depth, light, blocks)).drawing(depth)


def canvas_of(figure: Any, width: int, height: int | None, terminal: Terminal) -> Canvas:
    """A figure on its sheet, its shades as this paper needs them."""
    drawer = drawer_of(figure)
    canvas = drawer.canvas(figure, width, height, terminal)
    for dark, pale in lightened(terminal.depth).items() if terminal.light and drawer.shaded else ():
        for codes in (canvas.ink, canvas.paper):
            codes[codes == dark] = pale
    return canvas
