"""The Lagrangian halo finder of Berger & Stein 2019 (arXiv:1805.04537, section 4).

Three steps for each of a falling list of peak thresholds: connected regions above it, of cells that are in no halo
yet, give centres; around each centre shells grow, counting only such cells, until their mean probability falls below
P_shell(R); then the next threshold. P_shell is the mean probability in the shell at the edge of a true halo of radius
R.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.halos import rank
from core.cosmos.kernels import compiled
from core.cosmos.linking import label_cells

LARGEST_RADIUS = 32
"""Cells at which growth stops, whatever the probability: the paper's buffer, about the largest halo expected."""


@dataclass(frozen=True)
class ShellThreshold:
    """P_shell(R), two straight lines that meet at `knee`; R in cells.

    The defaults are the paper's: 0.044 R + 0.31 up to 6.7 cells, 0.0045 R + 0.57 beyond.
    """

    inner_slope: float = 0.044
    inner_value: float = 0.31
    outer_slope: float = 0.0045
    outer_value: float = 0.57
    knee: float = 6.7

    def __call__(self, radius: Array) -> Array:
        inner = self.inner_slope * radius + self.inner_value
        outer = self.outer_slope * radius + self.outer_value
        return np.clip(np.where(radius <= self.knee, inner, outer), 0.02, 0.98)


@dataclass(frozen=True)
class Found:
    """Halos in a box, largest first, in cells: the label of every cell (int32, 0 for none), centres (N, 3), radii (N,)
    and the index of the threshold at which each was found."""

    label: Array
    centres: Array
    radii: Array
    level: Array

    def catalogue(self, box_size: float, mean_density: float) -> Catalogue:
        """As a catalogue in Lagrangian space: M = 4/3 pi R^3 rho_m, rho_m in Msun/h / (Mpc/h)^3."""
        cell = box_size / self.label.shape[0]
        position = (self.centres * cell % box_size).astype(np.float32)
        columns: dict[str, Array] = {
            "mass": 4 / 3 * np.pi * (self.radii * cell) ** 3 * mean_density,
            "position": position,
            "lagrangian_position": position,
            "lagrangian_radius": self.radii * cell,
        }
        units = {"mass": "Msun/h", "position": "Mpc/h", "lagrangian_position": "Mpc/h", "lagrangian_radius": "Mpc/h"}
        return Catalogue(columns, box_size, 0.0, "Lagrangian shells", units)


def find(probability: Array, thresholds: Sequence[float], shell: ShellThreshold, minimum_cells: int) -> Found:
    """Halos in a probability field (n, n, n) of a periodic box; less than `minimum_cells`, 4/3 pi R^3, is dropped."""
    probability = np.ascontiguousarray(probability, dtype=np.float32)
    cells = probability.shape[0]
    # a shell no richer than the box is no halo: far out every mean tends to that of the box
    table = np.maximum(shell(np.arange(min(LARGEST_RADIUS, cells // 2) + 1) + 0.5), probability.mean())
    label = np.zeros(probability.shape, dtype=np.int32)
    centres: list[Array] = []
    radii: list[float] = []
    levels: list[int] = []
    for level, threshold in enumerate(thresholds):
        for centre in _regions((probability > threshold) & (label == 0)):
            i, j, k = (round(x) % cells for x in centre)
            if label[i, j, k]:
                continue
            radius = _grow(probability, label, centre, table)
            if 4 / 3 * np.pi * radius**3 < minimum_cells:
                continue
            centres.append(centre)
            radii.append(radius)
            levels.append(level)
            _claim(label, centre, radius, len(radii))
    order = np.argsort(-np.array(radii), kind="stable")
    rank_of = np.zeros(len(radii) + 1, dtype=np.int32)
    rank_of[order + 1] = np.arange(1, len(radii) + 1)
    return Found(
        rank_of[label],
        np.array(centres).reshape(-1, 3)[order],
        np.array(radii)[order],
        np.array(levels, dtype=np.int64)[order],
    )


def _regions(mask: Array) -> Array:
    """Centres of mass (N, 3) in cells of the connected regions of a periodic mask, largest first."""
    if not mask.any():
        return np.zeros((0, 3))
    _, region = np.unique(label_cells(mask)[mask], return_inverse=True)
    label = np.zeros(mask.shape, dtype=np.int32)
    label[mask] = rank(region, 1)
    return _centres_of_mass(label, int(label.max()))


def _centres_of_mass(label: Array, count: int) -> Array:
    """Periodic centres of mass in cells, measured from the first cell of each region."""
    cells = label.shape[0]
    flat = np.flatnonzero(label)
    which = label.reshape(-1)[flat] - 1
    points = np.stack(np.unravel_index(flat, label.shape), axis=1).astype(np.float64)
    first = np.zeros((count, 3))
    first[which[::-1]] = points[::-1]
    offset = points - first[which]
    offset -= cells * np.floor(offset / cells + 0.5)
    size = np.bincount(which, minlength=count)
    mean = np.stack([np.bincount(which, offset[:, axis], count) / size for axis in range(3)], axis=1)
    return (first + mean) % cells


@compiled
def shell_mean(probability: Array, label: Array, centre: Array, inner: float, outer: float, own: int) -> float:
    """Mean probability of the cells at distances [inner, outer) whose label is 0 (or any, for own < 0); -1 if none."""
    n = probability.shape[0]
    reach = int(np.ceil(outer))
    ci, cj, ck = int(np.floor(centre[0])), int(np.floor(centre[1])), int(np.floor(centre[2]))
    total, count = 0.0, 0
    for i in range(ci - reach, ci + reach + 2):
        for j in range(cj - reach, cj + reach + 2):
            for k in range(ck - reach, ck + reach + 2):
                r2 = (i - centre[0]) ** 2 + (j - centre[1]) ** 2 + (k - centre[2]) ** 2
                if inner * inner <= r2 < outer * outer:
                    a, b, c = i % n, j % n, k % n
                    if own < 0 or label[a, b, c] == 0:
                        total += probability[a, b, c]
                        count += 1
    return total / count if count else -1.0


@compiled
def _grow(probability: Array, label: Array, centre: Array, table: Array) -> float:
    """Radius at which the shell mean, linear between shells one cell wide, falls below the threshold.

    A shell without free cells ends the halo at its inner edge.
    """
    before = 0.0
    for shell in range(table.size):
        mean = shell_mean(probability, label, centre, shell, shell + 1.0, 0)
        if mean < 0.0:
            return float(shell) if shell else 0.0
        excess = mean - table[shell]
        if excess < 0.0:
            if shell == 0:
                return 0.5 * max(0.0, mean / table[0])
            return shell - 0.5 + before / (before - excess)
        before = excess
    return float(table.size)


@compiled
def _claim(label: Array, centre: Array, radius: float, halo: int) -> None:
    """Give the free cells inside the sphere to the halo."""
    n = label.shape[0]
    reach = int(np.ceil(radius))
    ci, cj, ck = int(np.floor(centre[0])), int(np.floor(centre[1])), int(np.floor(centre[2]))
    for i in range(ci - reach, ci + reach + 2):
        for j in range(cj - reach, cj + reach + 2):
            for k in range(ck - reach, ck + reach + 2):
                r2 = (i - centre[0]) ** 2 + (j - centre[1]) ** 2 + (k - centre[2]) ** 2
                if r2 < radius * radius:
                    a, b, c = i % n, j % n, k % n
                    if label[a, b, c] == 0:
                        label[a, b, c] = halo
