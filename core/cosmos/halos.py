"""Halos as groups of particles: friends of friends, their properties, and their labels on the initial lattice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cosmos.box import Array, Catalogue, nearest_image, wrap

LINKING_LENGTH = 0.2
"""In units of the mean particle separation."""


PART = 1 << 22
"""Particles that are measured at once."""

SLAB = 1 << 26
"""Particles that are linked at once: more are linked slab by slab."""


def friends_of_friends(positions: Array, box_size: float, minimum: int = 20, b: float = LINKING_LENGTH) -> Array:
    """Group label of every particle: 0 for none, 1 for the largest group, int32 (N,).

    positions (N, 3) [Mpc/h] in any periodic image, which may lie in a file; particles closer than b mean separations
    are friends. Groups of fewer than `minimum` members are dropped; equal sizes are ranked by their smallest particle
    index.
    """
    from core.cosmos.linking import link
    from core.cosmos.slabs import friends_by_slabs

    link_length = b * box_size / len(positions) ** (1 / 3)
    if len(positions) > SLAB:
        return friends_by_slabs(positions, box_size, link_length, minimum, 2 * -(-len(positions) // SLAB))
    return rank(link(wrap(np.asarray(positions, dtype=np.float64), box_size), box_size, link_length), minimum)


def rank(roots: Array, minimum: int) -> Array:
    """Labels 1.. by descending group size from the smallest member index of each particle's group."""
    counts = np.bincount(roots, minlength=len(roots))
    groups = np.flatnonzero(counts >= minimum)
    order = groups[np.lexsort((groups, -counts[groups]))]
    label_of_root = np.zeros(len(roots), dtype=np.int32)
    label_of_root[order] = np.arange(1, len(order) + 1, dtype=np.int32)
    return label_of_root[roots]


def measure(
    labels: Array,
    positions: Array,
    velocities: Array | None,
    lagrangian_positions: Array | None,
    box_size: float,
    particle_mass: float,
    redshift: float,
) -> Catalogue:
    """The catalogue of labelled particles.

    labels (N,), positions and Lagrangian positions (N, 3) [Mpc/h], velocities (N, 3) [km/s]; what is None is not
    measured; all may lie in files. Masses: `mass` is count * particle_mass; `mass_corrected` removes the excess of
    poorly sampled friends-of-friends groups (Warren et al. 2006, astro-ph/0506395). Centres are centres of mass across
    the periodic boundary.
    """
    halos = int(max((part.max() for _, part in _parts(labels)), default=0))
    count, first = np.zeros(halos, dtype=np.int64), np.zeros(halos, dtype=np.int64)
    for start, part in _parts(labels):
        inside = np.flatnonzero(part)
        new = inside[count[part[inside] - 1] == 0][::-1]  # the last that is written is the first of its halo
        first[part[new] - 1] = start + new
        count += np.bincount(part[inside] - 1, minlength=halos)

    def mean(values: Array, about: Array | None = None) -> Array:
        sums = np.zeros((halos, 3))
        for start, part in _parts(labels):
            inside = np.flatnonzero(part)
            halo, some = part[inside] - 1, np.asarray(values[start : start + len(part)])[inside]
            if about is not None:
                some = nearest_image(some - about[halo], box_size)
            for axis in range(3):
                np.add.at(sums[:, axis], halo, some[:, axis])
        return sums / count[:, None]

    def centre(points: Array) -> Array:
        about = np.asarray(points[first]).astype(np.float64)
        return wrap((about + mean(points, about)).astype(np.float32), box_size)

    mass = count * particle_mass
    mean_density = particle_mass * len(labels) / box_size**3
    columns = {
        "mass": mass,
        "mass_corrected": warren(count) * particle_mass,
        "count": count.astype(np.int64),
        "position": centre(positions),
        "lagrangian_radius": (3 * mass / (4 * np.pi * mean_density)) ** (1 / 3),
    }
    if velocities is not None:
        columns["velocity"] = mean(velocities).astype(np.float32)
    if lagrangian_positions is not None:
        columns["lagrangian_position"] = centre(lagrangian_positions)
    units = {
        "mass": "Msun/h",
        "mass_corrected": "Msun/h",
        "count": "particles",
        "position": "Mpc/h",
        "velocity": "km/s",
        "lagrangian_position": "Mpc/h",
        "lagrangian_radius": "Mpc/h",
    }
    return Catalogue(columns, box_size, redshift, "fof", {name: units[name] for name in columns})


def _parts(labels: Array) -> Iterator[tuple[int, Array]]:
    """Some particles at a time: the number of the first, and their labels."""
    for start in range(0, len(labels), PART):
        yield start, np.asarray(labels[start : start + PART])


def warren(count: Array) -> Array:
    """Effective number of particles of a friends-of-friends group, N (1 - N^-0.6)."""
    count = np.asarray(count, dtype=np.float64)
    return np.asarray(count - count**0.4)
