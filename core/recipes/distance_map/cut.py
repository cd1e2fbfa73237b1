"""The adaptive cut of watershed regions (Bernardini et al. 2020, arXiv:1912.04299, section 4.1).

A watershed floods whatever is above zero, so its regions are too large. Raising a threshold inside a region shrinks its
volume V [cells] and raises the mean distance d of what is left: a trajectory in the (V, d) plane. One relation d(V) for
all regions, linear in pieces in log V, says where each is cut. The distance in cells is the normalised one times the
radius of a sphere of the region's uncut volume.

Beside it stands the uniform cut that the paper compares with: one value of the map for all regions, chosen so that as
many of the smallest volume are left as there are true halos.

The paper bins the plane, takes for each V the d with the best number of halos, and draws the relation by hand. Here it
follows exactly: a region grows from its peak while it stays above the relation, so it comes to be larger than V if and
only if its trajectory passes V above d(V). So d(V) lies between the N-th largest of the distances there and the next, N
the number of true halos larger than V; where there are no more than N nothing is cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.aside import empty
from core.cosmos.box import Array
from core.cosmos.kernels import compiled
from core.protohalos.regions import by_size, sizes
from core.recipes.distance_map.watershed import Basins

KNOTS_PER_DECADE = 4
RAREST = 8
"""True halos above the last knot, at least: fewer would fit noise."""


@dataclass(frozen=True)
class Relation:
    """Knots of d(V): volumes [cells], rising, and mean distances [cells]; no knots cut nothing.

    `uniform` is the value of the map at which the uniform cut cuts.
    """

    volume: Array
    distance: Array
    uniform: float = 0.0

    def __call__(self, volume: Array) -> Array:
        """d at any volumes: linear in log V between the knots, 0 below the first, as V^(1/3) beyond the last."""
        if not len(self.volume):
            return np.zeros(np.shape(volume))
        beyond = np.cbrt(np.maximum(volume / self.volume[-1], 1))
        inside = np.interp(np.log(np.maximum(volume, 1)), np.log(self.volume), self.distance)
        return np.where(volume < self.volume[0], 0.0, inside * beyond)

    def as_constants(self, prefix: str) -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        pairs = enumerate(zip(self.volume, self.distance, strict=True))
        knots = {
            f"{prefix}.{number}.{name}": float(value)
            for number, pair in pairs
            for name, value in zip(("volume", "distance"), pair, strict=True)
        }
        return {**knots, f"{prefix}.uniform": self.uniform}


def from_constants(constants: dict[str, float], prefix: str) -> Relation:
    """The relation saved by `as_constants`."""
    count = sum(name.startswith(f"{prefix}.") for name in constants) // 2
    volume, distance = (
        np.array([constants[f"{prefix}.{number}.{name}"] for number in range(count)]) for name in ("volume", "distance")
    )
    return Relation(volume, distance, constants.get(f"{prefix}.uniform", 0.0))


def knots(volumes: Array, smallest: float) -> Array:
    """Volumes [cells] from the smallest that counts to where about `RAREST` of the true `volumes` are larger."""
    falling = np.sort(volumes)[::-1]
    largest = falling[RAREST - 1] if len(falling) >= RAREST else 0.0
    if largest <= smallest:
        return np.array([float(smallest)])
    count = max(2, round(KNOTS_PER_DECADE * np.log10(largest / smallest)) + 1)
    return np.geomspace(smallest, largest, count)


def calibrate(regions: Iterable[tuple[Array, Basins]], true: Array, smallest: float) -> Relation:
    """The relation with which regions of at least each volume are as many as true halos, over all boxes together.

    regions: maps (n, n, n) of predicted distance and their basins, one box at a time; true: the volumes [cells] of the
    true halos of all boxes.
    """
    volume = knots(true, smallest)
    levels, lines = [], []
    for values, basins in regions:
        lines.append(trajectories(values, basins, volume))
        levels.append(_levels(values, basins, int(np.ceil(smallest))))
    uniform = _level(np.concatenate(levels), int((true >= smallest).sum()))
    passing = np.concatenate(lines)
    distance = np.zeros(len(volume))
    for k in range(len(volume)):
        distance[k] = _level(passing[:, k], int((true >= volume[k]).sum()))
        # who fails here has stopped growing
        passing = passing[passing[:, k] >= distance[k]]
    return Relation(volume, distance, uniform)


def _level(distances: Array, count: int) -> float:
    """A level that `count` of the distances reach and the next does not; 0 where there is no next."""
    falling = np.sort(distances[np.isfinite(distances)])[::-1]
    if count >= len(falling):
        return 0.0
    return float((falling[count - 1] + falling[count]) / 2) if count else 2 * float(falling[0])


def _levels(values: Array, basins: Basins, volume: int) -> Array:
    """The value at which each region of at least so many cells is shrunk to these (regions,)."""
    by_region = basins.order[np.argsort(basins.label.reshape(-1)[basins.order], kind="stable")]
    first = np.cumsum(basins.cells) - basins.cells
    return _flat(values)[by_region[(first + volume - 1)[basins.cells >= volume]]]


def trajectories(values: Array, basins: Basins, volumes: Array) -> Array:
    """Mean distance [cells] (regions, len(volumes)) of each region shrunk to each volume, NaN where it is smaller."""
    at = np.ceil(np.asarray(volumes)).astype(np.int64)
    result = np.full((len(basins.cells), len(at)), np.nan)
    _trace(_flat(values), basins.order, basins.label.reshape(-1), basins.unit, at, result)
    return result


def cut(values: Array, basins: Basins, relation: Relation, minimum_cells: int) -> tuple[Array, Array]:
    """Each region thresholded where its trajectory meets the relation.

    Returns labels (n, n, n) int32, 1 for the largest, and the volumes (L,) [cells]; less than `minimum_cells` is
    dropped.
    """
    largest = int(basins.cells.max(initial=0))
    bound = relation(np.arange(largest + 1, dtype=np.float64))
    label = empty(basins.label.shape, basins.label.dtype)
    volume = np.zeros(len(basins.cells), dtype=np.int64)
    _cut(_flat(values), basins.order, basins.label.reshape(-1), basins.unit, bound, label.reshape(-1), volume)
    return by_size(label, volume, minimum_cells)


def cut_uniformly(values: Array, basins: Basins, level: float, minimum_cells: int) -> tuple[Array, Array]:
    """Each region left with its cells above one level; labels and volumes as of `cut`."""
    label = empty(basins.label.shape, basins.label.dtype)
    for plane, value, basin in zip(label, values, basins.label, strict=True):
        plane[...] = np.where(value > np.float32(level), basin, 0)
    return by_size(label, sizes(label, len(basins.cells)), minimum_cells)


def _flat(values: Array) -> Array:
    return np.ascontiguousarray(values, dtype=np.float32).reshape(-1)


@compiled
def _trace(values: Array, order: Array, label: Array, unit: Array, at: Array, result: Array) -> None:
    count = np.zeros(unit.size, dtype=np.int64)
    total = np.zeros(unit.size)
    following = np.zeros(unit.size, dtype=np.int64)
    for s in range(order.size):
        region = label[order[s]] - 1
        count[region] += 1
        total[region] += values[order[s]]
        while following[region] < at.size and at[following[region]] == count[region]:
            result[region, following[region]] = unit[region] * total[region] / count[region]
            following[region] += 1


@compiled
def _cut(values: Array, order: Array, label: Array, unit: Array, bound: Array, kept: Array, volume: Array) -> None:
    """Take the cells of each region from its peak downwards until its mean distance falls below the relation."""
    total = np.zeros(unit.size)
    closed = np.zeros(unit.size, dtype=np.bool_)
    for s in range(order.size):
        region = label[order[s]] - 1
        if closed[region]:
            continue
        total[region] += values[order[s]]
        if unit[region] * total[region] < bound[volume[region] + 1] * (volume[region] + 1):
            closed[region] = True
            continue
        volume[region] += 1
        kept[order[s]] = region + 1
