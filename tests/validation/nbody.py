"""The N-body against its own converged run and against linear theory, at 128^3 particles in 128 Mpc/h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology, growth, preset
from core.cosmos.halos import friends_of_friends
from core.cosmos.initial import linear_field, linear_modes, white_noise
from core.cosmos.lpt import divergence, first_order, second_order
from core.cosmos.measures.spectra import particle_spectra, spectra
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, by_particle, evolve
from tests.validation.check import Check, within

CELLS, BOX_SIZE = 128, 128.0


def checks() -> Iterator[Check]:
    cosmology = preset("planck2015")
    yield from _linear_growth(cosmology)
    delta = linear_field(CELLS, BOX_SIZE, linear_power(cosmology), 1)

    def positions(**how: object) -> Array:
        fields, _ = evolve(delta, cosmology, Evolution(device="cpu", **how))  # type: ignore[arg-type]
        moved = next(field for field in fields if field.name == "displacement")
        return lattice(CELLS, BOX_SIZE) + by_particle(moved.values)

    reference = positions(steps=40)
    twenty = positions(steps=20)
    measured = particle_spectra(twenty, BOX_SIZE, 256, other=reference)
    ratio = measured.power / measured.other
    worst = float(np.abs(ratio[measured.k <= 2] - 1).max())
    yield within("A3.4 20 against 40 steps, largest |P ratio - 1| for k <= 2 h/Mpc", worst, 0, 0.03, "0")
    at_one = int(np.argmin(np.abs(measured.k - 1)))
    yield within(
        "A3.4 20 against 40 steps, 1 - r at k = 1 h/Mpc", float(1 - measured.correlation[at_one]), 0, 4e-4, "0"
    )
    fast = particle_spectra(positions(steps=20, integrator="fastpm"), BOX_SIZE, 256, other=twenty)
    closest = int(np.argmin(np.abs(fast.k - 0.3)))
    yield within(
        "FastPM over BullFrog, 20 steps, P at k = 0.3 h/Mpc", float((fast.power / fast.other)[closest]), 0.98, 1.01, "1"
    )
    labels = friends_of_friends(reference, BOX_SIZE, 20)
    count = np.bincount(labels)[1:]
    large, every = count[count >= 100].sum() / CELLS**3, count.sum() / CELLS**3
    yield within("A3.6 mass in groups of >= 100 particles, mesh ratio 2, 40 steps", float(large), 0.216, 0.246, "0.231")
    yield within("A4.3 mass in groups of >= 20 particles, mesh ratio 2, 40 steps", float(every), 0.284, 0.324, "0.304")


def _linear_growth(cosmology: Cosmology) -> Iterator[Check]:
    """P times 1e-4, ten steps from z = 9: nothing but linear growth is left. k_f is 3 % of the Nyquist frequency."""
    cells, functions = 64, growth(cosmology.omega_matter)
    modes = 1e-2 * linear_modes(white_noise(cells, 1), BOX_SIZE, linear_power(cosmology))
    linear = Field("linear", torch.fft.irfftn(modes, s=(cells,) * 3).numpy(), BOX_SIZE)
    psi1, psi2 = first_order(modes, BOX_SIZE), second_order(modes, BOX_SIZE)
    first, second, slope = functions.first(0.1), functions.second(0.1), functions.second_slope(0.1)
    for ratio in (1, 3):
        state = nbody.State(first * psi1 + second * psi2, psi1 + slope * psi2, first)
        for end in np.linspace(first, 1, 11)[1:]:
            alpha = nbody.kick_factor(functions, state.first, float(end), "bullfrog")
            state = nbody.step(state, float(end), alpha, BOX_SIZE, ratio * cells)
        grown = Field(
            "grown", -torch.fft.irfftn(divergence(state.displacement, BOX_SIZE), s=(cells,) * 3).numpy(), BOX_SIZE
        )
        measured = float(spectra(grown, linear).transfer[0] ** 2)
        note = "64^3 particles, P times 1e-4, ten steps from z = 9"
        yield within(f"A3.2 linear growth, P / linear P at k_f, mesh ratio {ratio}", measured, 0.99, 1.01, "1", note)
