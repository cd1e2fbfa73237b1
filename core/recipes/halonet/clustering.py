"""Clustering of predicted halos beside that of the true ones, in Lagrangian space and where they are today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.measures.spectra import Spectra, spectra
from core.figures import Curves, Figure, Number, Row, Series, Style
from core.protohalos.halo_spectra import EULERIAN, LARGE_SCALES, halo_spectra, large_scale_sums, wide_shells

CUTS = {"tenth": ("most massive tenth", 0.1), "third": ("most massive third", 1 / 3), "all": ("all", 1.0)}
"""The three number cuts: parts of the halos, ranked by mass."""

Measure: TypeAlias = Callable[[Sequence[Spectra]], Array]


NETWORK, BASELINE, MOVED = "network", "without network", "true halos by 2LPT"
STYLES: dict[str, Style] = {NETWORK: "line", BASELINE: "dashed", MOVED: "dashed"}


@dataclass(frozen=True)
class Clustering:
    """Spectra of every box against the true halos, by catalogue; for the network and the baseline also by cut."""

    cuts: dict[str, dict[str, list[Spectra]]]
    today: dict[str, list[Spectra]]
    masks: list[Spectra]
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
    both = {NETWORK: ours, BASELINE: baseline}
    cuts = {
        cut: {name: halo_spectra(truth, many, cells, part) for name, many in both.items()}
        for cut, (_, part) in CUTS.items()
    }
    every = {**both, MOVED: moved}
    today = {name: halo_spectra(truth, many, cells, 1.0, EULERIAN) for name, many in every.items()}
    fields = [
        spectra(Field("probability", p, t.box_size), Field("mask", m.astype(np.float32), t.box_size))
        for p, m, t in zip(probabilities, masks, truth, strict=True)
        if m.any() and p.any()
    ]
    return Clustering(cuts, today, fields)


def large_scales(many: Sequence[Spectra]) -> tuple[Array, Array]:
    """Mode-weighted P/P_true and r of every box up to `LARGE_SCALES`."""
    power, other, cross = large_scale_sums(many)
    return power / other, cross / np.sqrt(power * other)


def numbers(measured: Clustering) -> list[Number]:
    """Ratio of power and correlation for each cut and today."""
    where = f"k < {LARGE_SCALES:g} h/Mpc"
    result = []
    for cut, (words, _) in CUTS.items():
        suffix = "" if cut == "all" else f"_{cut}"
        of = "halos" if cut == "all" else f"{words} of halos"
        pair = measured.cuts[cut][NETWORK], measured.cuts[cut][BASELINE]
        note = "paper: within 10 %" if cut == "third" else "paper: within 5 %"
        result += _pair(f"power_ratio{suffix}", f"correlation{suffix}", f"{of}, {where}", *pair, note)
    nothing = np.zeros(0)
    r = large_scales(measured.masks)[1]
    result.append(_mean("mask_correlation", f"r(k) of probability and true mask, {where}", r, nothing, ""))
    pair = measured.today[NETWORK], measured.today[BASELINE]
    result += _pair("eulerian_power_ratio", "eulerian_correlation", f"halos today by 2LPT, {where}", *pair, "")
    ratio, r = large_scales(measured.today[MOVED])
    result.append(_mean("moved_power_ratio", f"P(k), true halos moved by 2LPT / true, {where}", ratio, nothing, ""))
    result.append(_mean("moved_correlation", f"r(k) of true halos moved by 2LPT, {where}", r, nothing, ""))
    return result


def _pair(
    ratio_key: str, r_key: str, words: str, ours: list[Spectra], baseline: list[Spectra], note: str
) -> list[Number]:
    (ratio, r), (base_ratio, base_r) = large_scales(ours), large_scales(baseline)
    return [
        _mean(ratio_key, f"P(k), predicted / true, {words}", ratio, base_ratio, note),
        _mean(r_key, f"r(k) with true, {words}", r, base_r, "paper: figure 8, no number given" if note else ""),
    ]


def _mean(key: str, name: str, values: Array, baseline: Array, note: str) -> Number:
    """Mean over boxes and its standard error."""
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    value, base = (float(many.mean()) if len(many) else float("nan") for many in (values, baseline))
    return Number(key, name, value, "", error, base if len(baseline) else None, None, note)


def figures(measured: Clustering) -> dict[str, Figure]:
    """P(k) and r(k) in Lagrangian space, by number cut (figure 8 of the paper), and today."""
    found: dict[str, Figure] = {}
    for suffix, every, where in (
        ("", measured.cuts["all"], "Lagrangian halos"),
        ("_today", measured.today, "halos where they are today"),
    ):
        found[f"power{suffix}"] = _power(f"Power of {where}, shot noise included", every[NETWORK])
        found[f"power_ratio{suffix}"] = _ratios(f"P(k) of {where}, found / true", every)
        found[f"correlation{suffix}"] = _correlations(f"r(k) of {where} with the true ones", every)
    return {**found, "number_cuts": _cuts(measured)}


def _power(title: str, many: list[Spectra]) -> Curves:
    """P(k) of the network's halos and of as many true ones with the bands of Gaussian fields, and their ratio."""
    series = []
    for name, attribute in (("truth", "other"), (NETWORK, "power")) if many else ():
        k, power, modes = _rebinned(many, attribute)
        error = power * np.sqrt(2 / modes)
        series.append(Series(name, k, power, power - error, power + error))
    return Curves(
        title,
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to="truth" if series else None,
        ratio_label="ratio to truth",
        ratio_limits=(0.5, 1.5),
        ratio_bands=(0.1,),
    )


