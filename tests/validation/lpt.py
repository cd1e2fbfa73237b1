"""How far perturbation theory keeps the phases of structure: r(k) with an N-body run of the same initial conditions.

The reference values come from a separate implementation of the same equations: 128^3 particles in 128 Mpc/h,
planck2015, z = 0, 40 BullFrog steps with two force cells per spacing. What is asked is that they agree within the
scatter between boxes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from core.cosmos.box import Array, lattice
from core.cosmos.cosmology import growth, preset
from core.cosmos.initial import linear_field, linear_modes, white_noise
from core.cosmos.lpt import first_order, second_order
from core.cosmos.measures.spectra import Spectra, particle_spectra
from core.cosmos.power import damped, linear_power
from core.cosmos.simulate import Evolution, by_particle, evolve
from tests.validation.check import Check

CELLS, BOX, SEED = 128, 128.0, 1
K = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""h/Mpc."""
TOLERANCE = (0.01, 0.01, 0.01, 0.01, 0.03, 0.03)
REFERENCE = {
    "1LPT": (0.994, 0.979, 0.963, 0.894, 0.771, 0.550),
    "2LPT": (1.000, 0.996, 0.986, 0.912, 0.744, 0.474),
    "damped 2LPT": (0.999, 0.995, 0.988, 0.945, 0.865, 0.698),
}


def checks() -> Iterator[Check]:
    cosmology = preset("planck2015")
    power, second = linear_power(cosmology), growth(cosmology.omega_matter).second(1.0)
    noise = white_noise(CELLS, SEED)

    def modes(damp: bool) -> torch.Tensor:
        return linear_modes(noise, BOX, damped(power) if damp else power)

    fields, _ = evolve(linear_field(CELLS, BOX, power, SEED), cosmology, Evolution(steps=40, device="cpu"))
    truth = placed(next(item.values for item in fields if item.name == "displacement"))
    approximations = {
        "1LPT": first_order(modes(False), BOX),
        "2LPT": first_order(modes(False), BOX) + second * second_order(modes(False), BOX),
        "damped 2LPT": first_order(modes(True), BOX) + second * second_order(modes(True), BOX),
    }
    for name, displacement in approximations.items():
        measured = particle_spectra(placed(displacement.numpy()), BOX, CELLS, truth)
        ours = at(measured, measured.correlation)
        transfer = at(measured, measured.transfer)
        for k, r, amplitude, reference, tolerance in zip(K, ours, transfer, REFERENCE[name], TOLERANCE, strict=True):
            yield Check(
                f"r(k = {k:g} h/Mpc) of {name} with N-body",
                f"{r:.3f}",
                f"{reference:.3f}",
                f"± {tolerance:g}",
                bool(abs(r - reference) <= tolerance),
                f"P / P(N-body) = {amplitude**2:.3f}",
            )


def placed(displacement: Array) -> Array:
    """Positions (N, 3) of the displaced lattice."""
    return lattice(CELLS, BOX) + by_particle(displacement)


def at(measured: Spectra, values: Array) -> Array:
    """A spectrum between its shells at the wavenumbers of the table."""
    return np.interp(K, measured.k, values)
