"""The colour range of a slice, and the share of it that each value has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.draw.maps import Pixels
from app.draw.ticks import Tick, asinh_ticks, linear_ticks, log_ticks
from core.figures import Array, Scale, Slice


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
