"""Statistics against what they must be: unclustered points, exact sums over particles, a known quadratic field."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, lattice
from core.cosmos.cosmology import preset
from core.cosmos.initial import linear_field
from core.cosmos.measures.bispectrum import bispectrum
from core.cosmos.measures.massfunction import mass_function
from core.cosmos.measures.spectra import particle_spectra, spectra
from core.cosmos.measures.voids import void_probability
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, by_particle, evolve
from tests.validation.check import Check, within


def checks() -> Iterator[Check]:
    yield _poisson()
    yield from _assignments()
    yield _quadratic()
    yield _voids()
    yield from _identities()
    yield _jackknife()


def _poisson() -> Check:
    points = np.random.default_rng(1).uniform(0, 200.0, (1_000_000, 3))
    measured = particle_spectra(points, 200.0, 128)
    shells = slice(0, 57)  # 0.9 of the Nyquist frequency
    mean = np.average(measured.power[shells], weights=measured.modes[shells]) / measured.shot_noise[0]
    return within("P of Poisson points / (V/N) (A7.1)", mean, 0.99, 1.01, "1", "10^6 points, PCS, interlaced, 128^3")


def _assignments() -> Iterator[Check]:
    """64^3 particles at z = 0, a mesh as fine as their lattice and one four times finer as the truth."""
    cosmology = preset("planck2015")
    delta = linear_field(64, 64.0, linear_power(cosmology), 1)
    fields, _ = evolve(delta, cosmology, Evolution(steps=10, device="cpu"))
    displacement = next(field.values for field in fields if field.name == "displacement")
    positions = lattice(64, 64.0) + by_particle(displacement)
    rough = particle_spectra(positions, 64.0, 64, assignment="cic", interlaced=False).power
    fine = particle_spectra(positions, 64.0, 64).power
    truth = particle_spectra(positions, 64.0, 256).power[: len(fine)]
    note = "64^3 particles at z = 0, mesh 64^3; worst shell"
    yield within(
        "P(CIC) / P(PCS, interlaced), k < 0.5 Nyquist (A7.2)", _worst(rough[:15] / fine[:15]), 0.995, 1.005, "1", note
    )
    note = "as above, against PCS, interlaced, on 256^3"
    yield within("P(PCS, interlaced) / exact, k < 0.9 Nyquist", _worst(fine[:28] / truth[:28]), 0.998, 1.002, "1", note)
    yield within("P(CIC) / exact, k < 0.7 Nyquist", _worst(rough[:22] / truth[:22]), 0.98, 1.02, "1", note)


def _worst(ratio: Array) -> float:
    return float(ratio[np.argmax(np.abs(ratio - 1))])


def _quadratic() -> Check:
    """g + f (g^2 - <g^2>): Q = 2 f at tree level; the pair +g, -g cancels the cubic noise of the Gaussian field."""
    cells, f, ratios = 64, 0.05, []
    edges = np.array([1.5, 5.5, 9.5, 13.5]) * 2 * np.pi
    axis = np.fft.fftfreq(cells, 1 / cells)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + np.arange(cells // 2 + 1) ** 2)
    for seed in range(16):
        modes = np.fft.rfftn(np.random.default_rng(seed).normal(size=(cells,) * 3)) * ((k > 0) & (k < cells / 4))
        g = np.fft.irfftn(modes, s=(cells,) * 3, axes=(0, 1, 2))
        for sign in (1, -1):
            b = bispectrum(Field("g", (sign * g + f * (g**2 - (g**2).mean())).astype(np.float32), 1.0), edges)
            ratios.append(np.average(b.reduced, weights=b.count) / (2 * f))
    note = "16 pairs of 64^3, f = 0.05, 10 triangles"
    return within("B / tree level of a quadratic field (A7.4)", float(np.mean(ratios)), 0.97, 1.03, "1", note)


def _voids() -> Check:
    points = np.random.default_rng(2).uniform(0, 100.0, (5000, 3))
    measured = void_probability(points, 100.0, np.linspace(1, 5, 9), 1_000_000)
    pulls = (measured.probability - measured.poisson) / measured.error
    note = "5000 points, 10^6 spheres, 9 radii; worst, in standard deviations"
    return within("void probability of Poisson points - exp(-nV)", float(np.abs(pulls).max()), 0, 3, "0", note)


def _identities() -> Iterator[Check]:
    cosmology = preset("planck2015")
    x = linear_field(64, 64.0, linear_power(cosmology), 1)
    same = spectra(x, Field("copy", x.values.copy(), x.box_size))
    worst = float(np.abs(same.correlation - 1).max())
    yield within("largest r(k) - 1 of a field with itself (A7.6)", worst, 0, 1e-12, "0", "64^3, all shells")
    tripled = spectra(Field("3x", 3 * x.values, x.box_size), x)
    worst = float(np.abs(tripled.transfer / 3 - 1).max())
    yield within("largest T(k)/3 - 1 of three times a field (A7.6)", worst, 0, 1e-6, "0", "float32 transform")


def _jackknife() -> Check:
    """27 sub-cubes know their own scatter to 14 %."""
    rng, ratios = np.random.default_rng(3), []
    for _ in range(50):
        columns = {"mass": rng.uniform(1e13, 1e14, 1000), "position": rng.uniform(0, 100, (1000, 3))}
        measured = mass_function([Catalogue(columns, 100.0)], np.array([1e13, 1e14]))
        ratios.append(float(measured.jackknife[0] / measured.error[0]))
    note = "50 boxes of 1000 random halos"
    return within("jackknife / Poisson error, mean", float(np.mean(ratios)), 0.94, 1.06, "1", note)
