"""The report on ionization maps: cross-correlation with the truth, beside a baseline without network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.cosmos.box import Array, Field
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.universe import Universe
from core.figures import Curves, Figure, Number, Report, Row, Series, Slice
from core.learning.metrics import correlation, foreground_dice
from core.progress import Progress, each, silent
from core.protohalos.baseline import smoothed

SMOOTHINGS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Gaussian radii in cells among which the baseline chooses."""

KNOTS = 40
"""Densities, equally frequent, at which the baseline knows the mean of the target."""

SCALES = (0.1, 0.3, 1.0)
"""Wavenumbers [h/Mpc] of the numbers."""

NOTES = (
    "The truth is what the excursion set makes of the linear density; the network sees the evolved density alone.",
    "Baseline: the mean of the target at the smoothed density of a cell, the smoothing that correlates best.",
)


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: the truth, the prediction and the baseline, and the spectra of each with the truth."""

    universe: Universe
    truth: Array
    network: Array
    baseline: Array
    network_spectra: Spectra
    baseline_spectra: Spectra


def fit_baseline(universes: Sequence[Universe], target: str) -> dict[str, float]:
    """The baseline's numbers from training universes, to be saved with a learner."""
    truth = np.concatenate([np.asarray(u.field(target).values).reshape(-1) for u in universes])

    def mean_at(radius: float) -> tuple[Array, Array, float]:
        density = np.concatenate([smoothed(u.field("density").values, radius).reshape(-1) for u in universes])
        edges = np.quantile(density, np.linspace(0, 1, KNOTS + 1))
        bins = np.clip(np.searchsorted(edges, density, side="right") - 1, 0, KNOTS - 1)
        counts = np.maximum(np.bincount(bins, minlength=KNOTS), 1)
        means = np.bincount(bins, truth, minlength=KNOTS) / counts
        middles = (edges[1:] + edges[:-1]) / 2
        return middles, means, correlation(np.interp(density, middles, means), truth)

    found = {radius: mean_at(radius) for radius in SMOOTHINGS}
    # NaN, of a constant, is never the greatest
    best = max(SMOOTHINGS, key=lambda radius: np.nan_to_num(found[radius][2]))
    middles, means, _ = found[best]
    knots = {f"baseline.density.{i}": float(value) for i, value in enumerate(middles)}
    return {"baseline.smoothing": best, **knots, **{f"baseline.mean.{i}": float(v) for i, v in enumerate(means)}}


def baseline(universe: Universe, constants: dict[str, float]) -> Array:
    """The baseline's map of a universe."""
    density = smoothed(universe.field("density").values, constants["baseline.smoothing"])
    middles, means = (
        np.array([constants[f"baseline.{name}.{i}"] for i in range(KNOTS)]) for name in ("density", "mean")
    )
    return np.interp(density, middles, means).astype(np.float32)


