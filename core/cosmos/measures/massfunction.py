"""Halo mass functions: counts in bins of log mass with their errors, and fitting functions from the literature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.measures.jackknife import SUBCUBES, jackknife_error, subcube
from core.cosmos.power import LinearPower
from core.errors import UsageError, did_you_mean

THEORIES = {
    "tinker08": "200m",
    "press74": "fof",
    "sheth99": "fof",
    "warren06": "fof",
    "watson13": "fof",
    "despali16": "200m",
    "bocquet16": "200m",
}
"""Fitting functions and the mass definition each is meant for."""


_STEP = 0.02
"""Of the logarithmic derivative of sigma(M), as a part of the mass."""


@dataclass(frozen=True)
class MassFunction:
    """dn/dlog10 M [(h/Mpc)^3] at the geometric centre of each bin [Msun/h], halos counted, and the volume they fill.

    `regions` (R, bins) splits the counts by sub-cube, 27 a box; `region_volume` (R,) in (Mpc/h)^3.
    """

    mass: Array
    width: Array
    count: Array
    volume: float
    regions: Array
    region_volume: Array

    @property
    def density(self) -> Array:
        return np.asarray(self.count / (self.volume * self.width))

    @property
    def error(self) -> Array:
        """One Poisson standard deviation."""
        return np.asarray(np.sqrt(self.count) / (self.volume * self.width))

    @property
    def jackknife(self) -> Array:
        """One standard deviation from the scatter between sub-cubes: Poisson noise and structure together."""
        return np.asarray(jackknife_error(self.regions, self.region_volume) / self.width)


def mass_function(catalogues: Sequence[Catalogue], edges: Array, column: str = "mass") -> MassFunction:
    """The mass function of one or more boxes together; edges in Msun/h."""
    regions = np.concatenate([_by_subcube(c, edges, column) for c in catalogues])
    region_volume = np.repeat([c.box_size**3 / SUBCUBES for c in catalogues], SUBCUBES)
    centre, width = np.sqrt(edges[1:] * edges[:-1]), np.diff(np.log10(edges))
    return MassFunction(centre, width, regions.sum(axis=0), float(region_volume.sum()), regions, region_volume)


def _by_subcube(catalogue: Catalogue, edges: Array, column: str) -> Array:
    """Counts (27, bins) of halos."""
    cube = subcube(catalogue["position"], catalogue.box_size)
    counts = np.histogram2d(cube, catalogue[column], (np.arange(SUBCUBES + 1), edges))[0]
    return counts.astype(np.int64)


def mass_edges(lowest: float, highest: float, per_decade: int = 5) -> Array:
    """Edges of bins of equal log width that start at the lowest mass and hold the highest."""
    bins = max(1, int(np.ceil(np.log10(highest / lowest) * per_decade + 1e-9)))
    return lowest * 10 ** (np.arange(bins + 1) / per_decade)


def theory(
    mass: Array,
    cosmology: Cosmology,
    redshift: float = 0.0,
    model: str = "tinker08",
    power: LinearPower | None = None,
) -> Array:
    """dn/dlog10 M [(h/Mpc)^3] of a fitting function, by colossus, on its own sigma(M) or that of a linear spectrum.

    Raises: UsageError for an unknown one.
    """
    if model not in THEORIES:
        raise UsageError(f"unknown mass function {model!r}", did_you_mean(model, THEORIES))
    from colossus.cosmology import cosmology as background
    from colossus.lss import mass_function as colossus

    parameters: dict[str, object] = {
        "flat": True,
        "H0": 100 * cosmology.h,
        "Om0": cosmology.omega_matter,
        "Ob0": cosmology.omega_baryon,
        "sigma8": cosmology.sigma8,
        "ns": cosmology.spectral_index,
        "relspecies": False,
    }
    if not cosmology.is_plain:
        parameters |= {"de_model": "w0wa", "w0": cosmology.w0, "wa": cosmology.wa}
    background.setCosmology("halodeck", params=parameters, persistence="")
    how = {"mdef": THEORIES[model], "model": model}
    if power is None:
        return np.asarray(colossus.massFunction(mass, redshift, q_in="M", q_out="dndlnM", **how) * np.log(10))
    sigma = cosmology.growth.first(1 / (1 + redshift)) * power.sigma_of_mass(mass)
    steepness = np.log(power.sigma_of_mass(mass * (1 - _STEP)) / power.sigma_of_mass(mass * (1 + _STEP))) / (2 * _STEP)
    share = colossus.massFunction(sigma, redshift, q_in="sigma", q_out="f", **how)
    return np.asarray(share * cosmology.mean_density / mass * steepness * np.log(10))
