"""The report on ionization maps: cross-correlation and power beside the truth, and ways without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from core.aside import aside
from core.cosmos.box import Array, Field
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.universe import Universe
from core.figures import Curves, Figure, Number, Report, Row, Series, Slice
from core.learning.metrics import correlation, foreground_dice
from core.progress import Progress, each, silent
from core.recipes.ionization_map.sources import OTHER_BUBBLE, OTHER_TEMPERATURE
from core.recipes.ionization_map.ways import WAYS, baseline, excursions

Measure: TypeAlias = "Callable[[JudgedBox, str], float]"
"""A number of one box and one way."""

SCALES = (0.1, 0.3, 1.0)
"""Wavenumbers [h/Mpc] of the numbers."""

NOTES = (
    "The truth is what the excursion set makes of the linear density; network and ways without one see the evolved "
    "density alone.",
    f"{WAYS['baseline'].capitalize()}: the smoothing that correlates best.",
    f"{WAYS['excursion'].capitalize()}: spheres of up to {OTHER_BUBBLE:g} Mpc/h, halos from {OTHER_TEMPERATURE:g} K "
    "on, and the efficiency that leaves the neutral fraction of training cubes.",
)


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: the truth, and of each way its map and the spectra of that with the truth."""

    universe: Universe
    truth: Array
    maps: dict[str, Array]
    spectra: dict[str, Spectra]


def report(
    title: str,
    paper: str,
    target: str,
    constants: dict[str, float],
    pairs: Sequence[tuple[Universe, Universe]],
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes. An error is the standard error of the mean over boxes."""
    boxes = [aside(_box(target, constants, *pair)) for pair in each(progress, pairs, lambda pair: pair[0].name)]
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
    maps = {
        "network": made,
        "baseline": baseline(universe, constants),
        **excursions(universe, target, constants),
    }
    size = universe.box_size
    against = {
        name: spectra(Field("prediction", values, size), Field("truth", true, size)) for name, values in maps.items()
    }
    return JudgedBox(universe, true, maps, against)


def _numbers(target: str, boxes: Sequence[JudgedBox]) -> list[Number]:
    unit = "mK" if target == "brightness_temperature" else ""
    reached = boxes[0].spectra["network"].k
    scales = [k for k in SCALES if reached[0] <= k <= reached[-1]]
    ways = [name for name in WAYS if all(name in box.maps for box in boxes)]

    def number(key: str, name: str, of: Measure, way: str, unit: str = "", note: str = "") -> Number:
        """A measure of a way; beside the network stands the mean at the smoothed density."""
        values = np.array([of(box, way) for box in boxes])
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        beside = float(np.mean([of(box, "baseline") for box in boxes])) if way == "network" else None
        suffix, words = ("", "") if way == "network" else (f"_{way}", f", {WAYS[way]}")
        return Number(key + suffix, name + words, float(values.mean()), unit, error, beside, None, note)

    numbers = []
    for way in ways:
        if way == "baseline":
            continue
        numbers += [
            number(
                "correlation", "correlation cell by cell", lambda box, way: correlation(box.maps[way], box.truth), way
            ),
            *(number(f"r_{k:g}", f"r at k = {k:g} h/Mpc", partial(_correlation_at, k), way) for k in scales),
            *(number(f"power_{k:g}", f"P / P_true at k = {k:g} h/Mpc", partial(_power_at, k), way) for k in scales),
            number("rms", "rms of the error", _rms, way, unit),
            number(
                "bias", "mean over the true mean", lambda box, way: float(box.maps[way].mean() / box.truth.mean()), way
            ),
            number(
                "bubbles", "Dice coefficient of what is ionized", _bubbles, way, note="below half of the largest value"
            ),
            number("ionized", "ionized share of the cells over the true one", _ionized, way),
        ]
    return numbers


def _correlation_at(k: float, box: JudgedBox, way: str) -> float:
    found = box.spectra[way]
    return float(np.interp(k, found.k, found.correlation))


def _power_at(k: float, box: JudgedBox, way: str) -> float:
    found = box.spectra[way]
    return float(np.interp(k, found.k, found.transfer**2))


def _rms(box: JudgedBox, way: str) -> float:
    return float(np.sqrt(np.mean((box.maps[way] - box.truth) ** 2)))


def _bubbles(box: JudgedBox, way: str) -> float:
    return foreground_dice(box.maps[way] < _threshold(box), box.truth < _threshold(box))


def _ionized(box: JudgedBox, way: str) -> float:
    shares = [float((values < _threshold(box)).mean()) for values in (box.maps[way], box.truth)]
    return shares[0] / shares[1] if shares[1] else float("nan")


def _threshold(box: JudgedBox) -> float:
    return float(np.quantile(box.truth, 0.99)) / 2


def _curves(
    boxes: Sequence[JudgedBox], of: Callable[[Spectra], Array], title: str, label: str, limits: tuple[float, float]
) -> Curves:
    k = boxes[0].spectra["network"].k
    series = []
    for name, words in WAYS.items():
        if not all(name in box.spectra for box in boxes):
            continue
        values = np.array([of(box.spectra[name]) for box in boxes])
        mean, scatter = values.mean(0), values.std(0)
        band = {"low": mean - scatter, "high": mean + scatter} if len(boxes) > 1 else {}
        series.append(Series(words, k, mean, **band))
    return Curves(title, tuple(series), "k [h/Mpc]", label, x_log=True, y_limits=limits)


def _maps(target: str, box: JudgedBox) -> Row:
    """The density of a plane, the true and the predicted map, and the difference."""
    size, middle = box.universe.box_size, box.universe.cells // 2
    density = np.asarray(box.universe.field("density").values[middle], dtype=np.float64)
    true, made = (np.asarray(values[middle], dtype=np.float64) for values in (box.truth, box.maps["network"]))
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
