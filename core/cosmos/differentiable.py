"""Cloud-in-cell painting through which gradients go: what a network that moves particles learns a density by."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch

from core.cosmos.box import Array
from core.cosmos.kernels import compiled_parallel
from core.cosmos.nbody import mesh_positions
from core.cosmos.paint import scatter


def density(displacement: torch.Tensor, mesh: int) -> torch.Tensor:
    """Density (m, m, m) in units of the mean, of particles that moved from the lattice by (3, n, n, n) cells."""
    cells = displacement.shape[-1]
    positions = mesh_positions(displacement.contiguous(), cells, mesh)
    counts: torch.Tensor = _Painted.apply(positions, mesh)  # type: ignore[no-untyped-call]
    return counts * (mesh / cells) ** 3


class _Painted(torch.autograd.Function):
    """`scatter`, whose gradient by a position is that of the interpolated gradient by the mesh."""

    @staticmethod
    def forward(ctx: Any, positions: torch.Tensor, mesh: int) -> torch.Tensor:
        positions = positions.contiguous()
        ctx.save_for_backward(positions)
        return scatter(positions.detach(), mesh)

    @staticmethod
    def backward(ctx: Any, above: torch.Tensor) -> tuple[torch.Tensor, None]:
        (positions,) = ctx.saved_tensors
        return slope(above.contiguous(), positions), None


def slope(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Gradient (3, N) by the positions (3, N) [cells] of the mesh (n, n, n) interpolated there by clouds in cells."""
    if positions.device.type != "cpu":
        return _slope_torch(mesh, positions)
    out = torch.empty_like(positions)
    _slope(positions.numpy(), mesh.numpy(), out.numpy())
    return out


@compiled_parallel
def _slope(positions: Array, mesh: Array, out: Array) -> None:
    n = mesh.shape[0]
    for p in numba.prange(positions.shape[1]):
        fx, fy, fz = np.floor(positions[0, p]), np.floor(positions[1, p]), np.floor(positions[2, p])
        dx, dy, dz = positions[0, p] - fx, positions[1, p] - fy, positions[2, p] - fz
        ex, ey, ez = 1 - dx, 1 - dy, 1 - dz
        i, j, k = int(fx) % n, int(fy) % n, int(fz) % n
        i1, j1, k1 = (i + 1) % n, (j + 1) % n, (k + 1) % n
        a, b, c, d = mesh[i, j, k], mesh[i, j, k1], mesh[i, j1, k], mesh[i, j1, k1]
        e, f, g, h = mesh[i1, j, k], mesh[i1, j, k1], mesh[i1, j1, k], mesh[i1, j1, k1]
        out[0, p] = ey * (ez * (e - a) + dz * (f - b)) + dy * (ez * (g - c) + dz * (h - d))
        out[1, p] = ex * (ez * (c - a) + dz * (d - b)) + dx * (ez * (g - e) + dz * (h - f))
        out[2, p] = ex * (ey * (b - a) + dy * (d - c)) + dx * (ey * (f - e) + dy * (h - g))


def _slope_torch(mesh: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """The same by torch, for GPUs."""
    n, node = mesh.shape[0], positions.floor()
    d = positions - node
    weight = ((1 - d), d)
    low = node.to(torch.int64) % n
    corner = (low, (low + 1) % n)
    flat = mesh.reshape(-1)
    out = torch.zeros_like(positions)
    for i in (0, 1):
        for j in (0, 1):
            for k in (0, 1):
                value = flat[(corner[i][0] * n + corner[j][1]) * n + corner[k][2]]
                out[0] += (2 * i - 1) * weight[j][1] * weight[k][2] * value
                out[1] += (2 * j - 1) * weight[i][0] * weight[k][2] * value
                out[2] += (2 * k - 1) * weight[i][0] * weight[j][1] * value
    return out
