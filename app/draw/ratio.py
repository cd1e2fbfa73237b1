"""Series over one of them, and values between their points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.figures import Array, Curves, Series

Values = NDArray[np.floating[Any]]


def ratios(figure: Curves) -> list[tuple[int, Series]]:
    """Every series over the one named by `ratio_to`, with its number; the reference itself only for its band."""
    numbered = list(enumerate(figure.series))
    reference = next((series for series in figure.series if series.name == figure.ratio_to), None)
    if reference is None:
        return []
    return [(n, _over(s, reference)) for n, s in numbered if s is not reference or s.low is not None]


def between(x: Array, known_x: Array, known_y: Array) -> Values:
    """Values at x between known ones; NaN beyond them.

    On a line in the logarithms where x, or both neighbours, are positive: spectra and mass functions are nearer to
    power laws than to straight lines.
    """
    x, known_x, known_y = (np.asarray(part, dtype=np.float64) for part in (x, known_x, known_y))
    known = np.isfinite(known_x) & np.isfinite(known_y)
    if not known.any():
        return np.full(x.shape, np.nan)
    order = np.argsort(known_x[known], kind="stable")
    places, values = known_x[known][order], known_y[known][order]
    if places[0] > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            x, places = np.log(x), np.log(places)
    straight = np.interp(x, places, values, left=np.nan, right=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        # the logarithm of what is not positive spoils its neighbourhood, where the straight line is taken
        curved = np.exp(np.interp(x, places, np.where(values > 0, np.log(values), np.nan), left=np.nan, right=np.nan))
    return np.where(np.isfinite(curved), curved, straight)


def _over(series: Series, reference: Series) -> Series:
    """A series divided by another one, interpolated where their points differ."""
    x = np.asarray(series.x, dtype=np.float64)
    base: Values = np.asarray(reference.y, dtype=np.float64)
    if not np.array_equal(x, reference.x):
        base = between(x, reference.x, base)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (None if edge is None else edge / base for edge in (series.low, series.high))
        return replace(series, x=x, y=series.y / base, low=low, high=high)
