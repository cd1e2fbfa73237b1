"""What one would do without a network: trees on physics that tell the mass of a particle from its cell alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.protohalos import physics
from core.protohalos.boosted import SAMPLE, PhysicsTrees, fit, from_saved
from core.protohalos.dynamics import CheapRun
from core.recipes.halo_mass.particles import HaloParticles

if TYPE_CHECKING:
    import torch

PREFIX = "trees"
"""Of all that is saved of the trees."""
COLUMN = "trees_mass"
"""Of the catalogue of particles."""


def fit_trees(
    universes: Sequence[Universe],
    particles: Sequence[HaloParticles],
    seed: int,
    run: CheapRun | None = None,
    redshift: float = 0.0,
) -> PhysicsTrees:
    """Trees that tell log10 of the mass [Msun/h] of particles drawn from some universes, up to SAMPLE of them."""
    tables, targets = [], []
    for universe, some in zip(universes, particles, strict=True):
        features = physics.features(universe, run, redshift)
        chosen = np.random.default_rng(seed).permutation(len(some))[: SAMPLE // len(universes)]
        tables.append(features.reshape(len(features), -1)[:, some.ids[chosen]].T)
        targets.append(np.log10(some.mass[chosen]))
    return PhysicsTrees(fit(np.concatenate(tables), np.concatenate(targets), "value", seed), run, redshift)


def log_masses(trees: PhysicsTrees, universe: Universe, ids: Array) -> Array:
    """log10 of the mass [Msun/h] that the trees tell of these particles (N,)."""
    features = physics.features(universe, trees.run, trees.redshift)
    return trees(features.reshape(len(features), -1)[:, ids])


def with_trees(particles: Catalogue, tensors: Mapping[str, torch.Tensor], universe: Universe) -> Catalogue:
    """The catalogue of predicted particles with the masses that saved trees tell; as it is where there are none."""
    trees = from_saved(tensors, PREFIX)
    if trees is None:
        return particles
    masses = 10 ** log_masses(trees, universe, particles["id"])
    return replace(
        particles, columns={**particles.columns, COLUMN: masses}, units={**particles.units, COLUMN: "Msun/h"}
    )
