"""Held-out universes as the report on distance maps and its figures see them."""

from __future__ import annotations

from dataclasses import dataclass

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.recipes.distance_map.watershed import Basins


@dataclass(frozen=True)
class Way:
    """Halos of one box, got in one way: their catalogue and the label (n, n, n) of every cell."""

    halos: Catalogue
    label: Array


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: true and predicted distances and the baseline's, and its halos in four ways."""

    universe: Universe
    true_distance: Array
    distance: Array
    basins: Basins
    truth: Way
    network: Way
    raw: Way
    baseline: Way
    baseline_distance: Array
