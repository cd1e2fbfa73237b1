"""Clustering of predicted halos beside that of the true ones, in Lagrangian space and where they are today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.measures.spectra import Spectra, spectra
from core.figures import Curves, Figure, Number, Row, Series, Style, Table
from core.protohalos.halo_spectra import (
    EULERIAN,
    LARGE_SCALES,
    Estimate,
    HaloSpectra,
    correlation,
    halo_spectra,
    noise_share,
    power_ratio,
    scattered,
    wide_shells,
)

CUTS = {"tenth": ("most massive tenth", 0.1), "third": ("most massive third", 1 / 3), "all": ("all", 1.0)}
"""The three number cuts: parts of the halos, ranked by mass."""

NETWORK, BASELINE, MOVED, RANDOM = "network", "without network", "true halos by 2LPT", "random points"
STYLES: dict[str, Style] = {NETWORK: "line", BASELINE: "dashed", MOVED: "dashed", RANDOM: "dashed"}

WHERE = f"|k| <= {LARGE_SCALES:g} h/Mpc"

PAPER_RATIO = {"tenth": "5 %", "third": "10 %", "all": "5 %"}
"""How near to 1 the paper's ratios of power are (section 5.2 and figure 8), shot noise in them."""

ByCatalogue: TypeAlias = Mapping[str, list[HaloSpectra]]
Measure: TypeAlias = Callable[[Sequence[Spectra]], Estimate]


@dataclass(frozen=True)
class Clustering:
    """Spectra of every box against the true halos, by catalogue; in Lagrangian space also by cut."""

    cuts: dict[str, dict[str, list[HaloSpectra]]]
    today: dict[str, list[HaloSpectra]]
    masks: list[HaloSpectra]
    """Of predicted probability and true mask."""


def measure(
    truth: Sequence[Catalogue],
    ours: Sequence[Catalogue],
    baseline: Sequence[Catalogue],
    moved: Sequence[Catalogue],
    probabilities: Sequence[Array],
    masks: Sequence[Array],
) -> Clustering:
    """All spectra of the report; `moved` are the true halos moved by 2LPT. Meshes have the cells of the universes."""
    cells = [mask.shape[0] for mask in masks]
    every = {NETWORK: ours, BASELINE: baseline, RANDOM: scattered(ours)}
    cuts = {
        cut: {name: halo_spectra(truth, many, cells, part) for name, many in every.items()}
        for cut, (_, part) in CUTS.items()
    }
    every[MOVED] = moved
    today = {name: halo_spectra(truth, many, cells, 1.0, EULERIAN) for name, many in every.items()}
    pairs = (
        (Field("probability", p, t.box_size), Field("mask", m.astype(np.float32), t.box_size))
        for p, m, t in zip(probabilities, masks, truth, strict=True)
        if m.any() and p.any()
    )
    return Clustering(
        cuts, today, [HaloSpectra(wide_shells(spectra(*pair)), spectra(*pair, below=LARGE_SCALES)) for pair in pairs]
    )


def numbers(measured: Clustering) -> list[Number]:
    """Ratio of power and correlation for each cut and today."""
    result = []
    for cut, (words, _) in CUTS.items():
        suffix = "" if cut == "all" else f"_{cut}"
        of = f"{'' if cut == 'all' else f'{words} of '}halos, {WHERE}"
        ratio = _ratio_number(f"power_ratio{suffix}", of, measured.cuts[cut], PAPER_RATIO[cut])
        result += [ratio, _correlation_number(f"correlation{suffix}", of, measured.cuts[cut])]
    of = f"halos today by 2LPT, {WHERE}"
    masks = correlation(_large(measured.masks))
    return [
        *result,
        _number("mask_correlation", f"r(k) of probability and true mask, {WHERE}", masks),
        _ratio_number("eulerian_power_ratio", of, measured.today),
        _correlation_number("eulerian_correlation", of, measured.today),
        _number(
            "moved_power_ratio",
            f"P(k) less shot noise, true halos moved by 2LPT / true, {WHERE}",
            power_ratio(_large(measured.today[MOVED])),
        ),
        _number(
            "moved_correlation",
            f"r(k) of true halos moved by 2LPT, {WHERE}",
            correlation(_large(measured.today[MOVED])),
        ),
    ]


def _ratio_number(key: str, of: str, every: ByCatalogue, paper: str = "") -> Number:
    """A ratio of powers with what random points get; the paper is named where they fail by two standard errors."""
    ours, base, random = (power_ratio(_large(every[name])) for name in (NETWORK, BASELINE, RANDOM))
    value, error = float(random.value[0]), float(random.error[0])
    note = f"random points: {value:.2g} +- {error:.2g}; shot noise: {noise_share(_large(every[NETWORK])):.0%} of P_true"
    if not abs(1 - value) > 2 * error:
        note += "; too few modes to tell halos from random points"
    elif paper:
        note += f"; paper: within {paper}, shot noise in it"
    return _number(key, f"P(k) less shot noise, predicted / true, {of}", ours, base, note)


