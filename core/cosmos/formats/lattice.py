"""Which particle started where: from ids to the regular lattice before all motion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Field, Particles, nearest_image
from core.errors import InputError

Order = tuple[int, int, int]

_SAMPLE = 4096
"""Particles that decide on the order of the lattice."""

_LARGEST_DISPLACEMENT = 0.1
"""Largest rms displacement per axis of initial conditions, in boxes; particles on wrong nodes have 0.29."""


@dataclass(frozen=True)
class Lattice:
    """How the ids of initial conditions run over the lattice.

    `order[axis]` is the digit of the id (0 the slowest) that counts along x, y or z; `offset` is the position of the
    lattice's first node beyond (0, 0, 0) [Mpc/h].
    """

    cells: int
    box_size: float
    first_id: int
    order: Order
    offset: tuple[float, float, float]
    rms_displacement: tuple[float, float, float]
    """Per axis [Mpc/h], of the initial conditions it was found from."""

    @property
    def name(self) -> str:
        """The order in words: C is z fastest, Fortran x fastest."""
        axes = "".join("xyz"[self.order.index(digit)] for digit in range(3))
        known = {"xyz": " (C order)", "zyx": " (Fortran order)"}
        return f"{axes[0]} slowest, {axes[2]} fastest{known.get(axes, '')}"

    def nodes(self, ids: Array) -> Array:
        """Index (N, 3) along x, y, z of the node each particle started at."""
        digits = np.unravel_index(ids - self.first_id, (self.cells,) * 3)
        return np.stack([digits[digit] for digit in self.order], axis=1)

    def grid(self, values: Array, ids: Array) -> Array:
        """(N,) or (N, 3) values of particles as (n, n, n) or (3, n, n, n) on the lattice in C order."""
        i, j, k = self.nodes(ids).T
        grid = np.empty((*values.shape[1:], *(self.cells,) * 3), dtype=values.dtype)
        grid[..., i, j, k] = values.T
        return grid

    def displacement(self, particles: Particles) -> Field:
        """x - q by the nearest image, the offset removed; a vector field on the lattice."""
        separations = _separations(particles.positions, self.nodes(particles.ids), self) - np.asarray(self.offset)
        nearest = nearest_image(separations, self.box_size).astype(np.float32)
        return Field("displacement", self.grid(nearest, particles.ids), self.box_size, "Mpc/h", particles.redshift)


def find_lattice(particles: Particles, source: Path) -> Lattice:
    """The lattice of initial conditions, by the order of ids that makes the displacements small.

    Raises: InputError when the number of particles is no cube, ids are missing or double, or no order fits.
    """
    cells = round(len(particles) ** (1 / 3))
    if cells**3 != len(particles):
        raise InputError(
            f"{source} has {len(particles)} particles, which is no cube (the nearest is {cells}^3)",
            "a lattice of n^3 particles is needed",
        )
    first = first_id(particles.ids, source)
    sample = np.random.default_rng(0).permutation(len(particles))[:_SAMPLE]
    best: Lattice | None = None
    for x, y, z in permutations(range(3)):
        trial = _fit(particles, sample, Lattice(cells, particles.box_size, first, (x, y, z), (0, 0, 0), (0, 0, 0)))
        if best is None or max(trial.rms_displacement) < 0.9 * max(best.rms_displacement):
            best = trial
    assert best is not None
    if max(best.rms_displacement) > _LARGEST_DISPLACEMENT * particles.box_size:
        raise InputError(
            f"{source}: in no order of the ids do the particles lie near a {cells}^3 lattice (best {best.name}: "
            f"{max(best.rms_displacement):.3g} of {particles.box_size:g} Mpc/h)",
            "initial conditions on a regular lattice are needed, not a glass or an evolved snapshot",
        )
    return _fit(particles, np.arange(len(particles)), best)


def first_id(ids: Array, source: Path) -> int:
    """The smallest of N contiguous ids. Raises: InputError for ids that are double or have gaps."""
    first, last = int(ids.min()), int(ids.max())
    if last - first + 1 == len(ids):
        met = np.zeros(len(ids), dtype=bool)
        met[ids - first] = True
        double = len(ids) - int(np.count_nonzero(met))
    else:
        double = len(ids) - len(np.unique(ids))
    if double:
        raise InputError(f"{source}: {double} particle ids occur more than once", "copy or make it again")
    if last - first + 1 != len(ids):
        raise InputError(
            f"{source}: {len(ids)} particle ids run from {first} to {last}, with gaps",
            "ids that count the lattice are needed",
        )
    return first


def _fit(particles: Particles, chosen: Array, lattice: Lattice) -> Lattice:
    """The lattice's offset and rms displacement as the chosen particles have them.

    The offset is the mean on the circle: it needs no first guess and does not care for periodic images.
    """
    separations = _separations(particles.positions[chosen], lattice.nodes(particles.ids[chosen]), lattice)
    turn = 2 * np.pi / lattice.box_size
    offset = np.angle(np.exp(1j * turn * separations).mean(axis=0)) / turn
    for _ in range(2):
        # the circular mean is that of small angles only to second order: the plain mean about it is exact
        offset += nearest_image(separations - offset, lattice.box_size).mean(axis=0)
    rms = nearest_image(separations - offset, lattice.box_size).std(axis=0)
    x, y, z = (float(value) for value in offset)
    a, b, c = (float(value) for value in rms)
    return Lattice(lattice.cells, lattice.box_size, lattice.first_id, lattice.order, (x, y, z), (a, b, c))


def _separations(positions: Array, nodes: Array, lattice: Lattice) -> Array:
    return positions - nodes * (lattice.box_size / lattice.cells)
