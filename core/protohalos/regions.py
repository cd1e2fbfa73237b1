"""Regions of the initial lattice: labelled ones as a catalogue of halos, connected ones of a mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.aside import empty
from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled

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


def connected(values: Array, above: float = 0.0, label: Array | None = None) -> Array:
    """Centres of mass (N, 3) in cells of the connected regions of cells (n, n, n) above a value, largest first.

    Regions are periodic, of cells that touch by face, edge or corner. Of those equal in size the one of greater total
    value comes first, so that the order moves with the box. Given the label of every cell, only those in no labelled
    region count, and the rims of labelled ones are left out.
    """
    size, heavy, bordering, first, offset = regions(values, above, label)
    centres = (first + offset / size[:, None]) % values.shape[0]
    # sums in another order differ in the last digits
    order = np.lexsort((np.arange(len(size)), -np.round(heavy, 6), -size))
    return np.asarray(centres[order[bordering[order] < RIM * size[order]]])


def regions(values: Array, above: float, label: Array | None = None) -> tuple[Array, Array, Array, Array, Array]:
    """Of each region of `connected`, in the order of their first cells: cells (N,), total value, cells that touch a
    labelled one, first cell (N, 3), and the sum over its cells of the way from the first, across the faces.

    Plane by plane, twice: besides the values, which may lie in a file, pieces of regions and three planes are held.
    """
    # labels that are not given are never looked at
    known = np.zeros((1, 1, 1), np.int32) if label is None else label
    given, labelled = np.ascontiguousarray(values), label is not None
    above = given.dtype.type(above)  # as arrays are compared
    parent = _joined(given, above, known, labelled)
    whole = parent == np.arange(len(parent))
    number, count = np.cumsum(whole) - 1, np.count_nonzero(whole)
    sums, first = np.zeros((count, 6)), np.full((count, 3), -1)
    _sum(given, above, known, labelled, number[parent], sums, first)
    return sums[:, 0].astype(np.int64), sums[:, 1], sums[:, 2].astype(np.int64), first, sums[:, 3:]


@compiled
def _joined(values: Array, above: float, label: Array, labelled: bool) -> Array:
    """For each piece of a region that is met, plane by plane, the first piece of the same region (P,)."""
    n, count = values.shape[0], 0
    parent = np.zeros(1024, np.int64)
    here, before, begin = np.full((n, n), -1), np.full((n, n), -1), np.full((n, n), -1)
    for i in range(n):
        before, here = here, before
        here[:] = -1
        for j in range(n):
            for k in range(n):
                if not values[i, j, k] > above or (labelled and label[i, j, k] != 0):
                    continue
                piece = _piece(here, before, j, k, parent)
                if piece == -1:
                    if count == parent.size:
                        longer = np.zeros(2 * count, np.int64)
                        longer[:count] = parent
                        parent = longer
                    piece, parent[count] = count, count
                    count += 1
                here[j, k] = piece
        if i == 0:
            begin[:] = here
    for j in range(n):
        for k in range(n):
            if here[j, k] != -1:
                _around(begin, j, k, parent, here[j, k])
    for piece in range(count):
        parent[piece] = _root(parent, piece)
    return parent[:count].copy()


@compiled
def _sum(values: Array, above: float, label: Array, labelled: bool, region: Array, sums: Array, first: Array) -> None:
    """Fill sums (N, 6) and first cells (N, 3), -1 at first, of regions; `region` (P,) is that of each piece, met again
    in the same order."""
    n, count = values.shape[0], 0
    half = (n + 1) // 2
    here, before = np.full((n, n), -1), np.full((n, n), -1)
    for i in range(n):
        before, here = here, before
        here[:] = -1
        for j in range(n):
            for k in range(n):
                if not values[i, j, k] > above or (labelled and label[i, j, k] != 0):
                    continue
                # all that touch are of one region
                own = _seen(here, before, j, k)
                if own == -1:
                    own = region[count]
                    count += 1
                here[j, k] = own
                if first[own, 0] < 0:
                    first[own, 0], first[own, 1], first[own, 2] = i, j, k
                sums[own, 0] += 1
                sums[own, 1] += values[i, j, k]
                if labelled and _borders(label, i, j, k):
                    sums[own, 2] += 1
                for axis, place in enumerate((i, j, k)):
                    apart = place - first[own, axis]
                    if apart >= half:
                        apart -= n
                    elif apart < half - n:
                        apart += n
                    sums[own, 3 + axis] += apart


@compiled
def _piece(here: Array, before: Array, j: int, k: int, parent: Array) -> int:
    """One of the pieces around a cell in the planes so far, all of them joined; -1 for none."""
    n = here.shape[0]
    if not (0 < j < n - 1 and 0 < k < n - 1):
        return _around(before, j, k, parent, _around(here, j, k, parent, -1))
    piece = here[j, k - 1]
    if piece != -1:  # what touches both is joined already
        for other in (here[j - 1, k + 1], before[j - 1, k + 1], before[j, k + 1], before[j + 1, k + 1]):
            piece = _unite(piece, other, parent)
        return piece
    for c in range(k - 1, k + 2):
        for other in (here[j - 1, c], before[j - 1, c], before[j, c], before[j + 1, c]):
            piece = _unite(piece, other, parent)
    return piece


@compiled
def _around(plane: Array, j: int, k: int, parent: Array, piece: int) -> int:
    """Join the pieces around a cell of a plane, and the one given unless it is -1; returns one of them."""
    n = plane.shape[0]
    for a in range(j - 1, j + 2):
        for c in range(k - 1, k + 2):
            piece = _unite(piece, plane[a % n, c % n], parent)
    return piece


@compiled
def _unite(piece: int, other: int, parent: Array) -> int:
    """Join two pieces, either of which may be none, -1; returns one of them."""
    if other == -1 or other == piece:
        return piece
    if piece == -1:
        return other
    one, two = _root(parent, piece), _root(parent, other)
    # the earlier is the root: its first cell is that of the whole
    parent[max(one, two)] = min(one, two)
    return piece


@compiled
def _seen(here: Array, before: Array, j: int, k: int) -> int:
    """The region around a cell in the planes so far; -1 for none."""
    n = here.shape[0]
    for a in range(j - 1, j + 2):
        for c in range(k - 1, k + 2):
            row, column = a % n, c % n
            if here[row, column] != -1:
                return here[row, column]
            if before[row, column] != -1:
                return before[row, column]
    return -1


@compiled
def _root(parent: Array, piece: int) -> int:
    while parent[piece] != piece:
        parent[piece] = parent[parent[piece]]
        piece = parent[piece]
    return piece


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
