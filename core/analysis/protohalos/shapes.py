"""Overdensity and tidal shape of protohalos against mass: does a prediction collapse like the truth?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.lagrangian import mean_strain, overdensity_and_shape
from core.cosmos.measures.massfunction import mass_edges
from core.figures import Curves, Number, Row, Series, Slice
from core.protohalos.matching import match

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


def unmatched(label: Array, halos: Catalogue, truth: Catalogue) -> Array:
    """The labels of those predicted halos alone that are no match of a true one."""
    hit = match(truth, halos)
    alone = np.arange(1, len(halos) + 1, dtype=label.dtype)
    alone[hit[hit >= 0]] = 0
    kept = np.concatenate([np.zeros(1, label.dtype), alone])
    return np.asarray(kept[np.where(label <= len(halos), label, 0)])


def unmatched_numbers(truth: Array, alone: Array) -> list[Number]:
    """Medians of predicted halos without a match beside those of the true halos: the same distributions, finds the
    paper (section 5.3)."""
    result = []
    for number in medians(truth, alone):
        name = number.name.replace("predicted", "predicted without a match")
        result.append(Number(f"{number.key}_unmatched", name, number.value, note="paper: overall as the truth"))
    return result


def numbers(truth: Array, ours: Array, baseline: Array) -> list[Number]:
    """How far the distributions of the prediction are from the truth's, and its medians.

    The medians stand alone: those of e_v and p_v of random spheres come near the truth's, their distributions do not.
    """
    result = []
    for row, (name, (words, _)) in enumerate(QUANTITIES.items(), start=1):
        distance, base = (largest_difference(table[row], truth[row]) for table in (ours, baseline))
        title = f"{words}, largest difference of the shares below a value from the truth's"
        result.append(Number(f"{name}_distance", title, distance, baseline=base))
    return [*result, *medians(truth, ours)]


def largest_difference(a: Array, b: Array) -> float:
    """The Kolmogorov-Smirnov distance of two samples, 0 to 1; NaN where one is empty."""
    if not len(a) or not len(b):
        return float("nan")
    places = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(sample), places, side="right") / len(sample) for sample in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def medians(truth: Array, ours: Array) -> list[Number]:
    """Medians of the prediction beside the truth's."""

    def median(table: Array, row: int) -> float:
        return float(np.median(table[row])) if table.shape[1] else float("nan")

    result = []
    for row, (name, (words, _)) in enumerate(QUANTITIES.items(), start=1):
        true, found = median(truth, row), median(ours, row)
        if name == "prolateness":
            # its median is close to zero: a ratio would say nothing
            result.append(Number(name, f"median {words}, predicted - true", found - true))
        else:
            result.append(Number(name, f"median {words}, predicted / true", found / true))
    return result


def figures(truth: Array, ours: Array, cell_mass: float, alone: Array | None = None) -> dict[str, Row]:
    """For each quantity: counts of the truth, of the prediction, and both with their median and scatter.

    `alone` are the predicted halos without a match.
    """
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
        tables = {"truth": truth, "network": ours, **({} if alone is None else {"without a match": alone})}
        lines = [_median(title, table, row, bins, cell_mass) for title, table in tables.items()]
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
