"""The numbers of a figure: under a cursor, and as comma-separated values."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO

import numpy as np

from app.draw.curves import on_axis, ratios
from core.errors import UsageError
from core.figures import Curves, Figure, Histogram, Matrix, Row, Slice, Table


@dataclass(frozen=True)
class Reading:
    """A series at its point nearest to a cursor; NaN where it has none near, None where it has no error or ratio."""

    name: str
    x: float
    y: float
    error: float | None
    ratio: float | None


def readings(figure: Curves, x: float) -> list[Reading]:
    """Every series at the point whose x lies nearest, on the axis, to this one; the error is half its band."""
    relative = dict(ratios(figure))
    found = []
    for number, series in enumerate(figure.series):
        places = on_axis(np.asarray(series.x, dtype=np.float64), figure.x_log)
        known = np.isfinite(places) & np.isfinite(np.asarray(series.y, dtype=np.float64))
        target = float(on_axis(np.array([x]), figure.x_log)[0])
        if not known.any():
            found.append(Reading(series.name, x, float("nan"), None, None))
            continue
        k = int(np.argmin(np.where(known, np.abs(places - target), np.inf)))
        error = None
        if series.low is not None and series.high is not None:
            error = float(series.high[k] - series.low[k]) / 2
        over = float(relative[number].y[k]) if number in relative else None
        found.append(Reading(series.name, float(series.x[k]), float(series.y[k]), error, over))
    return found


def points(figure: Curves) -> list[float]:
    """The x of every point of the first series that has one to show, for a cursor to step along."""
    for series in figure.series:
        known = np.isfinite(np.asarray(series.y, dtype=np.float64)) & np.isfinite(on_axis(series.x, figure.x_log))
        if known.any():
            return [float(x) for x in np.sort(np.asarray(series.x)[known])]
    return []


def as_csv(figure: Figure) -> str:
    """The numbers of a figure: a line for each point, bin, cell or row. Raises: UsageError for a row of figures."""
    page = StringIO()
    write = csv.writer(page, lineterminator="\n").writerow
    if isinstance(figure, Curves):
        write(["series", figure.x_label, figure.y_label, "low", "high"])
        for series in figure.series:
            edges = [[""] * len(series.x) if edge is None else edge for edge in (series.low, series.high)]
            for x, y, low, high in zip(series.x, series.y, *edges, strict=True):
                write([series.name, *(_written(value) for value in (x, y, low, high))])
    elif isinstance(figure, Histogram):
        write([f"{figure.x_label} from", "to", *(name or figure.y_label for name in figure.counts)])
        for k in range(len(figure.edges) - 1):
            write(
                [_written(v) for v in (figure.edges[k], figure.edges[k + 1], *(c[k] for c in figure.counts.values()))]
            )
    elif isinstance(figure, Table):
        write(figure.columns)
        for row in figure.rows:
            write(["" if cell is None else cell for cell in row])
    elif isinstance(figure, Matrix):
        write([figure.row_label, *figure.column_names])
        for name, values in zip(figure.row_names, figure.values, strict=True):
            write([name, *(_written(value) for value in values)])
    elif isinstance(figure, Slice):
        for values in np.asarray(figure.values)[::-1]:  # the first line is the top
            write([_written(value) for value in values])
    elif isinstance(figure, Row):
        raise UsageError("several figures do not fit into one .csv", "save them one by one")
    return page.getvalue()


def _written(value: float | str) -> str:
    """Seven digits; nothing for what is not known."""
    if isinstance(value, str):
        return value
    return f"{value:.7g}" if np.isfinite(value) else ""
