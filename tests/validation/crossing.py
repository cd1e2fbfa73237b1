"""First-crossing masses: fractions that never cross, among all cells and among the particles of halos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import erf

from core.cosmos.box import Array, Field
from core.cosmos.cosmology import Cosmology, preset
from core.cosmos.initial import linear_field
from core.cosmos.measures.crossing import first_crossing, never, variances
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, evolve
from tests.validation.check import Check, within

BOX_SIZE = 50.0
SEED = 1


def checks() -> Iterator[Check]:
    cosmology = preset("wmap5")
    yield from _all_cells(cosmology)
    delta = _linear(cosmology, 128)
    yield from _halo_particles(cosmology, delta)
    yield from _sharp_k(cosmology, delta)


def _linear(cosmology: Cosmology, cells: int) -> Field:
    return linear_field(cells, BOX_SIZE, linear_power(cosmology), SEED)


def _all_cells(cosmology: Cosmology) -> Iterator[Check]:
    found = first_crossing(_linear(cosmology, 256), cosmology)
    note = "256^3 cells, 50 Mpc/h, WMAP5, top hat, 50 masses"
    yield within("never crossing, all cells, EPS (A6.2)", never(found.eps), 0.58, 0.62, "0.60 +- 0.02", note)
    yield within("never crossing, all cells, ST (A6.2)", never(found.sheth_tormen), 0.75, 0.79, "0.77 +- 0.02", note)


def _halo_particles(cosmology: Cosmology, delta: Field) -> Iterator[Check]:
    evolution = Evolution(steps=16, minimum_particles=15, device="cpu")  # 15 particles: 1e11 Msun
    fields, catalogues = evolve(delta, cosmology, evolution)
    label = next(field.values for field in fields if field.name == "label")
    mass = np.append(0, catalogues["fof"]["mass"])[label] / cosmology.h  # Msun
    chosen = (mass >= 1e11) & (mass <= 10**13.4)
    found = first_crossing(delta, cosmology)
    note = "128^3 particles of friends-of-friends halos of 10^11 to 10^13.4 Msun, 50 Mpc/h"
    yield within("never crossing, halo particles, EPS (A6.1)", never(found.eps, chosen), 0.27, 0.33, "0.30", note)
    yield within(
        "never crossing, halo particles, ST (A6.1)", never(found.sheth_tormen, chosen), 0.55, 0.61, "0.58", note
    )


def _sharp_k(cosmology: Cosmology, delta: Field) -> Iterator[Check]:
    """A walk looked at in steps of S misses crossings, as if its barrier were 0.5826 sqrt(step) higher (Siegmund 1979).

    The steps are even in S here: of so many, those miss least.
    """
    scales, sigma = 1500, float(delta.values.std())
    found = never(first_crossing(delta, cosmology, _even_in_variance(cosmology, delta, scales), "sharp_k").eps)
    limit, stepped = (
        float(erf((1.686 + shift) / np.sqrt(2) / sigma)) for shift in (0.0, 0.5826 * sigma / np.sqrt(scales))
    )
    name, note = "never crossing, all cells, EPS, sharp k", f"{scales} scales, 128^3 cells, sigma {sigma:.3f}"
    formula = f"erf(1.686 / sqrt2 sigma) = {limit:.4f}"
    yield within(f"{name} (A6.3)", found, limit - 0.015, limit + 0.015, formula, note)
    yield within(f"{name}, finite steps", found, stepped - 0.01, stepped + 0.01, f"{stepped:.4f}", note)


def _even_in_variance(cosmology: Cosmology, delta: Field, count: int) -> Array:
    """Sharp-k masses [Msun/h] from the fundamental mode to the corner of the mesh."""
    radii = np.geomspace(delta.box_size / (2 * np.pi), delta.cell_size / (np.pi * np.sqrt(3)), 5000)
    variance = variances(radii, cosmology, "sharp_k")
    chosen = np.interp(np.linspace(variance[0], variance[-1], count), variance, radii)
    return 6 * np.pi**2 * cosmology.mean_density * chosen**3