def _correlation_number(key: str, of: str, every: ByCatalogue) -> Number:
    ours, base, random = (correlation(_large(every[name])) for name in (NETWORK, BASELINE, RANDOM))
    note = f"random points: {float(random.value[0]):.2g} +- {float(random.error[0]):.2g}"
    return _number(key, f"r(k) with true, {of}", ours, base, note)


def _number(key: str, name: str, ours: Estimate, baseline: Estimate | None = None, note: str = "") -> Number:
    """With the larger of the errors of modes and of boxes."""
    base = None if baseline is None else float(baseline.value[0])
    return Number(key, name, float(ours.value[0]), "", float(ours.error[0]), base, None, note)


def _large(many: Sequence[HaloSpectra]) -> list[Spectra]:
    return [one.large for one in many]


def figures(measured: Clustering) -> dict[str, Figure]:
    """P(k) and r(k) in Lagrangian space, by number cut (figure 8 of the paper), and today; the numbers in a table."""
    found: dict[str, Figure] = {"clustering": _table(measured)}
    for suffix, every, where in (
        ("", measured.cuts["all"], "Lagrangian halos"),
        ("_today", measured.today, "halos where they are today"),
    ):
        found[f"power{suffix}"] = _power(f"Power of {where} and the shot noise in it", every[NETWORK])
        found[f"power_ratio{suffix}"] = _ratio_curves(
            f"P(k) of {where} less shot noise, found / true",
            [_series(name, many, power_ratio) for name, many in every.items() if many],
        )
        found[f"correlation{suffix}"] = _correlation_curves(
            f"r(k) of {where} with the true ones",
            [_series(name, many, correlation) for name, many in every.items() if many],
        )
    return {**found, "number_cuts": _cuts(measured)}


def _table(measured: Clustering) -> Table:
    """Ratio of power and r with both errors for every cut and catalogue."""
    rows: list[tuple[str | float | None, ...]] = []
    sets = {f"Lagrangian, {CUTS[cut][0]}": every for cut, every in measured.cuts.items()}
    for words, every in {**sets, "today, all": measured.today}.items():
        for name, many in every.items():
            if many:
                large = _large(many)
                estimates = power_ratio(large), correlation(large)
                cells = [float(part[0]) for e in estimates for part in (e.value, e.modes, e.boxes)]
                rows.append((words, name, *(None if np.isnan(x) else x for x in cells), noise_share(large)))
    return Table(
        f"Clustering of halos at {WHERE}, shot noise subtracted",
        ("halos", "catalogue", "P / P_true", "+- modes", "+- boxes", "r", "+- modes", "+- boxes", "noise / P_true"),
        tuple(rows),
        "At equal number. Errors: of the finite number of modes, and of the scatter of universes; noise: V/N over the "
        "whole power of the true halos. r has the noise in it. A ratio says something where random points are told "
        "from 1 by their error.",
    )


def _power(title: str, many: Sequence[HaloSpectra]) -> Curves:
    """P(k) of the network's halos and of as many true ones with the errors of Gaussian fields, and V/N."""
    series = []
    if many:
        shells = [one.shells for one in many]
        k, modes = shells[0].k, np.sum([one.modes for one in shells], axis=0)
        for name, attribute in (("truth", "other"), (NETWORK, "power")):
            power = np.sum([getattr(one, attribute) * one.modes for one in shells], axis=0) / modes
            error = power * np.sqrt(2 / modes)
            series.append(Series(name, k, power, power - error, power + error))
        noise = np.sum([one.shot_noise[1] * one.modes for one in shells], axis=0) / modes
        series.append(Series("shot noise", k, noise, style="dashed"))
    return Curves(title, tuple(series), "k [h/Mpc]", "P(k) [(Mpc/h)^3]", x_log=True, y_log=True)


def _cuts(measured: Clustering) -> Row:
    """Ratio of power and r(k) for the number cuts."""
    every = {CUTS[cut][0]: found[NETWORK] for cut, found in measured.cuts.items() if found[NETWORK]}
    ratios = [_series(words, many, power_ratio) for words, many in every.items()]
    correlations = [_series(words, many, correlation) for words, many in every.items()]
    if measured.masks:
        correlations.append(_series("probability and mask", measured.masks, correlation, "dashed"))
    return Row(
        "Lagrangian halo clustering by number cut",
        (
            _ratio_curves("P(k) less shot noise, predicted / true", ratios),
            _correlation_curves("r(k) with the truth", correlations),
        ),
    )


def _ratio_curves(title: str, series: Sequence[Series]) -> Curves:
    return Curves(title, tuple(series), "k [h/Mpc]", "P / P_true", x_log=True, y_limits=(-0.5, 2.0))


def _correlation_curves(title: str, series: Sequence[Series]) -> Curves:
    return Curves(title, tuple(series), "k [h/Mpc]", "r(k)", x_log=True, y_limits=(-0.3, 1.05))


def _series(name: str, many: Sequence[HaloSpectra], measure: Measure, style: Style | None = None) -> Series:
    """A quantity of all boxes, its band one standard error: the larger of that of modes and of boxes."""
    shells = [one.shells for one in many]
    estimate = measure(shells)
    low, high = estimate.value - estimate.error, estimate.value + estimate.error
    return Series(name, shells[0].k, estimate.value, low, high, style or STYLES.get(name, "line"))
