"""Merger trees: halos over many snapshots, who becomes whom, and who lies in whom.

Comoving Mpc/h, Msun/h and km/s; links are indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.errors import InputError

NONE = -1
"""Index of a halo that there is not."""

Block: TypeAlias = dict[str, Array]
"""Some halos of a file: id, descendant_id, host_id, tree, scale_factor, mass, position and velocity; where the file has
them progenitors (how many each should have), scale_radius, spin and triaxiality. Trees are numbers from 0 on; halos of
one tree may have many, halos of many trees one: it costs memory and changes nothing."""


@dataclass(frozen=True)
class RawTrees:
    """Merger trees with the identifiers of their files, read some halos at a time."""

    path: Path
    """What sentences about them name."""
    blocks: Callable[[], Iterator[Block]]
    cosmology: Cosmology
    box_size: float
    particle_mass: float | None = None
    remarks: tuple[str, ...] = ()
    """What is to be known of these trees."""


@dataclass(frozen=True)
class Trees:
    """Whole forests: halos (N,) in order of time, linked. What a file does not tell is None."""

    scale_factor: Array
    row: Array
    """Number of each halo in the order of the files."""
    descendant: Array
    """Index of the halo at a later time, or NONE."""
    host: Array
    """Index of the halo of the same time in which it lies directly, or NONE."""
    mass: Array
    position: Array
    velocity: Array
    cosmology: Cosmology
    box_size: float
    today: float
    """Scale factor of the last snapshot of all forests."""
    scale_radius: Array | None = None
    spin: Array | None = None
    triaxiality: Array | None = None

    def __len__(self) -> int:
        return len(self.mass)


def link(rows: np.ndarray[Any, Any], raw: RawTrees, first: float, today: float) -> Trees:
    """Turn the identifiers of whole forests into indices; `rows` have the names of a block, and `row`.

    `first` and `today` are the scale factors of the first and the last snapshot of all forests. Raises: InputError for
    descendants that are missing or not later, hosts that are missing, of another time or that lie in each other,
    progenitors that are missing.
    """
    path = raw.path
    rows = rows[np.argsort(rows["scale_factor"], kind="stable")]
    a, ids = rows["scale_factor"], rows["id"]
    by_id = np.argsort(ids, kind="stable")
    sorted_ids = ids[by_id]
    descendant = _find(rows["descendant_id"], sorted_ids, by_id)
    host = _find(rows["host_id"], sorted_ids, by_id)
    host[host == np.arange(len(ids))] = NONE
    lost = (rows["descendant_id"] >= 0) & (descendant == NONE) & (a < today)
    if lost.any():
        at = int(np.flatnonzero(lost)[0])
        raise InputError(
            f"{path}: halo {ids[at]} has the descendant {rows['descendant_id'][at]}, which is not there",
            "it is cut off, or the files of some snapshots are missing: give all",
        )
    if "progenitors" in rows.dtype.names:
        found = np.bincount(descendant[descendant != NONE], minlength=len(ids))
        orphans = np.flatnonzero((rows["progenitors"] > 0) & (found == 0) & (a > first))
        if len(orphans):
            raise InputError(
                f"{path}: the {rows['progenitors'][orphans[0]]} progenitors of halo {ids[orphans[0]]} are not there",
                "it is cut off, or the files of some snapshots are missing: give all",
            )
    has = np.flatnonzero(descendant != NONE)
    back = has[a[descendant[has]] <= a[has]]
    if len(back):
        raise InputError(
            f"{path}: halo {ids[back[0]]} descends into {ids[descendant[back[0]]]}, which is not later",
            "the trees have loops or times out of order: make them again",
        )
    inside = np.flatnonzero((rows["host_id"] >= 0) & (rows["host_id"] != ids))
    gone = inside[host[inside] == NONE]
    if len(gone):
        raise InputError(
            f"{path}: halo {ids[gone[0]]} lies in {rows['host_id'][gone[0]]}, which is not there",
            "it is cut off, or files are missing: give all",
        )
    apart = inside[a[host[inside]] != a[inside]]
    if len(apart):
        raise InputError(
            f"{path}: halo {ids[apart[0]]} and its host {ids[host[apart[0]]]} are of different times",
            "the trees are damaged: make them again",
        )
    _check_nesting(host, ids, path)
    kept = ("row", "mass", "position", "velocity", "scale_radius", "spin", "triaxiality")
    return Trees(
        scale_factor=a.copy(),
        descendant=descendant,
        host=host,
        cosmology=raw.cosmology,
        box_size=raw.box_size,
        today=today,
        **{name: rows[name].copy() for name in kept if name in rows.dtype.names},
    )


def _find(wanted: Array, sorted_ids: Array, by_id: Array) -> Array:
    """Indices of identifiers, NONE where there is none."""
    place = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[place] == wanted, by_id[place], NONE)


def _check_nesting(host: Array, ids: Array, path: Path) -> None:
    """Refuse hosts that lie in each other."""
    at = host
    for _ in range(64):  # no halo lies so deep
        if (at == NONE).all():
            return
        at = np.where(at == NONE, NONE, host[at])
    circle = int(np.flatnonzero(at != NONE)[0])
    raise InputError(f"{path}: halo {ids[circle]} lies in a circle of hosts", "the trees are damaged: make them again")
