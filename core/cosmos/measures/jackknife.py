"""Errors from the scatter between parts of a box: the delete-one jackknife over 27 sub-cubes."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array

PER_SIDE = 3
"""Sub-cubes per side of a box."""

SUBCUBES = PER_SIDE**3


def subcube(positions: Array, box_size: float) -> Array:
    """Index 0..26 of the sub-cube that holds each position (N, 3), in any periodic image."""
    i, j, k = (np.floor(np.asarray(positions).T * (PER_SIDE / box_size)).astype(np.int64)) % PER_SIDE
    return np.asarray((i * PER_SIDE + j) * PER_SIDE + k)


def jackknife_error(totals: Array, weights: Array) -> Array:
    """One standard deviation of sum(totals) / sum(weights), shape (m,).

    totals (R, m) of each of R sub-cubes, weights (R,): for a mass function halo counts and volumes. Unlike Poisson
    errors it holds the variance of structures up to a sub-cube's size; those larger than the box none can see.
    """
    rest = (totals.sum(axis=0) - totals) / (weights.sum() - weights)[:, None]
    return np.asarray(np.sqrt((len(totals) - 1) * rest.var(axis=0)))
