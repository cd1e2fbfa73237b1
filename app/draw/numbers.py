"""The numbers of a figure: under a cursor, and as comma-separated values."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from app.draw.curves import on_axis, ratios
from app.draw.drawer import drawer_of
from core.figures import Curves


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


def as_csv(figure: Any) -> str:
    """The numbers of a figure: a line for each point, bin, cell or row. Raises: UsageError for a row of figures."""
    page = StringIO()
    csv.writer(page, lineterminator="\n").writerows(drawer_of(figure).numbers(figure))
    return page.getvalue()
