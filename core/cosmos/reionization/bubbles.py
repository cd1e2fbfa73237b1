"""Reionization by excursion sets, and the 21-cm brightness temperature it leaves.

A cell is ionized where some sphere about it makes enough photons: zeta f_coll(x, R) >= 1 (Furlanetto, Zaldarriaga &
Hernquist 2004, astro-ph/0403697; Mesinger, Furlanetto & Cen 2011, arXiv:1003.3878, whose 21cmFAST is the model here).
Only zeta depends on the escape fraction, so the largest zeta f_coll over all spheres of one map settles every one.
Arrays live on the device of their input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import squared_wavenumber
from core.cosmos.power import linear_power, top_hat

CRITICAL = 1.686
"""Linear overdensity of a sphere that collapses."""

STEP = 1.1
"""Factor between the radii of successive spheres, as in 21cmFAST."""

CELL_RADIUS = (3 / (4 * math.pi)) ** (1 / 3)
"""Radius of the sphere of the volume of a cell, in cells."""

ATOMIC_COOLING = 1e4
"""Virial temperature [K] above which the gas of a halo is ionized."""


@dataclass(frozen=True)
class Sources:
    """What makes the photons. The defaults are 21cmFAST's for bright galaxies."""

    virial_temperature: float = 5e4
    """Of the smallest halo with stars [K]."""
    photons: float = 300.0
    """Ionizing photons per baryon in stars, times the share of baryons in stars: zeta is this times the escape
    fraction."""
    largest_bubble: float = 50.0
    """Radius of the largest sphere [Mpc/h]."""

    def efficiency(self, escape_fraction: float) -> float:
        """zeta, ionizing photons that leave a halo per baryon in it."""
        return self.photons * escape_fraction


@dataclass(frozen=True)
class Collapsed:
    """Collapsed fractions (n, n, n): the largest over all spheres about a cell, and that of the cell itself."""

    largest: torch.Tensor
    cell: torch.Tensor


def smallest_mass(temperature: float, redshift: float, cosmology: Cosmology) -> float:
    """Mass [Msun/h] of a halo of this virial temperature [K]. Source: astro-ph/0010468, equation 26."""
    matter_now = cosmology.matter_share(1 / (1 + redshift))
    d = matter_now - 1
    contrast = 18 * math.pi**2 + 82 * d - 39 * d**2
    molecular = 0.59 if temperature >= ATOMIC_COOLING else 1.22
    kelvin = 1.98e4 * (molecular / 0.6) * (1 + redshift) / 10
    return (
        1e8
        * (temperature / kelvin) ** 1.5
        / math.sqrt(cosmology.omega_matter / matter_now * contrast / (18 * math.pi**2))
    )


def mean_collapsed(mass: float, redshift: float, cosmology: Cosmology) -> float:
    """Share of all matter in halos above a mass [Msun/h] by Sheth & Tormen 1999 (astro-ph/9901122)."""
    from scipy.integrate import quad

    a, p, amplitude = 0.707, 0.3, 0.3222
    first = cosmology.growth.first(1 / (1 + redshift))
    lowest = CRITICAL / (first * linear_power(cosmology).sigma(radius_of(mass, cosmology)))

    def multiplicity(nu: float) -> float:
        scaled = a * nu * nu
        return amplitude * math.sqrt(2 * a / math.pi) * (1 + scaled**-p) * math.exp(-scaled / 2)

    return float(quad(multiplicity, lowest, np.inf, epsrel=1e-8)[0])


def radius_of(mass: float, cosmology: Cosmology) -> float:
    """Radius [Mpc/h] of the sphere of mean density that holds a mass [Msun/h]."""
    return (3 * mass / (4 * math.pi * cosmology.mean_density)) ** (1 / 3)


def radii(cells: int, box_size: float, largest: float) -> Array:
    """Radii of the spheres [Mpc/h], falling, the last that of a cell; none holds more than the box."""
    last = CELL_RADIUS * box_size / cells
    first = min(largest, CELL_RADIUS * box_size)
    steps = max(0, math.ceil(math.log(first / last) / math.log(STEP)))
    return np.append(first / STEP ** np.arange(steps), last)


