"""The evolved power spectrum against HMcode-2020 (Mead et al. 2021, arXiv:2009.01858), where CAMB is installed.

Two pairs of opposite boxes of 256 Mpc/h with fixed amplitudes; single ones scatter by 5 %, whatever the number of
modes, because all their small scales grow in the same few large ones. The non-linear boost of HMcode multiplies the
linear spectrum that the boxes were made with.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cosmos.box import Array, lattice
from core.cosmos.cosmology import Cosmology, preset
from core.cosmos.initial import linear_field
from core.cosmos.measures.spectra import Spectra, particle_spectra
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, by_particle, evolve
from core.figures import Curves, Series
from tests.validation.check import Check, Drawn, within

CELLS, BOX_SIZE = 128, 256.0
BANDS = ((0.08, 0.15), (0.15, 0.25), (0.25, 0.4), (0.4, 0.6), (0.6, 0.8))
"""h/Mpc; beyond, a mesh of 1 Mpc/h lacks force resolution."""


def checks() -> Iterator[Check | Drawn]:
    try:
        import camb
    except ImportError:
        yield Check("P(k) against HMcode-2020", "-", "-", "-", True, "not checked: CAMB is not installed")
        return
    cosmology = preset("planck2015")
    power = linear_power(cosmology)
    runs = [_spectrum(cosmology, seed, paired) for seed in (1, 2) for paired in (False, True)]
    k, modes = runs[0].k, runs[0].modes
    expected = power(k) * _boost(camb, cosmology, k)
    yield Drawn("power", _figure(k, np.stack([run.power for run in runs]), expected, power(k)))
    for low, high in BANDS:
        band = (k >= low) & (k < high)
        ratios = [float(np.average((run.power / expected)[band], weights=modes[band])) for run in runs]
        note = "boxes " + " ".join(f"{ratio:.3f}" for ratio in ratios)
        name = f"P / HMcode-2020, k = {low:g} to {high:g} h/Mpc"
        yield within(name, float(np.mean(ratios)), 0.94, 1.06, "1: HMcode claims 5 %", note)


def _figure(k: Array, powers: Array, expected: Array, linear: Array) -> Curves:
    """The mean of the boxes and their standard deviation, up to 2 h/Mpc."""
    shown = k <= 2
    mean, scatter = powers.mean(axis=0)[shown], powers.std(axis=0, ddof=1)[shown]
    return Curves(
        f"Matter today: {len(powers)} boxes of {BOX_SIZE:g} Mpc/h, {CELLS}^3 (band: scatter)",
        (
            Series("N-body", k[shown], mean, mean - scatter, mean + scatter),
            Series("HMcode-2020", k[shown], expected[shown], style="dashed"),
            Series("linear theory", k[shown], linear[shown], style="dashed"),
        ),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to="HMcode-2020",
        ratio_label="/ HMcode",
        ratio_limits=(0.6, 1.2),
        ratio_bands=(0.05,),
    )


def _spectrum(cosmology: Cosmology, seed: int, paired: bool) -> Spectra:
    """P(k) of one evolved box."""
    delta = linear_field(CELLS, BOX_SIZE, linear_power(cosmology), seed, fixed=True, paired=paired)
    fields, _ = evolve(delta, cosmology, Evolution(steps=24, device="cpu"))
    moved = next(field for field in fields if field.name == "displacement")
    return particle_spectra(lattice(CELLS, BOX_SIZE) + by_particle(moved.values), BOX_SIZE, 256)


def _boost(camb: object, cosmology: Cosmology, k: Array) -> Array:
    """Non-linear over linear power today."""
    c = cosmology
    spectra = []
    for model in ("NonLinear_none", "NonLinear_both"):
        parameters = camb.set_params(  # type: ignore[attr-defined]
            H0=100 * c.h,
            ombh2=c.omega_baryon * c.h**2,
            omch2=(c.omega_matter - c.omega_baryon) * c.h**2,
            mnu=0,
            num_massive_neutrinos=0,
            ns=c.spectral_index,
            As=2e-9,
            halofit_version="mead2020",
        )
        parameters.set_matter_power(redshifts=[0.0], kmax=30.0)
        parameters.NonLinear = camb.model.NonLinear_none  # type: ignore[attr-defined]
        sigma8 = camb.get_results(parameters).get_sigma8_0()  # type: ignore[attr-defined]
        parameters.InitPower.As *= (c.sigma8 / sigma8) ** 2
        parameters.NonLinear = getattr(camb.model, model)  # type: ignore[attr-defined]
        results = camb.get_results(parameters)  # type: ignore[attr-defined]
        wavenumber, _, power = results.get_matter_power_spectrum(minkh=1e-3, maxkh=20, npoints=600)
        spectra.append(np.exp(np.interp(np.log(k), np.log(wavenumber), np.log(power[0]))))
    return spectra[1] / spectra[0]
