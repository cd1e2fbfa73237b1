"""Loops over particles and modes on the CPU, compiled by numba at first use and cached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np

from core.cosmos.box import Array

F = TypeVar("F", bound=Callable[..., object])

_CHUNK = 1 << 20
"""Particles sorted at once before they are painted: their copy stays in cache."""

_TILE = 16
"""Cells per side of the columns of mesh that particles are sorted into: such a column stays in cache."""


def compiled(function: F) -> F:
    """Compile a loop for one thread, which lets others run."""
    return numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"})(function)


def compiled_parallel(function: F) -> F:
    """Compile a loop whose `prange` runs on all threads."""
    return numba.njit(cache=True, parallel=True, fastmath={"contract", "reassoc", "nsz", "arcp"})(function)


@compiled
def deposit(x: Array, y: Array, z: Array, order: int, mesh: Array) -> None:
    """Add unit masses to the order^3 nodes around each position. Positions in cells, any image.

    Particles are sorted into columns of the mesh first: painting in random order waits for memory at every node.
    """
    n = mesh.shape[0]
    side = (n + _TILE - 1) // _TILE
    points = np.empty((min(_CHUNK, x.size), 3), dtype=np.float32)
    column = np.empty(points.shape[0], dtype=np.int32)
    for first in range(0, x.size, _CHUNK):
        count = min(_CHUNK, x.size - first)
        start = np.zeros(side * side + 1, dtype=np.int64)
        for p in range(count):
            i, j = int(np.floor(x[first + p])), int(np.floor(y[first + p]))
            if i < 0 or i >= n:  # a remainder costs more than the rest of this loop
                i %= n
            if j < 0 or j >= n:
                j %= n
            column[p] = i // _TILE * side + j // _TILE
            start[column[p] + 1] += 1
        for c in range(side * side):
            start[c + 1] += start[c]
        for p in range(count):
            slot = start[column[p]]
            start[column[p]] = slot + 1
            points[slot, 0], points[slot, 1], points[slot, 2] = x[first + p], y[first + p], z[first + p]
        if order == 2:
            _add_cic(points[:count], mesh)
        else:
            _add_spline(points[:count], order, mesh)


@compiled
def _add_cic(points: Array, mesh: Array) -> None:
    n = mesh.shape[0]
    for p in range(points.shape[0]):
        fx, fy, fz = np.floor(points[p, 0]), np.floor(points[p, 1]), np.floor(points[p, 2])
        dx, dy, dz = points[p, 0] - fx, points[p, 1] - fy, points[p, 2] - fz
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        i, j, k = _fold(int(fx), n), _fold(int(fy), n), _fold(int(fz), n)
        i1, j1, k1 = _fold(i + 1, n), _fold(j + 1, n), _fold(k + 1, n)
        mesh[i, j, k] += ex * ey * ez
        mesh[i, j, k1] += ex * ey * dz
        mesh[i, j1, k] += ex * dy * ez
        mesh[i, j1, k1] += ex * dy * dz
        mesh[i1, j, k] += dx * ey * ez
        mesh[i1, j, k1] += dx * ey * dz
        mesh[i1, j1, k] += dx * dy * ez
        mesh[i1, j1, k1] += dx * dy * dz


@compiled
def deposit_weighted(positions: Array, weights: Array, sums: Array) -> None:
    """Add weights (c, N) to the nodes (c, n, n, n) around positions (3, N) in cells, best sorted by place."""
    n = sums.shape[1]
    for p in range(positions.shape[1]):
        fx, fy, fz = np.floor(positions[0, p]), np.floor(positions[1, p]), np.floor(positions[2, p])
        dx, dy, dz = positions[0, p] - fx, positions[1, p] - fy, positions[2, p] - fz
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        i, j, k = _fold(int(fx), n), _fold(int(fy), n), _fold(int(fz), n)
        i1, j1, k1 = _fold(i + 1, n), _fold(j + 1, n), _fold(k + 1, n)
        for c in range(weights.shape[0]):
            w = weights[c, p]
            sums[c, i, j, k] += w * ex * ey * ez
            sums[c, i, j, k1] += w * ex * ey * dz
            sums[c, i, j1, k] += w * ex * dy * ez
            sums[c, i, j1, k1] += w * ex * dy * dz
            sums[c, i1, j, k] += w * dx * ey * ez
            sums[c, i1, j, k1] += w * dx * ey * dz
            sums[c, i1, j1, k] += w * dx * dy * ez
            sums[c, i1, j1, k1] += w * dx * dy * dz


@compiled
def _add_spline(points: Array, order: int, mesh: Array) -> None:
    n = mesh.shape[0]
    weights = np.empty((3, 4), dtype=np.float32)
    nodes = np.empty((3, 4), dtype=np.int64)
    for p in range(points.shape[0]):
        for axis in range(3):
            first = _weights(points[p, axis], order, weights[axis])
            for a in range(order):
                nodes[axis, a] = _fold(first + a, n)
        for a in range(order):
            for b in range(order):
                weight = weights[0, a] * weights[1, b]
                for c in range(order):
                    mesh[nodes[0, a], nodes[1, b], nodes[2, c]] += weight * weights[2, c]


@compiled
def _fold(i: int, n: int) -> int:
    """i modulo n, quick for those already within."""
    return i if 0 <= i < n else i % n


@compiled
def _weights(x: float, order: int, weights: Array) -> int:
    """B-spline weights of `order` consecutive nodes around x (2: cloud in cell, 3: TSC, 4: PCS); the first node."""
    node = np.floor(x + 0.5) if order == 3 else np.floor(x)
    d = x - node
    if order == 2:
        weights[0], weights[1] = 1 - d, d
        return int(node)
    if order == 3:
        weights[0], weights[1], weights[2] = (0.5 - d) ** 2 / 2, 0.75 - d * d, (0.5 + d) ** 2 / 2
        return int(node) - 1
    e = 1 - d
    weights[0], weights[3] = e * e * e / 6, d * d * d / 6
    weights[1], weights[2] = (4 - 6 * d * d + 3 * d * d * d) / 6, (4 - 6 * e * e + 3 * e * e * e) / 6
    return int(node) - 1


@compiled_parallel
def collect(x: Array, y: Array, z: Array, mesh: Array, values: Array) -> None:
    """Interpolate the mesh at each position with cloud-in-cell weights, the transpose of `deposit`."""
    n = mesh.shape[0]
    for p in numba.prange(x.size):
        fx, fy, fz = np.floor(x[p]), np.floor(y[p]), np.floor(z[p])
        dx, dy, dz = x[p] - fx, y[p] - fy, z[p] - fz
        i, j, k = _fold(int(fx), n), _fold(int(fy), n), _fold(int(fz), n)
        i1, j1, k1 = _fold(i + 1, n), _fold(j + 1, n), _fold(k + 1, n)
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        values[p] = (
            ex * (ey * (ez * mesh[i, j, k] + dz * mesh[i, j, k1]) + dy * (ez * mesh[i, j1, k] + dz * mesh[i, j1, k1]))
        ) + (
            dx
            * (ey * (ez * mesh[i1, j, k] + dz * mesh[i1, j, k1]) + dy * (ez * mesh[i1, j1, k] + dz * mesh[i1, j1, k1]))
        )


@compiled
def by_slabs(x: Array, n: int, planes: int, order: Array) -> Array:
    """Sort particles stably by the slab of `planes` planes of the mesh that holds the upper of their two nodes along x:
    fills `order` (N) with their numbers, returns where each slab starts in it, and N."""
    slabs = (n + planes - 1) // planes
    start = np.zeros(slabs + 1, dtype=np.int64)
    for p in range(x.size):
        start[_fold(int(np.floor(x[p])) + 1, n) // planes + 1] += 1
    for s in range(slabs):
        start[s + 1] += start[s]
    free = start.copy()
    for p in range(x.size):
        s = _fold(int(np.floor(x[p])) + 1, n) // planes
        order[free[s]] = p
        free[s] += 1
    return start


@compiled
def collect_slab(x: Array, y: Array, z: Array, particles: Array, first: int, slab: Array, values: Array) -> None:
    """`collect` three components into `values` (3, N) for the `particles` of the slab of planes that begins at `first`.

    `slab` (3, planes+1, n, n) has the plane before it too. Weights are found once, and each node is read from cache.
    """
    n = slab.shape[2]
    for q in range(particles.size):
        p = particles[q]
        fx, fy, fz = np.floor(x[p]), np.floor(y[p]), np.floor(z[p])
        dx, dy, dz = x[p] - fx, y[p] - fy, z[p] - fz
        i, j, k = _fold(int(fx) + 1 - first, n), _fold(int(fy), n), _fold(int(fz), n)
        i1, j1, k1 = i + 1, _fold(j + 1, n), _fold(k + 1, n)
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        for c in range(3):
            mesh = slab[c]
            values[c, p] = (
                ex
                * (ey * (ez * mesh[i, j, k] + dz * mesh[i, j, k1]) + dy * (ez * mesh[i, j1, k] + dz * mesh[i, j1, k1]))
            ) + (
                dx
                * (
                    ey * (ez * mesh[i1, j, k] + dz * mesh[i1, j, k1])
                    + dy * (ez * mesh[i1, j1, k] + dz * mesh[i1, j1, k1])
                )
            )


@compiled
def solve_poisson(modes: Array, along: Array, first: int, wavenumbers: Array, step: float, scale: float) -> None:
    """From delta(k) to scale i delta / k^2 in place, its mean removed, and to k_x times that in `along`.

    Both (n, columns, n/2+1) are columns of an rfftn layout from the column `first` on. `wavenumbers` (n) are those of a
    derivative, `step` is the fundamental mode [h/Mpc].
    """
    n, columns, half = modes.shape
    for i in range(n):
        ki = min(i, n - i)
        for column in range(columns):
            j = first + column
            kj = min(j, n - j)
            for k in range(half):
                squared = max(ki * ki + kj * kj + k * k, 1)
                factor = np.float32(scale / (squared * step * step))
                value = modes[i, column, k]
                real, imaginary = -value.imag * factor, value.real * factor
                modes[i, column, k] = complex(real, imaginary)
                along[i, column, k] = complex(real * wavenumbers[i], imaginary * wavenumbers[i])
    if first == 0:
        modes[0, 0, 0] = along[0, 0, 0] = 0


@compiled_parallel
def shell_sums(a: Array, b: Array, inverse_a: Array, inverse_b: Array, sums: Array) -> None:
    """Sum |a|^2, |b|^2, Re(a b*), |k| and the number of modes in shells one fundamental mode wide.

    `a`, `b` are rfftn layouts (n, n, n/2+1); `sums` (n, 5, shells) float64 is filled, one plane of modes a row, so that
    the order of summation does not depend on the number of threads. Each amplitude is multiplied by the `inverse`
    (n/2+1) of its mesh window along every axis.
    """
    n = a.shape[0]
    half = n // 2
    for plane in numba.prange(n):
        i = np.int64(plane)
        ki = min(i, n - i)
        for j in range(n):
            kj = min(j, n - j)
            for k in range(half):
                wavenumber = np.sqrt(ki * ki + kj * kj + k * k)
                shell = int(wavenumber + 0.5)
                if shell >= sums.shape[2]:
                    break
                weight = 1.0 if k == 0 else 2.0
                wa = inverse_a[ki] * inverse_a[kj] * inverse_a[k]
                wb = inverse_b[ki] * inverse_b[kj] * inverse_b[k]
                va, vb = a[i, j, k], b[i, j, k]
                sums[i, 0, shell] += weight * wa * wa * (va.real * va.real + va.imag * va.imag)
                sums[i, 1, shell] += weight * wb * wb * (vb.real * vb.real + vb.imag * vb.imag)
                sums[i, 2, shell] += weight * wa * wb * (va.real * vb.real + va.imag * vb.imag)
                sums[i, 3, shell] += weight * wavenumber
                sums[i, 4, shell] += weight