def shares(
    delta: torch.Tensor,
    box_size: float,
    cosmology: Cosmology,
    redshift: float,
    sources: Sources,
    spheres: Iterable[float],
    cell: torch.Tensor | None = None,
) -> Iterator[torch.Tensor]:
    """The collapsed fraction (n, n, n) of the sphere of each radius [Mpc/h] about every cell of `delta` (n, n, n).

    f = erfc((1.686 - delta_R) / sqrt(2 (S_min - S_R))), scaled so that its mean is Sheth & Tormen's. `delta` is the
    overdensity of `redshift`; `cell` is what a sphere no larger than a cell sees in its place.
    """
    cells, modes = delta.shape[0], torch.fft.rfftn(delta)
    squared = squared_wavenumber(cells, delta.device)
    k = 2 * np.pi / box_size * np.sqrt(np.arange(int(squared.max()) + 1))
    first = cosmology.growth.first(1 / (1 + redshift))
    power = linear_power(cosmology)
    mass = smallest_mass(sources.virial_temperature, redshift, cosmology)
    mean, least = mean_collapsed(mass, redshift, cosmology), power.sigma(radius_of(mass, cosmology))
    for radius in spheres:
        own = cell is not None and radius <= CELL_RADIUS * box_size / cells
        filter_ = torch.as_tensor(top_hat(k * radius), dtype=torch.float32, device=delta.device)
        smooth = torch.fft.irfftn((torch.fft.rfftn(cell) if own else modes) * filter_[squared], s=(cells,) * 3)
        left = first * math.sqrt(2 * (least**2 - power.sigma(radius) ** 2))
        share = torch.erfc((CRITICAL - smooth) / left).clamp_(max=1)
        share *= mean / float(share.mean(dtype=torch.float64))
        yield share.clamp_(max=1)


def collapsed(
    delta: torch.Tensor,
    box_size: float,
    cosmology: Cosmology,
    redshift: float,
    sources: Sources,
    cell: torch.Tensor | None = None,
) -> Collapsed:
    """The collapsed fractions about every cell of an overdensity (n, n, n), which is that of `redshift`.

    `cell` is the overdensity that the smallest sphere, a cell, sees in its place: where `delta` is linear the evolved
    one, or the densest cells would stay neutral a cell beside their sources.
    """
    largest = share = torch.zeros_like(delta)
    spheres = radii(delta.shape[0], box_size, sources.largest_bubble)
    for share in shares(delta, box_size, cosmology, redshift, sources, spheres, cell):
        largest = torch.maximum(largest, share)
    return Collapsed(largest, share)


def neutral_fraction(shares: Collapsed, efficiency: float) -> torch.Tensor:
    """Neutral hydrogen fraction (n, n, n): 0 in bubbles, elsewhere what the cell's own sources leave."""
    bubble = efficiency * shares.largest >= 1
    return (1 - efficiency * shares.cell).clamp(0, 1).masked_fill(bubble, 0)


def temperature_scale(redshift: float, cosmology: Cosmology) -> float:
    """Brightness temperature [mK] of neutral gas of mean density, spins much hotter than the microwave background.

    Source: arXiv:1003.3878, equation 1, without peculiar velocities.
    """
    baryons, matter = cosmology.omega_baryon * cosmology.h**2, cosmology.omega_matter * cosmology.h**2
    return 27 * baryons / 0.023 * math.sqrt(0.15 / matter * (1 + redshift) / 10)


def brightness_temperature(
    neutral: torch.Tensor, delta: torch.Tensor, redshift: float, cosmology: Cosmology
) -> torch.Tensor:
    """21-cm brightness temperature [mK] of a neutral fraction and an overdensity."""
    return temperature_scale(redshift, cosmology) * neutral * (1 + delta)
