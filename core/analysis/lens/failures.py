"""The failures of predictions of halos and of densities, place by place, and in bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.analysis.lens.bins import Bin, Place, What
from core.analysis.lens.halo_table import HaloRow, halo_rows
from core.analysis.lens.surroundings import coarsened
from core.cosmos.box import Array, Field
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.universe import Universe
from core.errors import HalodeckError
from core.progress import Progress

MASS_BINS = 6
ENVIRONMENTS = 5
WORST = 200
"""Errors that are listed."""
_CELLS = 64
"""Cells per side on which densities are compared place by place."""
_SMALL = 5e-3
"""Densities below this share of the mean are one bin."""


def of_halos(pairs: Sequence[tuple[Universe, Universe]], progress: Progress) -> tuple[list[Bin], list[Place]]:
    rows: list[tuple[int, HaloRow]] = []
    measured = []
    for number, (universe, made) in enumerate(pairs):
        progress(number / len(pairs), f"halos of {universe.name}")
        ours, theirs = (one.catalogue(next(iter(one.halos))) for one in (universe, made))
        least = 0.999 * max(float(ours["mass"].min()), float(theirs["mass"].min())) if len(ours) and len(theirs) else 0
        rows += [(number, row) for row in halo_rows(universe, ours, theirs, least=least, held=False)]
        measured.append(_masks(universe, made))
    true = [row for _, row in rows if row.side == "true"]
    edges: dict[What, Array] = {
        "mass": np.geomspace(*_ends([row.mass for row in true]), MASS_BINS + 1),
        "environment": _quantiles([row.environment for row in true]),
    }
    bins: list[Bin] = []
    for what, cuts in edges.items():
        inside = [[row for row in true if _bin(_value(row, what), cuts) == k] for k in range(len(cuts) - 1)]
        for k, held in enumerate(inside):
            wrong = [row.verdict for row in held if row.is_error]
            if held:
                said = f"{wrong.count('missed')} missed, {wrong.count('merged')} merged of {len(held)}"
                words = f"{_range(what, cuts[k], cuts[k + 1])}: {said}"
                bins.append(Bin(what, k, float(cuts[k]), float(cuts[k + 1]), len(held), len(wrong) / len(held), words))
    bins += _by_scale(measured)
    places = []
    for number, row in rows:
        at = row.place("lagrangian")
        if row.is_error and at:
            of = (
                tuple((what, _bin(_value(row, what), cuts)) for what, cuts in edges.items())
                if row.side == "true"
                else ()
            )
            universe, made = pairs[number]
            places.append(Place(universe.path, made.path, row.words, row.mass, at, of))
    return bins, sorted(places, key=lambda place: -place.size)


def of_density(pairs: Sequence[tuple[Universe, Universe]], progress: Progress) -> tuple[list[Bin], list[Place]]:
    true, predicted, spots, measured = [], [], [], []
    for number, (universe, made) in enumerate(pairs):
        progress(number / len(pairs), f"density of {universe.name}")
        ours, theirs = universe.field("density"), made.field("density")
        measured.append(spectra(theirs, ours))
        a, b = (coarsened(1 + np.asarray(field.values), _CELLS) for field in (ours, theirs))
        true.append(a.ravel())
        predicted.append(b.ravel())
        size = np.abs(b - a).ravel()
        for flat in np.argsort(-size)[: WORST // len(pairs) + 1]:
            cell = np.array(np.unravel_index(flat, a.shape)) * universe.box_size / len(a)
            x, y, z = (float(place) for place in cell)
            words = f"1 + overdensity {b.ravel()[flat]:.3g} for {a.ravel()[flat]:.3g}"
            spots.append((Place(universe.path, made.path, words, float(size[flat]), (x, y, z)), float(a.ravel()[flat])))
    values, found = np.concatenate(true), np.concatenate(predicted)
    edges = np.geomspace(*_ends(np.maximum(values, _SMALL).tolist()), MASS_BINS + 1)
    which = np.clip(np.searchsorted(edges, np.maximum(values, _SMALL), side="right") - 1, 0, len(edges) - 2)
    ratio = np.log10(np.maximum(found, _SMALL) / np.maximum(values, _SMALL))
    bins = []
    for k in range(len(edges) - 1):
        if (held := ratio[which == k]).size:
            words = f"1 + overdensity {edges[k]:.3g} to {edges[k + 1]:.3g}: median {np.median(held):+.2f} dex"
            scatter = float(np.std(held))
            bins.append(Bin("density", k, float(edges[k]), float(edges[k + 1]), held.size, scatter, words))
    places = [replace(place, bins=(("density", _bin(max(value, _SMALL), edges)),)) for place, value in spots]
    return [*bins, *_by_scale(measured)], sorted(places, key=lambda place: -place.size)


def _masks(universe: Universe, made: Universe) -> Spectra | None:
    """Spectra of the probability, or of the cells in halos, and of the true cells in halos."""
    if "label" not in universe.fields:
        return None
    truth = (np.asarray(universe.field("label").values) > 0).astype(np.float32)
    if "probability" in made.fields:
        values = np.asarray(made.field("probability").values)
    elif "label" in made.fields:
        values = (np.asarray(made.field("label").values) > 0).astype(np.float32)
    else:
        return None
    try:
        return spectra(Field("p", values, universe.box_size), Field("t", truth, universe.box_size))
    except HalodeckError:
        return None


def _by_scale(measured: Sequence[Spectra | None]) -> list[Bin]:
    """1 - r(k) in octaves, the modes of all boxes together."""
    known = [one for one in measured if one is not None]
    if not known:
        return []
    k, modes = (np.concatenate([getattr(one, name) for one in known]) for name in ("k", "modes"))
    sums = [np.concatenate([getattr(one, name) * one.modes for one in known]) for name in ("power", "other", "cross")]
    edges = k.min() * 0.999 * 2.0 ** np.arange(int(np.ceil(np.log2(k.max() / k.min() / 0.999))) + 1)
    bins = []
    for number in range(len(edges) - 1):
        inside = (k >= edges[number]) & (k < edges[number + 1])
        if not inside.any():
            continue
        a, b, cross = (float(total[inside].sum()) for total in sums)
        if a > 0 and b > 0:
            r, t = cross / np.sqrt(a * b), np.sqrt(a / b)
            low, high = float(k[inside].min()), float(min(edges[number + 1], k.max()))
            words = f"k {low:.2g} to {high:.2g} h/Mpc: r {r:.3f}, T {t:.2f}"
            bins.append(Bin("scale", number, low, high, int(modes[inside].sum()), float(1 - r), words))
    return bins


def _value(row: HaloRow, what: What) -> float:
    return row.mass if what == "mass" else row.environment


def _bin(value: float, edges: Array) -> int:
    return int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, max(0, len(edges) - 2)))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    return 0.999 * low, max(1.001 * high, 1.1 * low)


def _quantiles(values: Sequence[float]) -> Array:
    known = np.array([value for value in values if np.isfinite(value)])
    return np.quantile(known, np.linspace(0, 1, ENVIRONMENTS + 1)) if known.size else np.zeros(0)


def _range(what: What, low: float, high: float) -> str:
    name = "mass" if what == "mass" else "delta_8"
    return f"{name} {low:.3g} to {high:.3g}"
