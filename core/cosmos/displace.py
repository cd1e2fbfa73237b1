"""Protohalos moved to where they are today by second-order Lagrangian perturbation theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, wrap
from core.cosmos.cosmology import Cosmology


def move(halos: Catalogue, label: Array, delta: Field, cosmology: Cosmology, redshift: float = 0.0) -> Catalogue:
    """The halos with `position` [Mpc/h] and peculiar `velocity` [km/s] by the mean displacement of their cells.

    label (n, n, n) holds row + 1 of each Lagrangian cell or 0; delta is the linear density at z = 0. A halo without a
    cell of its own moves as the cell at its centre.
    """
    import torch

    from core.cosmos.lpt import first_order, second_order

    functions, a = cosmology.growth, 1 / (1 + redshift)
    modes = torch.fft.rfftn(torch.from_numpy(np.array(delta.values, dtype=np.float32)))
    first = mean_over(first_order(modes, delta.box_size).numpy(), label, halos)
    second = mean_over(second_order(modes, delta.box_size).numpy(), label, halos)
    moved = halos["lagrangian_position"] + functions.first(a) * first + functions.second(a) * second
    to_kms = a * cosmology.hubble(a) * functions.rate(a) * functions.first(a)
    columns = halos.columns | {
        "position": wrap(moved.astype(np.float32), halos.box_size),
        "velocity": (to_kms * (first + functions.second_slope(a) * second)).astype(np.float32),
    }
    return replace(halos, columns=columns, redshift=redshift, units=halos.units | {"velocity": "km/s"})


def mean_over(vectors: Array, label: Array, halos: Catalogue) -> Array:
    """Mean (N, 3) of a vector field (3, n, n, n) over the cells of each halo."""
    cells = label.shape[0]
    inside = np.flatnonzero((label > 0) & (label <= len(halos)))
    halo = label.reshape(-1)[inside] - 1
    count = np.bincount(halo, minlength=len(halos))
    i, j, k = np.rint(halos["lagrangian_position"] * (cells / halos.box_size)).astype(np.int64).T % cells
    means = []
    for component in vectors:
        total = np.bincount(halo, component.reshape(-1)[inside], len(halos))
        means.append(np.where(count > 0, total / np.maximum(count, 1), component[i, j, k]))
    return np.stack(means, axis=1)
