"""Subhalos of merger trees followed through the snapshots beside their hosts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array, nearest_image
from core.cosmos.infall.examples import Orbit
from core.cosmos.infall.table import radius_200b
from core.cosmos.trees import NONE, Trees


def followed(trees: Trees, before: Array, host_before: Array, end: Array, survived: Array) -> list[Orbit]:
    """Of each fate the event that lasts longest: halos (n,) before the entry, their hosts then, and their ends."""
    found = []
    for fate in (True, False):
        chosen = np.flatnonzero(survived == fate)
        if len(chosen):
            lasts = trees.scale_factor[end[chosen]] - trees.scale_factor[before[chosen]]
            row = chosen[int(np.argmax(lasts))]
            orbit = _orbit(trees, int(before[row]), int(host_before[row]), int(end[row]), fate)
            found += [orbit] if len(orbit) > 1 else []
    return found


def longest(orbits: Sequence[Orbit]) -> list[Orbit]:
    """Of each fate the orbit with most snapshots, the first of several."""
    best = (max((o for o in orbits if o.survived == fate), key=len, default=None) for fate in (True, False))
    return [orbit for orbit in best if orbit is not None]


def _orbit(trees: Trees, sub: int, host: int, end: int, survived: bool) -> Orbit:
    """The snapshots at which both the subhalo and its host are seen."""
    host_at = {float(trees.scale_factor[k]): k for k in _chain(trees, host, trees.today)}
    subs = [k for k in _chain(trees, sub, float(trees.scale_factor[end])) if float(trees.scale_factor[k]) in host_at]
    hosts = [host_at[float(trees.scale_factor[k])] for k in subs]
    apart = trees.position[subs] - trees.position[hosts]
    apart = nearest_image(apart, trees.box_size) if trees.box_size > 0 else apart
    radius = radius_200b(trees.mass[hosts], trees.cosmology)
    return Orbit(survived, trees.scale_factor[subs], apart, trees.mass[subs], radius)


def _chain(trees: Trees, halo: int, last: float) -> list[int]:
    """A halo and its descendants up to a scale factor."""
    chain = []
    while halo != NONE and trees.scale_factor[halo] <= last:
        chain.append(halo)
        halo = int(trees.descendant[halo])
    return chain
