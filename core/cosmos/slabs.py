"""Friends of friends of more particles than memory holds: slab by slab, and groups that cross a border made one after.

A slab also links the particles within a linking length above it, which belong to the next one: there each group of the
one meets its other half in the other. Of the groups only those of such particles, and those that are large enough, are
kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.aside import empty, temporary_folder
from core.cosmos.box import Array, wrap
from core.cosmos.linking import link
from core.scratch import Scratch

ROWS = 1 << 22
"""Particles that are looked at at once where slabs are filled."""

OWN, SHARED, ABOVE = 0, 1, 2
"""Particles of a slab: its own; its own that the slab below links too; those above that it links too."""


@dataclass(frozen=True)
class Pieces:
    """Groups of one slab: their smallest particles (G,) and numbers of own particles; and the smallest particles of the
    groups of its shared particles and of those above, in the order of the particles."""

    root: Array
    count: Array
    shared: Array
    above: Array


def friends_by_slabs(positions: Array, box_size: float, length: float, minimum: int, slabs: int) -> Array:
    """Labels (N,) int32 of the groups of at least `minimum` particles, 1 for the largest, 0 for none.

    positions (N, 3) [Mpc/h] in any periodic image, which may lie in a file. The same as of all particles at once, in a
    memory of some 80 bytes for each particle of a slab; slabs are no thinner than the linking length.
    Raises: ResourceError for a full disk.
    """
    slabs = max(min(slabs, int(box_size / length)), 1)
    if slabs < 3:  # the slabs above and below would be the same
        slabs = 1
    rows = _sorted_in(positions, box_size, length, slabs)
    groups = Scratch(np.dtype(np.int64), temporary_folder())
    pieces = []
    for slab in range(slabs):
        mine = rows.read(slab)
        root = mine["index"][link(_wrapped(mine["place"], box_size), box_size, length)]
        groups.add(slab, root)
        pieces.append(_pieces(mine["kind"], root, minimum))
    known, label = _joined(pieces, minimum)
    labels = empty((len(positions),), np.int32)
    for slab in range(slabs):
        own = (mine := rows.read(slab))["kind"] != ABOVE
        root = groups.read(slab)[own]
        place = np.minimum(np.searchsorted(known, root), len(known) - 1) if len(known) else np.zeros(0, np.int64)
        inside = known[place] == root if len(known) else np.zeros(0, bool)
        labels[mine["index"][own][inside]] = label[place[inside]]
    return labels


def _sorted_in(positions: Array, box_size: float, length: float, slabs: int) -> Scratch:
    """The particles of each slab and those within a linking length above it, in their order."""
    kind = np.dtype([("index", np.int64), ("place", positions.dtype, (3,)), ("kind", np.int8)])
    rows = Scratch(kind, temporary_folder())
    width, reach = box_size / slabs, length * (1 + 1e-6)  # rounding must not part friends
    for start, some in _chunks(positions):
        x = _wrapped(some[:, :1], box_size)[:, 0]
        home = np.minimum((x / width).astype(np.int64), slabs - 1)
        shared = (x - home * width < reach) & (slabs > 1)
        for slab in range(slabs):
            here, above = home == slab, shared & (home == (slab + 1) % slabs)
            chosen = np.flatnonzero(here | above)
            few = np.empty(len(chosen), kind)
            few["index"], few["place"] = start + chosen, some[chosen]
            few["kind"] = np.where(here[chosen], np.where(shared[chosen], SHARED, OWN), ABOVE)
            rows.add(slab, few)
    return rows


def _chunks(positions: Array) -> Iterator[tuple[int, Array]]:
    for start in range(0, len(positions), ROWS):
        yield start, np.asarray(positions[start : start + ROWS])


def _wrapped(positions: Array, box_size: float) -> Array:
    return wrap(np.asarray(positions, dtype=np.float64), box_size)


def _pieces(kind: Array, root: Array, minimum: int) -> Pieces:
    """What must be known of the groups of a slab; those too small that end in it are dropped."""
    shared, above = root[kind == SHARED], root[kind == ABOVE]
    # of particles above only those are counted whose group has none below: with 0
    roots, count = np.unique(root[kind != ABOVE], return_counts=True)
    kept = (count >= minimum) | np.isin(roots, np.concatenate([shared, above]))
    return Pieces(roots[kept], count[kept], shared, above)


def _joined(pieces: list[Pieces], minimum: int) -> tuple[Array, Array]:
    """Smallest particles of the pieces of groups (P,), rising, and the label of the group of each, for those of at
    least `minimum` particles."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    # what a slab calls the groups of the particles above it, and what the next slab calls them
    one = np.concatenate([piece.above for piece in pieces])
    other = np.concatenate([piece.shared for piece in [*pieces[1:], pieces[0]]])
    every = np.unique(np.concatenate([one, other, *(piece.root for piece in pieces)]))
    edges = np.searchsorted(every, one), np.searchsorted(every, other)
    links = coo_matrix((np.ones(len(one), np.int8), edges), (len(every), len(every)))
    _, group = connected_components(links, directed=False)
    # `every` rises: the first of a group is the smallest particle of it
    groups = group.max() + 1 if len(group) else 0
    first = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(first, group, every)
    count = np.zeros(groups, np.int64)
    for piece in pieces:
        np.add.at(count, group[np.searchsorted(every, piece.root)], piece.count)
    large = np.flatnonzero(count >= minimum)
    order = large[np.lexsort((first[large], -count[large]))]
    label = np.zeros(groups, np.int32)
    label[order] = np.arange(1, len(order) + 1, dtype=np.int32)
    kept = label[group] > 0
    return every[kept], label[group][kept]
