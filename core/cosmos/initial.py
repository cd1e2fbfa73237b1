"""Gaussian initial conditions: white noise keyed by wave vector, coloured by a linear spectrum.

Every Fourier mode draws its own random numbers from (seed, wave vector). A finer grid of the same box therefore holds
the coarser grid's modes exactly, and CPU and GPU make the same universe.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from core.cosmos.box import Array, Field

_SLAB_MODES = 1 << 22
"""Modes drawn at once: bounds the memory of the random bits."""


def white_noise(cells: int, seed: int, device: str = "cpu", fixed: bool = False, paired: bool = False) -> torch.Tensor:
    """Hermitian unit white noise w(k), <|w|^2> = 1, in rfftn layout (n, n, n/2+1), complex64.

    `fixed` sets every amplitude to 1; `paired` turns every phase by pi (Angulo & Pontzen 2016).
    The mean and all Nyquist modes are zero.
    """
    half = cells // 2
    axis = torch.fft.fftfreq(cells, 1 / cells, device=device).round().to(torch.int64)
    k = torch.arange(half + 1, device=device)
    noise = torch.empty((cells, cells, half + 1), dtype=torch.complex64, device=device)
    rows = max(1, _SLAB_MODES // (cells * (half + 1)))
    for start in range(0, cells, rows):
        i, j, m = torch.broadcast_tensors(axis[start : start + rows, None, None], axis[:, None], k)
        noise[start : start + rows] = _modes(i, j, m, seed, fixed)
        nyquist = (i.abs() == half) | (j.abs() == half) | (m == half)
        noise[start : start + rows][nyquist] = 0
    noise[0, 0, 0] = 0
    return -noise if paired else noise


def linear_modes(noise: torch.Tensor, box_size: float, power: Callable[[Array], Array]) -> torch.Tensor:
    """delta(k) = w(k) sqrt(P(k)/V) n^3, so that irfftn gives delta(x). P in (Mpc/h)^3 of k in h/Mpc."""
    cells = noise.shape[0]
    squared = squared_wavenumber(cells, noise.device)
    # k^2 takes few distinct values on a grid: one evaluation of P for each
    k = 2 * np.pi / box_size * np.sqrt(np.arange(int(squared.max()) + 1))
    amplitude = np.sqrt(power(k) / box_size**3) * cells**3
    return noise * torch.as_tensor(amplitude, dtype=torch.float32, device=noise.device)[squared]


def linear_field(
    cells: int,
    box_size: float,
    power: Callable[[Array], Array],
    seed: int,
    device: str = "cpu",
    fixed: bool = False,
    paired: bool = False,
) -> Field:
    """The linear overdensity at z = 0 on the lattice, a Gaussian random field of the given spectrum."""
    modes = linear_modes(white_noise(cells, seed, device, fixed, paired), box_size, power)
    delta = torch.fft.irfftn(modes, s=(cells,) * 3)
    return Field("delta_linear", delta.cpu().numpy(), box_size)


def squared_wavenumber(cells: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """i^2 + j^2 + l^2 of every mode of the rfftn layout, int64."""
    axis = torch.fft.fftfreq(cells, 1 / cells, device=device).round().to(torch.int64) ** 2
    last = torch.arange(cells // 2 + 1, device=device) ** 2
    return axis[:, None, None] + axis[:, None] + last


def _modes(i: torch.Tensor, j: torch.Tensor, m: torch.Tensor, seed: int, fixed: bool) -> torch.Tensor:
    """Complex normal numbers keyed by wave vector; on the plane m = 0 one of k, -k is the conjugate of the other."""
    mirrored = (m == 0) & ((j < 0) | ((j == 0) & (i < 0)))
    sign = 1 - 2 * mirrored.to(torch.int64)
    key = _hash(torch.full_like(i, _signed(seed & (2**64 - 1))))
    key = _hash(key + sign * i)
    key = _hash(key + sign * j * 1_000_003)
    key = _hash(key + m * 998_244_353)
    phase = 2 * math.pi * _uniform(key + 1) * sign
    amplitude = torch.ones_like(phase) if fixed else torch.sqrt(-torch.log1p(-_uniform(key)))
    return torch.polar(amplitude, phase).to(torch.complex64)


def _uniform(key: torch.Tensor) -> torch.Tensor:
    """Uniform float64 in [0, 1) from the upper 53 bits of the hash."""
    return _shift_right(_hash(key), 11).to(torch.float64) * 2.0**-53


def _hash(x: torch.Tensor) -> torch.Tensor:
    """splitmix64 (Steele, Lea & Flood 2014) in wrapping int64."""
    x = x + _signed(0x9E3779B97F4A7C15)
    x = (x ^ _shift_right(x, 30)) * _signed(0xBF58476D1CE4E5B9)
    x = (x ^ _shift_right(x, 27)) * _signed(0x94D049BB133111EB)
    return x ^ _shift_right(x, 31)


def _shift_right(x: torch.Tensor, bits: int) -> torch.Tensor:
    """Logical shift: torch's own keeps the sign."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
