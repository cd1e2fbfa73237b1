"""Figures become terminal cells, or PNG, SVG, PDF and text files.

draw(figure, width, height, depth) gives a `Drawing`; `save(figure, path)` writes a file. Importing this package costs
next to nothing: numpy and rich come in with the first drawing, plotext and matplotlib with the first curve or file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.draw.canvas import Drawing
    from app.draw.colour import DEPTHS, Depth, colour_depth
    from app.draw.export import picture, save
    from app.draw.layout import draw

__all__ = ["DEPTHS", "Depth", "Drawing", "colour_depth", "draw", "picture", "save"]

_HOME = {
    "DEPTHS": "colour",
    "Depth": "colour",
    "Drawing": "canvas",
    "colour_depth": "colour",
    "draw": "layout",
    "picture": "export",
    "save": "export",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"app.draw.{_HOME[name]}"), name)
