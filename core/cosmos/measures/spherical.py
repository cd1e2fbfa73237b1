"""Spherical overdensity masses: all matter in the largest sphere about a halo that is 200 times as dense as the mean.

A sphere of N particles has that density at the radius r_N = (3 N / (800 pi nbar))^(1/3). The largest sphere therefore
holds the largest N for which N particles lie within r_N. Counting particles by the N of their distance finds it
exactly, without bins in radius and without sorting.
"""

from __future__ import annotations

import numba
import numpy as np

from core.cosmos.box import Array, cell_index, wrap
from core.cosmos.kernels import compiled, compiled_parallel

OVERDENSITY = 200.0
"""In units of the mean matter density."""

POSITIONS_APART = 1e-7
"""Distance, in boxes, below which positions in single precision are the same."""

SHRINKING = 0.8
"""Factor between the radii of successive spheres in the search for a centre."""

FEWEST = 10
"""The search for a centre ends before a sphere of fewer members."""


def spherical_overdensity(
    positions: Array, labels: Array, box_size: float, particle_mass: float, overdensity: float = OVERDENSITY
) -> tuple[Array, Array]:
    """Masses [Msun/h] and radii [Mpc/h] (H,) of labelled halos; 0 where the density is nowhere that high.

    positions (N, 3) [Mpc/h] of all particles in any periodic image, labels (N,) with 0 for none. Spheres have their
    centre where `centres` puts it and hold all particles, members or not. They are sought up to twice the radius that
    a halo's members alone would fill, and further for as long as the whole sphere sought is still dense enough: a more
    massive neighbour beyond a gap is not taken in.
    """
    points = wrap(np.asarray(positions), box_size)
    middles = centres(points, labels, box_size)
    side = max(1, round(len(points) ** (1 / 3)))
    key = cell_index(points, side, box_size)
    starts = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=side**3))])
    members = np.bincount(labels, minlength=len(middles) + 1)[1:]
    per_volume = overdensity * len(points) / box_size**3 * 4 * np.pi / 3
    count = np.zeros(len(middles), dtype=np.int64)
    _count(points[np.argsort(key, kind="stable")], starts, side, box_size, middles, members, per_volume, count)
    return count * particle_mass, (count / per_volume) ** (1 / 3)


def centres(positions: Array, labels: Array, box_size: float) -> Array:
    """The densest place (H, 3) [Mpc/h] of every halo by shrinking spheres (Power et al. 2003, astro-ph/0201544).

    From twice the rms radius about the centre of mass, spheres shrink by 0.8 and move to the centre of mass of the
    members inside, until fewer than 10 are left. positions (N, 3), labels (N,) with 0 for none.
    """
    members = np.flatnonzero(labels)
    members = members[np.argsort(labels[members], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(labels)[1:])])
    found = np.empty((len(starts) - 1, 3))
    _shrink(np.asarray(positions)[members], starts, box_size, found)
    return wrap(found, box_size)


@compiled
def _offset(x: float, centre: float, box_size: float) -> float:
    """x - centre to the nearest image."""
    return (x - centre) - box_size * np.floor((x - centre) / box_size + 0.5)


@compiled
def _mean_within(points: Array, centre: Array, limit: float, box_size: float, mean: Array) -> tuple[int, float]:
    """Number of points closer than sqrt(limit) and their mean squared distance; `mean` becomes their mean offset."""
    count, total = 0, 0.0
    offset = np.empty(3)
    mean[:] = 0
    for p in range(points.shape[0]):
        squared = 0.0
        for axis in range(3):
            offset[axis] = _offset(points[p, axis], centre[axis], box_size)
            squared += offset[axis] * offset[axis]
        if squared < limit:
            count += 1
            total += squared
            mean += offset
    if count > 0:
        mean /= count
        total /= count
    return count, total


@compiled_parallel
def _shrink(points: Array, starts: Array, box_size: float, found: Array) -> None:
    """Centres of halos, the members of halo h being points[starts[h] : starts[h + 1]]."""
    for h in numba.prange(found.shape[0]):
        members = points[starts[h] : starts[h + 1]]
        centre, mean = np.empty(3), np.empty(3)
        for axis in range(3):
            centre[axis] = members[0, axis]
        _mean_within(members, centre, np.inf, box_size, mean)
        centre += mean
        limit = 4 * _mean_within(members, centre, np.inf, box_size, mean)[1]
        # many members at one point stay within any sphere: the last is as small as single precision tells apart
        last = (POSITIONS_APART * box_size) ** 2
        while limit > last and _mean_within(members, centre, limit, box_size, mean)[0] >= FEWEST:
            centre += mean
            limit *= SHRINKING**2
        found[h] = centre


@compiled_parallel
def _count(
    points: Array,
    starts: Array,
    side: int,
    box_size: float,
    middles: Array,
    members: Array,
    per_volume: float,
    count: Array,
) -> None:
    for h in numba.prange(count.size):
        limit = 8 * members[h]
        found = _largest(points, starts, side, box_size, middles[h], per_volume, limit)
        while found == limit:
            limit *= 8
            found = _largest(points, starts, side, box_size, middles[h], per_volume, limit)
        count[h] = found


@compiled
def _largest(
    points: Array, starts: Array, side: int, box_size: float, centre: Array, per_volume: float, limit: int
) -> int:
    """The largest N <= limit such that N points have per_volume r^3 <= N; points are sorted by cell, side^3 cells."""
    radius = (limit / per_volume) ** (1 / 3)
    reach = int(radius * side / box_size) + 1
    width = min(2 * reach + 1, side)
    low = np.empty(3, dtype=np.int64)
    for axis in range(3):
        low[axis] = int(centre[axis] * side / box_size) - reach + side
    histogram = np.zeros(limit + 1, dtype=np.int64)
    for di in range(width):
        for dj in range(width):
            row = ((low[0] + di) % side * side + (low[1] + dj) % side) * side
            for dk in range(width):
                c = row + (low[2] + dk) % side
                for p in range(starts[c], starts[c + 1]):
                    squared = 0.0
                    for axis in range(3):
                        squared += _offset(points[p, axis], centre[axis], box_size) ** 2
                    if squared <= radius * radius:
                        n = int(np.ceil(per_volume * squared * np.sqrt(squared)))
                        histogram[min(n, limit)] += 1
    inside, largest = histogram[0], 0
    for n in range(1, limit + 1):
        inside += histogram[n]
        if inside >= n:
            largest = n
    return largest
