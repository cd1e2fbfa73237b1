"""The pixel distribution: how the values of a field spread, one point at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Field
from core.cosmos.measures.jackknife import PER_SIDE, jackknife_error


@dataclass(frozen=True)
class PixelPdf:
    """Counts of cells between the edges, in all and beyond them; `counts` (27, bins) by sub-cube, `cells` (27,) all.

    Moments over all cells: mean, variance, skewness <d^3>/<d^2>^1.5 and excess kurtosis <d^4>/<d^2>^2 - 3.
    """

    edges: Array
    counts: Array
    cells: Array
    mean: float
    variance: float
    skewness: float
    kurtosis: float

    @property
    def density(self) -> Array:
        """Probability per unit value."""
        return np.asarray(self.counts.sum(axis=0) / self.cells.sum() / np.diff(self.edges))

    @property
    def error(self) -> Array:
        """One jackknife standard deviation: cells are correlated, counts alone would promise too much."""
        return np.asarray(jackknife_error(self.counts, self.cells) / np.diff(self.edges))

    @property
    def outside(self) -> float:
        """Fraction of cells below the first or above the last edge."""
        return float(1 - self.counts.sum() / self.cells.sum())


def pixel_pdf(field: Field, edges: Array) -> PixelPdf:
    """The distribution of a scalar field's values; an edge belongs to the bin above it, the last to the last."""
    values = np.asarray(field.values)
    blocks = [values]
    for axis in range(3):
        blocks = [part for block in blocks for part in np.array_split(block, PER_SIDE, axis)]
    counts = np.array([np.histogram(block, edges)[0] for block in blocks])
    sizes = np.array([block.size for block in blocks])
    mean = values.mean(dtype=np.float64)
    deviation = values - np.float32(mean)
    square = deviation**2
    second, third, fourth = (
        float(np.mean(power, dtype=np.float64)) for power in (square, square * deviation, square**2)
    )
    return PixelPdf(edges, counts, sizes, float(mean), second, third / second**1.5, fourth / second**2 - 3)
