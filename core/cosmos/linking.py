"""Groups of connected points, compiled by numba: union-find over a sorted list of occupied cells."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, cell_index
from core.cosmos.kernels import compiled


def link(positions: Array, box_size: float, length: float) -> Array:
    """Smallest member index of the group of every point, int64 (N,).

    positions (N, 3) float64 in [0, box_size); points closer than `length` across the periodic box are joined.
    """
    if not len(positions):
        return np.zeros(0, dtype=np.int64)
    side = max(1, int(box_size / length))
    key = cell_index(positions, side, box_size)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, [len(key)]])
    parent = np.arange(len(positions))
    _join(positions[order], order, key[starts[:-1]], starts, side, box_size, length, parent)
    return parent


@compiled
def _find(parent: Array, p: int) -> int:
    while parent[p] != p:
        parent[p] = parent[parent[p]]
        p = parent[p]
    return p


@compiled
def _unite(parent: Array, p: int, q: int) -> None:
    p, q = _find(parent, p), _find(parent, q)
    if p < q:
        parent[q] = p
    elif q < p:
        parent[p] = q


@compiled
def _join(
    points: Array, order: Array, keys: Array, starts: Array, side: int, box_size: float, length: float, parent: Array
) -> None:
    """Join friends in each cell and in the 13 neighbours that come after it in one half of space.

    Cells are sorted by key, so the three cells of a neighbouring row lie together and move forward with the cell:
    one pointer for each of four rows finds them without a search. Only at the box's faces is there one.
    """
    cells = keys.size
    # key distance of the rows (0, 1), (1, -1), (1, 0), (1, 1)
    rows = np.array([side, side * side - side, side * side, side * side + side])
    pointer = np.zeros(4, dtype=np.int64)
    for c in range(cells):
        key = keys[c]
        _join_pair(points, order, starts, c, c, box_size, length, parent)
        i, j, k = key // (side * side), key // side % side, key % side
        if min(i, j, k) > 0 and max(i, j, k) < side - 1:
            if c + 1 < cells and keys[c + 1] == key + 1:
                _join_pair(points, order, starts, c, c + 1, box_size, length, parent)
            for row in range(4):
                target = key + rows[row]
                d = pointer[row]
                while d < cells and keys[d] < target - 1:
                    d += 1
                pointer[row] = d
                while d < cells and keys[d] <= target + 1:
                    _join_pair(points, order, starts, c, d, box_size, length, parent)
                    d += 1
        else:
            for neighbour in range(14, 27):
                a = (i + neighbour // 9 - 1) % side
                b = (j + neighbour // 3 % 3 - 1) % side
                target = (a * side + b) * side + (k + neighbour % 3 - 1) % side
                d = np.searchsorted(keys, target)
                if d < cells and keys[d] == target:
                    _join_pair(points, order, starts, c, d, box_size, length, parent)
    for p in range(parent.size):
        parent[p] = _find(parent, p)


@compiled
def _join_pair(
    points: Array, order: Array, starts: Array, c: int, d: int, box_size: float, length: float, parent: Array
) -> None:
    """Join the friends among the points of two cells, or of one cell with itself."""
    limit, half = length * length, box_size / 2
    for p in range(starts[c], starts[c + 1]):
        for q in range(p + 1 if d == c else starts[d], starts[d + 1]):
            distance = 0.0
            for axis in range(3):
                s = abs(points[p, axis] - points[q, axis])
                if s > half:
                    s = box_size - s
                distance += s * s
            if distance < limit:
                _unite(parent, order[p], order[q])
