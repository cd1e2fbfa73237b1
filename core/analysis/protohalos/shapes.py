"""Overdensity and tidal shape of protohalos against mass: does a prediction collapse like the truth?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array, Field
from core.cosmos.lagrangian import mean_strain, overdensity_and_shape
from core.cosmos.measures.massfunction import mass_edges
from core.figures import Curves, Number, Row, Series, Slice

SPHERICAL_COLLAPSE = 1.686
"""Linear overdensity at which a sphere collapses today."""

QUANTITIES = {
    "overdensity": ("linear overdensity", (0.0, 5.0)),
    "ellipticity": ("ellipticity e_v", (0.0, 0.8)),
    "prolateness": ("prolateness p_v", (-0.5, 0.5)),
}
"""Of the strain averaged over the cells of a protohalo (arXiv:1805.04537, equations 7-9), and the range drawn."""


def shapes(densities: Sequence[Field], labels: Sequence[Array], counts: Sequence[int]) -> Array:
    """Mass in cells, overdensity, e_v and p_v (4, N) of all protohalos; labels 1 to `count` of each box are used."""
    columns = [np.zeros((4, 0))]
    for delta, label, count in zip(densities, labels, counts, strict=True):
        used = np.where(label <= count, label, 0)
        if not used.any():
            continue
        cells = np.bincount(used.reshape(-1))[1:]
        filled = cells > 0
        rank = np.concatenate([[0], np.cumsum(filled)])
        strain = mean_strain(delta.values, rank[used], delta.box_size)
        columns.append(np.stack([cells[filled], *overdensity_and_shape(strain)]))
    return np.concatenate(columns, axis=1)


def numbers(truth: Array, ours: Array, baseline: Array) -> list[Number]:
    """Medians of the prediction beside the truth's."""

    def median(table: Array, row: int) -> float:
        return float(np.median(table[row])) if table.shape[1] else float("nan")

    result = []
    for row, (name, (words, _)) in enumerate(QUANTITIES.items(), start=1):
        true, found, base = (median(table, row) for table in (truth, ours, baseline))
        if name == "prolateness":
            # its median is close to zero: a ratio would say nothing
            result.append(Number(name, f"median {words}, predicted - true", found - true, baseline=base - true))
        else:
            result.append(Number(name, f"median {words}, predicted / true", found / true, baseline=base / true))
    return result


def figures(truth: Array, ours: Array, cell_mass: float) -> dict[str, Row]:
    """For each quantity: counts of the truth, of the prediction, and both with their median and scatter."""
    every = np.concatenate([truth[0], ours[0]]) * cell_mass
    if not len(every):
        return {}
    bins = mass_edges(0.999 * float(every.min()), 1.001 * float(every.max()), 5)
    result = {}
    for row, (name, (words, limits)) in enumerate(QUANTITIES.items(), start=1):
        images = tuple(
            _image(title, table[0] * cell_mass, table[row], bins, words, limits)
            for title, table in (("truth", truth), ("network", ours))
        )
        lines = [_median(t, table, row, bins, cell_mass) for t, table in (("truth", truth), ("network", ours))]
        if name == "overdensity":
            ends = bins[[0, -1]]
            lines.append(Series("spherical collapse", ends, np.full(2, SPHERICAL_COLLAPSE), style="dashed"))
        curves = Curves("median, 68 %", tuple(lines), "M [Msun/h]", words, x_log=True, y_limits=limits)
        result[name] = Row(f"{words.capitalize()} of protohalos", (*images, curves))
    return result


def _image(title: str, mass: Array, values: Array, bins: Array, words: str, limits: tuple[float, float]) -> Slice:
    counts = np.histogram2d(values, mass, (np.linspace(*limits, 33), bins))[0]
    extent = (float(np.log10(bins[0])), float(np.log10(bins[-1])), *limits)
    share = counts / max(counts.max(), 1)
    return Slice(title, share, extent, "log10 M [Msun/h]", words, "halos / most", scale="asinh", limits=(0, 1))


def _median(title: str, table: Array, row: int, bins: Array, cell_mass: float) -> Series:
    """Median and central 68 % in mass bins of at least five halos."""
    which = np.digitize(table[0] * cell_mass, bins) - 1
    groups = [table[row][which == b] for b in range(len(bins) - 1)]
    low, middle, high = (
        np.array([np.percentile(g, q) if len(g) >= 5 else np.nan for g in groups]) for q in (16, 50, 84)
    )
    return Series(title, np.sqrt(bins[1:] * bins[:-1]), middle, low, high)
