"""Circles and contour lines over an image: thin dotted lines (braille), eight dots a cell, that leave the image bright.

A line has one hue in every image, a light one over dark cells and a dark one over light cells. Without colours its
signs stand in the place of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.draw.canvas import Canvas
from app.draw.colour import NO_INK, Depth
from app.draw.maps import Codes, colours_of, lightness, rgb_of_256
from core.figures import Array, Circles, ColourMap, Contours, Slice

Mask = NDArray[np.bool_]

# cyan, lime and white over dark cells; the same hues, dark, over light ones; all exact in the 256-colour cube
_BRIGHT: dict[Depth, tuple[int, ...]] = {"truecolor": (0x00D7FF, 0x87FF00, 0xFFFFFF), "256": (45, 118, 231)}
_DARK: dict[Depth, tuple[int, ...]] = {"truecolor": (0x005FAF, 0x005F00, 0x000000), "256": (25, 22, 16)}
_OF_16 = {"diverging": (0, 2, 5), "labels": (15, 7, 8), "viridis": (9, 15, 13), "cividis": (9, 15, 13)}
_USUAL_16 = (14, 10, 15)
_CIRCLES, _OUTLINES = "○◇", "□△"
_FINEST = 0.5  # dots between the points of a circle
SMALLEST = 3.0
"""Dots of the radius of the smallest ring: it leaves the cell of its centre free."""
_LIGHT = 62.0
"""Lightness L* from which on a cell is light."""
_CELLS_A_RING = 30
"""Of an image that rings do not hide."""
_FAR = 4
"""Times the image; larger rings are not drawn."""

# the bit of each dot of a braille cell, by row and column
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)


def overlay_ink(kin: int, colour_map: ColourMap, depth: Depth, light: bool = False) -> int:
    """The colour of an overlay over dark or light cells."""
    if depth == "none":
        return NO_INK
    inks = _OF_16.get(colour_map, _USUAL_16) if depth == "16" else (_DARK if light else _BRIGHT)[depth]
    return inks[kin % len(inks)]


def overlay_sign(kin: int, item: Circles | Contours) -> str:
    """The shape of an overlay in a legend, and its pixels without colour."""
    signs = _CIRCLES if isinstance(item, Circles) else _OUTLINES
    return signs[kin % len(signs)]


def overlays_of(figure: Slice) -> tuple[tuple[int, Circles | Contours], ...]:
    """Contours, then circles, in the order in which they are drawn, each after the number of its kin."""
    items: tuple[Circles | Contours, ...] = (*figure.contours, *figure.circles)
    return tuple((number if item.kin is None else item.kin, item) for number, item in enumerate(items))


def lay_over(
    canvas: Canvas, place: tuple[int, int], cells: Codes, figure: Slice, depth: Depth, resample: Callable[..., Array]
) -> None:
    """Draw the overlays of a figure over its image, which lies on a canvas from this row and column on.

    `cells` are the codes of the image with one colour a cell, what a cell is under its dots.
    """
    rows, columns = cells.shape
    across, down = (1, 1) if depth == "none" else (2, 4)
    shape = (down * rows, across * columns)
    area = (slice(place[0], place[0] + rows), slice(place[1], place[1] + columns))
    light = _light(cells, depth)
    dots, inks = np.zeros((rows, columns), dtype=np.int64), np.zeros((rows, columns), dtype=np.int32)
    for kin, item in overlays_of(figure):
        if isinstance(item, Contours):
            # the edge of pixels, not of cells too small to be seen
            grown = 1 if depth == "none" else 2
            values = np.asarray(item.values, dtype=np.float64)
            fine = resample(values, shape[0] // grown, shape[1] // grown, "mean").repeat(grown, 0).repeat(grown, 1)
            mask = outlined(fine[::-1], item.levels)
        else:
            mask = ringed(largest(item, rows * columns), figure.extent, shape, (down, across))
        blocks = mask.reshape(rows, down, columns, across)
        touched = blocks.any(axis=(1, 3))
        if depth == "none":
            dots[touched] = ord(overlay_sign(kin, item))
        else:
            dots[touched] |= 0x2800 + (blocks * _BITS[None, :, None, :]).sum(axis=(1, 3))[touched]
        for over in (False, True):
            inks[touched & (light == over)] = overlay_ink(kin, figure.colour_map, depth, over)
    drawn = dots > 0
    canvas.text[area][drawn] = np.ascontiguousarray(dots.astype(np.int32)).view("<U1")[drawn]
    if depth != "none":
        canvas.ink[area][drawn] = inks[drawn]
        canvas.paper[area][drawn] = cells[drawn]


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


def largest(circles: Circles, cells: int) -> Circles:
    """As many of some circles as an image of so many cells can hold and still be seen, the largest ones."""
    most = max(1, cells // _CELLS_A_RING)
    radius = np.asarray(circles.radius, dtype=np.float64)
    if len(radius) <= most:
        return circles
    kept = np.sort(np.argsort(-radius, kind="stable")[:most])
    return replace(circles, x=circles.x[kept], y=circles.y[kept], radius=radius[kept])


def ringed(
    circles: Circles, extent: tuple[float, float, float, float], shape: tuple[int, int], cell: tuple[int, int]
) -> Mask:
    """The dots (rows, columns), top row first, through which circles in axis units go.

    Small ones are drawn at the smallest radius that leaves the cell of their centre, of so many dots down and across,
    free; where a dot is a cell they are their centre.
    """
    (rows, columns), (x0, x1, y0, y1) = shape, extent
    mask = np.zeros(shape, dtype=bool)
    x, y, radius = (np.asarray(part, dtype=np.float64) for part in (circles.x, circles.y, circles.radius))
    across, up = columns / (x1 - x0), rows / (y1 - y0)
    # a centre is where its cell is, so that rings of one size look alike
    column, row = (x - x0) * across, (y - y0) * up
    wide, high = radius * abs(across), radius * abs(up)
    if cell != (1, 1):
        wide, high = np.maximum(wide, SMALLEST), np.maximum(high, SMALLEST)
    size = np.maximum(wide, high)
    near = (np.abs(column - columns / 2) < columns / 2 + size) & (np.abs(row - rows / 2) < rows / 2 + size)
    near &= size < _FAR * max(rows, columns)
    column, row, wide, high, size = (part[near] for part in (column, row, wide, high, size))
    steps = np.where(size < 1.5, 1, np.ceil(2 * np.pi * size / _FINEST)).astype(np.intp)
    which = np.repeat(np.arange(len(steps)), steps)
    along = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
    angle = 2 * np.pi * along / steps[which]
    reach = (steps[which] > 1).astype(np.float64)
    right = np.floor(column[which] + reach * wide[which] * np.cos(angle)).astype(np.intp)
    top = rows - 1 - np.floor(row[which] + reach * high[which] * np.sin(angle)).astype(np.intp)
    home = np.floor(column)[which] // cell[1], (rows - 1 - np.floor(row))[which] // cell[0]
    own = (right // cell[1] == home[0]) & (top // cell[0] == home[1])
    seen = (right >= 0) & (right < columns) & (top >= 0) & (top < rows) & (~own | (cell == (1, 1)))
    mask[top[seen], right[seen]] = True
    return mask


def _light(cells: Codes, depth: Depth) -> Mask:
    """Which cells are light; of 16 colours nobody knows."""
    if depth == "truecolor":
        return lightness(255 * colours_of(cells)) > _LIGHT
    if depth == "256":
        return lightness(rgb_of_256(cells)) > _LIGHT
    return np.zeros(cells.shape, dtype=bool)
