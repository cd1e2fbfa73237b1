"""What is known of the sources of a cube, and what the excursion set makes of its density.

The truth sought its bubbles in the linear density; here they are sought in the density that the network sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.reionization.bubbles import Sources
from core.cosmos.universe import Universe, sound_field
from core.recipes.ionization.cubes import label

if TYPE_CHECKING:
    import torch

OTHER_BUBBLE = 10.0
"""Radius [Mpc/h] of the largest sphere of the excursion set at other parameters: near the 15 Mpc of 21cmFAST."""
OTHER_TEMPERATURE = 1e4
"""Virial temperature [K] of its smallest halo: atomic cooling."""


def sources(universe: Universe) -> Sources:
    """The sources of a cube as its file tells them, those of `halodeck ionize` where it does not."""
    told = universe.provenance.get("settings", {})
    known = {name: float(told[name]) for name in vars(Sources()) if name in told}
    return replace(Sources(), **known)


def efficiency(universe: Universe) -> float | None:
    """zeta, ionizing photons per baryon in halos; None of a cube without an escape fraction."""
    fraction = label(universe, "escape_fraction")
    return None if fraction is None else sources(universe).efficiency(fraction)


def density(universe: Universe) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.array(sound_field(universe, "density").values, dtype=np.float32))


def reconstructed(universe: Universe) -> torch.Tensor:
    """The linear density at the redshift of a cube, made of its density alone."""
    from core.cosmos.reconstruction import linear_density

    return linear_density(density(universe), universe.box_size)


def photons(universe: Universe, radii: Sequence[float], linear: torch.Tensor | None = None) -> Iterator[torch.Tensor]:
    """zeta f_coll (n, n, n) of the spheres of these radii [Mpc/h] about each cell: where it is 1 they are ionized.

    With a `linear` density they are sought in it, but for the cell itself, and the largest of spheres of all radii
    comes last.
    """
    from core.cosmos.reionization.bubbles import CELL_RADIUS, collapsed, shares

    zeta, redshift = efficiency(universe) or 1.0, universe.fields["density"].redshift
    delta, by = density(universe), sources(universe)
    about, cell = (universe.box_size, universe.cosmology, redshift, by), None if linear is None else delta
    # a smaller sphere has no more to see
    radii = [max(radius, CELL_RADIUS * universe.box_size / universe.cells) for radius in radii]
    for share in shares(delta if linear is None else linear, *about, radii, cell):
        yield zeta * share
    if linear is not None:
        yield zeta * collapsed(linear, *about, cell).largest


class Excursion:
    """The excursion set in the density of a cube or in a `linear` one, by sources and an efficiency of one's choice."""

    def __init__(self, universe: Universe, by: Sources, linear: torch.Tensor | None = None) -> None:
        from core.cosmos.reionization.bubbles import collapsed

        about = (universe.box_size, universe.cosmology, universe.fields["density"].redshift, by)
        delta = density(universe)
        self.shares = collapsed(delta, *about) if linear is None else collapsed(linear, *about, delta)

    def neutral(self, zeta: float) -> torch.Tensor:
        """The neutral fraction (n, n, n)."""
        from core.cosmos.reionization.bubbles import neutral_fraction

        return neutral_fraction(self.shares, zeta)


def others(universe: Universe) -> Sources:
    """Sources that are not those of a cube: smaller bubbles, smaller halos."""
    return replace(sources(universe), largest_bubble=OTHER_BUBBLE, virial_temperature=OTHER_TEMPERATURE)


def fitted_efficiency(excursions: Sequence[Excursion], neutral: float) -> float:
    """The efficiency that leaves this mean neutral fraction, by bisection in its logarithm."""
    low, high = -2.0, 6.0
    for _ in range(40):
        middle = (low + high) / 2
        left = np.mean([float(excursion.neutral(10**middle).mean()) for excursion in excursions])
        low, high = (middle, high) if left > neutral else (low, middle)
    return float(10 ** ((low + high) / 2))
