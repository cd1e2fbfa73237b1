"""What one would do without a network: trees on physics that tell the distance of a cell, flooded and cut as well.

The trees learn the normalised distance from training universes. What lies below a level that leaves somewhat more than
the collapsed fraction is background. Watershed and cut are those of the network, fitted in the same way; of some
prominences of the watershed that is taken whose halos match most true ones. The numbers are saved as `flooded.*`,
beside those of `core.protohalos.without_network`, whose halos grow in shells. Runs of before have in the trees' place
the chance to collapse, a logistic curve of the smoothed density.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np

from core.aside import aside
from core.cosmos.box import Array, Catalogue
from core.cosmos.lagrangian import normalised_distance
from core.cosmos.universe import Universe
from core.learning.training_set import Parts
from core.protohalos.baseline import smoothed
from core.protohalos.boosted import PhysicsTrees, fit_cells
from core.protohalos.dynamics import CheapRun
from core.protohalos.matching import match
from core.protohalos.regions import catalogue
from core.protohalos.truth import TrueHalos
from core.protohalos.without_network import trees_words
from core.recipes.distance_map.cut import Relation, calibrate, cut
from core.recipes.distance_map.watershed import Basins, watershed

PREFIX = "flooded.trees"
"""Of all that is saved of the trees."""

ROOM = 1.5
"""Cells that are flooded for every cell that collapses: the cut takes the rest away."""

PROMINENCES = (0.0, 0.02, 0.04, 0.08)
"""Prominences of the watershed among which the baseline chooses."""


def fit(
    parts: Parts[Universe],
    true_halos: Callable[[Universe], TrueHalos],
    true_distance: Callable[[Array], Array],
    minimum_cells: int,
    loss: Literal["l1", "squared"],
    seed: int,
    run: CheapRun | None = None,
    redshift: float = 0.0,
    seeds: Callable[[Universe], Array | None] = lambda universe: None,
) -> tuple[dict[str, float], PhysicsTrees]:
    """The baseline's numbers, all but its cut, and its trees, to be saved with a learner.

    Trees learn from the training universes, the rest is measured on those of validation. Distances from labels, and the
    loss by which the scale of the baseline's distance is the best, are the network's; so is the cheap run to a redshift
    that the trees see, if any, and so are the labels as which regions begin.
    """
    trees = fit_cells(parts.training, lambda u: normalised_distance(true_halos(u).label), "value", seed, run, redshift)
    truths = [true_halos(universe) for universe in parts.validation]
    told = [aside(trees.told(universe)) for universe in parts.validation]
    fraction = float(np.mean([truth.mask.mean() for truth in truths]))
    floor = max(float(np.quantile(np.stack(told), 1 - min(ROOM * fraction, 1.0))), 0.0) if fraction else 1.0
    maps = [aside(_flooded(item, floor)) for item in told]
    guess = np.concatenate([item.reshape(-1) for item in maps]).astype(np.float64)
    targets = np.concatenate([true_distance(truth.label).reshape(-1) for truth in truths])
    constants = {"flooded.floor": floor, "flooded.scale": _scale(guess[guess > 0], targets[guess > 0], loss)}
    choices = [{**constants, "flooded.prominence": prominence} for prominence in PROMINENCES]
    begun = [aside(seeds(universe)) for universe in parts.validation]
    return max(choices, key=lambda c: _found(c, maps, begun, parts.validation, truths, minimum_cells)), trees


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
    constants: dict[str, float],
    maps: Sequence[Array],
    begun: Sequence[Array | None],
    universes: Sequence[Universe],
    truths: Sequence[TrueHalos],
    minimum_cells: int,
) -> float:
    """Share of the true halos that these maps give with a cut fitted to the same universes."""
    floods = [aside(flood(item, constants, labels)) for item, labels in zip(maps, begun, strict=True)]
    relation = fit_cut(zip(maps, floods, strict=True), universes, [truth.halos for truth in truths], minimum_cells)
    hits = []
    for universe, truth, item, basins in zip(universes, truths, maps, floods, strict=True):
        label, cells = cut(item, basins, relation, minimum_cells)
        halos = catalogue(label, cells, universe.box_size, universe.particle_mass, "watershed")
        hits.append(match(truth.halos, halos) >= 0)
    every = np.concatenate(hits)
    return float(every.mean()) if len(every) else 0.0


def distance(universe: Universe, constants: dict[str, float], trees: PhysicsTrees | None) -> Array:
    """The baseline's guess at the normalised distance (n, n, n) float32, 0 where that is low."""
    if trees:
        return _flooded(trees.told(universe), constants["flooded.floor"])
    density = smoothed(universe.field("delta_linear").values, constants["flooded.smoothing"])
    chance = 1 / (1 + np.exp(-constants["flooded.slope"] * (density - constants["flooded.centre"])))
    return np.where(density > constants["flooded.floor"], chance, 0).astype(np.float32)


def _flooded(told: Array, floor: float) -> Array:
    return np.where(told > floor, np.minimum(told, 1), 0).astype(np.float32)


def words(constants: dict[str, float], trees: PhysicsTrees | None) -> str:
    """What it is, for the facts of a report."""
    smoothing = constants.get("flooded.smoothing", 0.0)
    density = f"linear density smoothed by a Gaussian of {smoothing:g} cells, its chance to collapse as the distance"
    seen = f"{trees_words(trees)}, told the distance" if trees else density
    return f"{seen}; watershed of prominence {constants['flooded.prominence']:g}, cut fitted in the same way"


def flood(distance: Array, constants: dict[str, float], seeds: Array | None = None) -> Basins:
    """The uncut regions of the baseline, which may begin as labels."""
    return watershed(distance, 0.0, constants["flooded.prominence"], seeds)


def fit_cut(
    regions: Iterable[tuple[Array, Basins]], universes: Sequence[Universe], halos: Sequence[Catalogue], cells: int
) -> Relation:
    """The relation that cuts regions of these universes, the network's or the baseline's, to the true mass function.

    regions: distances and their basins, one box at a time; true halos of at least `cells` Lagrangian cells.
    """
    volumes = [h["mass"] / u.particle_mass for u, h in zip(universes, halos, strict=True)]
    # the rounding of a catalogue must not drop the smallest halo that counts
    return calibrate(regions, np.concatenate(volumes), 0.999 * cells)
