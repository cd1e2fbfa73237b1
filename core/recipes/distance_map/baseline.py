"""What one would do without a network: the smoothed linear density in place of the distance map.

The density smoothed by a Gaussian becomes, by a logistic curve, the chance that a cell ends in a halo; what lies below
a level that leaves somewhat more than the collapsed fraction is background. Watershed and cut are those of the network,
fitted in the same way. Of the smoothing that goes best with the true distance and the two below it, and of some
prominences of the watershed, those are taken whose halos match most true ones. The numbers are saved as `flooded.*`,
beside those of `core.protohalos.baseline`, whose halos grow in shells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.learning.metrics import correlation
from core.protohalos.baseline import SMOOTHINGS, fit_logistic, smoothed
from core.protohalos.matching import match
from core.protohalos.regions import catalogue
from core.protohalos.truth import TrueHalos
from core.recipes.distance_map.cut import Relation, calibrate, cut
from core.recipes.distance_map.watershed import Basins, watershed

ROOM = 1.5
"""Cells that are flooded for every cell that collapses: the cut takes the rest away."""

PROMINENCES = (0.0, 0.02, 0.04)
"""Prominences of the watershed among which the baseline chooses."""


def fit(
    universes: Sequence[Universe],
    truths: Sequence[TrueHalos],
    true_distance: Callable[[Array], Array],
    minimum_cells: int,
    loss: Literal["l1", "squared"],
) -> dict[str, float]:
    """The baseline's numbers from universes with known halos, to be saved with a learner; all but its cut.

    Distances from labels, and the loss by which the scale of the baseline's distance is the best, are the network's.
    """
    masks = np.concatenate([truth.mask.reshape(-1) for truth in truths])
    targets = np.concatenate([true_distance(truth.label).reshape(-1) for truth in truths])

    def density(radius: float) -> Array:
        return np.concatenate([smoothed(u.field("delta_linear").values, radius).reshape(-1) for u in universes])

    # NaN, where there are no halos, is never the greatest
    likeness = [np.nan_to_num(correlation(density(radius), targets)) for radius in SMOOTHINGS]
    best = int(np.argmax(likeness))
    tried = [
        _with_smoothing(radius, density(radius), masks, targets, loss)
        for radius in SMOOTHINGS[max(best - 2, 0) : best + 1]
    ]
    choices = [{**constants, "flooded.prominence": prominence} for constants in tried for prominence in PROMINENCES]
    return max(choices, key=lambda constants: _found(constants, universes, truths, minimum_cells))


def _with_smoothing(
    radius: float, density: Array, masks: Array, targets: Array, loss: Literal["l1", "squared"]
) -> dict[str, float]:
    """The chance to collapse, its floor, and its scale to a distance, from all cells of the smoothed density (N,)."""
    slope, centre = fit_logistic(density, masks)
    constants = {
        "flooded.smoothing": radius,
        "flooded.slope": slope,
        "flooded.centre": centre,
        "flooded.floor": float(np.quantile(density, 1 - min(ROOM * masks.mean(), 1.0))),
    }
    guess = _chance(density, constants).astype(np.float64)
    return {**constants, "flooded.scale": _scale(guess[guess > 0], targets[guess > 0], loss)}


def _scale(guess: Array, targets: Array, loss: Literal["l1", "squared"]) -> float:
    """The factor by which positive guesses (N,) are nearest to their targets: a weighted median, or a projection."""
    if not len(guess):
        return 0.0
    if loss == "squared":
        return float((guess * targets).sum() / (guess * guess).sum())
    order = np.argsort(targets / guess)
    weight = np.cumsum(guess[order])
    return float((targets / guess)[order[np.searchsorted(weight, weight[-1] / 2)]])


def _found(
    constants: dict[str, float], universes: Sequence[Universe], truths: Sequence[TrueHalos], minimum_cells: int
) -> float:
    """Share of the true halos that the baseline finds with these constants and a cut fitted to the same universes."""
    maps = [distance(universe, constants) for universe in universes]
    floods = [flood(item, constants) for item in maps]
    relation = fit_cut(zip(maps, floods, strict=True), universes, [truth.halos for truth in truths], minimum_cells)
    hits = []
    for universe, truth, item, basins in zip(universes, truths, maps, floods, strict=True):
        label, cells = cut(item, basins, relation, minimum_cells)
        halos = catalogue(label, cells, universe.box_size, universe.particle_mass, "watershed")
        hits.append(match(truth.halos, halos) >= 0)
    every = np.concatenate(hits)
    return float(every.mean()) if len(every) else 0.0


def _chance(density: Array, constants: dict[str, float]) -> Array:
    """The logistic curve of the smoothed density, 0 below the floor, float32."""
    chance = 1 / (1 + np.exp(-constants["flooded.slope"] * (density - constants["flooded.centre"])))
    return np.where(density > constants["flooded.floor"], chance, 0).astype(np.float32)


def distance(universe: Universe, constants: dict[str, float]) -> Array:
    """The baseline's guess at the normalised distance (n, n, n): the chance to collapse, 0 where that is low."""
    return _chance(smoothed(universe.field("delta_linear").values, constants["flooded.smoothing"]), constants)


def flood(distance: Array, constants: dict[str, float]) -> Basins:
    """The uncut regions of the baseline."""
    return watershed(distance, 0.0, constants["flooded.prominence"])


def fit_cut(
    regions: Iterable[tuple[Array, Basins]], universes: Sequence[Universe], halos: Sequence[Catalogue], cells: int
) -> Relation:
    """The relation that cuts regions of these universes, the network's or the baseline's, to the true mass function.

    regions: distances and their basins, one box at a time; true halos of at least `cells` Lagrangian cells.
    """
    volumes = [h["mass"] / u.particle_mass for u, h in zip(universes, halos, strict=True)]
    # the rounding of a catalogue must not drop the smallest halo that counts
    return calibrate(regions, np.concatenate(volumes), 0.999 * cells)
