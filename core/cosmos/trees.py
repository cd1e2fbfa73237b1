"""Merger trees: halos over many snapshots, who becomes whom, and who lies in whom.

Comoving Mpc/h, Msun/h and km/s; links are indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.errors import InputError

NONE = -1
"""Index of a halo that there is not."""


@dataclass(frozen=True)
class Trees:
    """Halos (N,) of all snapshots, in order of time. What a file does not tell is None."""

    scale_factor: Array
    descendant: Array
    """Index of the halo at a later time, or NONE."""
    host: Array
    """Index of the halo of the same time in which it lies directly, or NONE."""
    mass: Array
    position: Array
    velocity: Array
    cosmology: Cosmology
    box_size: float
    scale_radius: Array | None = None
    spin: Array | None = None
    triaxiality: Array | None = None
    particle_mass: float | None = None
    remarks: tuple[str, ...] = ()
    """What is to be known of these trees."""

    def __len__(self) -> int:
        return len(self.mass)


@dataclass(frozen=True)
class RawTrees:
    """Halos with the identifiers of their file; `columns` has their numbers by the names of `Trees`."""

    id: Array
    descendant_id: Array
    host_id: Array
    columns: dict[str, Array]
    cosmology: Cosmology
    box_size: float
    particle_mass: float | None = None
    remarks: tuple[str, ...] = ()
    progenitors: Array | None = None
    """How many progenitors each halo should have."""


def link(raw: RawTrees, path: Path) -> Trees:
    """Turn identifiers into indices.

    Raises: InputError for identifiers that appear twice, descendants that are missing or not later, hosts that are
    missing, of another time or that lie in each other, progenitors that are missing.
    """
    if not len(raw.id):
        raise InputError(f"{path} holds no halos", "give the merger trees themselves")
    order = np.argsort(raw.columns["scale_factor"], kind="stable")
    ids = raw.id[order]
    if not ((raw.columns["scale_factor"] > 1e-3) & (raw.columns["scale_factor"] < 1.01)).all():
        raise InputError(f"{path} has scale factors that are not in (0.001, 1]", "it is damaged: copy it again")
    if not (0 < raw.cosmology.omega_matter < 1 and 0.1 < raw.cosmology.h < 10):
        raise InputError(
            f"{path} has omega_matter {raw.cosmology.omega_matter:g} and h {raw.cosmology.h:g}",
            "only flat universes with a cosmological constant are known",
        )
    a = raw.columns["scale_factor"][order]
    by_id = np.argsort(ids, kind="stable")
    sorted_ids = ids[by_id]
    twice = np.flatnonzero(sorted_ids[1:] == sorted_ids[:-1])
    if len(twice):
        raise InputError(f"{path}: halo {sorted_ids[twice[0]]} appears twice", "give each file once")
    descendant = _find(raw.descendant_id[order], sorted_ids, by_id)
    host = _find(raw.host_id[order], sorted_ids, by_id)
    host[host == np.arange(len(ids))] = NONE
    lost = (raw.descendant_id[order] >= 0) & (descendant == NONE) & (a < a[-1])
    if lost.any():
        first = int(np.flatnonzero(lost)[0])
        raise InputError(
            f"{path}: halo {ids[first]} has the descendant {raw.descendant_id[order][first]}, which is not there",
            "it is cut off, or the files of some snapshots are missing: give all",
        )
    if raw.progenitors is not None:
        found = np.bincount(descendant[descendant != NONE], minlength=len(ids))
        orphans = np.flatnonzero((raw.progenitors[order] > 0) & (found == 0) & (a > a[0]))
        if len(orphans):
            raise InputError(
                f"{path}: the {raw.progenitors[order][orphans[0]]} progenitors of halo {ids[orphans[0]]} are not there",
                "it is cut off, or the files of some snapshots are missing: give all",
            )
    has = np.flatnonzero(descendant != NONE)
    back = has[a[descendant[has]] <= a[has]]
    if len(back):
        raise InputError(
            f"{path}: halo {ids[back[0]]} descends into {ids[descendant[back[0]]]}, which is not later",
            "the trees have loops or times out of order: make them again",
        )
    inside = np.flatnonzero((raw.host_id[order] >= 0) & (raw.host_id[order] != ids))
    gone = inside[host[inside] == NONE]
    if len(gone):
        raise InputError(
            f"{path}: halo {ids[gone[0]]} lies in {raw.host_id[order][gone[0]]}, which is not there",
            "it is cut off, or files are missing: give all",
        )
    apart = inside[a[host[inside]] != a[inside]]
    if len(apart):
        raise InputError(
            f"{path}: halo {ids[apart[0]]} and its host {ids[host[apart[0]]]} are of different times",
            "the trees are damaged: make them again",
        )
    _check_nesting(host, ids, path)
    columns = {name: values[order] for name, values in raw.columns.items() if name != "scale_factor"}
    for name in ("mass", "position", "velocity"):
        if not np.isfinite(columns[name]).all():
            raise InputError(f"{path} holds a {name} that is not finite", "it is damaged: copy it again")
    return Trees(
        scale_factor=a,
        descendant=descendant,
        host=host,
        cosmology=raw.cosmology,
        box_size=raw.box_size,
        particle_mass=raw.particle_mass,
        remarks=raw.remarks,
        **columns,
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
