"""Between particles and meshes: mass assignment by clouds and interpolation, on CPU (numba) or GPU (torch)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch

from core.cosmos.box import Array, Assignment

ORDER: dict[Assignment, int] = {"cic": 2, "tsc": 3, "pcs": 4, "trapezoid": 2}
"""Nodes per axis over which a particle is spread: cloud in cell, triangular-shaped cloud, piecewise cubic spline
(Hockney & Eastwood 1981), and a cloud of half a cell, of which a node within a quarter of a cell gets all (Petulante
2023, chapter 3)."""

_CHUNK = 1 << 24
"""Particles handled at once on a GPU: bounds the memory of the corner indices."""

_UNIT = 1 << 32
"""One particle in the integers that a GPU adds: 2^31 of them fit into one cell, and a weight is rounded by 2^-33."""


def paint(positions: Array, cells: int, box_size: float, assignment: Assignment = "cic", device: str = "cpu") -> Array:
    """Overdensity (n, n, n) float32 of particles (N, 3) [Mpc/h], in any periodic image, on a mesh."""
    return overdensity(positions, cells, box_size, assignment, device=device).cpu().numpy()


def window(assignment: Assignment, frequency: Array) -> Array:
    """What mass assignment multiplies delta(k) with along one axis, at frequencies in cycles per cell."""
    if assignment == "trapezoid":  # a cell convolved with half a cell
        return np.asarray(np.sinc(frequency) * np.sinc(frequency / 2))
    return np.asarray(np.sinc(frequency) ** ORDER[assignment])


def overdensity(
    positions: Array, cells: int, box_size: float, assignment: Assignment, shift: float = 0.0, device: str = "cpu"
) -> torch.Tensor:
    """Overdensity (n, n, n) float32 on the device, of particles moved by `shift` cells along each axis."""
    scaled = torch.as_tensor(positions).to(device).T.to(torch.float32) * (cells / box_size)
    if shift:
        scaled += shift
    if assignment == "trapezoid":
        scaled = _sharpened(scaled)
    counts = scatter(scaled, cells, ORDER[assignment])
    counts *= cells**3 / len(positions)
    counts -= 1
    return counts


def _sharpened(positions: torch.Tensor) -> torch.Tensor:
    """Positions in cells whose cloud-in-cell weights are those of clouds of half a cell at the positions given."""
    node = positions.floor()
    return node + (2 * (positions - node) - 0.5).clamp(0, 1)


def scatter(positions: torch.Tensor, cells: int, order: int = 2) -> torch.Tensor:
    """Counts (n, n, n) float32 of positions (3, N) in units of cells; positions may lie in any periodic image."""
    if positions.device.type != "cpu":
        return _scatter_torch(positions, cells, order)
    from core.cosmos.kernels import deposit

    mesh = torch.zeros((cells,) * 3, dtype=torch.float32)
    x, y, z = positions.numpy()
    deposit(x, y, z, order, mesh.numpy())
    return mesh


def gather(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """The mesh (n, n, n) interpolated at positions (3, N) in cells: the transpose of cloud-in-cell `scatter`."""
    if positions.device.type == "cpu":
        from core.cosmos.kernels import collect

        values = torch.empty(positions.shape[1], dtype=torch.float32)
        x, y, z = positions.numpy()
        collect(x, y, z, mesh.numpy(), values.numpy())
        return values
    return _gather_torch(mesh, positions)


def _scatter_torch(positions: torch.Tensor, cells: int, order: int = 2) -> torch.Tensor:
    """`scatter` on any device. A GPU adds in no fixed order: sums of integers are the same in any."""
    sums = torch.zeros(cells**3, dtype=torch.int64, device=positions.device)
    for chunk in positions.split(_CHUNK, dim=1):
        for index, weight in _corners(chunk, cells, order):
            sums.index_add_(0, index, (weight * _UNIT).round().to(torch.int64))
    return sums.to(torch.float32).div_(_UNIT).view((cells,) * 3)


def _gather_torch(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Interpolate the mesh at positions, on any device."""
    flat = mesh.reshape(-1)
    parts = []
    for chunk in positions.split(_CHUNK, dim=1):
        values = torch.zeros_like(chunk[0])
        for index, weight in _corners(chunk, mesh.shape[0], 2):
            values += flat[index] * weight
        parts.append(values)
    return torch.cat(parts)


def _corners(positions: torch.Tensor, cells: int, order: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Flat index and weight of each of the order^3 nodes around every position."""
    first, weights = _spline(positions, order)
    x, y, z = first.to(torch.int64)
    for i, j, k in itertools.product(range(order), repeat=3):
        index = ((x + i) % cells * cells + (y + j) % cells) * cells + (z + k) % cells
        yield index, weights[i][0] * weights[j][1] * weights[k][2]


def _spline(positions: torch.Tensor, order: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """First node and the weights of the `order` nodes around each coordinate."""
    if order == 2:
        node = positions.floor()
        d = positions - node
        return node, [1 - d, d]
    if order == 3:
        node = (positions + 0.5).floor()
        d = positions - node
        return node - 1, [(0.5 - d) ** 2 / 2, 0.75 - d**2, (0.5 + d) ** 2 / 2]
    node = positions.floor()
    d = positions - node
    e = 1 - d
    return node - 1, [e**3 / 6, (4 - 6 * d**2 + 3 * d**3) / 6, (4 - 6 * e**2 + 3 * e**3) / 6, d**3 / 6]
