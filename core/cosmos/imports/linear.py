"""The linear field of a snapshot whose particles began on a lattice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Field
from core.cosmos.formats.lattice import Lattice, find_lattice
from core.cosmos.formats.snapshots import Snapshot
from core.cosmos.inversion import Inverted, invert
from core.errors import InputError
from core.progress import Progress, silent

SAME_RUN = 0.5
"""Smallest correlation of early and later displacements: 0.8-1 within one run, 0 between two."""


@dataclass(frozen=True)
class Linear:
    """The linear density at z = 0, the lattice it was found on, the displacements it comes from, and how."""

    delta: Field
    lattice: Lattice
    displacement: Field
    found: Inverted


def linear_field(snapshot: Snapshot, progress: Progress = silent) -> Linear:
    """The linear density at z = 0 on the lattice; its mean and Nyquist modes are zero.

    Raises: InputError when there is no lattice.
    """
    particles, cosmology = snapshot.particles, snapshot.cosmology
    lattice = find_lattice(particles, snapshot.sources[0])
    displacement = lattice.displacement(particles)
    velocity = None
    if particles.velocities is not None:
        a = 1 / (1 + particles.redshift)
        per_kms = 1 / (a * cosmology.hubble(a) * cosmology.growth.rate(a))
        velocity = lattice.grid(particles.velocities, particles.ids) * per_kms
    found = invert(displacement.values, velocity, lattice.box_size, cosmology.growth, particles.redshift, progress)
    return Linear(Field("delta_linear", found.delta, lattice.box_size), lattice, displacement, found)


def check_same_run(early: Array, later: Array, path: Path) -> None:
    """Refuse later displacements (3, n, n, n) that have no common direction with the early ones. Raises: InputError.

    Displacements keep their direction; those of another run, or of unmatched particles, have another.
    """
    correlation = float(np.vdot(early, later) / (np.linalg.norm(early) * np.linalg.norm(later)))
    if correlation < SAME_RUN:
        raise InputError(
            f"{path}: its particles did not move as the initial conditions say (correlation {correlation:.2f})",
            "give two files of one run, with the ids of the run",
        )
