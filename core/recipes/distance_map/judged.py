"""Held-out universes as the report on distance maps and its figures see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.protohalos.boosted import PhysicsTrees
from core.protohalos.regions import by_size, catalogue
from core.protohalos.truth import TrueHalos
from core.recipes.distance_map import baseline
from core.recipes.distance_map.cut import cut, cut_uniformly, from_constants
from core.recipes.distance_map.watershed import Basins


@dataclass(frozen=True)
class Rules:
    """What the settings of a run say: which halos count, what a distance is, how a map is flooded and cut, the loss."""

    minimum_cells: int
    cut: Literal["adaptive", "uniform"]
    loss: Literal["l1", "squared"]
    inputs: str
    true_halos: Callable[[Universe], TrueHalos]
    true_distance: Callable[[Array], Array]
    """Distances (n, n, n) that are learnt, from labels (n, n, n)."""
    begin: Literal["peaks", "groups"]
    """As what regions begin, the network's and the baseline's."""
    flood: Callable[[Array, Array | None], Basins]
    """The regions of a distance map, which may begin as labels."""
    seeds: Callable[[Universe], Array | None]
    """Labels (n, n, n) as which the regions of a universe begin, where they do."""


@dataclass(frozen=True)
class Way:
    """Halos of one box, got in one way: their catalogue and the label (n, n, n) of every cell."""

    halos: Catalogue
    label: Array


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: true and predicted distances and the baseline's, and its halos in several ways.

    `raw` are the regions that are not cut, `uniform` those of the uniform cut, `chance` the network's halos moved by
    half the box along each axis: as many and as large as before, where they have no reason to be.
    """

    universe: Universe
    true_distance: Array
    distance: Array
    basins: Basins
    truth: Way
    network: Way
    raw: Way
    uniform: Way
    chance: Way
    baseline: Way
    baseline_distance: Array


def judge(
    constants: dict[str, float],
    trees: PhysicsTrees | None,
    universe: Universe,
    prediction: Universe,
    rules: Rules,
) -> JudgedBox:
    """A universe and its prediction, judged by the rules, constants and baseline's trees of a run."""
    truth = rules.true_halos(universe)
    distance = np.asarray(prediction.field("distance").values)
    begun = rules.seeds(universe)
    basins = rules.flood(distance, begun)
    guess = baseline.distance(universe, constants, trees)
    flooded = baseline.flood(guess, constants, begun), from_constants(constants, "flooded.cut")
    network = Way(prediction.catalogue("distance_map"), np.asarray(prediction.field("label").values))
    uniform = from_constants(constants, "cut").uniform
    return JudgedBox(
        universe,
        rules.true_distance(truth.label),
        distance,
        basins,
        Way(truth.halos, truth.label),
        network,
        way(universe, by_size(basins.label, basins.cells, rules.minimum_cells)),
        way(universe, cut_uniformly(distance, basins, uniform, rules.minimum_cells)),
        moved(network),
        way(universe, cut(guess, *flooded, rules.minimum_cells)),
        guess,
    )


def way(universe: Universe, found: tuple[Array, Array]) -> Way:
    """Regions of a universe, as labels and volumes [cells], with their catalogue."""
    label, cells = found
    return Way(catalogue(label, cells, universe.box_size, universe.particle_mass, "watershed"), label)


def moved(halos: Way) -> Way:
    """The same halos half a box further along each axis."""
    half = halos.label.shape[0] // 2
    cell = halos.halos.box_size / halos.label.shape[0]
    position = (halos.halos["lagrangian_position"] + half * cell) % halos.halos.box_size
    columns = {**halos.halos.columns, "lagrangian_position": position.astype(np.float32)}
    return Way(Catalogue(columns, halos.halos.box_size, halos.halos.redshift), np.roll(halos.label, half, (0, 1, 2)))
