"""Figures on subhalo fates, those of Petulante 2023, chapter 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.analysis.statistics.figures import band
from core.cosmos.box import Array
from core.cosmos.infall.table import FEATURES, INTERACTIONS, OUTCOMES
from core.figures import Array as FigureArray
from core.figures import Curves, Figure, Histogram, Matrix, Row, Series, Slice, Table
from core.recipes.infall.ranking import Ranking
from core.recipes.infall.rows import InfallRows
from core.recipes.infall.scores import TOLERANCES, Score, best_and_worst, by_bin

LOGARITHMIC = (
    *("mass_ratio", "sub_mass", "host_mass", "sub_radius", "host_radius", "distance", "velocity", "tidal_force"),
    *("sub_concentration", "host_concentration", "sub_spin", "host_spin", "density_1", "density_2", "density_4"),
)
"""Features that are shown by their log10."""

PAPER_RANKING: dict[str, tuple[tuple[str, float], ...]] = {
    "survived": (("scale_factor", 0.997), ("mass_ratio", 0.254), ("impact_angle", 0.145), ("velocity", 0.093)),
    "final_mass": (("sub_radius", 0.243), ("scale_factor", 0.132), ("impact_angle", 0.047), ("host_mass", 0.042)),
    "final_distance": (("scale_factor", 0.538), ("mass_ratio", 0.214), ("impact_angle", 0.177), ("velocity", 0.153)),
    "merge_time": (("scale_factor", 0.283), ("mass_ratio", 0.127), ("impact_angle", 0.091), ("velocity", 0.058)),
}
"""Table 2.2."""
PAPER_NOISE = {"survived": "0.027+-0.002", "final_mass": "0.012+-0.0004", "final_distance": "0.035+-0.009"} | {
    "merge_time": "0.017+-0.002"
}
_PLANE = 24


def label(name: str) -> str:
    """A feature with its unit, as log10 where that is how it is shown."""
    sign, unit = (FEATURES | INTERACTIONS)[name]
    if name in LOGARITHMIC:
        return f"log {sign} / ({unit})" if unit else f"log {sign}"
    return f"{sign} [{unit}]" if unit else sign


def shown(table: InfallRows, name: str) -> Array:
    """A feature (N,) as it is shown."""
    values = table.column(name)
    return np.log10(values) if name in LOGARITHMIC else values


def sign(name: str) -> str:
    return (FEATURES | INTERACTIONS)[name][0]


def demographics(table: InfallRows) -> Row | None:
    """Events by host mass and mass ratio, and by scale factor and mass ratio (fig. 2.2)."""
    planes = [
        _plane("subhalos", table, x, "mass_ratio", None, None)
        for x in ("host_mass", "scale_factor")
        if x in table.names and "mass_ratio" in table.names
    ]
    return Row("Accretion events", tuple(planes)) if planes else None


def plane(table: InfallRows, outcome: str, names: Sequence[str]) -> Slice:
    """The mean outcome over the plane of two features (fig. 2.3): for masses the share that is left."""
    rows = table.rows(outcome, np.ones(len(table), dtype=bool))
    values = table.targets[outcome][rows]
    if outcome == "final_mass":
        values = 10**values / table.rest["sub_mass"][rows]
    what = {"survived": "share that survives", "final_mass": "share of the mass left"}
    unit = {"final_distance": "distance [R_host]", "merge_time": "merge time [Gyr]"}
    return _plane((what | unit)[outcome], table, names[0], names[1], rows, values)


def _plane(title: str, table: InfallRows, x: str, y: str, rows: Array | None, values: Array | None) -> Slice:
    rows = np.arange(len(table)) if rows is None else rows
    across, up = shown(table, x)[rows], shown(table, y)[rows]
    extent = [(float(np.quantile(a, 0.002)), float(np.quantile(a, 0.998))) for a in (across, up)]
    extent = [(low, high) if high > low else (low - 0.5, low + 0.5) for low, high in extent]
    count, _, _ = np.histogram2d(up, across, _PLANE, (extent[1], extent[0]))
    if values is None:
        image = np.log10(np.where(count > 0, count, np.nan))
        title = f"log number of {title}"
    else:
        total, _, _ = np.histogram2d(up, across, _PLANE, (extent[1], extent[0]), weights=values)
        image = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    (x0, x1), (y0, y1) = extent
    # a unit on one axis only, so that a picture fills its frame: its axes are no lengths
    return Slice(title, image, (x0, x1, y0, y1), f"{label(x)} [1]", label(y), colour_map="viridis")


def ranking(rankings: Mapping[str, Ranking]) -> Table:
    """The most telling features of each outcome, and the thesis's (table 2.2)."""
    rows: list[tuple[str, ...]] = []
    for outcome, found in rankings.items():
        cells = [f"{sign(name)} {value:.3f}" for name, value in zip(found.names, found.ranges, strict=True)]
        cells += [""] * (4 - len(cells))
        rows.append((OUTCOMES[outcome][0], *cells, f"{found.noise:.3f}+-{found.noise_error:.3f}"))
        paper = (f"{sign(name)} {value:.3f}" for name, value in PAPER_RANKING[outcome])
        rows.append(("  paper", *paper, PAPER_NOISE[outcome]))
    note = "The mean range of binned means over the range of the outcome; random: a random feature at the 4th rank."
    return Table("Most telling features", ("outcome", "1st", "2nd", "3rd", "4th", "random"), tuple(rows), note)


