"""Halos of N-body boxes of 128^3 particles in 128 Mpc/h: how many, how heavy, and whence they came.

One box has 80 halos of 800 to 1600 particles: their Poisson scatter of 12 % is as wide as the tolerance of the mass
function, so three boxes are counted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

CELLS, BOX, SEEDS = 128, 128.0, (1, 2, 3)
PARTICLES = (100, 200, 400, 800, 1600)
"""Edges of the bins of the mass function."""


def checks() -> Iterator[Check]:
    cosmology = preset("planck2015")
    boxes, distances = [], []
    for seed in SEEDS:
        delta = linear_field(CELLS, BOX, linear_power(cosmology), seed)
        fields, catalogues = evolve(delta, cosmology, Evolution(device="cpu"))
        labels = next(item.values for item in fields if item.name == "label")
        boxes.append(catalogues["fof"])
        distances.append(displaced(boxes[-1], delta.values, labels, cosmology))
    yield from counts(boxes, cosmology)
    count, mass, spherical = (
        np.concatenate([halos[name] for halos in boxes]) for name in ("count", "mass", "mass_200m")
    )
    share = float(count[count >= 100].sum() / (len(SEEDS) * CELLS**3))
    yield within("mass in halos of 100 particles", share, 0.216, 0.246, "0.231", "0.224 by Warren et al. 2006")
    resolved = count >= 200
    yield within(
        "median M200m / M(FoF), 200 particles",
        float(np.median(spherical[resolved] / mass[resolved])),
        0.79,
        0.83,
        "0.81",
        f"{resolved.sum()} halos; the force mesh softens centres, so this is low",
    )
    low, median, high = np.percentile(np.concatenate(distances), [16, 50, 84])
    yield within(
        "median distance of protohalo moved by 2LPT to its halo [Mpc/h]",
        float(median),
        0,
        1,
        "below 1",
        f"{len(count)} halos, 16 and 84 %: {low:.2f} and {high:.2f}",
    )


def counts(boxes: Sequence[Catalogue], cosmology: Cosmology) -> Iterator[Check]:
    """The mass function of corrected friends-of-friends masses over the integral of Warren's in each bin."""
    edges = np.array(PARTICLES) * cosmology.particle_mass(BOX, CELLS)
    single = np.array([mass_function([halos], edges, "mass_corrected").count for halos in boxes])
    for i, each in enumerate(single.T):
        mass = np.geomspace(edges[i], edges[i + 1], 33)
        expected = BOX**3 * np.trapezoid(theory(mass, cosmology, model="warren06"), np.log10(mass))
        total, boxes_expected = each.sum(), len(boxes) * expected
        yield within(
            f"N(FoF, corrected) / Warren 2006, {PARTICLES[i]} to {PARTICLES[i + 1]} particles",
            float(total / boxes_expected),
            0.85,
            1.15,
            "1",
            f"{total} halos: Poisson ± {np.sqrt(total) / boxes_expected:.2f}; single boxes "
            f"{', '.join(f'{n / expected:.2f}' for n in each)} ± {np.sqrt(total * len(boxes)) / boxes_expected:.2f}",
        )


def displaced(halos: Catalogue, delta: Array, labels: Array, cosmology: Cosmology) -> Array:
    """Distance (H,) [Mpc/h] of every halo from where 2LPT takes the centre of mass of its cells."""
    modes = torch.fft.rfftn(torch.from_numpy(delta))
    second = growth(cosmology.omega_matter).second(1.0)
    moved = (first_order(modes, BOX) + second * second_order(modes, BOX)).numpy().reshape(3, -1)
    inside = np.flatnonzero(labels)
    halo = labels.reshape(-1)[inside] - 1
    mean = np.stack([np.bincount(halo, axis[inside]) for axis in moved], axis=1) / halos["count"][:, None]
    return np.linalg.norm(nearest_image(halos["lagrangian_position"] + mean - halos["position"], BOX), axis=1)
