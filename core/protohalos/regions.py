"""Regions of the initial lattice: labelled ones as a catalogue of halos, connected ones of a mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.aside import empty
from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled
from core.cosmos.linking import label_cells

PART = 1 << 22
"""Cells that are counted or renamed at once."""

RIM = 0.9
"""Share of cells that border a halo above which a region is what is left over of it."""


def catalogue(label: Array, cells: Array, box_size: float, particle_mass: float, definition: str) -> Catalogue:
    """Halos in Lagrangian space from labels (n, n, n), 1 .. L, and the number of cells (L,) of each: M = V rho_m.

    The centre is the centre of mass across the periodic boundary, the radius that of a sphere of the same volume.
    particle_mass is the mass of a cell [Msun/h].
    """
    cell = box_size / label.shape[0]
    position = (centres(label, len(cells)) * cell % box_size).astype(np.float32)
    columns: dict[str, Array] = {
        "mass": cells * particle_mass,
        "count": np.asarray(cells, dtype=np.int64),
        "position": position,
        "lagrangian_position": position,
        "lagrangian_radius": np.cbrt(3 / (4 * np.pi) * cells) * cell,
    }
    units = {"mass": "Msun/h", "position": "Mpc/h", "lagrangian_position": "Mpc/h", "lagrangian_radius": "Mpc/h"}
    return Catalogue(columns, box_size, 0.0, definition, units)


def by_size(label: Array, cells: Array, minimum: int = 1) -> tuple[Array, Array]:
    """Labels 1 .. L with `cells` (L,) renumbered, largest first and equal ones in their old order; those of less than
    `minimum` cells become 0. Returns the labels and the sizes."""
    ranked = np.argsort(-cells, kind="stable")
    ranked = ranked[cells[ranked] >= minimum]
    new = np.zeros(len(cells) + 1, dtype=np.int32)
    new[ranked + 1] = np.arange(1, len(ranked) + 1)
    return renamed(label, new), cells[ranked]


def sizes(label: Array, count: int = 0) -> Array:
    """The number of cells (L,) of each of the labels 1 .. L of a grid, of at least `count` labels."""
    cells = np.zeros(count + 1, dtype=np.int64)
    for part in _parts(label.reshape(-1)):
        found = np.bincount(part)
        if len(found) > len(cells):
            cells = np.pad(cells, (0, len(found) - len(cells)))
        cells[: len(found)] += found
    return cells[1:]


def renamed(label: Array, new: Array) -> Array:
    """new[label], some cells at a time."""
    result = empty(label.shape, new.dtype)
    for part, old in zip(_parts(result.reshape(-1)), _parts(label.reshape(-1)), strict=True):
        part[:] = new[old]
    return result


def _parts(flat: Array) -> Iterator[Array]:
    for start in range(0, len(flat), PART):
        yield flat[start : start + PART]


def centres(label: Array, count: int) -> Array:
    """Periodic centres of mass (count, 3) [cells] of labelled regions, measured from the first cell of each."""
    first, total = np.full((count, 3), -1, dtype=np.int64), np.zeros((count, 4))
    _sum_offsets(label, first, total)
    return (first + total[:, :3] / np.maximum(total[:, 3:], 1)) % label.shape[0]


@compiled
def _sum_offsets(label: Array, first: Array, total: Array) -> None:
    n = label.shape[0]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if label[i, j, k] == 0:
                    continue
                region = label[i, j, k] - 1
                if first[region, 0] < 0:
                    first[region, 0], first[region, 1], first[region, 2] = i, j, k
                total[region, 3] += 1
                for axis, place in enumerate((i, j, k)):
                    offset = place - first[region, axis]
                    if offset >= (n + 1) // 2:
                        offset -= n
                    elif offset < -(n // 2):
                        offset += n
                    total[region, axis] += offset


def connected(mask: Array, weight: Array | None = None, label: Array | None = None) -> Array:
    """Centres of mass (N, 3) in cells of the connected regions of a periodic mask, largest first.

    Of regions equal in size the one of greater total weight comes first, so that the order moves with the box. Given
    the label of every cell, the rims of labelled ones are left out.
    """
    parent = label_cells(mask).reshape(-1)
    count = _roots(parent)
    size, heavy, bordering = np.zeros(count, np.int64), np.zeros(count), np.zeros(count, np.int64)
    first, offset = np.zeros((count, 3)), np.zeros((count, 3))
    # what is not given is never looked at
    given = np.zeros((1, 1, 1), np.float32) if weight is None else weight
    known = np.zeros((1, 1, 1), np.int32) if label is None else label
    _measure(
        parent,
        mask.shape[0],
        given,
        weight is not None,
        known,
        label is not None,
        size,
        heavy,
        bordering,
        first,
        offset,
    )
    centres = (first + offset / size[:, None]) % mask.shape[0]
    # sums in another order differ in the last digits
    order = np.lexsort((np.arange(count), -np.round(heavy, 6), -size))
    return np.asarray(centres[order[bordering[order] < RIM * size[order]]])


@compiled
def _roots(parent: Array) -> int:
    count = 0
    for p in range(parent.size):
        count += parent[p] == p
    return count


@compiled
def _measure(
    parent: Array,
    n: int,
    weight: Array,
    weighted: bool,
    label: Array,
    labelled: bool,
    size: Array,
    heavy: Array,
    bordering: Array,
    first: Array,
    offset: Array,
) -> None:
    """Sums over the cells of each region; offsets in cells are periodic, from its first cell.

    parent: the flat index of the first cell of each cell's region, -1 outside. It is used up: a first cell gets the
    number of its region, -2 - number, before any other cell of it comes.
    """
    half, count = (n + 1) // 2, 0
    for p in range(parent.size):
        root = parent[p]
        if root == -1:
            continue
        i, j, k = p // (n * n), p // n % n, p % n
        if root == p:
            parent[p] = -2 - count
            first[count, 0], first[count, 1], first[count, 2] = i, j, k
            count += 1
            root = p
        region = -2 - parent[root]
        size[region] += 1
        if weighted:
            heavy[region] += weight[i, j, k]
        if labelled:
            bordering[region] += _borders(label, i, j, k)
        for axis, place in enumerate((i, j, k)):
            apart = place - first[region, axis]
            if apart >= half:
                apart -= n
            elif apart < half - n:
                apart += n
            offset[region, axis] += apart


@compiled
def _borders(label: Array, i: int, j: int, k: int) -> bool:
    """Whether a cell touches a labelled one by face, edge or corner."""
    n = label.shape[0]
    if min(i, j, k) > 0 and max(i, j, k) < n - 1:
        for a in range(i - 1, i + 2):
            for b in range(j - 1, j + 2):
                if label[a, b, k - 1] > 0 or label[a, b, k] > 0 or label[a, b, k + 1] > 0:
                    return True
        return False
    for neighbour in range(27):
        a, b, c = i + neighbour // 9 - 1, j + neighbour // 3 % 3 - 1, k + neighbour % 3 - 1
        if label[a % n, b % n, c % n] > 0:
            return True
    return False
