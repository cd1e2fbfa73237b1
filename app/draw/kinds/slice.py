"""Slices: blocks in the terminal, an image with a colour bar on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from app.draw.colour_scale import colour_scale
from app.draw.drawer import Drawer, written
from app.draw.image import NOTHING, slice_canvas
from app.draw.maps import colour_table, colours_of, paint
from app.draw.overlay import overlay_ink, overlays_of
from core.figures import Contours, Slice


def _picture(page: Any, figure: Slice) -> None:
    _slice(page.subplots(), figure)


def _slice(axes: Any, figure: Slice) -> None:
    from matplotlib import colors

    axes.set(title=figure.title, xlabel=figure.x_label, ylabel=figure.y_label)
    scale = colour_scale(figure)
    if scale is None:
        axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center")
        return
    where = {"origin": "lower", "extent": figure.extent, "aspect": "equal" if figure.keeps_aspect else "auto"}
    if figure.colour_map == "labels":
        axes.imshow(colours_of(paint(np.asarray(figure.values, dtype=np.float64), "labels", "truecolor")), **where)
        _overlays(axes, figure)
        return
    colour_map = colors.ListedColormap(colour_table(figure.colour_map)).with_extremes(bad="#5f6b6b")
    norms = {"linear": colors.Normalize, "log": colors.LogNorm, "asinh": colors.AsinhNorm}
    norm = norms[figure.scale](vmin=scale.low, vmax=scale.high)
    values = np.asarray(figure.values, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    if figure.scale == "log":
        values = np.where(values <= 0, scale.low, values)
    image = axes.imshow(values, cmap=colour_map, norm=norm, **where)
    bar = axes.figure.colorbar(image, ax=axes, label=figure.colour_label)
    if figure.scale == "asinh":  # matplotlib's own ticks crowd around zero
        low, high = np.arcsinh([scale.low, scale.high])
        ticks = scale.ticks(6)
        bar.set_ticks([np.sinh(low + tick.place * (high - low)) for tick in ticks], labels=[t.label for t in ticks])
    _overlays(axes, figure)


def _overlays(axes: Any, figure: Slice) -> None:
    """Contour lines and circles, with a legend below the axes."""
    from matplotlib.collections import EllipseCollection
    from matplotlib.lines import Line2D

    handles = []
    for kin, item in overlays_of(figure):
        colour = f"#{overlay_ink(kin, figure.colour_map, 'truecolor', figure.colour_map == 'diverging'):06x}"
        if isinstance(item, Contours):
            values = np.asarray(item.values, dtype=np.float64)
            x0, x1, y0, y1 = figure.extent
            (rows, columns) = values.shape
            x = x0 + (np.arange(columns) + 0.5) * (x1 - x0) / columns
            y = y0 + (np.arange(rows) + 0.5) * (y1 - y0) / rows
            spanned = [level for level in item.levels if np.nanmin(values) <= level <= np.nanmax(values)]
            if spanned:
                axes.contour(x, y, values, levels=spanned, colors=colour, linewidths=0.8)
        else:
            sizes = 2 * np.asarray(item.radius)
            places = np.column_stack([item.x, item.y])
            axes.add_collection(
                EllipseCollection(
                    sizes,
                    sizes,
                    np.zeros(len(sizes)),
                    units="xy",
                    offsets=places,
                    transOffset=axes.transData,
                    facecolor="none",
                    edgecolor=colour,
                    linewidth=0.8,
                )
            )
        marker, line = ("", "-") if isinstance(item, Contours) else ("o", "none")
        handles.append(
            Line2D([], [], color=colour, label=item.name, marker=marker, linestyle=line, markerfacecolor="none")
        )
    axes.set(xlim=figure.extent[:2], ylim=figure.extent[2:])
    if handles:
        # the inks are chosen for the image: dark ones on the light middle of a diverging map
        paper, ink = ("0.95", "black") if figure.colour_map == "diverging" else ("0.2", "white")
        legend = axes.legend(handles=handles, fontsize=7, loc="upper right", frameon=True, facecolor=paper)
        for text in legend.get_texts():
            text.set_color(ink)


def _numbers(figure: Slice) -> Iterator[Sequence[str | float]]:
    for values in np.asarray(figure.values)[::-1]:  # the first line is the top
        yield [written(value) for value in values]


DRAWER = Drawer(
    lambda figure, width, height, terminal: slice_canvas(figure, width, height, terminal.depth, terminal.blocks),
    _picture,
    lambda figure: (4.6, 3.9),
    _numbers,
)
