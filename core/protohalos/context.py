"""The linear density around a cell as channels on its own lattice: what the trees are told, and what lies further out.

Smoothed densities, tidal eigenvalues and densest spheres are what a network would have to gather over many layers. All
follow from the linear density alone. Lengths are in cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.universe import Universe
from core.protohalos import physics

if TYPE_CHECKING:
    import torch

WIDE = (8.0, 12.0)
"""Gaussian radii beyond those of the trees: 12 cells weigh what lies up to 20 cells away."""
TIDE = 8.0
"""Gaussian radius of a tidal field beyond the trees'."""
MEASURED = 4
"""Training universes on which the scale of the channels is measured at most."""


def count() -> int:
    """How many channels there are: the trees' features without the density itself, and the wide ones."""
    return physics.count() - 1 + len(WIDE) + 3


def context(universe: Universe) -> torch.Tensor:
    """(count(), n, n, n) float32: the features of `physics`, densities and three falling tidal eigenvalues."""
    import torch

    from core.cosmos.filters import smoothed

    modes = physics.linear_modes(universe)
    wide = [physics.real(smoothed(modes, radius)) for radius in WIDE]
    tide = physics.eigenvalues(physics.tidal_tensor(smoothed(modes, TIDE)))
    # the first feature is the density
    near = torch.from_numpy(physics.features(universe)[1:])
    return torch.cat([near, torch.stack([*wide, *tide])])


def scale(training: Sequence[Universe]) -> list[float]:
    """The standard deviation of each channel over some training universes (count(),)."""
    every = [context(universe).double() for universe in training[:MEASURED]]
    variance = np.mean([channels.var(dim=(1, 2, 3)).numpy() for channels in every], axis=0)
    return [float(sigma) for sigma in np.sqrt(variance)]
