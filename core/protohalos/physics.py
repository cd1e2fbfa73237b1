"""What theory says of every cell of the initial lattice, as features for trees.

The linear density on seven scales, the eigenvalues of its tidal field, the source of second-order displacements and
the overdensity of the densest sphere around: peaks, ellipsoids and excursion sets. Lengths are in cells. Saved trees
know the features by their number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.protohalos.dynamics import CheapRun, outcome, told_by

if TYPE_CHECKING:
    import torch

SMOOTHINGS = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Gaussian radii of the linear density; 0 leaves it as it is."""

TIDES = (1.0, 2.0, 4.0)
"""Gaussian radii of the tidal field and of the second-order source, which is smoothed once more."""

SPHERES = (2.0, 2.8, 4.0, 5.6)
"""Radii of the top hats of which a cell is told the densest that holds it."""


def features(
    universe: Universe, run: CheapRun | None = None, redshift: float = 0.0, moved: torch.Tensor | None = None
) -> Array:
    """(F, n, n, n) float32: densities, for each tidal scale three falling eigenvalues and the source, spheres; then
    the channels of a cheap run to a redshift, where one is given, whose outcome may be known already [Mpc/h]."""
    import torch

    from core.cosmos.filters import in_spheres, smoothed

    modes = linear_modes(universe)
    told = [real(smoothed(modes, radius)) for radius in SMOOTHINGS]
    for radius in TIDES:
        strain = tidal_tensor(smoothed(modes, radius))
        told += eigenvalues(strain)
        told.append(real(smoothed(torch.fft.rfftn(second_invariant(strain)), radius)))
    told += [torch.from_numpy(largest_within(real(in_spheres(modes, r)).numpy(), r)) for r in SPHERES]
    if run is not None:
        moved = outcome(universe, run, redshift) if moved is None else moved
        told += list(told_by(moved, universe.box_size, run).cpu())
    return torch.stack(told).numpy()


def count(run: CheapRun | None = None) -> int:
    """How many features there are."""
    return len(SMOOTHINGS) + 4 * len(TIDES) + len(SPHERES) + (run.channels if run else 0)


def tidal_tensor(modes: torch.Tensor) -> list[torch.Tensor]:
    """k_a k_b / k^2 delta(k) in real space: xx, yy, zz, xy, xz, yz; its trace is the density."""
    from core.cosmos.lpt import inverse_laplacian, wavenumbers

    # a box of 2 pi: the tensor has no scale
    k = wavenumbers(len(modes), 2 * math.pi, modes.device)
    potential = inverse_laplacian(modes, 2 * math.pi)
    return [real(k[a] * k[b] * potential) for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]


def second_invariant(tensor: list[torch.Tensor]) -> torch.Tensor:
    """xx yy + xx zz + yy zz - xy^2 - xz^2 - yz^2: of the tidal tensor the source of second-order displacements."""
    xx, yy, zz, xy, xz, yz = tensor
    return xx * yy + xx * zz + yy * zz - xy**2 - xz**2 - yz**2


def eigenvalues(tensor: list[torch.Tensor]) -> list[torch.Tensor]:
    """Those of symmetric tensors (xx, yy, zz, xy, xz, yz), the largest first, by the cubic's trigonometric solution."""
    import torch

    xx, yy, zz, xy, xz, yz = (item.double() for item in tensor)
    mean = (xx + yy + zz) / 3
    xx, yy, zz = xx - mean, yy - mean, zz - mean
    width = ((xx**2 + yy**2 + zz**2 + 2 * (xy**2 + xz**2 + yz**2)) / 6).sqrt()
    determinant = xx * (yy * zz - yz**2) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
    angle = torch.acos((determinant / (2 * width**3).clamp_min(1e-300)).clamp(-1, 1)) / 3
    return [(mean + 2 * width * torch.cos(angle + turn * 2 * math.pi / 3)).float() for turn in (0, 2, 1)]


def largest_within(field: Array, radius: float) -> Array:
    """The largest value among the cells within `radius` cells of each, periodic.

    A ball is a bundle of lines: the largest along each length of line first, then over the lines.
    """
    lines = [field]
    for half in range(1, int(radius) + 1):
        lines.append(np.maximum(lines[-1], np.maximum(np.roll(field, half, 2), np.roll(field, -half, 2))))
    largest = lines[-1]
    reach = range(-int(radius), int(radius) + 1)
    for i, j in ((i, j) for i in reach for j in reach if 0 < i * i + j * j <= radius**2):
        half = int(math.sqrt(radius**2 - i * i - j * j))
        largest = np.maximum(largest, np.roll(lines[half], (i, j), (0, 1)))
    return largest


def linear_modes(universe: Universe) -> torch.Tensor:
    """The linear density in the rfftn layout."""
    import torch

    return torch.fft.rfftn(torch.from_numpy(np.array(universe.field("delta_linear").values, dtype=np.float32)))


def real(modes: torch.Tensor) -> torch.Tensor:
    """The field (n, n, n) of modes in the rfftn layout."""
    import torch

    return torch.fft.irfftn(modes, s=(len(modes),) * 3)
