"""Loops over particles and modes on the CPU, compiled by numba at first use and cached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np

from core.cosmos.box import Array

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a loop for one thread."""
    return numba.njit(cache=True, fastmath={"contract", "reassoc", "nsz", "arcp"})(function)


def compiled_parallel(function: F) -> F:
    """Compile a loop whose `prange` runs on all threads."""
    return numba.njit(cache=True, parallel=True, fastmath={"contract", "reassoc", "nsz", "arcp"})(function)


@compiled
def deposit(x: Array, y: Array, z: Array, mesh: Array) -> None:
    """Add unit masses to the eight nodes around each position (cloud in cell). Positions in cells, any image."""
    n = mesh.shape[0]
    for p in range(x.size):
        fx, fy, fz = np.floor(x[p]), np.floor(y[p]), np.floor(z[p])
        dx, dy, dz = x[p] - fx, y[p] - fy, z[p] - fz
        i, j, k = int(fx) % n, int(fy) % n, int(fz) % n
        i1, j1, k1 = (i + 1) % n, (j + 1) % n, (k + 1) % n
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        mesh[i, j, k] += ex * ey * ez
        mesh[i, j, k1] += ex * ey * dz
        mesh[i, j1, k] += ex * dy * ez
        mesh[i, j1, k1] += ex * dy * dz
        mesh[i1, j, k] += dx * ey * ez
        mesh[i1, j, k1] += dx * ey * dz
        mesh[i1, j1, k] += dx * dy * ez
        mesh[i1, j1, k1] += dx * dy * dz


@compiled_parallel
def collect(x: Array, y: Array, z: Array, mesh: Array, values: Array) -> None:
    """Interpolate the mesh at each position with the weights of `deposit`."""
    n = mesh.shape[0]
    for p in numba.prange(x.size):
        fx, fy, fz = np.floor(x[p]), np.floor(y[p]), np.floor(z[p])
        dx, dy, dz = x[p] - fx, y[p] - fy, z[p] - fz
        i, j, k = int(fx) % n, int(fy) % n, int(fz) % n
        i1, j1, k1 = (i + 1) % n, (j + 1) % n, (k + 1) % n
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        values[p] = (
            ex * (ey * (ez * mesh[i, j, k] + dz * mesh[i, j, k1]) + dy * (ez * mesh[i, j1, k] + dz * mesh[i, j1, k1]))
        ) + (
            dx
            * (ey * (ez * mesh[i1, j, k] + dz * mesh[i1, j, k1]) + dy * (ez * mesh[i1, j1, k] + dz * mesh[i1, j1, k1]))
        )


@compiled
def shell_sums(a: Array, b: Array, window_order: int, sums: Array) -> None:
    """Sum |a|^2, |b|^2, Re(a b*), |k| and the number of modes in shells one fundamental mode wide.

    `a`, `b` are rfftn layouts (n, n, n/2+1); `sums` (5, shells) float64 is filled. Each amplitude is divided by
    sinc^order of the mass assignment. Modes with a Nyquist component are left out.
    """
    n = a.shape[0]
    half = n // 2
    inverse = np.ones(half + 1)
    for i in range(1, half + 1):
        argument = np.pi * i / n
        inverse[i] = (argument / np.sin(argument)) ** (2 * window_order)
    for i in range(n):
        ki = min(i, n - i)
        for j in range(n):
            kj = min(j, n - j)
            if ki == half or kj == half:
                continue
            for k in range(half):
                wavenumber = np.sqrt(ki * ki + kj * kj + k * k)
                shell = int(wavenumber + 0.5)
                if shell >= sums.shape[1]:
                    continue
                weight = 1.0 if k == 0 else 2.0
                correction = weight * inverse[ki] * inverse[kj] * inverse[k]
                va, vb = a[i, j, k], b[i, j, k]
                sums[0, shell] += correction * (va.real * va.real + va.imag * va.imag)
                sums[1, shell] += correction * (vb.real * vb.real + vb.imag * vb.imag)
                sums[2, shell] += correction * (va.real * vb.real + va.imag * vb.imag)
                sums[3, shell] += weight * wavenumber
                sums[4, shell] += weight