def _ratios(title: str, every: Mapping[str, list[Spectra]]) -> Curves:
    """Power of each catalogue over that of as many true halos, mean and scatter over boxes."""
    series = [_over_boxes(name, many, _ratio, STYLES[name]) for name, many in every.items() if many]
    return Curves(title, tuple(series), "k [h/Mpc]", "P / P_true", x_log=True, y_limits=(0.5, 1.5))


def _correlations(title: str, every: Mapping[str, list[Spectra]]) -> Curves:
    """r(k) of all halos with the true ones, mean and scatter over boxes."""
    series = [_over_boxes(name, many, _correlation, STYLES[name]) for name, many in every.items() if many]
    return Curves(title, tuple(series), "k [h/Mpc]", "r(k)", x_log=True, y_limits=(-0.1, 1.05))


def _cuts(measured: Clustering) -> Row:
    """Ratio of power and r(k) for the number cuts, mean and scatter over boxes."""
    every = {CUTS[cut][0]: found[NETWORK] for cut, found in measured.cuts.items() if found[NETWORK]}
    ratios = [_over_boxes(words, many, _ratio) for words, many in every.items()]
    correlations = [_over_boxes(words, many, _correlation) for words, many in every.items()]
    if measured.masks:
        correlations.append(_over_boxes("probability and mask", measured.masks, _correlation, "dashed"))
    panels = (
        ("P(k), predicted / true", "ratio", ratios, (0.5, 1.5)),
        ("r(k) with the truth", "r(k)", correlations, (-0.1, 1.05)),
    )
    return Row(
        "Lagrangian halo clustering by number cut (bands: scatter over universes)",
        tuple(
            Curves(title, tuple(series), "k [h/Mpc]", label, x_log=True, y_limits=limits)
            for title, label, series, limits in panels
        ),
    )


def _ratio(many: Sequence[Spectra]) -> Array:
    return np.asarray(_rebinned(many, "power")[1] / _rebinned(many, "other")[1])


def _correlation(many: Sequence[Spectra]) -> Array:
    power, other, cross = (_rebinned(many, name)[1] for name in ("power", "other", "cross"))
    with np.errstate(invalid="ignore"):
        return np.asarray(cross / np.sqrt(power * other))


def _over_boxes(name: str, many: Sequence[Spectra], measure: Measure, style: Style = "line") -> Series:
    """A quantity of the summed spectra, its band the scatter of that of single boxes."""
    single = np.array([measure([one]) for one in many])
    middle, spread = measure(many), single.std(axis=0)
    return Series(name, _rebinned(many, "power")[0], middle, middle - spread, middle + spread, style)


def _rebinned(many: Sequence[Spectra], attribute: str) -> tuple[Array, Array, Array]:
    """Mode-weighted mean over boxes and over about ten shells a decade: (k, values, modes)."""
    k = many[0].k
    which = wide_shells(k)
    modes = np.bincount(which, sum(s.modes for s in many))
    values = np.bincount(which, sum(getattr(s, attribute) * s.modes for s in many)) / modes
    return np.bincount(which, k * many[0].modes) / np.bincount(which, many[0].modes), values, modes
