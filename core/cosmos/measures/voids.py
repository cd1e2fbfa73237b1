"""The void probability function: the chance that a sphere dropped anywhere holds no object (White 1979)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, wrap
from core.cosmos.measures.jackknife import SUBCUBES, jackknife_error, subcube
from core.errors import InputError


@dataclass(frozen=True)
class VoidProbability:
    """P0 at each radius [Mpc/h], its jackknife error, and the number density of the objects [(h/Mpc)^3]."""

    radius: Array
    probability: Array
    error: Array
    density: float
    spheres: int

    @property
    def poisson(self) -> Array:
        """exp(-n V): the same for unclustered objects."""
        return np.asarray(np.exp(-self.density * 4 / 3 * np.pi * self.radius**3))


def void_probability(
    positions: Array, box_size: float, radii: Array, spheres: int = 200_000, seed: int = 0
) -> VoidProbability:
    """P0(R) of positions (N, 3) [Mpc/h] from spheres at random places: empty if their nearest object is farther than R.

    The errors are of the structure in the box and of the finite number of spheres together.
    Raises: InputError for no objects.
    """
    from scipy.spatial import cKDTree

    if len(positions) == 0:
        raise InputError("there are no objects between which voids could lie", "lower the mass cut")
    centres = np.random.default_rng(seed).uniform(0, box_size, (spheres, 3))
    tree = cKDTree(wrap(np.asarray(positions, dtype=np.float64), box_size), boxsize=np.full(3, box_size))
    nearest, _ = tree.query(centres)
    cube = subcube(centres, box_size)
    empty = np.array([np.bincount(cube, nearest > radius, SUBCUBES) for radius in radii]).T
    weights = np.bincount(cube, minlength=SUBCUBES)
    density = len(positions) / box_size**3
    return VoidProbability(radii, empty.sum(axis=0) / spheres, jackknife_error(empty, weights), density, spheres)
