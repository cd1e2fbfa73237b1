"""Loops of Peak Patch on the CPU: peaks of a smoothed field, spheres grown around them, and sums over spheres.

Fields are (n, n, n) on the Lagrangian lattice, a peak is the flat index of its cell, lengths are in cells. Cells around
a peak are visited in shells of equal distance (`shells`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled, compiled_parallel
from core.cosmos.peakpatch.collapse import look_up

COMPONENTS = 6
"""delta and the tidal tensor without its first element: delta, yy, zz, xy, xz, yz. xx is delta - yy - zz."""

RADIUS, OVERDENSITY, ELLIPTICITY, PROLATENESS, FORMATION = range(5)
"""Columns of what `grow` finds."""


@dataclass(frozen=True)
class Shells:
    """Lattice vectors (M, 3) int16 by distance; shell s holds those from first[s] to first[s + 1] at radius[s]."""

    offsets: Array
    first: Array
    radius: Array


def shells(largest: int) -> Shells:
    """All lattice vectors of at most this length [cells]."""
    count = np.zeros(largest * largest + 1, dtype=np.int64)
    _count_vectors(largest, count)
    present = np.flatnonzero(count)
    first = np.concatenate([[0], np.cumsum(count[present])])
    slot = np.zeros(len(count), dtype=np.int64)
    slot[present] = first[:-1]
    offsets = np.empty((first[-1], 3), dtype=np.int16)
    _sort_vectors(largest, slot, offsets)
    return Shells(offsets, first, np.sqrt(present))


@compiled
def _count_vectors(largest: int, count: Array) -> None:
    for i in range(-largest, largest + 1):
        for j in range(-largest, largest + 1):
            for k in range(-largest, largest + 1):
                squared = i * i + j * j + k * k
                if squared < count.size:
                    count[squared] += 1


@compiled
def _sort_vectors(largest: int, slot: Array, offsets: Array) -> None:
    for i in range(-largest, largest + 1):
        for j in range(-largest, largest + 1):
            for k in range(-largest, largest + 1):
                squared = i * i + j * j + k * k
                if squared < slot.size:
                    offsets[slot[squared], 0] = i
                    offsets[slot[squared], 1] = j
                    offsets[slot[squared], 2] = k
                    slot[squared] += 1


@compiled_parallel
def mark_peaks(smoothed: Array, threshold: float, mark: int, found: Array) -> None:
    """Write `mark` into `found` (int8) at cells above the threshold, not below any of 26 neighbours, and still 0."""
    n = smoothed.shape[0]
    for i in numba.prange(n):
        for j in range(n):
            for k in range(n):
                value = smoothed[i, j, k]
                if value < threshold or found[i, j, k] != 0:
                    continue
                highest = True
                for neighbour in range(27):
                    a = (i + neighbour // 9 - 1) % n
                    b = (j + neighbour // 3 % 3 - 1) % n
                    c = (k + neighbour % 3 - 1) % n
                    if smoothed[a, b, c] > value:
                        highest = False
                        break
                if highest:
                    found[i, j, k] = mark


@compiled_parallel
def grow(
    tide: Array,
    peaks: Array,
    reach: Array,
    threshold: float,
    collapsed: float,
    table: Array,
    offsets: Array,
    first: Array,
    radius: Array,
    out: Array,
) -> None:
    """The largest sphere around each peak that has collapsed, as an ellipsoid of its mean strain.

    tide (n, n, n, 6) holds COMPONENTS. Outward: means inside every shell, up to the first beyond `reach` [cells] with a
    mean overdensity below `threshold`. Inward: the first shell with 1 + z_collapse >= `collapsed`; the radius is linear
    in r^3 between it and the one outside. `out` (N, 5) gets the radius (0 for none), F, e and p at it, and 1 + z of
    collapse of its inner half.
    """
    n = tide.shape[0]
    for peak in numba.prange(peaks.size):
        i0, j0, k0 = peaks[peak] // (n * n), peaks[peak] // n % n, peaks[peak] % n
        mean = np.empty((radius.size, COMPONENTS))
        old0 = old1 = old2 = old3 = old4 = old5 = 0.0
        last = 0
        for shell in range(radius.size):
            new0 = new1 = new2 = new3 = new4 = new5 = 0.0
            for cell in range(first[shell], first[shell + 1]):
                i, j, k = i0 + offsets[cell, 0], j0 + offsets[cell, 1], k0 + offsets[cell, 2]
                i += n if i < 0 else (-n if i >= n else 0)
                j += n if j < 0 else (-n if j >= n else 0)
                k += n if k < 0 else (-n if k >= n else 0)
                new0 += tide[i, j, k, 0]
                new1 += tide[i, j, k, 1]
                new2 += tide[i, j, k, 2]
                new3 += tide[i, j, k, 3]
                new4 += tide[i, j, k, 4]
                new5 += tide[i, j, k, 5]
            part = 1.0 / (first[shell + 1] - first[shell])
            new0, new1, new2 = part * new0, part * new1, part * new2
            new3, new4, new5 = part * new3, part * new4, part * new5
            # trapezoid in r^3: the mean inside is what lay inside before and the mean of the two shells around the rest
            rest = 1.0
            if shell > 0:
                rest = 1 - (radius[shell - 1] / radius[shell]) ** 3
                mean[shell] = (1 - rest) * mean[shell - 1]
            else:
                mean[0] = 0.0
                old0, old1, old2, old3, old4, old5 = new0, new1, new2, new3, new4, new5
            mean[shell, 0] += 0.5 * rest * (old0 + new0)
            mean[shell, 1] += 0.5 * rest * (old1 + new1)
            mean[shell, 2] += 0.5 * rest * (old2 + new2)
            mean[shell, 3] += 0.5 * rest * (old3 + new3)
            mean[shell, 4] += 0.5 * rest * (old4 + new4)
            mean[shell, 5] += 0.5 * rest * (old5 + new5)
            old0, old1, old2, old3, old4, old5 = new0, new1, new2, new3, new4, new5
            last = shell
            if radius[shell] > reach[peak] and mean[shell, 0] < threshold:
                break
        _innermost(mean, last, radius, collapsed, table, out[peak])


@compiled_parallel
def search(
    means: Array, reach: Array, threshold: float, collapsed: float, table: Array, radius: Array, out: Array
) -> None:
    """The last steps of `grow` where the means (N, radii, 6) are known at all radii."""
    for peak in numba.prange(reach.size):
        last = radius.size - 1
        for shell in range(radius.size):
            if radius[shell] > reach[peak] and means[peak, shell, 0] < threshold:
                last = shell
                break
        _innermost(means[peak].astype(np.float64), last, radius, collapsed, table, out[peak])


@compiled
def _innermost(mean: Array, last: int, radius: Array, collapsed: float, table: Array, out: Array) -> None:
    """From shell `last` inward to the first collapsed one; fills a row of `grow`'s output."""
    out[:] = 0.0
    outside = 0.0
    for shell in range(last, -1, -1):
        inside = look_up_strain(mean[shell], table)
        if inside >= collapsed:
            weight = (inside - collapsed) / (inside - outside) if 0 < outside < inside and shell < last else 0.0
            cubed = radius[shell] ** 3
            if weight > 0:
                cubed += weight * (radius[shell + 1] ** 3 - cubed)
                for c in range(COMPONENTS):
                    mean[shell, c] += weight * (mean[shell + 1, c] - mean[shell, c])
            out[RADIUS] = cubed ** (1 / 3)
            out[OVERDENSITY] = mean[shell, 0]
            out[ELLIPTICITY], out[PROLATENESS] = asymmetry(mean[shell])
            half = shell
            while radius[half] > out[RADIUS] / 2:
                half -= 1
            out[FORMATION] = look_up_strain(mean[half], table)
            return
        outside = inside


