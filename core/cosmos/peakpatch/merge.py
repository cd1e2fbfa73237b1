"""From overlapping collapsed spheres to halos: each piece of mass counts once (Stein, Alvarez & Bond 2019, 1810.07727).

A sphere whose centre lies in a larger one is dropped; what remains loses its caps beyond the plane of the cut with
every neighbour. Lengths are in cells of a periodic lattice, on which all centres lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled
from core.cosmos.peakpatch.kernels import RADIUS, Shells


@dataclass(frozen=True)
class Patches:
    """Collapsed spheres around peaks: flat index of the central cell, and a row of `grow`'s output for each."""

    cells: Array
    measured: Array

    @property
    def radii(self) -> Array:
        """In cells."""
        return np.asarray(self.measured[:, RADIUS])

    def __getitem__(self, which: Array) -> Patches:
        return Patches(self.cells[which], self.measured[which])


def exclude(patches: Patches, cells: int, around: Shells) -> Patches:
    """The patches whose centre lies in no larger one, largest first; equal ones in the order of their cells."""
    patches = patches[np.lexsort((patches.cells, -patches.radii))]
    kept = np.zeros(len(patches.cells), dtype=np.bool_)
    taken = np.zeros((cells,) * 3, dtype=np.bool_)
    survive(patches.cells, patches.radii, around.offsets, around.first, around.radius, taken, kept)
    return patches[np.flatnonzero(kept)]


def reduced_radii(patches: Patches, cells: int) -> Array:
    """Radii in cells of spheres of the volume left when every overlap is cut off; 0 where nothing is left.

    The patches are sorted largest first, as `exclude` leaves them.
    """
    positions = centres(patches, cells)
    side = max(1, min(cells, round(len(positions) ** (1 / 3))))
    x, y, z = (positions // (cells / side)).astype(np.int64).T
    bins = (x * side + y) * side + z
    starts = np.concatenate([[0], np.cumsum(np.bincount(bins, minlength=side**3))])
    lost = np.zeros(len(positions))
    lost_volume(positions, patches.radii, starts, np.argsort(bins, kind="stable"), side, cells, lost)
    return np.asarray(np.cbrt(np.maximum(patches.radii**3 - 3 * lost / (4 * np.pi), 0)))


def centres(patches: Patches, cells: int) -> Array:
    """Lagrangian centres (N, 3) in cells."""
    return np.stack(np.unravel_index(patches.cells, (cells,) * 3), axis=1).astype(np.float64)


@compiled
def survive(peaks: Array, radii: Array, offsets: Array, first: Array, radius: Array, taken: Array, kept: Array) -> None:
    """Largest first: keep a sphere whose centre lies in none kept before. `taken` (n, n, n) bool starts empty."""
    n = taken.shape[0]
    for peak in range(peaks.size):
        i0, j0, k0 = peaks[peak] // (n * n), peaks[peak] // n % n, peaks[peak] % n
        kept[peak] = not taken[i0, j0, k0]
        if not kept[peak]:
            continue
        taken[i0, j0, k0] = True
        for shell in range(radius.size):
            if radius[shell] >= radii[peak]:
                break
            for cell in range(first[shell], first[shell + 1]):
                taken[(i0 + offsets[cell, 0]) % n, (j0 + offsets[cell, 1]) % n, (k0 + offsets[cell, 2]) % n] = True


@compiled
def cap(one: float, two: float, distance: float) -> float:
    """Volume that a sphere of radius `one` loses beyond the plane through its cut with one of radius `two`."""
    if distance >= one + two or distance <= abs(one - two):
        return 0.0
    height = (two - one + distance) * (two + one - distance) / (2 * distance)
    return np.pi / 3 * height * height * (3 * one - height)


@compiled
def lost_volume(positions: Array, radii: Array, starts: Array, order: Array, side: int, n: int, lost: Array) -> None:
    """Add to `lost` the caps of every pair of overlapping spheres. Spheres are sorted largest first.

    Those of bin b of side^3 are order[starts[b]:starts[b + 1]]; positions (N, 3) and radii in cells of a box of n.
    """
    width = n / side
    for one in range(radii.size):
        reach = min(int(np.ceil(2 * radii[one] / width)), side // 2)
        width_of_search = min(2 * reach + 1, side)
        ci, cj, ck = positions[one, 0] // width, positions[one, 1] // width, positions[one, 2] // width
        for di in range(width_of_search):
            a = (int(ci) + di - reach) % side
            for dj in range(width_of_search):
                b = (int(cj) + dj - reach) % side
                for dk in range(width_of_search):
                    c = (int(ck) + dk - reach) % side
                    bin_ = (a * side + b) * side + c
                    for entry in range(starts[bin_], starts[bin_ + 1]):
                        two = order[entry]
                        if two <= one:
                            continue
                        squared = 0.0
                        for axis in range(3):
                            s = abs(positions[one, axis] - positions[two, axis])
                            s = min(s, n - s)
                            squared += s * s
                        if squared < (radii[one] + radii[two]) ** 2:
                            distance = np.sqrt(squared)
                            lost[one] += cap(radii[one], radii[two], distance)
                            lost[two] += cap(radii[two], radii[one], distance)
