"""Groups of connected points and cells, compiled by numba: union-find over a hashed cell list."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled


def link(positions: Array, box_size: float, length: float) -> Array:
    """Smallest member index of the group of every point, int64 (N,).

    positions (N, 3) float64 in [0, box_size); points closer than `length` across the periodic box are joined.
    """
    side = max(1, int(box_size / length))
    cell = np.minimum((positions * (side / box_size)).astype(np.int64), side - 1)
    key = (cell[:, 0] * side + cell[:, 1]) * side + cell[:, 2]
    order = np.argsort(key, kind="stable")
    keys, starts = np.unique(key[order], return_index=True)
    parent = np.arange(len(positions))
    _join(positions[order], order, keys, np.append(starts, len(order)), side, box_size, length, parent)
    return parent


def label_cells(mask: Array) -> Array:
    """Smallest flat index of the connected region of every cell of a periodic mask (26 neighbours), -1 outside."""
    parent = np.full(mask.size, -1, dtype=np.int64)
    _join_cells(np.ascontiguousarray(mask), parent)
    return parent.reshape(mask.shape)


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
def _slot(table: Array, key: int) -> int:
    """Where a key is, or would be, in an open-addressed table of a power-of-two size; -1 marks empty slots."""
    mask = table.shape[0] - 1
    h = key * 0x9E3779B97F4A7C1
    h = (h ^ (h >> 29)) & mask
    while table[h, 0] != -1 and table[h, 0] != key:
        h = (h + 1) & mask
    return h


@compiled
def _join(
    points: Array, order: Array, keys: Array, starts: Array, side: int, box_size: float, length: float, parent: Array
) -> None:
    size = 4
    while size < 2 * keys.size:
        size *= 2
    table = np.full((size, 2), -1, dtype=np.int64)
    for c in range(keys.size):
        slot = _slot(table, keys[c])
        table[slot, 0] = keys[c]
        table[slot, 1] = c
    limit = length * length
    half = box_size / 2
    for c in range(keys.size):
        ci, cj, ck = keys[c] // (side * side), keys[c] // side % side, keys[c] % side
        for neighbour in range(13, 27):
            di, dj, dk = neighbour // 9 - 1, neighbour // 3 % 3 - 1, neighbour % 3 - 1
            key = ((ci + di) % side * side + (cj + dj) % side) * side + (ck + dk) % side
            slot = _slot(table, key)
            if table[slot, 0] == -1:
                continue
            d = table[slot, 1]
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
    for p in range(parent.size):
        parent[p] = _find(parent, p)


@compiled
def _join_cells(mask: Array, parent: Array) -> None:
    n = mask.shape[0]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if not mask[i, j, k]:
                    continue
                p = (i * n + j) * n + k
                if parent[p] == -1:
                    parent[p] = p
                for neighbour in range(14, 27):
                    a = (i + neighbour // 9 - 1) % n
                    b = (j + neighbour // 3 % 3 - 1) % n
                    c = (k + neighbour % 3 - 1) % n
                    if mask[a, b, c]:
                        q = (a * n + b) * n + c
                        if parent[q] == -1:
                            parent[q] = q
                        _unite(parent, p, q)
    for p in range(parent.size):
        if parent[p] >= 0:
            parent[p] = _find(parent, p)
