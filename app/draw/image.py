"""A Slice as half-block characters: two square pixels a cell, with axes and a colour bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from app.draw.canvas import Canvas, shortened
from app.draw.colour import Depth, frame_ink
from app.draw.maps import Pixels, paint
from app.draw.ticks import Tick, asinh_ticks, linear_ticks, log_ticks, number
from core.figures import Array, Scale, Slice

NATURAL_ROWS = 40
# axes of different kinds (say, redshift against Mpc/h) share no aspect worth keeping
_STRANGEST_ASPECT = 6.0
NOTHING = "no finite values"


@dataclass(frozen=True)
class ColourScale:
    """The colour range of a slice in data units, and its way to shares between 0 and 1."""

    low: float
    high: float
    scale: Scale

    def shares(self, values: Array) -> Pixels:
        """Values as shares of the range; missing ones stay NaN, on a log scale those below 0 become 0."""
        low, high = self.transformed(np.array([self.low, self.high]))
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (self.transformed(np.asarray(values, dtype=np.float64)) - low) / (high - low)
        if self.scale == "log":
            shares = np.where(np.asarray(values) <= 0, 0.0, shares)
        return np.clip(shares, 0.0, 1.0)

    def transformed(self, values: Pixels) -> Pixels:
        if self.scale == "log":
            return np.log10(values)
        return np.arcsinh(values) if self.scale == "asinh" else values

    def ticks(self, most: int) -> list[Tick]:
        """Round numbers inside the range, placed as shares of it."""
        low, high = (float(x) for x in self.transformed(np.array([self.low, self.high])))
        if self.scale == "log":
            ticks = log_ticks(low, high, most)
        else:
            ticks = asinh_ticks(low, high) if self.scale == "asinh" else linear_ticks(low, high, most)
        return [Tick((tick.place - low) / (high - low), tick.label) for tick in ticks]


def colour_scale(figure: Slice) -> ColourScale | None:
    """The range that the figure fixes or its values span; None when there is nothing to show."""
    values = np.asarray(figure.values, dtype=np.float64)
    log = figure.scale == "log"
    values = values[np.isfinite(values) & (values > 0)] if log else values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = figure.limits or (float(values.min()), float(values.max()))
    if log and low <= 0:
        low = min(float(values.min()), high)
    if figure.colour_map == "diverging" and figure.limits is None:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    if not high > low:
        low, high = (low / 2, low * 2) if log else (low - (abs(low) / 2 or 1), low + (abs(low) / 2 or 1))
    return ColourScale(low, high, figure.scale)


def resample(values: Array, rows: int, columns: int, pooling: Literal["mean", "max", "nearest"]) -> Array:
    """An image on another grid, shape (rows, columns): pooled where it shrinks, repeated where it grows.

    The mean weights pixels by their overlapping area and leaves missing ones (NaN, inf) out.
    """
    if pooling == "mean":
        missing = ~np.isfinite(values)
        if not missing.any():
            return _along(_along(values, rows, 0, pooling), columns, 1, pooling)
        total = _along(_along(np.where(missing, 0, values), rows, 0, pooling), columns, 1, pooling)
        share = _along(_along((~missing).astype(np.float32), rows, 0, pooling), columns, 1, pooling)
        return np.where(share > 1e-6, total / np.maximum(share, 1e-6), np.nan)
    if pooling == "max" and np.issubdtype(values.dtype, np.floating):
        values = np.where(np.isfinite(values), values, np.nan)
    return _along(_along(values, rows, 0, pooling), columns, 1, pooling)


def slice_canvas(figure: Slice, width: int, height: int | None, depth: Depth) -> Canvas:
    """The slice in at most `width` x `height` cells."""
    scale = colour_scale(figure)
    if scale is None:
        return message(figure.title, NOTHING, width, height)
    roomy = height is None or height >= 12
    with_bar = figure.colour_map != "labels"
    labels_row = roomy and bool(figure.y_label or (with_bar and figure.colour_label))
    rows_around = 3 + labels_row + (roomy and bool(figure.x_label))
    low_label, high_label = number(scale.low, 3), number(scale.high, 3)
    bar_ticks = scale.ticks(6)
    bar_width = 4 + max(len(label) for label in (low_label, high_label, *(tick.label for tick in bar_ticks)))
    left = max(len(tick.label) for tick in linear_ticks(*figure.extent[2:], 8)) + 1
    most_rows = (NATURAL_ROWS if height is None else height) - rows_around
    if width - left < 4 or most_rows < 2:
        return message(figure.title, "too small to draw", width, height)
    # the bar stands where the image stays larger
    beside = with_bar and width - left - bar_width >= 4
    columns, rows = _image_size(figure, width - left - bar_width * beside, most_rows)
    below = with_bar and most_rows >= 3 and width >= len(low_label) + len(high_label) + 6
    if below:
        wide, high = _image_size(figure, width - left, most_rows - 1)
        below = not beside or wide * high > columns * rows
        if below:
            beside, columns, rows = False, wide, high
    if not beside:
        bar_width = 0
    extra_rows = rows_around + below

    top, bottom = 1 + labels_row, 1 + labels_row + rows
    used = max(left + columns + bar_width, min(width, 24))
    canvas = Canvas(width, rows + extra_rows)
    canvas.write(0, 0, shortened(figure.title, width), bold=True)
    if labels_row:
        canvas.write(1, 0, shortened(figure.y_label, used))
        room = width - len(figure.y_label) - 2
        if with_bar and room > 3:
            label = shortened(figure.colour_label, room)
            over_bar = left + columns + 1 if beside else used - len(label)
            canvas.write(1, min(max(over_bar, width - room), width - len(label)), label)
    _lay_pixels(canvas, top, left, _pixels(figure, scale, rows, columns, depth), figure.colour_map, depth)
    _axes(canvas, figure, (top, bottom, left, columns), depth)
    if roomy and figure.x_label:
        label = shortened(figure.x_label, width)
        canvas.write(bottom + 2, min(max(0, left + (columns - len(label)) // 2), width - len(label)), label)
    if beside:
        _bar_beside(canvas, scale, figure, top, left + columns + 1, rows, bar_ticks, depth)
    elif below:
        room = max(3, used - len(low_label) - len(high_label) - 2)
        shares = np.tile((np.arange(room) + 0.5) / room, (1 if depth == "none" else 2, 1))
        canvas.write(canvas.height - 1, 0, low_label)
        _lay_pixels(canvas, canvas.height - 1, len(low_label) + 1, shares, figure.colour_map, depth)
        canvas.write(canvas.height - 1, len(low_label) + room + 2, high_label)
    return canvas


def message(title: str, words: str, width: int, height: int | None) -> Canvas:
    """A title with words in the place of a picture."""
    canvas = Canvas(width, min(3, height or 3))
    canvas.write(0, 0, shortened(title, width), bold=True)
    canvas.write(canvas.height - 1, 0, shortened(f"  ({words})", width))
    return canvas


def place_of(value: float, low: float, high: float, cells: int) -> int:
    """The cell, counted from the axis' start, in which a value lies."""
    share = (value - low) / (high - low) if high != low else 0.5
    return min(cells - 1, max(0, int(share * cells + 1e-9)))


