"""Figures as files: PNG, SVG and PDF by matplotlib, plain text and text with escapes by `draw`."""

from __future__ import annotations

import math
import textwrap
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from app.draw.colour import SERIES_RGB
from app.draw.curves import ratios
from app.draw.image import NOTHING, colour_scale
from app.draw.layout import draw
from app.draw.maps import colour_table, colours_of, paint
from app.draw.numbers import as_csv
from app.draw.overlay import overlay_ink, overlays_of
from app.draw.tables import alike
from app.draw.ticks import log_ticks, number
from core.errors import ResourceError, UsageError
from core.figures import Contours, Curves, Figure, Histogram, Matrix, Row, Series, Slice, Table, dump
from core.files import appearing, write_json, write_text

TEXT_WIDTH = 100
_PICTURES = (".png", ".svg", ".pdf")
_MARKERS = "o^sDvP*X"
_LINES = {"line": "-", "dashed": "--", "points": "none"}
_LOOK: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "svg.hashsalt": "halodeck",  # the same figure gives the same file
}
_SIZES: dict[type, tuple[float, float]] = {
    Slice: (4.6, 3.9),
    Curves: (4.6, 3.6),
    Histogram: (4.6, 3.4),
    Matrix: (4.0, 3.4),
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure as .png, .svg, .pdf, .txt or .ansi, or its numbers as .csv or .json.

    Raises: UsageError for another suffix, ResourceError without matplotlib, room or permission.
    """
    suffix = path.suffix.lower()
    if suffix == ".txt":
        write_text(path, draw(figure, TEXT_WIDTH, depth="none").plain() + "\n")
    elif suffix == ".ansi":
        write_text(path, _escapes(figure))
    elif suffix == ".csv":
        write_text(path, as_csv(figure))
    elif suffix == ".json":
        write_json(path, dump(figure))
    elif suffix == ".npy" and isinstance(figure, Slice):
        with appearing(path) as temporary, temporary.open("wb") as file:
            np.save(file, figure.values)
    elif suffix in _PICTURES:
        _save_picture(figure, path, suffix[1:])
    else:
        known = " ".join((*_PICTURES, ".txt", ".ansi", ".csv", ".json"))
        raise UsageError(f"cannot save a figure as {path.name!r}", f"use one of {known}")


def _escapes(figure: Figure) -> str:
    from rich.console import Console

    page = StringIO()
    console = Console(file=page, force_terminal=True, color_system="truecolor", width=TEXT_WIDTH, legacy_windows=False)
    console.print(draw(figure, TEXT_WIDTH), end="")
    return page.getvalue()


def _save_picture(figure: Figure, path: Path, kind: str) -> None:
    try:
        import matplotlib as mpl
        from cycler import cycler
        from matplotlib.figure import Figure as Page
    except ImportError:
        raise ResourceError(
            f"saving {path.name} needs matplotlib", "install it with: pip install 'halodeck[export]'"
        ) from None
    look = {**_LOOK, "axes.prop_cycle": cycler(color=[f"#{colour:06x}" for colour in SERIES_RGB])}
    dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with mpl.rc_context(look):
        # a table has no axes for the layout to give room to
        page = Page(figsize=_size(figure), layout=None if isinstance(figure, Table) else "constrained")
        _paint(page, figure)
        with appearing(path) as temporary:
            page.savefig(temporary, format=kind, dpi=200, bbox_inches="tight", metadata=dates[kind])


def _size(figure: Figure) -> tuple[float, float]:
    """Width and height in inches."""
    if isinstance(figure, Row):
        sizes = [_size(item) for item in figure.figures]
        return sum(w for w, _ in sizes) or 4.0, max((h for _, h in sizes), default=3.0) + 0.3
    if isinstance(figure, Table):
        return 8.0, 0.8 + 0.28 * len(figure.rows)
    width, height = _SIZES[type(figure)]
    return width, height + (1.2 if isinstance(figure, Curves) and ratios(figure) else 0.0)


def _paint(page: Any, figure: Figure) -> None:
    """Draw one figure on a matplotlib figure or subfigure."""
    if isinstance(figure, Row):
        page.suptitle(figure.title)
        if figure.figures:
            widths = [_size(item)[0] for item in figure.figures]
            parts = page.subfigures(1, len(widths), squeeze=False, width_ratios=widths)[0]
            for part, item in zip(parts, figure.figures, strict=True):
                _paint(part, item)
    elif isinstance(figure, Slice):
        _slice(page.subplots(), figure)
    elif isinstance(figure, Curves):
        _curves(page, figure)
    elif isinstance(figure, Histogram):
        _histogram(page.subplots(), figure)
    elif isinstance(figure, Matrix):
        _matrix(page.subplots(), figure)
    elif isinstance(figure, Table):
        _table(page.subplots(), figure)
    else:
        assert_never(figure)


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
    for number_, item in enumerate(overlays_of(figure)):
        colour = f"#{overlay_ink(number_, figure.colour_map, 'truecolor'):06x}"
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


def _curves(page: Any, figure: Curves) -> None:
    relative = ratios(figure)
    if relative:
        axes, below = page.subplots(2, 1, sharex=True, height_ratios=[0.68, 0.32])
        for number_, series in relative:
            _series(below, number_, series)
        below.axhline(1.0, color="0.5", linewidth=0.8)
        for half in figure.ratio_bands:
            below.axhspan(1 - half, 1 + half, color="0.5", alpha=0.15, linewidth=0)
        below.set(xlabel=figure.x_label, ylabel=figure.ratio_label, ylim=figure.ratio_limits)
    else:
        axes = page.subplots()
        axes.set(xlabel=figure.x_label)
    for number_, series in enumerate(figure.series):
        _series(axes, number_, _above_zero(series) if figure.y_log else series)
    axes.set(title=figure.title, ylabel=figure.y_label)
    _scales(axes, figure)
    if figure.x_limits is not None:
        axes.set_xlim(*figure.x_limits)
    if figure.y_limits is not None:
        axes.set_ylim(*figure.y_limits)
    if any(series.name for series in figure.series):
        axes.legend()


def _above_zero(series: Series) -> Series:
    """A band that reaches to zero has no end on a logarithmic axis: it is drawn down to a tenth of the curve."""
    return series if series.low is None else replace(series, low=np.where(series.low > 0, series.low, series.y / 10))


def _series(axes: Any, number_: int, series: Series) -> None:
    colour = f"C{number_ % len(SERIES_RGB)}"
    marker = _MARKERS[number_ % len(_MARKERS)] if series.style == "points" else None
    axes.plot(
        series.x, series.y, linestyle=_LINES[series.style], color=colour, marker=marker, markersize=4, linewidth=1.2,
        label=series.name or None,
    )  # fmt: skip
    if series.low is not None and series.high is not None:
        axes.fill_between(series.x, series.low, series.high, color=colour, alpha=0.25, linewidth=0)


def _histogram(axes: Any, figure: Histogram) -> None:
    for name, counts in figure.counts.items():
        axes.stairs(counts, figure.edges, fill=len(figure.counts) == 1, label=name or None, linewidth=1.2)
    axes.set(title=figure.title, xlabel=figure.x_label, ylabel=figure.y_label)
    _scales(axes, figure)
    if any(figure.counts):
        axes.legend()


def _scales(axes: Any, figure: Curves | Histogram) -> None:
    if figure.x_log:
        axes.set_xscale("log")
        _log_ticks(axes.xaxis, axes.get_xlim(), 6)
    if figure.y_log:
        axes.set_yscale("log", nonpositive="mask")
        _log_ticks(axes.yaxis, axes.get_ylim(), 8)


def _log_ticks(axis: Any, limits: tuple[float, float], most: int) -> None:
    """The terminal's ticks: on less than a decade matplotlib's own run into each other."""
    from matplotlib.ticker import NullFormatter

    if 0 < limits[0] < limits[1]:
        ticks = log_ticks(math.log10(limits[0]), math.log10(limits[1]), most)
        axis.set_ticks([10.0**tick.place for tick in ticks], [tick.label for tick in ticks])
        axis.set_minor_formatter(NullFormatter())


def _matrix(axes: Any, figure: Matrix) -> None:
    from matplotlib import colors

    values = np.asarray(figure.values, dtype=np.float64)
    image = axes.imshow(values, cmap=colors.ListedColormap(colour_table("sequential")), aspect="auto")
    axes.set_xticks(range(len(figure.column_names)), figure.column_names)
    axes.set_yticks(range(len(figure.row_names)), figure.row_names)
    axes.tick_params(length=0)
    axes.set(title=figure.title, xlabel=figure.column_label, ylabel=figure.row_label)
    texts = alike(values)
    size = min(10.0, 75 / max(1, values.shape[1]))  # points: nine columns of 0.03 just fit
    for (row, column), value in np.ndenumerate(values):
        light = np.mean(image.cmap(image.norm(value))[:3]) > 0.5
        axes.text(column, row, texts[row][column], ha="center", va="center", color="k" if light else "w", fontsize=size)


def _table(axes: Any, figure: Table) -> None:
    axes.axis("off")
    axes.set_title(figure.title)
    cells = [
        ["-" if cell is None else cell if isinstance(cell, str) else number(float(cell)) for cell in row]
        for row in figure.rows
    ]
    if cells:
        table = axes.table(cells, colLabels=figure.columns, loc="upper center", cellLoc="left", edges="horizontal")
        table.auto_set_font_size(False)
        table.auto_set_column_width(range(len(figure.columns)))
    if figure.note:
        axes.text(0.0, 0.0, textwrap.fill(figure.note, 120), transform=axes.transAxes, fontsize=8, va="top")
