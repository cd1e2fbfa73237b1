"""The particles that a report on halo masses judges, and what their masses tell of the true ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.progress import Progress, each
from core.recipes.halo_mass.information import Information, jittered, mutual_information, noise_information, unbounded
from core.recipes.halo_mass.masses import crossing_masses, log_crossing
from core.recipes.halo_mass.particles import HaloParticles, radii

if TYPE_CHECKING:
    from core.cosmos.universe import Universe

THEORIES = {"eps": "EPS", "sheth_tormen": "Sheth-Tormen"}
JITTER = 0.05
"""Noise [dex] that fills the gaps between the masses of the rare large halos: little beside any model's scatter."""
FEWEST, FEWEST_HALOS = 200, 10
"""Particles and their halos below which no information is estimated."""
REFERENCE = (1.5, 1.0, 0.75, 0.5)
"""Noise [dex] of the paper's imaginary models."""


@dataclass(frozen=True)
class JudgedParticles:
    """All test particles: log10 of masses [Msun/h] (N,), a theory's -inf without a crossing; r / r200m or None.

    `halo` numbers the halos of all universes.
    """

    halo: Array
    true: Array
    found: Array
    theory: dict[str, Array]
    radius: Array | None
    step: float
    """Spacing of the theories' masses [dex]."""


def judge(
    halos_of: Callable[[Universe], Catalogue], pairs: Sequence[tuple[Universe, Universe]], progress: Progress
) -> JudgedParticles:
    """The particles of all pairs of (truth, prediction); `halos_of` tells the true halos of a universe."""
    parts, halos = [], 0
    for truth, prediction in each(progress, pairs, lambda pair: pair[0].name):
        found = prediction.catalogue("particles")
        particles = HaloParticles(found["id"], found["halo"] - 1, halos_of(truth))
        crossed = [log_crossing(prediction.field(f"mass_{theory}"), particles) for theory in THEORIES]
        columns = np.stack([halos + particles.halo, np.log10(particles.mass), np.log10(found["mass"]), *crossed])
        halos += len(particles.halos)
        # in an order of their own: what is drawn at random below is the same for every run
        order = np.argsort(particles.ids)
        radius = radii(truth, particles)
        parts.append((columns[:, order], None if radius is None else radius[order]))
    halo, true, network, *theory = np.concatenate([columns for columns, _ in parts], axis=1)
    apart = [radius for _, radius in parts if radius is not None]
    bank = np.log10(crossing_masses(pairs[0][0]))
    return JudgedParticles(
        halo.astype(np.int64),
        true,
        network,
        dict(zip(THEORIES, theory, strict=True)),
        np.concatenate(apart) if len(apart) == len(parts) else None,
        float(bank[0] - bank[1]),
    )


@dataclass(frozen=True)
class Shared:
    """Mutual information with the true mass, and the noise [dex] on the same true masses that leaves as much of it."""

    information: Information | None
    noise: float | None


@dataclass(frozen=True)
class Sharing:
    """How mutual information is measured: the true mass is made continuous and unbounded first."""

    low: float
    high: float
    step: float
    bootstraps: int

    def network(self, judged: JudgedParticles, where: Array) -> Shared:
        return self._of(judged, where, judged.found[where])

    def theory(self, judged: JudgedParticles, theory: str, where: Array) -> Shared:
        # theories know only so many masses: noise within their spacing keeps all that they tell
        return self._of(judged, where, jittered(judged.theory[theory][where], self.step / 4, seed=2))

    def _of(self, judged: JudgedParticles, where: Array, found: Array) -> Shared:
        true, halo = judged.true[where], judged.halo[where]
        if len(true) < FEWEST or len(np.unique(halo)) < FEWEST_HALOS or np.ptp(found) == 0:
            return Shared(None, None)
        margin = 3 * JITTER
        smooth = unbounded(jittered(true, JITTER), self.low - margin, self.high + margin)
        information = mutual_information(smooth, found, bootstraps=self.bootstraps, groups=halo)
        return Shared(information, equivalent(levels(true), information.value))


def levels(true: Array) -> dict[float, float]:
    """Information left by Gaussian noise of each width [dex], the paper's among them."""
    return {
        width: noise_information(true, width) for width in sorted({*np.round(np.arange(0.1, 2.01, 0.1), 1), *REFERENCE})
    }


def equivalent(levels: dict[float, float], information: float) -> float | None:
    """The noise [dex] that leaves as much information; None beyond the levels."""
    widths = sorted(levels, reverse=True)
    values = [levels[width] for width in widths]
    if not values[0] <= information <= values[-1]:
        return None
    return float(np.interp(information, values, widths))
