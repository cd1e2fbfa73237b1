"""What is in a halo and around it at one snapshot: subhalos, tidal force, density of neighbours."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, wrap
from core.cosmos.forests import Forests
from core.cosmos.trees import NONE, Trees

REACH = 4.0
"""Neighbours farther than this are not felt [Mpc/h]."""
SPHERES = (1.0, 2.0, 4.0)
"""Radii of the spheres whose density of neighbours is told [Mpc/h]."""


def subhalos(trees: Trees, rows: Array) -> tuple[Array, Array]:
    """Number (n,) and largest mass (n,) of the halos that lie directly in some halos."""
    number, largest = np.zeros(len(trees)), np.zeros(len(trees))
    inside = np.flatnonzero(trees.host != NONE)
    np.add.at(number, trees.host[inside], 1)
    np.maximum.at(largest, trees.host[inside], trees.mass[inside])
    return number[rows], largest[rows]


def surroundings(forests: Forests, a: Array, position: Array, sub: Array, host: Array) -> dict[str, Array]:
    """Tidal force (eq. 2.4) and densities of neighbours (eq. 2.5) at some halos (n,), their hosts left out.

    `a` and `position` (n, 3) are those of the halos, `sub` and `host` their numbers in the files. Neighbours are halos
    of any forest that lie in no other: the mass of those that do is in their hosts'. Without any it is 0.
    """
    from scipy.spatial import cKDTree

    tidal = np.zeros(len(sub))
    within = {radius: np.zeros(len(sub)) for radius in SPHERES}
    periodic = forests.raw.box_size if forests.raw.box_size > 2 * REACH else None
    centres = wrap(position, periodic) if periodic else position
    for moment in np.unique(a):
        free = forests.free(float(moment))
        if not len(free):
            continue
        around = wrap(free["position"], periodic) if periodic else free["position"]
        tree = cKDTree(around, boxsize=periodic)  # type: ignore[arg-type]  # the stubs know no box
        events = np.flatnonzero(a == moment)
        for event, near in zip(events, tree.query_ball_point(centres[events], REACH), strict=True):
            others = np.asarray(near, np.intp)
            others = others[(free["row"][others] != sub[event]) & (free["row"][others] != host[event])]
            apart = around[others] - centres[event]
            if periodic:
                apart -= periodic * np.round(apart / periodic)
            distance = np.linalg.norm(apart, axis=1)
            mass = free["mass"][others]
            if len(others):
                tidal[event] = np.max(mass / np.maximum(distance, 1e-6) ** 3)
            for radius, found in within.items():
                found[event] = mass[distance <= radius].sum() / (4 / 3 * np.pi * radius**3)
    return {"tidal_force": tidal} | {f"density_{radius:g}": found for radius, found in within.items()}
