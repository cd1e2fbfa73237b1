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
from core.cosmos.measures.massfunction import mass_function, theory
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, evolve
from core.figures import Curves, Series
from tests.validation.check import Check, Drawn, within

CELLS, BOX, SEEDS = 128, 128.0, (1, 2, 3)
PARTICLES = (100, 200, 400, 800, 1600)
"""Edges of the bins of the mass function."""


def checks() -> Iterator[Check | Drawn]:
    cosmology = preset("planck2015")
    boxes, distances = [], []
    for seed in SEEDS:
        delta = linear_field(CELLS, BOX, linear_power(cosmology), seed)
        fields, catalogues = evolve(delta, cosmology, Evolution(device="cpu"))
        labels = next(item.values for item in fields if item.name == "label")
        boxes.append(catalogues["fof"])
        distances.append(displaced(boxes[-1], delta.values, labels, cosmology))
    yield from counts(boxes, cosmology)
    yield Drawn("massfunction", figure(boxes, cosmology))
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


def figure(boxes: Sequence[Catalogue], cosmology: Cosmology) -> Curves:
    """Mass functions of the boxes together, of halos of 50 particles, with jackknife errors, where there are five."""
    edges = np.geomspace(50, 12800, 13) * cosmology.particle_mass(BOX, CELLS)
    series = []
    for name, column in (("groups, Warren-corrected", "mass_corrected"), ("M200m", "mass_200m")):
        found = mass_function(boxes, edges, column)
        density = np.where(found.count >= 5, found.density, np.nan)
        series.append(Series(name, found.mass, density, density - found.jackknife, density + found.jackknife))
    mass = np.geomspace(edges[0], edges[-1], 49)
    for name, model in (("Warren 2006", "warren06"), ("Tinker 2008, M200m", "tinker08")):
        series.append(Series(name, mass, theory(mass, cosmology, model=model), style="dashed"))  # type: ignore[arg-type]
    return Curves(
        f"Halos today: {len(boxes)} boxes of {BOX:g} Mpc/h, {CELLS}^3 (jackknife bands)",
        tuple(series),
        "M [Msun/h]",
        "dn/dlog10M [(h/Mpc)^3]",
        x_log=True,
        y_log=True,
        y_limits=(1e-6, 1e-2),
        ratio_to="Warren 2006",
        ratio_label="/ Warren",
        ratio_limits=(0.4, 1.4),
        ratio_bands=(0.15,),
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
