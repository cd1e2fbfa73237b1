"""The linear field of a snapshot whose particles began on a lattice."""

from __future__ import annotations

from dataclasses import dataclass

from core.cosmos.box import Field
from core.cosmos.formats.lattice import Lattice, find_lattice
from core.cosmos.formats.snapshots import Snapshot
from core.cosmos.inversion import Inverted, invert
from core.progress import Progress, silent


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
