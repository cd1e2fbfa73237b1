"""Figures on subhalo fates, those of Petulante 2023, chapter 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.analysis.statistics.figures import band
from core.cosmos.box import Array
from core.cosmos.infall.table import FEATURES, INTERACTIONS, OUTCOMES
from core.figures import Curves, Figure, Histogram, Matrix, Row, Series, Slice, Table
from core.learning.forest import Ensemble
from core.recipes.infall import paper
from core.recipes.infall.bins import FEWEST, NarrowBin
from core.recipes.infall.ranking import Ranking
from core.recipes.infall.rows import InfallRows
from core.recipes.infall.scores import TOLERANCES, Score, best_and_worst, by_bin
from core.recipes.infall.subsets import within

MEANS = {
    "survived": "share that survives",
    "final_mass": "share of the mass left",
    "final_distance": "distance [R_host]",
    "merge_time": "merge time [Gyr]",
}
LOGARITHMIC = (
    *("mass_ratio", "sub_mass", "host_mass", "sub_radius", "host_radius", "distance", "velocity", "tidal_force"),
    *("sub_concentration", "host_concentration", "sub_spin", "host_spin", "density_1", "density_2", "density_4"),
)
"""Features that are shown by their log10."""

_PLANE = 24
"""Squares a side: the thesis draws hexagons."""
_BARS = 24


def label(name: str) -> str:
    """A feature by name, sign and unit, as log10 where that is how it is shown."""
    sign_, unit = (FEATURES | INTERACTIONS)[name]
    words = name.replace("_", " ")
    if name in LOGARITHMIC:
        return f"{words}, log {sign_} / ({unit})" if unit else f"{words}, log {sign_}"
    return f"{words} {sign_} [{unit}]" if unit else f"{words} {sign_}"


def shown(table: InfallRows, name: str) -> Array:
    """A feature (N,) as it is shown."""
    values = table.column(name)
    return np.log10(values) if name in LOGARITHMIC else values


def sign(name: str) -> str:
    return (FEATURES | INTERACTIONS)[name][0]


def demographics(table: InfallRows) -> Row | None:
    """Events by host mass and mass ratio, and by scale factor and mass ratio, with each axis by itself (fig. 2.2).

    Both planes have one colour scale.
    """
    across = [name for name in ("host_mass", "scale_factor") if name in table.names]
    if not across or "mass_ratio" not in table.names:
        return None
    planes = [_plane("", table, x, "mass_ratio", None, None) for x in across]
    most = max(float(np.nanmax(plane.values)) for plane in planes)
    planes = [replace(plane, limits=(0.0, max(most, 0.1)), colour_label="log N") for plane in planes]
    return Row(
        "Accretion events in squares of even size", (*planes, *(_along(table, x) for x in (*across, "mass_ratio")))
    )


def _along(table: InfallRows, name: str) -> Histogram:
    values = shown(table, name)
    edges = np.linspace(values.min(), values.max() + 1e-9, _BARS + 1)
    return Histogram("", edges, {"": np.histogram(values, edges)[0]}, label(name), "events")


def plane(table: InfallRows, outcome: str, names: Sequence[str]) -> Slice:
    """The mean outcome over the plane of two features (fig. 2.3): for masses the share that is left."""
    rows = table.rows(outcome, np.ones(len(table), dtype=bool))
    values = table.targets[outcome][rows]
    if outcome == "final_mass":
        values = 10**values / table.rest["sub_mass"][rows]
    return _plane(MEANS[outcome], table, names[0], names[1], rows, values)


def _plane(title: str, table: InfallRows, x: str, y: str, rows: Array | None, values: Array | None) -> Slice:
    """The mean of values (n,) of some rows in squares, or the log of the number of rows."""
    rows = np.arange(len(table)) if rows is None else rows
    across, up = shown(table, x)[rows], shown(table, y)[rows]
    extent = [(float(np.quantile(a, 0.002)), float(np.quantile(a, 0.998))) for a in (across, up)]
    extent = [(low, high) if high > low else (low - 0.5, low + 0.5) for low, high in extent]
    count, _, _ = np.histogram2d(up, across, _PLANE, (extent[1], extent[0]))
    if values is None:
        image = np.log10(np.where(count > 0, count, np.nan))
    else:
        total, _, _ = np.histogram2d(up, across, _PLANE, (extent[1], extent[0]), weights=values)
        image = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    (x0, x1), (y0, y1) = extent
    return Slice(title, image, (x0, x1, y0, y1), label(x), label(y), title, colour_map="viridis")


def ranking(rankings: Mapping[str, Ranking], beside: bool) -> Table:
    """The most telling features of each outcome (table 2.2), and the thesis's where they may stand beside."""
    rows: list[tuple[str, ...]] = []
    for outcome, found in rankings.items():
        cells = [f"{sign(name)} {value:.3f}" for name, value in zip(found.names, found.ranges, strict=True)]
        cells += [""] * (4 - len(cells))
        rows.append((OUTCOMES[outcome][0], *cells, f"{found.noise:.3f}+-{found.noise_error:.3f}"))
        if beside:
            theirs = (f"{sign(name)} {value:.3f}" for name, value in paper.RANKING[outcome])
            rows.append(("  paper", *theirs, paper.NOISE[outcome]))
    note = "The mean range of binned means over the range of the outcome; random: a random feature at the 4th rank."
    return Table("Most telling features", ("outcome", "1st", "2nd", "3rd", "4th", "random"), tuple(rows), note)


