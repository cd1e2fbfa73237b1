"""Protohalos moved to where they are today by second-order Lagrangian perturbation theory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.cosmos.box import Array, Catalogue, Field, wrap
from core.cosmos.cosmology import Cosmology
from core.limits import free_memory

BYTES = 100
"""Of memory that moving takes for a cell: second order is computed on a mesh 3/2 finer."""

SHARE = 0.7
"""Of free memory that it may take."""


def move(halos: Catalogue, label: Array, delta: Field, cosmology: Cosmology, redshift: float = 0.0) -> Catalogue:
    """The halos with `position` [Mpc/h] and peculiar `velocity` [km/s] by the mean displacement of their cells.

    label (n, n, n) holds row + 1 of each Lagrangian cell or 0; delta is the linear density at z = 0. A halo without a
    cell of its own moves as the cell at its centre. Where memory is too small for displacements on the mesh of the
    box, they are of one that is coarser by the least possible factor.
    """
    import torch

    from core.cosmos.lpt import first_order, second_order

    functions, a = cosmology.growth, 1 / (1 + redshift)
    factor = coarser(delta.cells, int(SHARE * free_memory()))
    modes = torch.fft.rfftn(torch.from_numpy(_means(delta.values, factor)))
    first = mean_over(first_order(modes, delta.box_size).numpy(), label, halos)
    second = mean_over(second_order(modes, delta.box_size).numpy(), label, halos)
    moved = halos["lagrangian_position"] + functions.first(a) * first + functions.second(a) * second
    to_kms = a * cosmology.hubble(a) * functions.rate(a) * functions.first(a)
    columns = halos.columns | {
        "position": wrap(moved.astype(np.float32), halos.box_size),
        "velocity": (to_kms * (first + functions.second_slope(a) * second)).astype(np.float32),
    }
    return replace(halos, columns=columns, redshift=redshift, units=halos.units | {"velocity": "km/s"})


def coarser(cells: int, free: int) -> int:
    """The least divisor of the cells of a side by which a mesh must be coarser to be moved on in so much memory."""
    divisors = (factor for factor in range(1, cells + 1) if cells % factor == 0)
    return next((factor for factor in divisors if BYTES * (cells // factor) ** 3 <= free), cells)


def mean_over(vectors: Array, label: Array, halos: Catalogue) -> Array:
    """Mean (N, 3) over the cells of each halo of a vector field (3, m, m, m) on the mesh of labels (n, n, n), or on a
    coarser one, of the means of (n / m)^3 cells: between the centres of these it is linear."""
    cells, between = label.shape[0], _between(vectors.shape[-1], label.shape[0])
    i, j, k = np.rint(halos["lagrangian_position"] * (cells / halos.box_size)).astype(np.int64).T % cells
    count, total, centre = np.zeros(len(halos)), np.zeros((len(halos), 3)), np.zeros((len(halos), 3))
    for number, plane in enumerate(label):
        inside = np.flatnonzero((plane > 0) & (plane <= len(halos)))
        halo, here = plane.reshape(-1)[inside] - 1, i == number
        np.add.at(count, halo, 1)
        for axis, component in enumerate(vectors):
            values = between(component, number)
            np.add.at(total[:, axis], halo, values.reshape(-1)[inside])
            centre[here, axis] = values[j[here], k[here]]
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], centre)


def _between(coarse: int, cells: int) -> Callable[[Array, int], Array]:
    """What gives a plane of `cells` of a field on a mesh of `coarse` cells."""
    if coarse == cells:
        return lambda field, number: field[number]
    factor = cells // coarse
    # the centre of the first factor^3 cells is not that of the first cell
    place = (np.arange(cells) - (factor - 1) / 2) / factor
    low = np.floor(place).astype(np.int64)
    part = (place - low).astype(np.float32)
    low, high = low % coarse, (low + 1) % coarse

    def along(field: Array, number: int) -> Array:
        plane = (1 - part[number]) * field[low[number]] + part[number] * field[high[number]]
        plane = (1 - part[:, None]) * plane[low] + part[:, None] * plane[high]
        return np.asarray((1 - part) * plane[:, low] + part * plane[:, high])

    return along


def _means(values: Array, factor: int) -> Array:
    """Means of factor^3 cells (m, m, m) float32."""
    if factor == 1:
        return np.array(values, dtype=np.float32)
    cells = values.shape[0] // factor
    means = np.empty((cells,) * 3, np.float32)
    for number, plane in enumerate(means):
        slab = np.asarray(values[number * factor : (number + 1) * factor], dtype=np.float32)
        plane[...] = slab.reshape(factor, cells, factor, cells, factor).mean(axis=(0, 2, 4))
    return means
