"""Halos on the initial lattice: what a network may be asked to predict of them, and the strain they collapse from.

A label field (n, n, n) holds for each cell the halo its particle ends in, 1 to H, or 0 for none; masses (H,) belong to
the labels in this order.
"""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array


def log_mass(labels: Array, mass: Array) -> Array:
    """log10 of the mass [Msun/h] of the halo of each cell, float32; 0 outside halos."""
    return np.concatenate([[0], np.log10(mass)]).astype(np.float32)[labels]


def distance(labels: Array) -> Array:
    """Distance [cells] from each cell of a halo to the nearest cell of another halo or of none, float32; 0 outside.

    From centre to centre of cells, exact, periodic: 1 on the boundary.
    """
    from core.cosmos.distance import squared_distance

    return np.sqrt(squared_distance(labels), dtype=np.float32)


def normalised_distance(labels: Array) -> Array:
    """`distance` in units of the largest within the same halo, in (0, 1], float32; 0 outside halos."""
    far = distance(labels)
    inside = labels > 0
    largest = np.zeros(labels.max() + 1, dtype=np.float32)
    np.maximum.at(largest, labels[inside], far[inside])
    far[inside] /= largest[labels[inside]]
    return far


def mean_strain(delta: Array, labels: Array, box_size: float) -> Array:
    """Mean over each protohalo's cells of the strain k_a k_b / k^2 delta(k), (H, 3, 3); its trace is the overdensity.

    delta (n, n, n) linear, its mean and Nyquist modes left out; box_size in Mpc/h.
    """
    import torch

    from core.cosmos.lpt import inverse_laplacian, wavenumbers

    cells = labels.shape[0]
    modes = torch.fft.rfftn(torch.from_numpy(np.array(delta, dtype=np.float32)))
    potential = inverse_laplacian(modes, box_size)
    k = wavenumbers(cells, box_size, modes.device)
    inside = np.flatnonzero(labels)
    halo = labels.reshape(-1)[inside] - 1
    count = np.bincount(halo)
    strain = np.empty((len(count), 3, 3))
    for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)):
        field = torch.fft.irfftn(k[a] * k[b] * potential, s=(cells,) * 3).numpy()
        strain[:, a, b] = strain[:, b, a] = np.bincount(halo, field.reshape(-1)[inside], len(count)) / count
    return strain


def overdensity_and_shape(strain: Array) -> tuple[Array, Array, Array]:
    """Overdensity F, ellipticity (l3 - l1) / 2F and prolateness (l3 + l1 - 2 l2) / 2F of strains (H, 3, 3).

    F = l1 + l2 + l3 with the eigenvalues l1 <= l2 <= l3: matter collapses first along the axis of l3
    (Bond & Myers 1996, ApJS 103, 1).
    """
    smallest, middle, largest = np.linalg.eigvalsh(strain).T
    total = smallest + middle + largest
    return total, (largest - smallest) / (2 * total), (largest + smallest - 2 * middle) / (2 * total)