def errors(table: InfallRows, result: Score, names: Sequence[str]) -> Row:
    """The mean error in bins of equal count of each feature, over that of all (figs 2.5, 2.7, 2.9, 2.11).

    For survival it is the accuracy, as in the thesis. Bands are standard errors of the mean of a bin.
    """
    told = 1 - result.error if result.outcome == "survived" else np.maximum(result.error, 0)
    what = "accuracy over the mean" if result.outcome == "survived" else "error over the mean"
    panels: list[Figure] = []
    for name in names:
        found = by_bin(shown(table, name)[result.rows], told)
        mean = Series("mean", found.at, np.ones(len(found.at)), style="dashed")
        ours = band(what, found.at, found.error, found.spread)
        panels.append(Curves(sign(name), (ours, mean), label(name), what))
    return Row(f"Where {OUTCOMES[result.outcome][0]} is told well", tuple(panels))


def populations(table: InfallRows, result: Score, names: Sequence[str]) -> Row:
    """Histograms of the subhalos told best and worst, each as shares of its own number."""
    best, worst = best_and_worst(result)
    calls = ("right", "wrong") if result.outcome == "survived" else ("best 15 %", "worst 15 %")
    panels: list[Figure] = []
    for name in names:
        values = shown(table, name)
        edges = np.linspace(values[result.rows].min(), values[result.rows].max() + 1e-9, 25)
        counts: dict[str, FigureArray] = {
            call: np.histogram(values[rows], edges)[0] / max(len(rows), 1)
            for call, rows in zip(calls, (best, worst), strict=True)
        }
        panels.append(Histogram(sign(name), edges, counts, label(name), "share"))
    return Row(f"Who is told well: {OUTCOMES[result.outcome][0]}", tuple(panels))


def addition(outcome: str, names: Sequence[str], test: Array, training: Array, rows: int) -> Curves:
    """Accuracy as features are added (figs 2.4, 2.6, 2.8, 2.10); arrays (features, tolerances).

    Bands are the binomial errors of the accuracies of so many test rows.
    """
    x = np.arange(1, len(names) + 1)
    series: list[Series] = []
    for column, tolerance in enumerate(TOLERANCES[outcome]):
        within = f" within {tolerance:g}" if outcome != "survived" else ""
        share = test[:, column]
        series.append(band(f"test{within}", x, share, np.sqrt(share * (1 - share) / max(rows, 1))))
        series.append(Series(f"training{within}", x, training[:, column], style="dashed"))
    order = ", ".join(sign(name) for name in names[:6]) + (", ..." if len(names) > 6 else "")
    return Curves(f"Accuracy of {OUTCOMES[outcome][0]}: {order}", tuple(series), "features", "accuracy")


def confusion(true: Array, said: Array) -> Matrix:
    """Subhalos by true and told fate."""
    values = np.array([[np.count_nonzero((true == t) & (said == s)) for s in (0, 1)] for t in (0, 1)])
    return Matrix("Survival", values, ("merged", "survived"), ("merged", "survived"), "truth", "told")


def same(values: Mapping[str, Mapping[str, float]]) -> Table:
    """p-values of the Kolmogorov-Smirnov tests between those told best and worst, at fixed best features."""
    names = list(dict.fromkeys(name for found in values.values() for name in found))
    rows = tuple((sign(name), *(found.get(name) for found in values.values())) for name in names)
    return Table(
        "Do those told best and worst differ in other features?",
        ("feature", *(OUTCOMES[outcome][0] for outcome in values)),
        rows,
        "p-values of two-sample KS tests in a narrow bin of the best features; below 0.0027 they differ by 3 sigma.",
    )