def _along(values: Array, size: int, axis: int, pooling: str) -> Array:
    present = values.shape[axis]
    if size >= present or pooling == "nearest":
        chosen = ((np.arange(size) + 0.5) * (present / size)).astype(np.intp)
        return np.take(values, chosen, axis)
    if pooling == "max":
        starts = np.arange(size) * present // size
        return np.asarray(np.fmax.reduceat(values, starts, axis))
    # the integral of the image up to each edge of the new pixels
    integral = np.zeros_like(
        values, shape=(*values.shape[:axis], present + 1, *values.shape[axis + 1 :]), dtype=np.float64
    )
    np.cumsum(values, axis, out=integral[(slice(None),) * axis + (slice(1, None),)])
    edges = np.linspace(0, present, size + 1)
    whole = np.minimum(edges.astype(np.intp), present - 1)
    part = (edges - whole).reshape((-1, 1) if axis == 0 else (1, -1))
    up_to = (1 - part) * np.take(integral, whole, axis) + part * np.take(integral, whole + 1, axis)
    return np.asarray(np.diff(up_to, axis=axis) * (size / present))


def _image_size(figure: Slice, most_columns: int, most_rows: int) -> tuple[int, int]:
    """Columns and rows of cells, one pixel wide and two high: as large as fits in the axes' aspect."""
    x0, x1, y0, y1 = figure.extent
    wide, high = abs(x1 - x0), abs(y1 - y0)
    if not (1 / _STRANGEST_ASPECT <= (wide / high if high else 0) <= _STRANGEST_ASPECT):
        return most_columns, most_rows
    size = min(most_columns / wide, 2 * most_rows / high)  # pixels per axis unit
    repeats = size * wide / figure.values.shape[1]
    if repeats >= 1 and int(repeats) >= 0.8 * repeats:
        size *= int(repeats) / repeats  # whole repeats look even
    columns, rows = round(size * wide), round(size * high / 2)
    return min(most_columns, max(4, columns)), min(most_rows, max(2, rows))


