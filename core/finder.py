"""The Lagrangian halo finder of Berger & Stein 2019 (arXiv:1805.04537, section 4).

Three steps for each of a falling list of peak thresholds: connected regions above it, of cells that are in no halo
yet, give centres; around each centre shells grow, counting only such cells, until their mean probability falls below
P_shell(R); then the next threshold. P_shell is the mean probability in the shell at the edge of a true halo of radius
R.
"""

from __future__ import annotations

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


def find(
    probability: Array, thresholds: tuple[float, ...], shell: ShellThreshold, minimum_cells: int
) -> tuple[Array, Array, Array]:
    """Halos in a probability field (n, n, n) of a periodic box.

    Returns the label of every cell (int32, 0 for none, 1 for the largest halo), and centre (N, 3) and radius (N,)
    of the halos in cells. Halos of less than `minimum_cells`, 4/3 pi R^3, are dropped.
    """
    probability = np.ascontiguousarray(probability, dtype=np.float32)
    cells = probability.shape[0]
    largest = min(LARGEST_RADIUS, cells // 2)
    table = shell(np.arange(largest + 1) + 0.5)
    label = np.zeros(probability.shape, dtype=np.int32)
    centres: list[Array] = []
    radii: list[float] = []
    for threshold in thresholds:
        for centre in _regions((probability > threshold) & (label == 0)):
            i, j, k = (round(x) % cells for x in centre)
            if label[i, j, k]:
                continue
            radius = _grow(probability, label, centre, table)
            if 4 / 3 * np.pi * radius**3 < minimum_cells:
                continue
            centres.append(centre)
            radii.append(radius)
            _claim(label, centre, radius, len(radii))
    order = np.argsort(-np.array(radii), kind="stable")
    rank_of = np.zeros(len(radii) + 1, dtype=np.int32)
    rank_of[order + 1] = np.arange(1, len(radii) + 1)
    return rank_of[label], np.array(centres).reshape(-1, 3)[order], np.array(radii)[order]


def catalogue(centres: Array, radii: Array, box_size: float, cells: int, mean_density: float) -> Catalogue:
    """Halos in cells as a catalogue in Lagrangian space: M = 4/3 pi R^3 rho_m [Msun/h]."""
    radius = radii * box_size / cells
    position = (centres * box_size / cells % box_size).astype(np.float32)
    columns: dict[str, Array] = {
        "mass": 4 / 3 * np.pi * radius**3 * mean_density,
        "position": position,
        "lagrangian_position": position,
        "lagrangian_radius": radius,
    }
    units = {"mass": "Msun/h", "position": "Mpc/h", "lagrangian_position": "Mpc/h", "lagrangian_radius": "Mpc/h"}
    return Catalogue(columns, box_size, 0.0, "Lagrangian shells", units)


def measure_shell(probability: Array, halos: Catalogue, minimum_cells: int) -> tuple[Array, Array]:
    """Radius [cells] and mean probability in the shell at the edge of every true halo that counts."""
    scale = probability.shape[0] / halos.box_size
    counted = halos["count"] >= minimum_cells
    radii = halos["lagrangian_radius"][counted] * scale
    centres = halos["lagrangian_position"][counted].astype(np.float64) * scale
    return radii, np.array([_shell_at(probability, *place) for place in zip(centres, radii, strict=True)])


def fit_shell(radii: Array, edge: Array) -> ShellThreshold:
    """Two straight lines through measured shell probabilities, the knee where they fit best.

    Radii are binned so that the many small halos do not drown the few large ones; with less than four populated bins
    the threshold is their mean, with no halo at all the paper's.
    """
    if not len(radii):
        return ShellThreshold()
    edges = np.geomspace(radii.min() * 0.999, radii.max() * 1.001, 13)
    which = np.digitize(radii, edges) - 1
    count = np.bincount(which, minlength=12)
    keep = count >= 3
    if keep.sum() < 4:
        mean = float(edge.mean())
        return ShellThreshold(0.0, mean, 0.0, mean, float(radii.max()))
    x = (np.bincount(which, radii, 12) / np.maximum(count, 1))[keep]
    y = (np.bincount(which, edge, 12) / np.maximum(count, 1))[keep]
    weight = np.sqrt(count[keep])
    best: tuple[float, ShellThreshold] | None = None
    for knee in x[1:-1]:
        # value and slope on the left, change of slope on the right
        design = np.stack([np.ones_like(x), x, np.maximum(x - knee, 0)], axis=1)
        solution = np.linalg.lstsq(design * weight[:, None], y * weight, rcond=None)[0]
        misfit = float((((design @ solution - y) * weight) ** 2).sum())
        if best is None or misfit < best[0]:
            value, slope, bend = (float(item) for item in solution)
            best = misfit, ShellThreshold(slope, value, slope + bend, value - bend * float(knee), float(knee))
    assert best is not None
    return best[1]


def connected_halos(mask: Array, minimum_cells: int) -> tuple[Array, Array, Array]:
    """Connected regions of a periodic mask as halos: label, centre and volume-equivalent radius in cells."""
    _, region = np.unique(label_cells(mask)[mask], return_inverse=True)
    label = np.zeros(mask.shape, dtype=np.int32)
    label[mask] = rank(region, minimum_cells)
    count = np.bincount(label.reshape(-1))[1:]
    centres = _centres_of_mass(label, len(count))
    return label, centres, (3 * count / (4 * np.pi)) ** (1 / 3)


def _regions(mask: Array) -> Array:
    """Centres of mass (N, 3) in cells of the connected regions, largest first."""
    return connected_halos(mask, 1)[1] if mask.any() else np.zeros((0, 3))


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
def _profile(probability: Array, label: Array, centre: Array, inner: float, outer: float, own: int) -> float:
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
        mean = _profile(probability, label, centre, shell, shell + 1.0, 0)
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


def _shell_at(probability: Array, centre: Array, radius: float) -> float:
    """Mean probability in the shell one cell wide around a radius."""
    values = np.ascontiguousarray(probability, dtype=np.float32)
    return float(_profile(values, np.zeros((1, 1, 1), np.int32), centre, max(radius - 0.5, 0.0), radius + 0.5, -1))
