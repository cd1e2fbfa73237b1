"""Figures of the report on halo masses particle by particle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from core.cosmos.box import Array
from core.figures import Contours, Curves, Row, Series, Slice, Style
from core.protohalos.figures import equality
from core.recipes.halo_mass.judged import Shared

MASSES = "log10 M true [Msun/h]"
RESIDUAL = "log10 M predicted / true [dex]"
STYLES: dict[str, Style] = {"network": "line"}

Masses = tuple[Array, Array]
"""log10 of the true and of the predicted masses [Msun/h], both (N,)."""


def joint(of: str, models: Mapping[str, Masses], low: float, high: float, cells: int = 32) -> Row:
    """Predicted against true masses, each model's histogram with the contours that hold 68 % and 95 % of it."""
    found = np.concatenate([predicted for _, predicted in models.values()])
    bottom, top = min(low, np.percentile(found, 0.5)), max(high, np.percentile(found, 99.5))
    extent = (low, high, float(bottom), float(top))
    equal = equality((low, high), (bottom, top))

    def panel(name: str, true: Array, predicted: Array) -> Slice:
        counts = np.histogram2d(predicted, true, cells, ((bottom, top), (low, high)))[0]
        density = counts / counts.sum() / ((top - bottom) * (high - low) / cells**2)
        holds = Contours("68 %, 95 %", _smooth(counts), _holding(_smooth(counts), (0.95, 0.68)))
        y = "log10 M predicted [Msun/h]"
        return Slice(f"{name}, {len(true):,}", density, extent, MASSES, y, "density [1/dex^2]", contours=(holds, equal))

    return Row(f"Predicted and true mass of {of}", tuple(panel(n, *masses) for n, masses in models.items()))


def residuals(models: Mapping[str, Masses], low: float, high: float, title: str = "Residuals") -> Curves:
    """Median of the residual in bins of true mass; the band holds 68 %."""
    edges = np.linspace(low, high, 13)
    series = [_band(name, *masses, edges) for name, masses in models.items()]
    zero = Series("perfect", np.array([low, high]), np.zeros(2), style="dashed")
    return Curves(f"{title} (band: 68 %)", (*series, zero), MASSES, RESIDUAL)


def violins(models: Mapping[str, Masses], low: float, high: float) -> Row:
    """Residuals of each model in bins of true mass: every column is one bin's distribution, its highest value 1.

    The lines are the median and what holds 68 % and 95 % of a bin with at least ten particles.
    """
    edges, range_ = np.linspace(low, high, 13), (-2.5, 2.5)

    def panel(name: str, true: Array, predicted: Array) -> Slice:
        counts = np.histogram2d(predicted - true, true, (100, edges), (range_, (low, high)))[0]
        below = np.cumsum(counts, axis=0) - counts / 2
        total = counts.sum(axis=0)
        place = np.where(total >= 10, below / np.maximum(total, 1), np.nan)
        # 0 at the median, 1 in the tails; columns are bins, drawn as wide as they are
        lines = Contours(
            "median, 68 %, 95 %", np.nan_to_num(np.repeat(place, 8, axis=1)), (0.025, 0.16, 0.5, 0.84, 0.975)
        )
        values = counts / np.maximum(counts.max(axis=0), 1)
        title = f"{name}, {len(true):,}"
        return Slice(title, values, (low, high, *range_), MASSES, RESIDUAL, "density / highest", contours=(lines,))

    return Row("Residuals in bins of true mass", tuple(panel(n, *masses) for n, masses in models.items()))


def likelihood(true: Array, found: Array, width: float, slices: int = 5) -> Row:
    """True masses of particles that are told nearly one mass, beside the Cauchy likelihood that was learnt.

    Both in the units of the network, -1 to 1; the half width at half maximum is `width` (paper: figure 8).
    """
    edges, width = np.linspace(-1, 1, 21), max(width, 1e-3)
    d = (edges[1:] + edges[:-1]) / 2

    def panel(y: float) -> Curves:
        near = true[np.abs(found - y) < 1 / slices / 2]
        counts = np.histogram(near, edges)[0]
        share = np.arctan((1 - y) / width) - np.arctan((-1 - y) / width)
        cauchy = 1 / (width * share * (1 + ((d - y) / width) ** 2))
        series = [Series("learnt likelihood", d, cauchy, style="dashed")]
        if len(near) >= 10:
            series.insert(0, Series("particles", d, counts / (len(near) * (edges[1] - edges[0]))))
        return Curves(f"told {y:+.1f}: {len(near):,}", tuple(series), "true mass, -1 to 1", "density")

    middles = (np.arange(slices) + 0.5) * 2 / slices - 1
    return Row("True masses at fixed told ones, and the likelihood", tuple(panel(float(y)) for y in middles))


def by_radius(parts: Mapping[str, Masses], low: float, high: float) -> Row:
    """Residuals of the network apart for particles inside and outside of their halos."""
    panels = [residuals({"network": masses}, low, high, where) for where, masses in parts.items()]
    return Row("Residuals by where the particle ends in its halo", tuple(panels))


def distributions(models: Mapping[str, Masses], low: float, high: float) -> Row:
    """Density of the residual in three ranges of true mass."""
    bounds = np.linspace(low, high, 4)

    def panel(a: float, b: float) -> Curves:
        series = []
        for name, (true, predicted) in models.items():
            inside = (true >= a) & (true <= b)
            counts, edges = np.histogram((predicted - true)[inside], 40, (-2.5, 2.5))
            density = counts / max(inside.sum(), 1) / (edges[1] - edges[0])
            series.append(Series(name, (edges[1:] + edges[:-1]) / 2, density, style=STYLES.get(name, "dashed")))
        return Curves(f"{a:.1f} to {b:.1f}", tuple(series), RESIDUAL, "density [1/dex]")

    panels = tuple(panel(a, b) for a, b in pairwise(bounds))
    return Row("Residuals in ranges of the true log10 M [Msun/h]", panels)


def information(levels: Mapping[float, float], models: Mapping[str, Shared]) -> Curves:
    """Scatter against the information left when Gaussian noise of that scatter is added to the true masses.

    A model is a point at its information and the noise that leaves as much of the masses of its own particles.
    """
    sigma = np.array(sorted(levels))
    curve = Series("truth + Gaussian noise", sigma, np.array([levels[s] for s in sigma]))
    points = []
    for name, shared in models.items():
        if found := shared.information:
            noise = np.array([np.nan if shared.noise is None else shared.noise])
            value, error = np.array([found.value]), found.error
            points.append(Series(name, noise, value, value - error, value + error, "points"))
    return Curves("Mutual information with the true mass", (curve, *points), "noise [dex]", "information [nats]")


def _band(name: str, true: Array, predicted: Array, edges: Array) -> Series:
    """Median and 68 % range of the residual in each bin that has at least ten particles."""
    which = np.digitize(true, edges) - 1
    rows = np.full((len(edges) - 1, 3), np.nan)
    for number in range(len(rows)):
        inside = which == number
        if np.count_nonzero(inside) >= 10:
            rows[number] = np.percentile((predicted - true)[inside], (16, 50, 84))
    low, middle, high = rows.T
    return Series(name, (edges[1:] + edges[:-1]) / 2, middle, low, high)


def _smooth(counts: Array) -> Array:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(counts, 1.0))


def _holding(density: Array, shares: Sequence[float]) -> tuple[float, ...]:
    """The levels above which lie these shares of the whole."""
    falling = np.sort(density.reshape(-1))[::-1]
    total = np.cumsum(falling) / falling.sum()
    return tuple(float(falling[np.searchsorted(total, share)]) for share in shares)
