"""Catalogues of halos in Lagrangian space, made in different ways for the same universes, beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.comparison.front import Score
from core.analysis.massfunction import Errors, counted, fitting_functions, mass_function_figure
from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.massfunction import mass_edges
from core.cosmos.measures.spectra import Spectra
from core.figures import Curves, Figure, Series, Style, Table
from core.learning.metrics import foreground_dice
from core.protohalos.halo_spectra import (
    EULERIAN,
    LAGRANGIAN,
    LARGE_SCALES,
    Estimate,
    HaloSpectra,
    correlation,
    halo_spectra,
    power_ratio,
    scattered,
)
from core.protohalos.matching import match

SPECTRUM_MESH = 64
"""Mesh cells per side on which halos of every universe are counted for curves."""

RANDOM = "random points"


@dataclass(frozen=True)
class Method:
    """One way to get halos: a catalogue and a label field (n, n, n) for each universe, and what they cost.

    Seconds and GiB are NaN where they were not measured; `cost` are CPU seconds of one prediction, or those of the GPU
    it was made on.
    """

    halos: list[Catalogue]
    labels: list[Array]
    training_seconds: float = float("nan")
    seconds: float = float("nan")
    memory: float = float("nan")
    cost: float = float("nan")
    gpu: bool = False


def table(truth: Method, methods: Mapping[str, Method], minimum: float, large: float) -> Table:
    """A column for each way: counts, matches, clustering, overlap, costs."""
    rows: dict[str, list[float | None]] = {}

    def put(quantity: str, value: float | None) -> None:
        rows.setdefault(quantity, []).append(value)

    random = Method(scattered(truth.halos), [np.roll(label, len(label) // 2, (0, 1, 2)) for label in truth.labels])
    columns = {**methods, RANDOM: random}
    for method in columns.values():
        put("halos", float(sum(map(len, method.halos))))
        complete, pure = found(truth.halos, method.halos), found(method.halos, truth.halos)
        for mass in (minimum, large):
            put(f"N / N_true  > {mass:.2g}", _count_ratio(truth.halos, method.halos, mass))
        for mass in (minimum, large):
            put(f"complete  > {mass:.2g}", _mean(complete, mass))
        for mass in (minimum, large):
            put(f"pure  > {mass:.2g}", _mean(pure, mass))
        for where, column in (("", LAGRANGIAN), (" today", EULERIAN)):
            for name, estimate in clustering(truth.halos, method.halos, column).items():
                put(f"{name}{where}", _known(float(estimate.value[0])))
                put(f"{name}{where} +-", _known(float(estimate.error[0])))
        put("Dice", _overlap(truth, method))
        put("training [s]", _known(method.training_seconds))
        put("prediction [s]", _known(method.seconds))
        put("prediction [CPU or GPU s]", _known(method.cost))
        put("memory [GiB]", _known(method.memory))
    note = (
        f"{sum(map(len, truth.halos))} true halos, universes: {len(truth.halos)}; masses in Msun/h. complete: share "
        "of true halos with a match (centre inside, radius within 25 %); pure: share of predicted halos that match a "
        f"true one; P, less shot noise, and r of halos at equal number, |k| <= {LARGE_SCALES:g} h/Mpc, in Lagrangian "
        "space and today, errors of modes or of boxes, the larger; Dice of the cells in halos; prediction: for one "
        "universe, by the clock, and the seconds of all CPUs, or of the GPU of "
        f"{', '.join(name for name, method in methods.items() if method.gpu) or 'none'}. Random points: the true halos "
        "at random places, their cells moved by half the box."
    )
    return Table("Ways to halos", ("quantity", *columns), tuple((name, *values) for name, values in rows.items()), note)


def scores(truth: Method, methods: Mapping[str, Method], minimum: float) -> dict[str, Score]:
    """Quality and cost of every way, for halos of at least a mass [Msun/h]."""
    return {
        name: Score(
            method.cost,
            method.gpu,
            _number(_mean(found(truth.halos, method.halos), minimum)),
            _overlap(truth, method),
            abs(_number(_count_ratio(truth.halos, method.halos, minimum)) - 1),
        )
        for name, method in methods.items()
    }


def figures(
    truth: Method, methods: Mapping[str, Method], cosmology: Cosmology, redshift: float, minimum: float
) -> dict[str, Figure]:
    """Mass function, P(k), r(k), completeness and purity of every way."""
    every = {"truth": truth, **methods}
    highest = max((float(c["mass"].max()) for m in every.values() for c in m.halos if len(c)), default=10 * minimum)
    edges = mass_edges(minimum, 1.001 * highest, 4)
    return {
        "mass_function": mass_functions(every, edges, cosmology, redshift),
        "power": halo_power(truth, methods),
        "correlation": halo_correlation(truth, methods),
        "completeness": shares(
            "Completeness: true halos that are found",
            {name: found(truth.halos, method.halos) for name, method in methods.items()},
            edges,
        ),
        "purity": shares(
            "Purity: predicted halos that are true",
            {name: found(method.halos, truth.halos) for name, method in methods.items()},
            edges,
        ),
    }


def mass_functions(every: Mapping[str, Method], edges: Array, cosmology: Cosmology, redshift: float) -> Curves:
    """dn/dlog10 M of the truth with its Poisson errors, the methods and theory."""
    looks: dict[bool, tuple[Style, Errors | None]] = {True: ("points", "poisson"), False: ("line", None)}
    series = [counted(name, method.halos, edges, *looks[name == "truth"]) for name, method in every.items()]
    series += fitting_functions(("tinker08", "press74"), edges, cosmology, redshift)
    return mass_function_figure("Halo mass function (Poisson errors of the truth)", series, "truth")


def halo_power(truth: Method, methods: Mapping[str, Method]) -> Curves:
    """Lagrangian halo power less shot noise over that of as many of the largest true halos."""
    title = "P(k) of Lagrangian halos less shot noise, found / true, equal numbers"
    return _by_scale(truth, methods, title, "P / P_true", power_ratio, (-0.5, 2.0), ("within 10 %", 0.1))


def halo_correlation(truth: Method, methods: Mapping[str, Method]) -> Curves:
    """Cross-correlation coefficient with the true halos."""
    title = "Cross-correlation with the true halos"
    return _by_scale(truth, methods, title, "r(k)", correlation, (-0.3, 1.05), ("perfect", 0.0))


def shares(title: str, hits: Mapping[str, tuple[Array, Array]], edges: Array) -> Curves:
    """Share of halos with a match against mass, with binomial bands, from (mass, matched) of each method."""
    series = []
    for name, (mass, matched) in hits.items():
        every = np.histogram(mass, edges)[0]
        share = np.histogram(mass[matched], edges)[0] / np.where(every > 0, every, np.nan)
        error = np.sqrt(share * (1 - share) / np.maximum(every, 1))
        series.append(Series(name, np.sqrt(edges[1:] * edges[:-1]), share, share - error, share + error))
    return Curves(title, tuple(series), "M [Msun/h]", "share of halos", x_log=True, y_limits=(0.0, 1.0))


def found(of: Sequence[Catalogue], among: Sequence[Catalogue]) -> tuple[Array, Array]:
    """Masses [Msun/h] of all halos, and whether each has a match among the others."""
    pairs = list(zip(of, among, strict=True))
    hits = [match(a, b) >= 0 for a, b in pairs]
    return np.concatenate([a["mass"] for a, _ in pairs]), np.concatenate(hits)


def clustering(truth: Sequence[Catalogue], ours: Sequence[Catalogue], column: str = LAGRANGIAN) -> dict[str, Estimate]:
    """Ratio of halo power less shot noise and r on large scales; NaN where every box has fewer than two halos."""
    large = [one.large for one in _spectra(truth, ours, column)]
    return {"P / P_true": power_ratio(large), "r": correlation(large)}


def _spectra(truth: Sequence[Catalogue], ours: Sequence[Catalogue], column: str = LAGRANGIAN) -> list[HaloSpectra]:
    return halo_spectra(truth, ours, [SPECTRUM_MESH] * len(truth), column=column)


def _by_scale(
    truth: Method,
    methods: Mapping[str, Method],
    title: str,
    label: str,
    quantity: Callable[[Sequence[Spectra]], Estimate],
    limits: tuple[float, float],
    mark: tuple[str, float],
) -> Curves:
    """One curve a method in about ten shells a decade, its standard error as a band, beside random points.

    `mark` names the line at 1 and half the width of its band.
    """
    series = []
    every = {**{name: method.halos for name, method in methods.items()}, RANDOM: scattered(truth.halos)}
    for name, halos in every.items():
        many = [one.shells for one in _spectra(truth.halos, halos)]
        if many:
            found = quantity(many)
            low, high = found.value - found.error, found.value + found.error
            series.append(Series(name, many[0].k, found.value, low, high, "dashed" if name == RANDOM else "line"))
    if series:
        (name, width), one = mark, np.ones(len(series[0].x))
        series.append(Series(name, series[0].x, one, one - width, one + width, "dashed"))
    return Curves(title, tuple(series), "k [h/Mpc]", label, x_log=True, y_limits=limits)


def _overlap(truth: Method, method: Method) -> float:
    """Dice of the cells in halos, the mean over boxes."""
    masks = zip(method.labels, truth.labels, strict=True)
    return float(np.mean([foreground_dice(ours > 0, true > 0) for ours, true in masks]))


def _count_ratio(truth: Sequence[Catalogue], ours: Sequence[Catalogue], mass: float) -> float | None:
    true, predicted = (sum(len(c.at_least(mass)) for c in many) for many in (truth, ours))
    return predicted / true if true else None


def _mean(hits: tuple[Array, Array], mass: float) -> float | None:
    chosen = hits[1][hits[0] >= mass]
    return float(chosen.mean()) if len(chosen) else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