def _pixels(figure: Slice, scale: ColourScale, rows: int, columns: int, depth: Depth) -> Pixels:
    """Shares (or labels) of the pixels, top row first."""
    pixel_rows = rows if depth == "none" else 2 * rows
    if figure.colour_map == "labels":
        pooling: Literal["max", "nearest"] = "max" if figure.pooling == "max" else "nearest"
        labels = resample(figure.values, pixel_rows, columns, pooling)
        return np.asarray(labels[::-1], dtype=np.float64)
    return scale.shares(resample(figure.values, pixel_rows, columns, figure.pooling)[::-1])


def _lay_pixels(canvas: Canvas, row: int, column: int, shares: Pixels, colour_map: Any, depth: Depth) -> None:
    """Paint pixels into cells: two a cell as ink and paper of a half-block, or one shade character."""
    codes = paint(shares, colour_map, depth)
    rows = codes.shape[0] if depth == "none" else codes.shape[0] // 2
    place = (slice(row, row + rows), slice(column, column + codes.shape[1]))
    if depth == "none":
        canvas.text[place] = np.ascontiguousarray(codes).view("<U1")
    else:
        canvas.text[place] = "▀"
        canvas.ink[place] = codes[0::2]
        canvas.paper[place] = codes[1::2]


def _axes(canvas: Canvas, figure: Slice, area: tuple[int, int, int, int], depth: Depth) -> None:
    top, bottom, left, columns = area
    x0, x1, y0, y1 = figure.extent
    frame, rows = frame_ink(depth), bottom - top
    for row in range(top, bottom):
        canvas.write(row, left - 1, "│", frame)
    canvas.write(bottom, left - 1, "└" + "─" * columns, frame)
    taken = bottom + 1
    for tick in linear_ticks(y0, y1, min(8, max(2, rows // 2))):
        row = bottom - 1 - place_of(tick.place, y0, y1, rows)
        if abs(taken - row) >= 2 or taken > bottom:
            canvas.write(row, left - 1 - len(tick.label), tick.label)
            canvas.write(row, left - 1, "┤", frame)
            taken = row
    end = -1
    for tick in sorted(linear_ticks(x0, x1, max(2, columns // 9)), key=lambda t: place_of(t.place, x0, x1, columns)):
        column = left + place_of(tick.place, x0, x1, columns)
        start = min(max(0, column - len(tick.label) // 2), canvas.width - len(tick.label))
        if start > end:
            canvas.write(bottom + 1, start, tick.label)
            canvas.write(bottom, column, "┬", frame)
            end = start + len(tick.label)


def _bar_beside(
    canvas: Canvas, scale: ColourScale, figure: Slice, top: int, column: int, rows: int, ticks: list[Tick], depth: Depth
) -> None:
    pixels = rows if depth == "none" else 2 * rows
    shares = np.repeat(((np.arange(pixels)[::-1] + 0.5) / pixels)[:, None], 2, axis=1)
    _lay_pixels(canvas, top, column, shares, figure.colour_map, depth)
    canvas.write(top, column + 3, number(scale.high, 3))
    canvas.write(top + rows - 1, column + 3, number(scale.low, 3))
    taken = [0, rows - 1]
    for tick in ticks:
        row = rows - 1 - place_of(tick.place, 0.0, 1.0, rows)
        if all(abs(row - other) >= 2 for other in taken):
            canvas.write(top + row, column + 3, tick.label)
            taken.append(row)
