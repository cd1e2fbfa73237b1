"""Gravity on a mesh, -grad lap^-1 delta, by Fourier transforms: on the CPU in arrays that are kept from step to step.

A transform of a whole mesh waits for memory. Planes are transformed in cache, with only the first axis across them, and
the two components that lie in the planes share its transform. Arrays that are kept are not touched for the first time
in every step, which can cost more than all transforms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from core.cosmos.box import Array
from core.cosmos.lpt import inverse_laplacian, minus_gradient, wavenumbers
from core.cosmos.paint import gather, scatter

_PLANES = 8
"""Planes transformed at once: of 256^2 cells they stay in cache."""


@dataclass
class Work:
    """Arrays of a mesh^3 grid: one real (n, n, n) and two of modes (n, n, n/2+1), three floats a cell in all."""

    real: Array
    modes: Array
    along: Array

    @classmethod
    def of(cls, mesh: int) -> Work:
        """Arrays without content."""
        shape = (mesh, mesh, mesh // 2 + 1)
        return cls(np.empty((mesh,) * 3, np.float32), np.empty(shape, np.complex64), np.empty(shape, np.complex64))


def gravity(positions: torch.Tensor, box_size: float, mesh: int, work: Work | None = None) -> torch.Tensor:
    """-grad lap^-1 delta [Mpc/h] (3, N) at particles, whose positions (3, N) are in cells of a mesh^3 grid."""
    if positions.device.type == "cpu":
        return _gravity_numpy(positions, box_size, mesh, work or Work.of(mesh))
    return _gravity_torch(positions, box_size, mesh)


def _gravity_torch(positions: torch.Tensor, box_size: float, mesh: int) -> torch.Tensor:
    """`gravity` on any device."""
    counts = scatter(positions, mesh)
    counts *= mesh**3 / positions.shape[1]
    potential = inverse_laplacian(torch.fft.rfftn(counts), box_size)
    del counts
    force = torch.empty_like(positions)
    for axis in range(3):
        force[axis] = gather(minus_gradient(potential, box_size, axis), positions)
    return force


def _gravity_numpy(positions: torch.Tensor, box_size: float, mesh: int, work: Work) -> torch.Tensor:
    from core.cosmos.kernels import collect, deposit

    x, y, z = positions.numpy()
    work.real.fill(0)
    deposit(x, y, z, 2, work.real)
    force = torch.empty_like(positions)
    scale = mesh**3 / positions.shape[1]
    for values, component in zip(_components(work, box_size, scale), force.numpy(), strict=True):
        collect(x, y, z, values, component)
    return force


def _components(work: Work, box_size: float, scale: float) -> Iterator[Array]:
    """The three components of scale i k / k^2 counts(k) in real space, each in place of the one before, of the counts
    in `work.real`."""
    from scipy import fft

    from core.cosmos.kernels import solve_poisson

    mesh, threads = len(work.real), torch.get_num_threads()
    kx, ky, kz = (axis.numpy() for axis in wavenumbers(mesh, box_size, torch.device("cpu")))
    slabs = [slice(start, start + _PLANES) for start in range(0, mesh, _PLANES)]

    for slab in slabs:
        work.modes[slab] = fft.rfft2(work.real[slab], axes=(1, 2), workers=threads)
    # the result may be another view of the array that is overwritten
    modes = fft.fft(work.modes, axis=0, overwrite_x=True, workers=threads)
    solve_poisson(modes, work.along, kx.ravel(), 2 * np.pi / box_size, scale)
    along = fft.ifft(work.along, axis=0, overwrite_x=True, workers=threads)
    modes = fft.ifft(modes, axis=0, overwrite_x=True, workers=threads)

    for source, k in ((along, None), (modes, ky), (modes, kz)):
        for slab in slabs:
            planes = source[slab] if k is None else source[slab] * k
            work.real[slab] = fft.irfft2(planes, s=(mesh, mesh), axes=(1, 2), workers=threads)
        yield work.real