def report(
    title: str,
    paper: str,
    target: str,
    constants: dict[str, float],
    pairs: Sequence[tuple[Universe, Universe]],
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes. An error is the standard error of the mean over boxes."""
    boxes = [_box(target, constants, *pair) for pair in each(progress, pairs, lambda pair: pair[0].name)]
    first = boxes[0].universe
    figures: dict[str, Figure] = {
        "maps": _maps(target, boxes[0]),
        "correlation": _curves(boxes, lambda s: s.correlation, "Cross-correlation with the truth", "r(k)", (0.0, 1.0)),
        "transfer": _curves(
            boxes, lambda s: s.transfer, "Amplitude over that of the truth", "sqrt(P / P true)", (0.0, 1.5)
        ),
    }
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells, z = {first.fields['density'].redshift:g}",
        "target": target.replace("_", " "),
        "baseline": f"density smoothed by {constants['baseline.smoothing']:g} cells",
    }
    return Report(title, tuple(_numbers(target, boxes)), figures, NOTES, facts)


def _box(target: str, constants: dict[str, float], universe: Universe, prediction: Universe) -> JudgedBox:
    true, made = (np.asarray(u.field(target).values, dtype=np.float32) for u in (universe, prediction))
    base = baseline(universe, constants)

    def against(values: Array) -> Spectra:
        size = universe.box_size
        return spectra(Field("truth", true, size), Field("prediction", values, size))

    return JudgedBox(universe, true, made, base, against(made), against(base))


def _numbers(target: str, boxes: Sequence[JudgedBox]) -> list[Number]:
    def number(
        key: str, name: str, of: Callable[[JudgedBox, Array, Spectra], float], unit: str = "", note: str = ""
    ) -> Number:
        ours = np.array([of(box, box.network, box.network_spectra) for box in boxes])
        theirs = np.array([of(box, box.baseline, box.baseline_spectra) for box in boxes])
        error = float(ours.std(ddof=1) / np.sqrt(len(ours))) if len(ours) > 1 else None
        return Number(key, name, float(ours.mean()), unit, error, float(theirs.mean()), None, note)

    numbers = [number("correlation", "correlation cell by cell", lambda box, map_, _: correlation(map_, box.truth))]
    reached = boxes[0].network_spectra.k
    for k in SCALES:
        if reached[0] <= k <= reached[-1]:
            numbers.append(number(f"r_{k:g}", f"r at k = {k:g} h/Mpc", partial(_correlation_at, k)))
    unit = "mK" if target == "brightness_temperature" else ""
    numbers += [
        number("rms", "rms of the error", lambda box, map_, _: float(np.sqrt(np.mean((map_ - box.truth) ** 2))), unit),
        number("bias", "mean over the true mean", lambda box, map_, _: float(map_.mean() / box.truth.mean())),
        number(
            "bubbles",
            "Dice coefficient of what is ionized",
            lambda box, map_, _: foreground_dice(map_ < _threshold(box), box.truth < _threshold(box)),
            note="below half of the largest value",
        ),
    ]
    return numbers


def _correlation_at(k: float, box: JudgedBox, map_: Array, found: Spectra) -> float:
    return float(np.interp(k, found.k, found.correlation))


def _threshold(box: JudgedBox) -> float:
    return float(np.quantile(box.truth, 0.99)) / 2


def _curves(
    boxes: Sequence[JudgedBox], of: Callable[[Spectra], Array], title: str, label: str, limits: tuple[float, float]
) -> Curves:
    k = boxes[0].network_spectra.k
    series = []
    for name in ("network", "baseline"):
        values = np.array([of(getattr(box, f"{name}_spectra")) for box in boxes])
        mean, scatter = values.mean(0), values.std(0)
        band = {"low": mean - scatter, "high": mean + scatter} if len(boxes) > 1 else {}
        series.append(Series(name, k, mean, **band))
    return Curves(title, tuple(series), "k [h/Mpc]", label, x_log=True, y_limits=limits)


def _maps(target: str, box: JudgedBox) -> Row:
    """The density of a plane, the true and the predicted map, and the difference."""
    size, middle = box.universe.box_size, box.universe.cells // 2
    density = np.asarray(box.universe.field("density").values[middle], dtype=np.float64)
    true, made = (np.asarray(values[middle], dtype=np.float64) for values in (box.truth, box.network))
    unit = "mK" if target == "brightness_temperature" else target.replace("_", " ")
    top = float(max(true.max(), 1e-6))
    extent, x, y = (0.0, size, 0.0, size), "z [Mpc/h]", "y [Mpc/h]"
    return Row(
        f"A plane of {box.universe.name}",
        (
            Slice("density", 1 + density, extent, x, y, "1 + overdensity", scale="log"),
            Slice("truth", true, extent, x, y, unit, limits=(0.0, top)),
            Slice("network", made, extent, x, y, unit, limits=(0.0, top)),
            Slice("difference", made - true, extent, x, y, unit, "diverging", limits=(-top, top)),
        ),
    )
