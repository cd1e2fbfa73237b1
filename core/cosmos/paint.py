"""Between particles and meshes: cloud-in-cell painting and its transpose, on CPU (numba) or GPU (torch)."""

from __future__ import annotations

import torch

from core.cosmos.box import Array

_CHUNK = 1 << 24
"""Particles handled at once on a GPU: bounds the memory of the eight corner indices."""


def paint(positions: Array, cells: int, box_size: float) -> Array:
    """Overdensity (n, n, n) float32 of particles (N, 3) [Mpc/h] on a mesh, cloud in cell."""
    scaled = torch.as_tensor(positions).T.to(torch.float32) * (cells / box_size)
    counts = scatter(scaled, cells)
    counts *= cells**3 / len(positions)
    counts -= 1
    return counts.numpy()


def scatter(positions: torch.Tensor, cells: int) -> torch.Tensor:
    """Counts (n, n, n) float32 of positions (3, N) in units of cells; positions may lie in any periodic image."""
    mesh = torch.zeros((cells,) * 3, dtype=torch.float32, device=positions.device)
    if positions.device.type == "cpu":
        from core.cosmos.kernels import deposit

        x, y, z = positions.numpy()
        deposit(x, y, z, mesh.numpy())
    else:
        _scatter_torch(mesh, positions)
    return mesh


def gather(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """The mesh (n, n, n) interpolated at positions (3, N) in units of cells: the transpose of `scatter`."""
    if positions.device.type == "cpu":
        from core.cosmos.kernels import collect

        values = torch.empty(positions.shape[1], dtype=torch.float32)
        x, y, z = positions.numpy()
        collect(x, y, z, mesh.numpy(), values.numpy())
        return values
    return _gather_torch(mesh, positions)


def _scatter_torch(mesh: torch.Tensor, positions: torch.Tensor) -> None:
    """Add unit masses to a contiguous mesh in place, on any device."""
    flat = mesh.view(-1)
    for chunk in positions.split(_CHUNK, dim=1):
        for index, weight in _corners(chunk, mesh.shape[0]):
            flat.index_add_(0, index, weight)


def _gather_torch(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Interpolate the mesh at positions, on any device."""
    flat = mesh.reshape(-1)
    parts = [
        sum((flat[index] * weight for index, weight in _corners(chunk, mesh.shape[0])), torch.tensor(0.0))
        for chunk in positions.split(_CHUNK, dim=1)
    ]
    return torch.cat(parts)


def _corners(positions: torch.Tensor, cells: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Flat index and weight of the eight nodes around each position."""
    lower = positions.floor()
    upper_weight = positions - lower
    low = lower.to(torch.int64) % cells
    high = (low + 1) % cells
    result = []
    for corner in range(8):
        index = torch.zeros_like(low[0])
        weight = torch.ones_like(upper_weight[0])
        for axis in range(3):
            upper = bool(corner >> axis & 1)
            index = index * cells + (high if upper else low)[axis]
            weight = weight * (upper_weight[axis] if upper else 1 - upper_weight[axis])
        result.append((index, weight))
    return result
