"""Lagrangian perturbation theory: displacements of first and second order from the linear density.

x = q + D psi1 + E2 psi2 with div psi1 = -delta and div psi2 = sum_{a<b} (phi_aa phi_bb - phi_ab^2), lap phi = delta
(Bouchet et al. 1995, astro-ph/9406013). Arrays live on the device of their input; lengths in Mpc/h.
"""

from __future__ import annotations

import math

import torch


def wavenumbers(cells: int, box_size: float, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """k_x, k_y, k_z [h/Mpc] that broadcast over the rfftn layout, float32.

    Nyquist entries are zero: a derivative there has no Hermitian value.
    """
    step = 2 * math.pi / box_size
    axis = torch.fft.fftfreq(cells, 1 / cells, device=device) * step
    last = torch.fft.rfftfreq(cells, 1 / cells, device=device) * step
    if cells % 2 == 0:
        axis[cells // 2] = 0
        last[cells // 2] = 0
    return axis[:, None, None], axis[:, None], last


def inverse_laplacian(source: torch.Tensor, box_size: float) -> torch.Tensor:
    """source(k) / k^2 with the mean removed (the sign is left to the caller)."""
    cells = source.shape[0]
    axis = torch.fft.fftfreq(cells, 1 / cells, device=source.device) ** 2
    last = torch.fft.rfftfreq(cells, 1 / cells, device=source.device) ** 2
    squared = axis[:, None, None] + axis[:, None] + last
    squared[0, 0, 0] = 1
    result = source / (squared * (2 * math.pi / box_size) ** 2)
    result[0, 0, 0] = 0
    return result


def minus_gradient(potential: torch.Tensor, box_size: float, axis: int) -> torch.Tensor:
    """One component of i k phi(k) in real space, where phi(k) = delta(k) / k^2 as `inverse_laplacian` gives it."""
    cells = potential.shape[0]
    k = wavenumbers(cells, box_size, potential.device)[axis]
    return torch.fft.irfftn(1j * k * potential, s=(cells,) * 3)


def first_order(modes: torch.Tensor, box_size: float) -> torch.Tensor:
    """psi1 (3, n, n, n) from delta(k)."""
    potential = inverse_laplacian(modes, box_size)
    return torch.stack([minus_gradient(potential, box_size, axis) for axis in range(3)])


def second_order(modes: torch.Tensor, box_size: float) -> torch.Tensor:
    """psi2 (3, n, n, n) from delta(k); the product is formed on a mesh 3/2 finer, so no mode is aliased."""
    cells = modes.shape[0]
    fine = 3 * cells // 2 + (3 * cells // 2) % 2
    source = _resize(torch.fft.rfftn(_source(_resize(modes, fine), box_size)), cells)
    potential = inverse_laplacian(source, box_size)
    return torch.stack([-minus_gradient(potential, box_size, axis) for axis in range(3)])


def divergence(vectors: torch.Tensor, box_size: float) -> torch.Tensor:
    """div of a periodic vector field (3, n, n, n) as modes: exact below Nyquist, which is dropped, as is the mean."""
    cells = vectors.shape[-1]
    total = torch.zeros((cells, cells, cells // 2 + 1), dtype=torch.complex64, device=vectors.device)
    for component, wavenumber in zip(vectors, wavenumbers(cells, box_size, vectors.device), strict=True):
        total += 1j * wavenumber * torch.fft.rfftn(component)
    return total


def _source(modes: torch.Tensor, box_size: float) -> torch.Tensor:
    """phi_xx phi_yy + phi_xx phi_zz + phi_yy phi_zz - phi_xy^2 - phi_xz^2 - phi_yz^2 in real space."""
    cells = modes.shape[0]
    potential = inverse_laplacian(modes, box_size)
    k = wavenumbers(cells, box_size, modes.device)

    def second_derivative(a: int, b: int) -> torch.Tensor:
        return torch.fft.irfftn(k[a] * k[b] * potential, s=(cells,) * 3)

    xx, yy = second_derivative(0, 0), second_derivative(1, 1)
    source = xx * yy
    source += (xx + yy) * second_derivative(2, 2)
    del xx, yy
    for a, b in ((0, 1), (0, 2), (1, 2)):
        source -= second_derivative(a, b) ** 2
    return source


def _resize(modes: torch.Tensor, cells: int) -> torch.Tensor:
    """The same modes on another grid: zero-padded or cut below the smaller Nyquist frequency."""
    old = modes.shape[0]
    keep = min(old, cells) // 2
    resized = torch.zeros((cells, cells, cells // 2 + 1), dtype=modes.dtype, device=modes.device)
    low, high = slice(0, keep), slice(-keep + 1, None)
    for rows in (low, high):
        for columns in (low, high):
            resized[rows, columns, :keep] = modes[rows, columns, :keep]
    return resized * (cells / old) ** 3
