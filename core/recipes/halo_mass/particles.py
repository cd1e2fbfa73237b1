"""Particles that end in halos: their true mass, where they are, and the field that a network may see around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, lattice, nearest_image, wrap
from core.cosmos.universe import Universe, sound_field
from core.errors import InputError
from core.learning.samples import mix
from core.protohalos.regions import centres
from core.protohalos.truth import TruthSource, true_halos
from core.recipes.halo_mass.settings import Input, Weight


@dataclass(frozen=True)
class HaloParticles:
    """Lattice particles of halos in a range of mass: their index in C order and the row of their halo (both (N,))."""

    ids: Array
    halo: Array
    halos: Catalogue

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def mass(self) -> Array:
        """True mass [Msun/h] of each particle's halo."""
        return np.asarray(self.halos["mass"][self.halo])

    def __getitem__(self, rows: Array) -> HaloParticles:
        return HaloParticles(self.ids[rows], self.halo[rows], self.halos)


def halo_particles(universe: Universe, source: TruthSource, low: float, high: float) -> HaloParticles:
    """All particles of halos with log10 of the mass [Msun/h] from low to high. Raises: InputError without any."""
    truth = true_halos(universe, source)
    log_mass = np.log10(truth.halos["mass"])
    wanted = np.append(False, (log_mass >= low) & (log_mass <= high))
    label = truth.label.reshape(-1)
    ids = np.flatnonzero(wanted[label])
    if not len(ids):
        raise InputError(
            f"{universe.path} has no halos of 10^{low:g} to 10^{high:g} Msun/h", "change log_mass.low and log_mass.high"
        )
    return HaloParticles(ids, label[ids] - 1, truth.halos)


def drawn(particles: HaloParticles, count: int, seed: int) -> HaloParticles:
    """At most `count` of them, at random."""
    return particles[np.sort(_order(len(particles), seed)[:count])]


def drawn_from_each(particles: HaloParticles, count: int, seed: int) -> HaloParticles:
    """At most `count` of every halo, at random."""
    order = _order(len(particles), seed)
    return _first_of_each(particles, order[np.argsort(particles.halo[order], kind="stable")], count)


def drawn_together(every: Sequence[HaloParticles], count: int, weight: Weight, seed: int) -> list[HaloParticles]:
    """About `count` of several universes together, at random: of all particles alike, of every halo alike, or of every
    halo in proportion to the square root of its particles."""
    if weight == "halos":
        most = max(1, round(count / sum(len(np.unique(p.halo)) for p in every)))
        return [drawn_from_each(p, most, seed + number) for number, p in enumerate(every)]
    if weight == "between":
        rates = [weights(p, weight) for p in every]
        factor = count / sum(float(rate.sum()) for rate in rates)
        return [_thinned(p, factor * rate, seed + n) for n, (p, rate) in enumerate(zip(every, rates, strict=True))]
    share = min(1.0, count / sum(map(len, every)))
    return [drawn(p, max(1, round(share * len(p))), seed + number) for number, p in enumerate(every)]


FALL: dict[Weight, float] = {"particles": 0.0, "between": 0.5, "halos": 1.0}
"""The power of its halo's size by which a particle counts less."""


def weights(particles: HaloParticles, weight: Weight) -> Array:
    """How much each particle counts (N,): all alike, or less the more its halo has; 1 for a halo of one."""
    size = np.bincount(particles.halo)[particles.halo]
    return np.asarray(size ** -FALL[weight])


def _thinned(particles: HaloParticles, chance: Array, seed: int) -> HaloParticles:
    """Each particle with its own chance, but one at least."""
    kept = np.random.default_rng(mix(seed, len(particles))).random(len(particles)) < chance
    kept[np.argmax(chance)] |= not kept.any()
    return particles[np.flatnonzero(kept)]


def nearest_the_middle(particles: HaloParticles, cells: int, count: int) -> HaloParticles:
    """At most `count` of every halo on a lattice of `cells` a side: those that start nearest its centre of mass.

    It is the middle of a protohalo whose surroundings tell its mass best (Sheth, Mo & Tormen 2001).
    """
    label = np.zeros(cells**3, dtype=np.int64)
    label[particles.ids] = particles.halo + 1
    middle = centres(label.reshape((cells,) * 3), len(particles.halos))
    offset = np.stack(np.unravel_index(particles.ids, (cells,) * 3), axis=1) - middle[particles.halo]
    distance = np.linalg.norm(nearest_image(offset, cells), axis=1)
    return _first_of_each(particles, np.lexsort((distance, particles.halo)), count)


def _first_of_each(particles: HaloParticles, order: Array, count: int) -> HaloParticles:
    """The first of every halo in an order by halo."""
    _, first, counts = np.unique(particles.halo[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(first, counts)
    return particles[order[place < count]]


def _order(count: int, seed: int) -> Array:
    return np.random.default_rng(mix(seed, count)).permutation(count)


def seen(universe: Universe, kind: Input, mesh_ratio: int) -> Array:
    """What the network sees, before it is scaled: (n, n, n) float32; (ratio n, ...) for the evolved density.

    The evolved density is ln(1 + delta) of the particles at the universe's redshift; empty cells count as a hundredth
    of the mean. Raises: InputError for a universe that lacks it or whose values are of no use.
    """
    if kind == "evolved":
        from core.cosmos.paint import paint

        cells = mesh_ratio * universe.cells
        return np.log(np.maximum(1 + paint(final_positions(universe), cells, universe.box_size), 0.01))
    delta = sound_field(universe, "delta_linear")
    return potential(delta) if kind == "potential" else np.array(delta.values)


def centre_cells(universe: Universe, ids: Array, kind: Input, mesh_ratio: int) -> Array:
    """The cell (N, 3) of `seen` at which each particle sits: on the lattice, or where it ends."""
    if kind != "evolved":
        return np.stack(np.unravel_index(ids, (universe.cells,) * 3), axis=1)
    cells = mesh_ratio * universe.cells
    scaled = final_positions(universe)[ids] * (cells / universe.box_size)
    return np.asarray(np.rint(scaled).astype(np.int64) % cells)


def final_positions(universe: Universe) -> Array:
    """Where every lattice particle ends (n^3, 3) [Mpc/h]. Raises: InputError for a universe without displacements."""
    if "displacement" not in universe.fields:
        raise InputError(f"{universe.path} has no displacement", "give a universe that was evolved by N-body")
    moved = np.asarray(universe.field("displacement").values).reshape(3, -1).T
    return wrap(lattice(universe.cells, universe.box_size) + moved, universe.box_size)


def radii(universe: Universe, particles: HaloParticles) -> Array | None:
    """Distance of each particle from its halo's centre at the end, in units of r200m (N,); None where not measured."""
    if "displacement" not in universe.fields or "radius_200m" not in particles.halos:
        return None
    offset = final_positions(universe)[particles.ids] - particles.halos["position"][particles.halo]
    distance = np.linalg.norm(nearest_image(offset, universe.box_size), axis=1)
    return np.asarray(distance / np.maximum(particles.halos["radius_200m"][particles.halo], 1e-6))


def potential(delta: Field) -> Array:
    """The gravitational potential of a density contrast, lap phi = delta [(Mpc/h)^2], (n, n, n) float32."""
    import torch

    from core.cosmos.initial import squared_wavenumber
    from core.cosmos.measures.spectra import fourier

    squared = squared_wavenumber(delta.cells) * (2 * np.pi / delta.box_size) ** 2
    modes = fourier(delta) / -squared.to(torch.float32)
    modes[0, 0, 0] = 0
    return torch.fft.irfftn(modes, s=delta.values.shape).numpy()
