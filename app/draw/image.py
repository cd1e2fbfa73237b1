"""A Slice in cells: where its image, axes, colour bar and words stand, and all but the image drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rich.cells import cell_len

from app.draw.blocks import Blocks
from app.draw.canvas import Canvas
from app.draw.colour import Depth, frame_ink
from app.draw.colour_scale import ColourScale, colour_scale
from app.draw.maps import paint
from app.draw.overlay import largest, lay_over, overlay_ink, overlay_sign, overlays_of
from app.draw.pixels import halves, painted
from app.draw.resample import resample
from app.draw.shown import shortened
from app.draw.ticks import linear_ticks, number
from core.figures import Circles, Contours, Slice

Bar = Literal["beside", "below", "nowhere"]

NATURAL_ROWS = 40
# beyond this an image in its own aspect would be a thread
_STRANGEST_ASPECT = 6.0
NOTHING = "no finite values"
_MOST = 0.7
"""Share of the room that bins of the same size have to leave."""


@dataclass(frozen=True)
class Layout:
    """Where the parts of a slice lie on its canvas: the image from a row and a column on, its size in cells."""

    top: int
    left: int
    rows: int
    columns: int
    labels_row: bool
    x_label: bool
    bar_beside: bool
    bar_below: bool
    legend: bool
    width: int
    """Cells from the left edge to the end of the bar."""

    @property
    def bottom(self) -> int:
        return self.top + self.rows

    @property
    def height(self) -> int:
        """Rows of the canvas."""
        return self.bottom + 2 + self.x_label + self.legend + self.bar_below

    def place(self, figure: Slice, column: int, row: int) -> tuple[float, float] | None:
        """The position in axis units of the middle of a cell of the canvas; None beside the image."""
        across, down = column - self.left, row - self.top
        if not (0 <= across < self.columns and 0 <= down < self.rows):
            return None
        x0, x1, y0, y1 = figure.extent
        return x0 + (across + 0.5) * (x1 - x0) / self.columns, y1 - (down + 0.5) * (y1 - y0) / self.rows

    def cell(self, figure: Slice, x: float, y: float) -> tuple[int, int] | None:
        """The column and row of the canvas at a position in axis units; None beside the image."""
        x0, x1, y0, y1 = figure.extent
        across, down = math.floor((x - x0) / (x1 - x0) * self.columns), math.floor((y1 - y) / (y1 - y0) * self.rows)
        if not (0 <= across < self.columns and 0 <= down < self.rows):
            return None
        return self.left + across, self.top + down


def slice_layout(figure: Slice, scale: ColourScale, width: int, height: int | None, depth: Depth) -> Layout | None:
    """How a slice fills at most `width` x `height` cells; None where there is too little room.

    The bar stands where the image stays larger: below it, or beside it.
    """
    bars: tuple[Bar, ...] = ("beside", "below") if figure.colour_map != "labels" else ("nowhere",)
    found = [layout for bar in bars if (layout := _layout(figure, scale, width, height, bar, depth))]
    if not found:
        return _layout(figure, scale, width, height, "nowhere", depth)
    # below, unless that costs something: images side by side look alike
    return max(found, key=lambda layout: layout.columns * layout.rows * (1.1 if layout.bar_below else 1.0))


def _layout(figure: Slice, scale: ColourScale, width: int, height: int | None, bar: Bar, depth: Depth) -> Layout | None:
    roomy = height is None or height >= 12
    labels = _head_labels(figure, bar)
    # the labels stand beside the title where all of them have room
    labels_row = roomy and any(labels) and bool(figure.title) and _together(figure, bar) > width
    x_label = roomy and cell_len(figure.x_label) > width // 3
    legend = roomy and bool(overlays_of(figure))
    top = int(bool(figure.title) or (roomy and any(labels))) + labels_row
    low_label, high_label = _ends(scale, figure)
    bar_width = 4 + max(len(label) for label in (low_label, high_label, *(tick.label for tick in scale.ticks(6))))
    bar_width *= bar == "beside"
    left = max(len(tick.label) for tick in linear_ticks(*figure.extent[2:], 8)) + 1
    rows_around = top + 2 + x_label + legend + (bar == "below")
    most_rows = (NATURAL_ROWS if height is None else height) - rows_around
    if width - left - bar_width < 4 or most_rows < 2:
        return None
    if bar == "below" and width < len(low_label) + len(high_label) + 6:
        return None
    columns, rows = _image_size(figure, width - left - bar_width, most_rows, depth)
    used = max(left + columns + bar_width, min(width, 24))
    return Layout(top, left, rows, columns, labels_row, x_label, bar == "beside", bar == "below", legend, used)


def slice_canvas(
    figure: Slice,
    width: int,
    height: int | None,
    depth: Depth,
    blocks: Blocks = "half",
    frame: float | None = None,
) -> Canvas:
    """The slice in at most `width` x `height` cells; with coarser pixels where it would send more than a frame."""
    scale = colour_scale(figure)
    if scale is None:
        return message(figure.title, NOTHING, width, height)
    layout = slice_layout(figure, scale, width, height, depth)
    if layout is None:
        return message(figure.title, "too small to draw", width, height)
    canvas = Canvas(width, layout.height)
    after_image = layout.left + layout.columns + 1
    _head(canvas, figure, layout, after_image)
    image = painted(figure, scale, (layout.rows, layout.columns), depth, blocks, frame)
    image.lay(canvas, layout.top, layout.left)
    if overlays_of(figure):
        cells = paint(image.shares, figure.colour_map, depth, False)
        lay_over(canvas, (layout.top, layout.left), cells, figure, depth, resample)
    _axes(canvas, figure, (layout.top, layout.bottom, layout.left, layout.columns), depth, not layout.x_label)
    row = layout.bottom + 2
    if layout.x_label:
        label = shortened(figure.x_label, width)
        start = min(max(0, layout.left + (layout.columns - len(label)) // 2), width - len(label))
        canvas.write(row, start, label)
        row += 1
    if layout.legend:
        _legend(canvas, figure, row, depth, layout.rows * layout.columns)
    if layout.bar_beside:
        _bar_beside(canvas, scale, figure, layout.top, after_image, layout.rows, depth)
    elif layout.bar_below:
        _bar_below(canvas, scale, figure, layout, depth)
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


def _head_labels(figure: Slice, bar: Bar) -> tuple[str, str]:
    """The label of the axis that goes up, and that of the colours where the bar stands below it."""
    return figure.y_label, figure.colour_label if bar == "beside" else ""


def _together(figure: Slice, bar: Bar) -> int:
    """Cells of title and labels in one line."""
    return cell_len(figure.title) + sum(cell_len(label) + 2 for label in _head_labels(figure, bar) if label)


def _head(canvas: Canvas, figure: Slice, layout: Layout, after_image: int) -> None:
    """Title and labels, in one line or two."""
    bar: Bar = "beside" if layout.bar_beside else "below"
    up, colours = _head_labels(figure, bar)
    if layout.top == 0:
        return
    row = layout.top - 1
    alone = layout.labels_row or not figure.title or _together(figure, bar) > canvas.width
    if figure.title:
        canvas.write(0, 0, shortened(figure.title, canvas.width), bold=True)
    if figure.title and alone and not layout.labels_row:
        return
    start = 0 if alone else cell_len(figure.title) + 2
    if up:
        canvas.write(row, start, shortened(up, canvas.width - start))
        start += cell_len(up) + 2
    room = canvas.width - start
    if colours and room > 3:
        label = shortened(colours, room)
        canvas.write(row, min(max(after_image, start), canvas.width - cell_len(label)), label)


def _ends(scale: ColourScale, figure: Slice) -> tuple[str, str]:
    """The numbers at the ends of the bar, with a sign where values lie beyond them."""
    with np.errstate(invalid="ignore"):
        below, above = bool((figure.values < scale.low).any()), bool((figure.values > scale.high).any())
    return "≤" * below + number(scale.low, 3), "≥" * above + number(scale.high, 3)


def _image_size(figure: Slice, most_columns: int, most_rows: int, depth: Depth) -> tuple[int, int]:
    """Columns and rows of cells, one pixel wide and two high: as large as fits in the axes' aspect."""
    x0, x1, y0, y1 = figure.extent
    wide, high = abs(x1 - x0), abs(y1 - y0)
    sane = 1 / _STRANGEST_ASPECT <= (wide / high if high else 0) <= _STRANGEST_ASPECT
    if not (figure.keeps_aspect and sane):
        down = most_rows if depth == "none" else 2 * most_rows
        rows, columns = (_whole(*sizes) for sizes in zip(figure.values.shape, (down, most_columns), strict=True))
        return columns, rows if depth == "none" else -(-rows // 2)
    size = min(most_columns / wide, 2 * most_rows / high)  # pixels per axis unit
    columns, rows = round(size * wide), round(size * high / 2)
    return min(most_columns, max(4, columns)), min(most_rows, max(2, rows))


def _whole(bins: int, pixels: int) -> int:
    """So many pixels at most that every bin has the same number of them, where that leaves most of the room."""
    whole = pixels // bins * bins
    return whole if whole >= _MOST * pixels else pixels


def _legend(canvas: Canvas, figure: Slice, row: int, depth: Depth, image: int) -> None:
    column = 0
    for kin, item in overlays_of(figure):
        ink = overlay_ink(kin, figure.colour_map, depth, _usual_is_light(figure))
        room = canvas.width - column - 2
        if room < 4:
            break
        name = shortened(_named(item, image), room)
        canvas.write(row, column, overlay_sign(kin, item), ink)
        if depth != "none":
            # the inks are made to stand out from the image, whatever the paper of the page
            usual = 0.5 if figure.colour_map == "diverging" else 0.0
            canvas.paper[row, column] = paint(np.array([[usual]]), figure.colour_map, depth, False)[0, 0]
        canvas.write(row, column + 2, name)
        column += cell_len(name) + 4


def _named(item: Circles | Contours, cells: int) -> str:
    """The name of an overlay, and how many of its circles are drawn where that is not all."""
    if isinstance(item, Contours) or len(drawn := largest(item, cells).radius) == len(item.radius):
        return item.name
    return f"{item.name} {len(drawn)}/{len(item.radius)}"


def _usual_is_light(figure: Slice) -> bool:
    """Whether most of an image is light."""
    return figure.colour_map == "diverging"


def _axes(canvas: Canvas, figure: Slice, area: tuple[int, int, int, int], depth: Depth, labelled: bool) -> None:
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
    end, room = -1, canvas.width
    if labelled and figure.x_label:  # after the ticks, or in the place of the last ones
        start = min(left + columns + 1, canvas.width - cell_len(figure.x_label))
        canvas.write(bottom + 1, start, figure.x_label)
        room = start - 1
    for tick in sorted(linear_ticks(x0, x1, max(2, columns // 6)), key=lambda t: place_of(t.place, x0, x1, columns)):
        column = left + place_of(tick.place, x0, x1, columns)
        start = min(max(0, column - len(tick.label) // 2), canvas.width - len(tick.label))
        if start > end and start + len(tick.label) <= room:
            canvas.write(bottom + 1, start, tick.label)
            canvas.write(bottom, column, "┬", frame)
            end = start + len(tick.label)


def _bar_below(canvas: Canvas, scale: ColourScale, figure: Slice, layout: Layout, depth: Depth) -> None:
    """The bar in the last row between its ends, after them what it shows."""
    (low, high), row = _ends(scale, figure), canvas.height - 1
    label = shortened(figure.colour_label, max(0, canvas.width - len(low) - len(high) - 14))
    room = min(layout.width, canvas.width - (cell_len(label) + 1 if label else 0)) - len(low) - len(high) - 2
    room = max(3, room)
    shares = np.tile((np.arange(room) + 0.5) / room, (1 if depth == "none" else 2, 1))
    canvas.write(row, 0, low)
    halves(shares, figure.colour_map, depth).lay(canvas, row, len(low) + 1)
    canvas.write(row, len(low) + room + 2, f"{high} {label}".rstrip())


def _bar_beside(
    canvas: Canvas, scale: ColourScale, figure: Slice, top: int, column: int, rows: int, depth: Depth
) -> None:
    pixels = rows if depth == "none" else 2 * rows
    shares = np.repeat(((np.arange(pixels)[::-1] + 0.5) / pixels)[:, None], 2, axis=1)
    halves(shares, figure.colour_map, depth).lay(canvas, top, column)
    low, high = _ends(scale, figure)
    canvas.write(top, column + 3, high)
    canvas.write(top + rows - 1, column + 3, low)
    taken = [0, rows - 1]
    for tick in scale.ticks(6):
        row = rows - 1 - place_of(tick.place, 0.0, 1.0, rows)
        if all(abs(row - other) >= 2 for other in taken):
            canvas.write(top + row, column + 3, tick.label)
            taken.append(row)
