"""The bispectrum: how three waves that close a triangle move together, zero for a Gaussian field.

Estimated with fields that hold one shell of wave vectors each (Scoccimarro 2000, astro-ph/0004086; Watkinson et al.
2017, arXiv:1705.06284): the sum over all triangles with sides in shells 1, 2, 3 is the sum over cells of their product.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import torch

from core.cosmos.box import Array, Assignment, Field
from core.cosmos.measures.spectra import fourier, inverse_window
from core.errors import UsageError


@dataclass(frozen=True)
class Bispectrum:
    """B [(Mpc/h)^6] of every triangle of shells; `triangles` (T, 3) are indices into the shells' `k` and `power`.

    k [h/Mpc] is the mean of a shell; `count` (T,) is the number of closed triples of wave vectors, each order of three
    vectors from the same shell and each sign counted.
    """

    k: Array
    power: Array
    triangles: Array
    value: Array
    count: Array
    box_size: float

    @property
    def reduced(self) -> Array:
        """Q = B / (P1 P2 + P2 P3 + P3 P1); NaN where there is no power."""
        return np.asarray(self.value / self._products())

    @property
    def error(self) -> Array:
        """One standard deviation for Gaussian fields: sqrt(s V P1 P2 P3 / count), s = 6, 2, 1 by equal sides."""
        p1, p2, p3 = self.power[self.triangles].T
        a, b, c = self.triangles.T
        symmetry = np.select([(a == b) & (b == c), (a == b) | (b == c)], [6, 2], 1)
        return np.asarray(np.sqrt(symmetry * self.box_size**3 * p1 * p2 * p3 / self.count))

    @property
    def reduced_error(self) -> Array:
        """One standard deviation of Q."""
        return np.asarray(self.error / self._products())

    def _products(self) -> Array:
        p1, p2, p3 = self.power[self.triangles].T
        products = p1 * p2 + p2 * p3 + p3 * p1
        return np.where(products > 0, products, np.nan)


def bispectrum(field: Field, edges: Array, device: str = "cpu") -> Bispectrum:
    """B of all triangles whose sides lie in the shells between successive edges [h/Mpc], shells from low to high k.

    The window of its mesh is divided out as in `spectra`. Memory: two fields a shell on a grid three times finer
    than the highest edge, the coarsest on which no triangle is closed by an alias.
    Raises: UsageError for edges that do not increase or leave the grid.
    """
    step = 2 * np.pi / field.box_size
    if not (len(edges) > 1 and np.all(np.diff(edges) > 0) and edges[0] > 0 and edges[-1] <= step * field.cells / 2):
        raise UsageError(
            f"shells between k = {', '.join(f'{edge:.3g}' for edge in edges)} h/Mpc",
            f"let edges increase from above 0 to at most {step * field.cells / 2:.3g} h/Mpc",
        )
    grid = int(3 * edges[-1] / step) + 2
    grid += grid % 2
    modes, k = _crop(fourier(field, device), grid, field.assignment)
    weight = torch.where(torch.arange(grid // 2 + 1, device=k.device) == 0, 1.0, 2.0).to(torch.float64).expand_as(k)
    bins = len(edges) - 1
    shells, ones = torch.empty((2, bins, grid**3), dtype=torch.float64, device=k.device)
    means = []
    for index, (low, high) in enumerate(zip(edges[:-1] / step, edges[1:] / step, strict=True)):
        inside = (k >= low) & (k < high)
        if not bool(inside.any()):
            raise UsageError(
                f"no wave vector lies between k = {low * step:.3g} and {high * step:.3g} h/Mpc", "widen it"
            )
        shells[index] = torch.fft.irfftn(modes * inside, s=(grid,) * 3).flatten()
        ones[index] = torch.fft.irfftn(inside * complex(grid**3), s=(grid,) * 3).flatten()
        means.append(float((k * weight)[inside].sum() / weight[inside].sum()) * step)

    volume = field.box_size**3
    power = np.array([float(s @ s / (u @ u)) * volume for s, u in zip(shells, ones, strict=True)])
    triangles, values, counts = [], [], []
    for a, b in combinations_with_replacement(range(bins), 2):
        sums, closed = shells[b:] @ (shells[a] * shells[b]), ones[b:] @ (ones[a] * ones[b])
        for c, (total, count) in enumerate(zip(sums.tolist(), closed.tolist(), strict=True), start=b):
            if round(count / grid**3) > 0:
                triangles.append((a, b, c))
                counts.append(round(count / grid**3))
                values.append(total / count * volume**2)
    return Bispectrum(np.array(means), power, np.array(triangles), np.array(values), np.array(counts), field.box_size)


def _crop(modes: torch.Tensor, grid: int, assignment: Assignment | None) -> tuple[torch.Tensor, torch.Tensor]:
    """delta(k) on another grid, rfftn layout, complex128, as irfftn of that grid wants it; |k| in fundamental modes.

    Modes beyond the field's own grid are left zero.
    """
    cells = modes.shape[0]
    axis = torch.fft.fftfreq(grid, 1 / grid, dtype=torch.float64, device=modes.device)
    last = torch.arange(grid // 2 + 1, dtype=torch.float64, device=modes.device)
    rows, columns = (torch.nonzero(abs(side) < cells / 2).flatten() for side in (axis, last))
    index = axis[rows].to(torch.int64) % cells
    cropped = torch.zeros((grid, grid, grid // 2 + 1), dtype=torch.complex128, device=modes.device)
    inner = modes[index[:, None, None], index[:, None], last[columns].to(torch.int64)].to(torch.complex128)
    inverse = torch.as_tensor(inverse_window(assignment, cells), device=modes.device)
    for side, shape in ((axis[rows], (-1, 1, 1)), (axis[rows], (-1, 1)), (last[columns], (-1,))):
        inner *= inverse[side.abs().long()].reshape(shape)
    cropped[rows[:, None, None], rows[:, None], columns] = inner * (grid / cells) ** 3
    return cropped, torch.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + last**2)
