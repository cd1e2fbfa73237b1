"""Figures become terminal cells, or PNG, SVG, PDF and text files.

draw(figure, width, height, depth) gives a `Drawing`; `save(figure, path)` writes a file. Importing this package
costs numpy and a few light parts of rich; plotext and matplotlib come in with the first curve or file.
"""

from app.draw.canvas import Drawing
from app.draw.colour import DEPTHS, Depth, colour_depth
from app.draw.export import save
from app.draw.layout import draw

__all__ = ["DEPTHS", "Depth", "Drawing", "colour_depth", "draw", "save"]
