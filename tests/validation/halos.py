"""Halos of one N-body box of 128^3 particles in 128 Mpc/h: how many, how heavy, and whence they came."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from core.cosmos.box import Array, Catalogue, nearest_image
from core.cosmos.cosmology import Cosmology, growth, preset
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order, second_order
from core.cosmos.massfunction import mass_function, theory
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, evolve
from tests.validation.check import Check, within

CELLS, BOX, SEED = 128, 128.0, 1
PARTICLES = (100, 200, 400, 800, 1600)
"""Edges of the bins of the mass function."""


def checks() -> Iterator[Check]:
    cosmology = preset("planck2015")
    delta = linear_field(CELLS, BOX, linear_power(cosmology), SEED)
    fields, catalogues = evolve(delta, cosmology, Evolution(device="cpu"))
    halos = catalogues["fof"]
    yield from counts(halos, cosmology)
    share = halos["count"][halos["count"] >= 100].sum() / CELLS**3
    yield within("mass in halos of 100 particles", share, 0.216, 0.246, "0.231", "0.224 by Warren et al. 2006")
    resolved = halos["count"] >= 200
    ratio = float(np.median(halos["mass_200m"][resolved] / halos["mass"][resolved]))
    yield within(
        "median M200m / M(FoF), 200 particles",
        ratio,
        0.79,
        0.83,
        "0.81",
        f"{resolved.sum()} halos; the force mesh softens centres, so this is low",
    )
    distance = displaced(halos, delta.values, fields[3].values, cosmology)
    low, median, high = np.percentile(distance, [16, 50, 84])
    yield within(
        "median distance of protohalo moved by 2LPT to its halo [Mpc/h]",
        float(median),
        0,
        1,
        "below 1",
        f"{len(halos)} halos, 16 and 84 %: {low:.2f} and {high:.2f}",
    )


def counts(halos: Catalogue, cosmology: Cosmology) -> Iterator[Check]:
    """The mass function of corrected friends-of-friends masses over the integral of Warren's in each bin."""
    edges = np.array(PARTICLES) * cosmology.particle_mass(BOX, CELLS)
    measured = mass_function([halos], edges, "mass_corrected")
    for i, count in enumerate(measured.count):
        mass = np.geomspace(edges[i], edges[i + 1], 33)
        expected = BOX**3 * np.trapezoid(theory(mass, cosmology, model="warren06"), np.log10(mass))
        yield within(
            f"N(FoF, corrected) / Warren 2006, {PARTICLES[i]} to {PARTICLES[i + 1]} particles",
            float(count / expected),
            0.85,
            1.15,
            "1",
            f"{count} halos: one Poisson standard deviation is {np.sqrt(count) / expected:.2f}",
        )


def displaced(halos: Catalogue, delta: Array, labels: Array, cosmology: Cosmology) -> Array:
    """Distance (H,) [Mpc/h] of every halo from where 2LPT takes the centre of mass of its cells."""
    modes = torch.fft.rfftn(torch.from_numpy(delta))
    second = growth(cosmology.omega_matter).second(1.0)
    moved = (first_order(modes, BOX) + second * second_order(modes, BOX)).numpy().reshape(3, -1)
    inside = np.flatnonzero(labels)
    halo = labels.reshape(-1)[inside] - 1
    mean = np.stack([np.bincount(halo, axis[inside]) for axis in moved], axis=1) / halos["count"][:, None]
    offset = nearest_image(halos["lagrangian_position"] + mean - halos["position"], BOX)
    return np.linalg.norm(offset, axis=1)
