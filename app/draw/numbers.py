"""The numbers of a figure: under a cursor, and as comma-separated values."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from app.draw.drawer import drawer_of
from app.draw.limits import on_axis
from app.draw.ratio import between, ratios
from core.figures import Curves, Series

_SAME = 1e-6
"""Share of an x by which a cursor on a point may miss it."""


@dataclass(frozen=True)
class Reading:
    """A series at a cursor: a curve at its very x, points at the nearest of them; NaN where there is none, None where
    there is no error or ratio. Errors are half the band; that of the ratio has the series' own error alone."""

    name: str
    x: float
    y: float
    error: float | None
    ratio: float | None
    ratio_error: float | None = None


def readings(figure: Curves, x: float) -> list[Reading]:
    """Every series at this x; between the points of a curve on a line in the logarithms."""
    relative = dict(ratios(figure))
    found = []
    for number, series in enumerate(figure.series):
        place = _place(series, x, figure.x_log)
        y, error = _at(series, place)
        over = relative.get(number) if series.name != figure.ratio_to else None
        ratio, ratio_error = _at(over, place) if over else (None, None)
        found.append(Reading(series.name, place, y, error, ratio, ratio_error))
    return found


def _place(series: Series, x: float, log: bool) -> float:
    """Where a series is read: at its nearest point where it is points or has one there, else at x."""
    places = on_axis(series.x, log)
    known = np.isfinite(places) & np.isfinite(np.asarray(series.y, dtype=np.float64))
    if not known.any():
        return x
    distance = np.where(known, np.abs(places - on_axis(np.array([x]), log)[0]), np.inf)
    nearest = float(series.x[int(np.argmin(distance))])
    return nearest if series.style == "points" or abs(nearest - x) <= _SAME * abs(x) else x


def _at(series: Series, x: float) -> tuple[float, float | None]:
    """The value and its error."""
    place = np.array([x])
    y = float(between(place, series.x, series.y)[0])
    if series.low is None or series.high is None or not np.isfinite(y):
        return y, None
    return y, float(between(place, series.x, series.high)[0] - between(place, series.x, series.low)[0]) / 2


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
