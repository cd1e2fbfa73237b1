"""First crossing: the largest mass scale on which the linear density around a cell rises above a collapse barrier.

Excursion sets for each cell of a realisation: extended Press-Schechter (Bond et al. 1991) with the constant barrier of
spherical collapse, Sheth & Tormen (2002, astro-ph/0105113) with the moving one of ellipsoidal collapse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from core.cosmos.box import Array, Field
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import squared_wavenumber
from core.cosmos.measures.spectra import fourier
from core.cosmos.power import linear_power, top_hat
from core.errors import UsageError
from core.progress import Progress, silent

Window = Literal["top_hat", "sharp_k"]

DELTA_C = 1.686
"""Linear overdensity at which a sphere collapses (Einstein-de Sitter)."""


@dataclass(frozen=True)
class FirstCrossing:
    """Mass of the first crossing [Msun/h] of every cell under both barriers, 0 where it never crosses.

    `masses` (m,) are the scales that were tried, from the largest, `sigma` (m,) their linear rms from theory.
    """

    masses: Array
    sigma: Array
    eps: Field
    sheth_tormen: Field


def eps_barrier(variance: Array) -> Array:
    """1.686 at every S = sigma^2(M)."""
    return np.full_like(variance, DELTA_C)


def sheth_tormen_barrier(variance: Array) -> Array:
    """sqrt(a) 1.686 (1 + beta (S / (a 1.686^2))^gamma), a = 0.707, beta = 0.485, gamma = 0.615.

    The best fit of Sheth, Mo & Tormen (2001, astro-ph/9907024), as taken in arXiv:2011.10577, equation E1.
    """
    a, beta, gamma = 0.707, 0.485, 0.615
    return np.asarray(np.sqrt(a) * DELTA_C * (1 + beta * (variance / (a * DELTA_C**2)) ** gamma))


def first_crossing(
    delta: Field,
    cosmology: Cosmology,
    masses: Array | None = None,
    window: Window = "top_hat",
    device: str = "cpu",
    progress: Progress = silent,
) -> FirstCrossing:
    """First crossings of the linear density at z = 0 on each of `masses` [Msun/h], in any order.

    The window is a top hat of radius R, M = 4/3 pi rho R^3, or sharp in k at 1/R, M = 6 pi^2 rho R^3. Adding scales
    only adds crossings. `masses` defaults to `mass_bank`.
    Raises: UsageError for masses that are not positive.
    """
    masses = mass_bank(cosmology) if masses is None else np.sort(masses)[::-1]
    if masses[-1] <= 0:
        raise UsageError("a mass scale is not positive", "give masses in Msun/h")
    radii = radius(masses, cosmology, window)
    variance = variances(radii, cosmology, window)
    barriers = np.stack([eps_barrier(variance), sheth_tormen_barrier(variance)])
    modes = fourier(delta, device)
    squared = squared_wavenumber(delta.cells, modes.device)
    k = 2 * np.pi / delta.box_size * np.sqrt(np.arange(int(squared.max()) + 1))
    crossed = torch.zeros((2, *delta.values.shape), dtype=torch.float32, device=modes.device)
    for index, (mass, scale) in enumerate(zip(masses, radii, strict=True)):
        progress(index / len(masses), f"smoothing on {mass:.2e} Msun/h")
        transform = top_hat(k * scale) if window == "top_hat" else k * scale <= 1
        weights = torch.as_tensor(transform, dtype=torch.float32, device=modes.device)
        smooth = torch.fft.irfftn(modes * weights[squared], s=delta.values.shape)
        for result, barrier in zip(crossed, barriers[:, index], strict=True):
            result[(result == 0) & (smooth >= barrier)] = mass
    progress(1.0, "done")
    eps, sheth_tormen = (
        Field(f"mass_{name}", values, delta.box_size, "Msun/h")
        for name, values in zip(("eps", "sheth_tormen"), crossed.cpu().numpy(), strict=True)
    )
    return FirstCrossing(masses, np.sqrt(variance), eps, sheth_tormen)


def mass_bank(cosmology: Cosmology, count: int = 50) -> Array:
    """Masses [Msun/h], largest first, spaced evenly in log from 3e10 to 1e15 Msun (no h; Lucie-Smith et al. 2019)."""
    return np.geomspace(1e15, 3e10, count) * cosmology.h


def radius(masses: Array, cosmology: Cosmology, window: Window = "top_hat") -> Array:
    """Lagrangian radius [Mpc/h] of the window that holds a mass [Msun/h]."""
    volume = 4 / 3 * np.pi if window == "top_hat" else 6 * np.pi**2
    return np.asarray((masses / (volume * cosmology.mean_density)) ** (1 / 3))


def variances(radii: Array, cosmology: Cosmology, window: Window = "top_hat") -> Array:
    """S = sigma^2 of the linear density at z = 0 in windows of these radii [Mpc/h], from theory."""
    power = linear_power(cosmology)
    if window == "top_hat":
        return np.array([power.sigma(scale) ** 2 for scale in radii])
    k = np.geomspace(1e-4, 1 / radii.min(), 20_000)
    integrand = k**3 * power(k) / (2 * np.pi**2)
    steps = np.diff(np.log(k)) * (integrand[1:] + integrand[:-1]) / 2
    return np.interp(np.log(1 / radii), np.log(k), np.concatenate([[0.0], np.cumsum(steps)]))


def never(masses: Field, where: Array | None = None) -> float:
    """Fraction of the cells, or of those in a mask, that never cross."""
    values = masses.values if where is None else masses.values[where]
    return float(np.mean(values == 0))
