"""What is in a halo and around it at one snapshot: subhalos, tidal force, density of neighbours."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, wrap
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


def surroundings(trees: Trees, sub: Array, host: Array) -> dict[str, Array]:
    """Tidal force (eq. 2.4) and densities of neighbours (eq. 2.5) at some halos (n,), their hosts left out.

    Neighbours are halos that lie in no other: the mass of those that do is in their hosts'. Without any it is 0.
    """
    from scipy.spatial import cKDTree

    tidal = np.zeros(len(sub))
    within = {radius: np.zeros(len(sub)) for radius in SPHERES}
    periodic = trees.box_size if trees.box_size > 2 * REACH else None
    positions = wrap(trees.position, trees.box_size) if periodic else trees.position
    for a in np.unique(trees.scale_factor[sub]):
        events = np.flatnonzero(trees.scale_factor[sub] == a)
        start, end = np.searchsorted(trees.scale_factor, a, "left"), np.searchsorted(trees.scale_factor, a, "right")
        free = start + np.flatnonzero(trees.host[start:end] == NONE)
        tree = cKDTree(positions[free], boxsize=periodic)  # type: ignore[arg-type]  # the stubs know no box
        for event, near in zip(events, tree.query_ball_point(positions[sub[events]], REACH), strict=True):
            others = free[near]
            others = others[(others != sub[event]) & (others != host[event])]
            apart = positions[others] - positions[sub[event]]
            if periodic:
                apart -= periodic * np.round(apart / periodic)
            distance = np.linalg.norm(apart, axis=1)
            mass = trees.mass[others]
            if len(others):
                tidal[event] = np.max(mass / np.maximum(distance, 1e-6) ** 3)
            for radius, found in within.items():
                found[event] = mass[distance <= radius].sum() / (4 / 3 * np.pi * radius**3)
    return {"tidal_force": tidal} | {f"density_{radius:g}": found for radius, found in within.items()}
