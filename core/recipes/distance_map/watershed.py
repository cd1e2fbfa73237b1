"""Watershed of a field in a periodic box: every cell goes to the peak that its highest neighbours lead to.

Cells are taken in falling order of their value, as if the water fell (a priority flood from all peaks at once): a cell
without a labelled neighbour is a new peak, any other joins the basin of its highest neighbour. Where two basins meet,
the one whose peak rises no more than the share `prominence` of its own height above the meeting point is swallowed by
the other: its peak was no marker. The order comes from a radix sort, so the whole is linear in the number of cells.
Packages that flood (scikit-image, scipy) know no periodic box: regions across its faces would have to be sewn together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.aside import empty
from core.cosmos.box import Array
from core.cosmos.kernels import compiled
from core.protohalos.regions import by_size, sizes

SEED = np.float32(1e30)
"""Height of the peaks of basins that are there before the flood."""


@dataclass(frozen=True)
class Basins:
    """The label of every cell (n, n, n) int32, 0 outside, 1 for the largest; the flat indices of the labelled cells in
    falling order of value; the number of cells of each basin; and the distance in cells that a value of 1 stands for
    in each: the radius of a sphere of its volume (arXiv:1912.04299, equation 4) where the map is normalised."""

    label: Array
    order: Array
    cells: Array
    unit: Array


def watershed(values: Array, floor: float = 0.0, prominence: float = 0.0, seeds: Array | None = None) -> Basins:
    """Basins of the cells of a field (n, n, n) above `floor` >= 0, by 26 neighbours.

    A peak counts that rises more than the share `prominence` of its height above the highest pass to a higher one; a
    plateau is one peak. Labels to begin with, `seeds` (n, n, n), are basins before the flood: their cells count at any
    value, those not above the floor last, no other basin swallows them, and what touches them is no peak.
    Memory: 12 bytes a cell above the floor besides the field and the labels.
    """
    values = np.ascontiguousarray(values, dtype=np.float32)
    label = empty(values.shape, np.int32)
    if seeds is not None:
        label[...] = seeds
        given, values = values, empty(values.shape, np.float32)
        for plane, old, seed in zip(values, given, label, strict=True):
            plane[...] = np.where(seed > 0, np.maximum(old, np.nextafter(np.float32(floor), np.float32(1))), old)
    order = falling(values.reshape(-1), floor)
    basins = _flood(values.reshape(-1), order, values.shape[0], prominence, label.reshape(-1))
    cells = sizes(label) if basins else np.zeros(0, dtype=np.int64)
    label, cells = by_size(label, cells)
    return Basins(label, order, cells, np.cbrt(3 / (4 * np.pi) * cells))


def falling(values: Array, floor: float) -> Array:
    """Flat indices of the float32 values (N,) above `floor` >= 0 in falling order, equal ones in rising order."""
    count = int(np.count_nonzero(values > floor))
    index = np.int32 if values.size < 2**31 else np.int64
    order, other = empty((count,), index), empty((count,), index)
    _radix_sort(values.view(np.uint32), floor, values, order, other)
    return order


@compiled
def _radix_sort(bits: Array, floor: float, values: Array, order: Array, other: Array) -> None:
    """Fill `order`; the bits of positive floats rise with their value: two passes of 16 bits, the lower first."""
    count = 0
    for p in range(values.size):
        if values[p] > floor:
            order[count] = p
            count += 1
    for shift in (0, 16):
        start = np.zeros(65537, dtype=np.int64)
        for s in range(count):
            start[65536 - (bits[order[s]] >> shift & 0xFFFF)] += 1
        for b in range(65536):
            start[b + 1] += start[b]
        for s in range(count):
            slot = 65535 - (bits[order[s]] >> shift & 0xFFFF)
            other[start[slot]] = order[s]
            start[slot] += 1
        order, other = other, order


@compiled
def _flood(values: Array, order: Array, n: int, prominence: float, label: Array) -> int:
    """Fill `label`, which may have basins already, with 1 .. number of basins; returns that number."""
    count = 1 + label.max()  # basin 0 is none
    peak = np.full(1024 + count, SEED, dtype=np.float32)
    parent = np.arange(1024 + count).astype(np.int32)
    roots = np.empty(26, dtype=np.int32)
    for s in range(order.size):
        p = order[s]
        if label[p]:
            continue
        value = values[p]
        i, j, k = p // (n * n), p // n % n, p % n
        found, home, last, root = 0, 0, 0, 0
        for a in range(-1, 2):
            row_a = _fold(i + a, n) * n
            for b in range(-1, 2):
                row = (row_a + _fold(j + b, n)) * n
                for c in range(-1, 2):
                    near = label[row + _fold(k + c, n)]
                    if near == 0 or near == last:
                        continue
                    last, root = near, _root(parent, near)
                    known = False
                    for r in range(found):
                        known = known or roots[r] == root
                    if not known:
                        roots[found] = root
                        found += 1
        if found == 0:
            if count == peak.size:
                peak, parent = _longer(peak), _longer(parent)
            peak[count], parent[count], home = value, count, count
            count += 1
        elif found == 1:
            home = root
        else:
            home = _root(parent, _highest(values, label, i, j, k, n))
        label[p] = home
        if found > 1:
            top = roots[0]
            for r in range(1, found):
                # of equal peaks the first found stays, whatever the order of the neighbours
                if peak[roots[r]] > peak[top] or (peak[roots[r]] == peak[top] and roots[r] < top):
                    top = roots[r]
            for r in range(found):
                if roots[r] != top and peak[roots[r]] - value <= prominence * peak[roots[r]]:
                    parent[roots[r]] = top
    final = np.zeros(count, dtype=np.int32)
    basins = 0
    for basin in range(1, count):
        if parent[basin] == basin:
            basins += 1
            final[basin] = basins
    for s in range(order.size):
        label[order[s]] = final[_root(parent, label[order[s]])]
    return basins


@compiled
def _highest(values: Array, label: Array, i: int, j: int, k: int, n: int) -> int:
    """The label of the highest labelled neighbour. Apart, for values are only looked up where basins meet."""
    highest, best = np.float32(-1), 0
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                q = (_fold(i + a, n) * n + _fold(j + b, n)) * n + _fold(k + c, n)
                if label[q] != 0 and values[q] > highest:
                    highest, best = values[q], label[q]
    return best


@compiled
def _fold(i: int, n: int) -> int:
    return i - n if i >= n else (i + n if i < 0 else i)


@compiled
def _root(parent: Array, basin: int) -> int:
    while parent[basin] != basin:
        parent[basin] = parent[parent[basin]]
        basin = parent[basin]
    return basin


@compiled
def _longer(values: Array) -> Array:
    longer = np.empty(2 * values.size, dtype=values.dtype)
    longer[: values.size] = values
    return longer