def models(grown: Mapping[str, Ensemble]) -> Table:
    """How each outcome is learnt (table 2.1)."""
    rows: list[tuple[str | float | None, ...]] = []
    for outcome, model in grown.items():
        votes = model.method == "forest"
        how = "random forest" if votes else "gradient boosting"
        each = "all features" if not votes or model.tried == "all" else "the root of their number"
        loss = "Gini" if votes else "Huber"
        rate = None if votes else model.learning_rate
        rows.append((OUTCOMES[outcome][0], how, model.trees, model.depth, None, rate, loss, each))
    columns = ("outcome", "method", "trees", "depth", "most leaves", "learning rate", "loss", "a split looks at")
    return Table("Models", columns, tuple(rows), "No limit on leaves but the depth.")


def trends(table: InfallRows, result: Score, names: Sequence[str]) -> Row:
    """Mean errors in bins of equal count, over that of all, above who is told best and worst.

    Figs 2.5, 2.7, 2.9, 2.11; for survival it is the accuracy, as there. Bands are standard errors of the mean of a bin.
    The histograms are shares of the subhalos told best and worst, the highest bar as high as the panel.
    """
    told = 1 - result.error if result.outcome == "survived" else np.maximum(result.error, 0)
    what = "accuracy / mean" if result.outcome == "survived" else "error / mean"
    calls = ("right", "wrong") if result.outcome == "survived" else ("best 15 %", "worst 15 %")
    panels: list[Figure] = []
    for name in names:
        values = shown(table, name)
        found = by_bin(values[result.rows], told)
        low, high = float(np.min(found.error - found.spread)), float(np.max(found.error + found.spread))
        floor, top = low - 0.05 * (high - low), max(high, 1.0)
        edges = np.linspace(values[result.rows].min(), values[result.rows].max() + 1e-9, _BARS // 2 + 1)
        bars = []
        for call, rows in zip(calls, best_and_worst(result), strict=True):
            share = np.histogram(values[rows], edges)[0] / max(len(rows), 1)
            heights = floor + (top - floor) * share / (share.max() or 1.0)
            bars.append(Series(call, np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)))
        ours = band(what, found.at, found.error, found.spread)
        mean = Series("", np.array([edges[0], edges[-1]]), np.ones(2), style="dashed")
        panels.append(Curves("", (ours, *bars, mean), label(name), what))
    title = f"Where {OUTCOMES[result.outcome][0]} is told well, and who is told {' and '.join(calls)}"
    return Row(title, tuple(panels))


def addition(outcome: str, test: Array, training: Array, rows: int) -> Curves:
    """Accuracy as features are added (figs 2.4, 2.6, 2.8, 2.10); arrays (features, tolerances).

    Bands are the binomial errors of the accuracies of so many test rows.
    """
    x = np.arange(1, len(test) + 1)
    series: list[Series] = []
    for column, tolerance in enumerate(TOLERANCES[outcome]):
        near = f" within {tolerance:g}" if outcome != "survived" else ""
        share = test[:, column]
        series.append(band(f"test{near}", x, share, np.sqrt(share * (1 - share) / max(rows, 1))))
        series.append(Series(f"training{near}", x, training[:, column], style="dashed"))
    title = f"Accuracy of {OUTCOMES[outcome][0]} as features are added"
    return Curves(title, tuple(series), "features, in the order of the table below", "accuracy")


def gains(outcome: str, names: Sequence[str], test: Array, theirs: Sequence[float]) -> Table:
    """What each feature adds to the accuracy (features,) of the test rows."""
    added = np.diff(test, prepend=0.0)
    rows: list[tuple[str | float | None, ...]] = []
    for k, name in enumerate(names):
        gain = theirs[k] if k < len(theirs) else None
        rows.append((float(k + 1), name.replace("_", " "), sign(name), float(test[k]), float(added[k]), gain))
    columns: tuple[str, ...] = ("", "feature", "sign", "accuracy", "gain", "paper's gain")
    words = "The first four by the ranking, the others in the order of the table."
    if not theirs:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return Table(f"What each feature adds: {within(outcome)}", columns, tuple(rows), words)


def confusion(true: Array, said: Array) -> Matrix:
    """Subhalos by true and told fate."""
    values = np.array([[np.count_nonzero((true == t) & (said == s)) for s in (0, 1)] for t in (0, 1)])
    return Matrix("Survival", values, ("merged", "survived"), ("merged", "survived"), "truth", "told")


def same(values: Mapping[str, Mapping[str, float]], bins: Mapping[str, NarrowBin]) -> Table:
    """p-values of the Kolmogorov-Smirnov tests between those told best and worst, at fixed best features."""
    names = list(dict.fromkeys(name for found in values.values() for name in found))
    rows: list[tuple[str | float | None, ...]] = [
        ("rows in the bin", *(f"{len(found.best)}, {len(found.worst)}" if found else "none" for found in bins.values()))
    ]
    rows += [(name.replace("_", " "), *(found.get(name) for found in values.values())) for name in names]
    return Table(
        "Do those told best and worst differ in other features?",
        ("feature", *(OUTCOMES[outcome][0] for outcome in values)),
        tuple(rows),
        "p-values of two-sample KS tests in a narrow bin of the best features, on rows not learnt from; below 0.0027 "
        f"they differ by 3 sigma. Rows in the bin: told best, told worst; at least {FEWEST} of each.",
    )
