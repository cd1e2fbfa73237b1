"""Gravity on a mesh, -grad lap^-1 delta, by Fourier transforms: on the CPU in arrays that are kept from step to step.

A transform of a whole mesh waits for memory. Planes are transformed in cache, then columns across them, there and back;
the two components that lie in the planes share the columns' transform. Forces never lie on a whole mesh: particles that
are sorted by planes read them where they were transformed. Arrays that are kept are not touched for the first time in
every step, which can cost more than all transforms. Threads share planes and columns, so that none changes a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from core.cosmos.box import Array
from core.cosmos.lpt import inverse_laplacian, minus_gradient, wavenumbers
from core.cosmos.paint import gather, scatter

_SLAB = 170_000
"""Cells of the planes or columns that a thread transforms at once: they stay in its cache."""
_PLANES = 2, 8
"""Fewest and most of them: of small planes, handing out the work takes longer than the work."""
_TURNS = 4
"""Slabs a thread has at least, so that no thread waits long for another."""


@dataclass
class Work:
    """Arrays of a mesh^3 grid: two of modes (n, n, n/2+1), two floats a cell in all."""

    modes: Array
    along: Array
    planes: int
    """Planes or columns transformed at once."""

    @classmethod
    def of(cls, mesh: int) -> Work:
        """Arrays without content."""
        shape = (mesh, mesh, mesh // 2 + 1)
        most = min(_PLANES[1], _SLAB // mesh**2, mesh // (_TURNS * torch.get_num_threads()))
        return cls(np.empty(shape, np.complex64), np.empty(shape, np.complex64), max(_PLANES[0], most))

    @property
    def counts(self) -> Array:
        """Real (n, n, n), in the memory of `along`: only one of the two is needed at a time."""
        mesh = len(self.along)
        return self.along.view(np.float32).ravel()[: mesh**3].reshape((mesh,) * 3)


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
    from core.cosmos.kernels import by_slabs, collect_slab, deposit

    x, y, z = positions.numpy()
    work.counts.fill(0)
    deposit(x, y, z, 2, work.counts)
    order = np.empty(x.size, np.int32 if x.size < 1 << 31 else np.int64)
    start = by_slabs(x, mesh, work.planes, order)
    force = torch.empty_like(positions)
    values = force.numpy()
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        components = _components(work, box_size, mesh**3 / x.size, pool)

        def collect(slabs: Array) -> None:
            for slab, planes in zip(slabs, components(slabs), strict=True):
                collect_slab(x, y, z, order[start[slab] : start[slab + 1]], slab * work.planes, planes, values)

        parts = np.array_split(np.arange(len(start) - 1), min(torch.get_num_threads(), len(start) - 1))
        list(pool.map(collect, parts))
    return force


def _components(
    work: Work, box_size: float, scale: float, pool: ThreadPoolExecutor
) -> Callable[[Array], Iterator[Array]]:
    """The way to scale i k / k^2 counts(k) in real space for consecutive slabs of planes: (3, planes+1, n, n) of each,
    with the plane before it, which is overwritten by the next."""
    from scipy import fft

    from core.cosmos.kernels import solve_poisson

    modes, along, mesh, depth = work.modes, work.along, len(work.modes), work.planes
    kx, ky, kz = (axis.numpy() for axis in wavenumbers(mesh, box_size, torch.device("cpu")))

    def forward(first: int) -> None:
        slab = slice(first, first + depth)
        modes[slab] = fft.rfft2(work.counts[slab], axes=(1, 2))

    def across(first: int) -> None:
        slab = slice(first, first + depth)
        part = fft.fft(modes[:, slab], axis=0)
        part_along = np.empty_like(part)
        solve_poisson(part, part_along, first, kx.ravel(), 2 * np.pi / box_size, scale)
        modes[:, slab] = fft.ifft(part, axis=0, overwrite_x=True)
        along[:, slab] = fft.ifft(part_along, axis=0, overwrite_x=True)

    list(pool.map(forward, range(0, mesh, depth)))
    list(pool.map(across, range(0, mesh, depth)))

    def inverse(first: int, planes: Array) -> None:
        slab = slice(first, first + planes.shape[1])
        for component, source, k in zip(planes, (along, modes, modes), (None, ky, kz), strict=True):
            part = source[slab] if k is None else source[slab] * k
            component[:] = fft.irfft2(part, s=(mesh, mesh), axes=(1, 2))

    def components(slabs: Array) -> Iterator[Array]:
        planes = np.empty((3, depth + 1, mesh, mesh), np.float32)
        inverse((slabs[0] * depth - 1) % mesh, planes[:, -1:])
        for first in slabs * depth:
            planes[:, 0] = planes[:, -1]
            inverse(first, planes[:, 1 : 1 + mesh - first])
            yield planes

    return components