@compiled
def look_up_strain(strain: Array, table: Array) -> float:
    """1 + z of collapse of an ellipsoid of this mean strain (COMPONENTS), 0 for none."""
    if strain[0] < 1.0:  # far below the table, and e and p have no meaning towards F = 0
        return 0.0
    ellipticity, prolateness = asymmetry(strain)
    return look_up(table, strain[0], ellipticity, prolateness)


@compiled
def asymmetry(strain: Array) -> tuple[float, float]:
    """Ellipticity and prolateness of a strain tensor given as COMPONENTS, from its eigenvalues in closed form."""
    third = strain[0] / 3
    x, y, z = strain[0] - strain[1] - strain[2] - third, strain[1] - third, strain[2] - third
    xy, xz, yz = strain[3], strain[4], strain[5]
    size = np.sqrt((x * x + y * y + z * z + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
    if size == 0.0:
        return 0.0, 0.0
    determinant = x * (y * z - yz * yz) - xy * (xy * z - yz * xz) + xz * (xy * yz - y * xz)
    angle = np.arccos(min(1.0, max(-1.0, determinant / (2 * size * size * size)))) / 3
    highest, lowest = 2 * size * np.cos(angle), 2 * size * np.cos(angle + 2 * np.pi / 3)
    middle = -highest - lowest
    return (highest - lowest) / (2 * strain[0]), (highest + lowest - 2 * middle) / (2 * strain[0])


@compiled_parallel
def average(field: Array, peaks: Array, radii: Array, offsets: Array, first: Array, radius: Array, out: Array) -> None:
    """Mean of a field over the cells inside each sphere."""
    n = field.shape[0]
    for peak in numba.prange(peaks.size):
        i0, j0, k0 = peaks[peak] // (n * n), peaks[peak] // n % n, peaks[peak] % n
        total = 0.0
        end = 1
        for shell in range(radius.size):
            if shell and radius[shell] >= radii[peak]:
                break
            end = first[shell + 1]
        for cell in range(end):
            total += field[(i0 + offsets[cell, 0]) % n, (j0 + offsets[cell, 1]) % n, (k0 + offsets[cell, 2]) % n]
        out[peak] = total / end


@compiled
def paint_spheres(centres: Array, radii: Array, labels: Array, power: Array) -> None:
    """Label the lattice points inside each sphere; in an overlap the plane of the cut decides (least d^2 - R^2).

    centres (N, 3) and radii in cells, any image; sphere h writes h + 1. `power` (n, n, n) float32 starts at 0.
    """
    n = labels.shape[0]
    for h in range(radii.size):
        x, y, z = centres[h, 0], centres[h, 1], centres[h, 2]
        r = radii[h]
        for i in range(int(np.ceil(x - r)), int(np.floor(x + r)) + 1):
            for j in range(int(np.ceil(y - r)), int(np.floor(y + r)) + 1):
                across = (i - x) ** 2 + (j - y) ** 2 - r * r
                if across >= 0:
                    continue
                for k in range(int(np.ceil(z - r)), int(np.floor(z + r)) + 1):
                    value = across + (k - z) ** 2
                    a, b, c = i % n, j % n, k % n
                    if value < power[a, b, c]:
                        power[a, b, c] = value
                        labels[a, b, c] = h + 1
