"""Circles and contour lines over an image, as pixels in colours that its colour map does not have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.draw.colour import Depth
from app.draw.maps import Codes
from core.figures import Array, Circles, ColourMap, Contours, Slice

Mask = NDArray[np.bool_]

# all exact in the 256-colour cube; dark ones over the light middle of a diverging map
_LIGHT = {"truecolor": (0x00D7FF, 0x87FF00, 0xFFFFFF), "256": (45, 118, 231), "16": (14, 10, 15)}
_ON_VIRIDIS = {"truecolor": (0xFF5F5F, 0xFFFFFF, 0xFF87FF), "256": (203, 231, 213), "16": (9, 15, 13)}
_DARK = {"truecolor": (0x000000, 0x00875F, 0x8700AF), "256": (16, 29, 91), "16": (0, 2, 5)}
_GREYS = {"truecolor": (0xFFFFFF, 0x9E9E9E, 0x5F5F5F), "256": (231, 247, 59), "16": (15, 7, 8)}
_INKS = {"viridis": _ON_VIRIDIS, "cividis": _ON_VIRIDIS, "diverging": _DARK, "labels": _GREYS}
_SIGNS = "○□◇△"
_FINEST = 0.5  # pixels between the points of a circle
_SMALLEST = 1.5  # pixels of the radius of a circle that is drawn as one


def overlay_ink(number: int, colour_map: ColourMap, depth: Depth) -> int:
    """The colour of an overlay; the code point of its sign where there are no colours."""
    if depth == "none":
        return ord(overlay_sign(number))
    inks = _INKS.get(colour_map, _LIGHT)[depth]
    return inks[number % len(inks)]


def overlay_sign(number: int) -> str:
    """The shape of an overlay in a legend, and its pixels without colour."""
    return _SIGNS[number % len(_SIGNS)]


def overlays_of(figure: Slice) -> tuple[Circles | Contours, ...]:
    """Contours, then circles, in the order in which they are drawn and numbered."""
    return (*figure.contours, *figure.circles)


def lay_over(codes: Codes, figure: Slice, depth: Depth, resample: Any) -> Codes:
    """The codes of an image (rows, columns), top row first, with the overlays of the figure on them."""
    codes = codes.copy()
    for number, item in enumerate(overlays_of(figure)):
        if isinstance(item, Contours):
            values = resample(np.asarray(item.values, dtype=np.float64), *codes.shape, "mean")[::-1]
            mask = outlined(values, item.levels)
        else:
            mask = circled(item, figure.extent, codes.shape)
        codes[mask] = overlay_ink(number, figure.colour_map, depth)
    return codes


def outlined(values: Array, levels: tuple[float, ...]) -> Mask:
    """The outermost pixels of what rises above each level; the edge of the image is no edge of it."""
    lines = np.zeros(values.shape, dtype=bool)
    for level in levels:
        with np.errstate(invalid="ignore"):
            inside = values > level
        padded = np.pad(inside, 1, mode="edge")
        core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        lines |= inside & ~core
    return lines


def circled(circles: Circles, extent: tuple[float, float, float, float], shape: tuple[int, ...]) -> Mask:
    """The pixels, top row first, through which circles in axis units go; of small ones the centre."""
    (rows, columns), (x0, x1, y0, y1) = shape, extent
    mask = np.zeros((rows, columns), dtype=bool)
    x, y, radius = (np.asarray(part, dtype=np.float64) for part in (circles.x, circles.y, circles.radius))
    across, up = columns / (x1 - x0), rows / (y1 - y0)
    pixels = radius * max(abs(across), abs(up))
    steps = np.where(pixels < _SMALLEST, 1, np.ceil(2 * np.pi * pixels / _FINEST)).astype(np.intp)
    which = np.repeat(np.arange(len(steps)), steps)
    along = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
    angle = 2 * np.pi * along / steps[which]
    reach = np.where(steps[which] > 1, radius[which], 0.0)
    column = np.floor((x[which] + reach * np.cos(angle) - x0) * across)
    row = np.floor((y[which] + reach * np.sin(angle) - y0) * up)
    seen = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    mask[rows - 1 - row[seen].astype(np.intp), column[seen].astype(np.intp)] = True
    return mask
