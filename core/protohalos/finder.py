"""The Lagrangian halo finder of Berger & Stein 2019 (arXiv:1805.04537, section 4).

Three steps for each of a falling list of peak thresholds: connected regions above it, of cells that are in no halo
yet, give centres; around each centre shells grow, counting only such cells, until their mean probability falls below
P_shell(R); then the next threshold. P_shell is the mean probability in the shell at the edge of a true halo of radius
R. A halo's mass is that of its own cells inside its edge (section 5.3), its radius that of a sphere of this volume.

Beyond the paper: halos are no spheres, and what a sphere leaves over of one is a thin rim around it. Such regions,
nearly all of whose cells border a halo, give no centres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from core.aside import empty
from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled
from core.protohalos.regions import connected, renamed

LARGEST_RADIUS = 32
"""Cells at which growth stops, whatever the probability: the paper's buffer, about the largest halo expected."""

FINE = 16
"""Bins per cell in which the profile around a centre is kept."""

ROUNDING = 1e-6
"""Cells at one distance from a centre fall into one bin, whatever the last digits say."""


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

    def as_constants(self, prefix: str) -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        return {f"{prefix}.{name}": value for name, value in asdict(self).items()}

    @classmethod
    def from_constants(cls, constants: Mapping[str, float], prefix: str) -> ShellThreshold:
        """The threshold saved under this prefix, or else the paper's."""
        names = (item.name for item in fields(cls))
        return cls(**{name: constants[f"{prefix}.{name}"] for name in names if f"{prefix}.{name}" in constants})


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
    """Halos of at least `minimum_cells` cells in a probability field (n, n, n) of a periodic box."""
    probability = np.ascontiguousarray(probability, dtype=np.float32)
    table = _table(probability, shell)
    label = empty(probability.shape, np.int32)
    centres, counts, levels = [np.zeros((0, 3))], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for level, threshold in enumerate(thresholds):
        places = connected(probability, threshold, label)
        count = _take(probability, label, places, table, minimum_cells, sum(map(len, counts)))
        centres.append(places[count > 0])
        counts.append(count[count > 0])
        levels.append(np.full(len(counts[-1]), level))
    return _ranked(label, np.concatenate(centres), np.concatenate(counts), np.concatenate(levels))


def find_about(probability: Array, centres: Array, shell: ShellThreshold, minimum_cells: int) -> Found:
    """Halos of at least `minimum_cells` cells about given centres (N, 3) [cells], taken one after the other."""
    probability = np.ascontiguousarray(probability, dtype=np.float32)
    label = empty(probability.shape, np.int32)
    places = np.ascontiguousarray(centres, dtype=np.float64)
    count = _take(probability, label, places, _table(probability, shell), minimum_cells, 0)
    return _ranked(label, places[count > 0], count[count > 0], np.zeros(np.count_nonzero(count), dtype=np.int64))


def _table(probability: Array, shell: ShellThreshold) -> Array:
    """P_shell in the middle of shells one cell wide."""
    reach = min(LARGEST_RADIUS, probability.shape[0] // 2)
    # a shell no richer than the box is no halo: far out every mean tends to that of the box
    return np.maximum(shell(np.arange(reach + 1) + 0.5), probability.mean())


def _ranked(label: Array, centres: Array, inside: Array, level: Array) -> Found:
    """Halos as they were found, largest first; `inside` are their numbers of cells."""
    order = np.argsort(-inside, kind="stable")
    rank_of = np.zeros(len(inside) + 1, dtype=np.int32)
    rank_of[order + 1] = np.arange(1, len(inside) + 1)
    return Found(renamed(label, rank_of), centres[order], (3 * inside[order] / (4 * np.pi)) ** (1 / 3), level[order])


@compiled
def _take(probability: Array, label: Array, centres: Array, table: Array, minimum_cells: int, before: int) -> Array:
    """Number of cells (N,) of the halo about each centre, which get labels from `before` + 1; 0 where there is none."""
    n = probability.shape[0]
    counts = np.zeros(len(centres))
    halo = before
    for number in range(len(centres)):
        centre = centres[number]
        i, j, k = np.floor(centre + (0.5 + ROUNDING)).astype(np.int64) % n
        if label[i, j, k] == 0:
            edge, inside = _edge(probability, label, centre, table)
            if inside >= minimum_cells:
                halo += 1
                counts[number] = inside
                claim(label, centre, edge, halo)
    return counts


@compiled
def _edge(probability: Array, label: Array, centre: Array, table: Array) -> tuple[float, int]:
    """The edge of the halo around a centre, and the number of free cells inside.

    Shells one cell wide grow until their mean falls below the threshold. Within a cell of there the edge is where the
    free cells inside have the greatest total excess of probability over the threshold: where a smooth profile falls
    below it, and at the border of a perfect mask.
    """
    last = table.size + 2
    reach = min(3, last)  # most centres of low thresholds end at once
    while True:
        total, count = _profile(probability, label, centre, reach)
        radius = _grow(total, count, table)
        if radius + 2.0 <= reach or reach == last:
            break
        reach = min(reach + 2, last)
    excess, best, edge = 0.0, -np.inf, radius
    for place in range(max(int((radius - 1.0) * FINE), 0), min(int((radius + 1.0) * FINE), reach * FINE)):
        excess += total[place] - count[place] * _threshold(table, (place + 0.5) / FINE)
        if excess > best:
            best, edge = excess, (place + 1.0) / FINE - ROUNDING
    return edge, _count(probability, label, centre, edge, _threshold(table, edge))


@compiled
def _profile(probability: Array, label: Array, centre: Array, reach: int) -> tuple[Array, Array]:
    """Sum of the probability and number of the free cells in shells 1/FINE of a cell wide, out to `reach` cells."""
    n = probability.shape[0]
    total, count = np.zeros(reach * FINE), np.zeros(reach * FINE)
    ci, cj = int(np.floor(centre[0])), int(np.floor(centre[1]))
    for i in range(ci - reach, ci + reach + 2):
        for j in range(cj - reach, cj + reach + 2):
            d2 = (i - centre[0]) ** 2 + (j - centre[1]) ** 2
            if d2 >= reach * reach:
                continue
            a, b, half = i % n, j % n, np.sqrt(reach * reach - d2)
            for k in range(int(np.floor(centre[2] - half)), int(np.ceil(centre[2] + half)) + 1):
                place = int((np.sqrt(d2 + (k - centre[2]) ** 2) + ROUNDING) * FINE)
                c = k if 0 <= k < n else k % n
                if place < total.size and label[a, b, c] == 0:
                    total[place] += probability[a, b, c]
                    count[place] += 1
    return total, count


@compiled
def _grow(total: Array, count: Array, table: Array) -> float:
    """Radius at which the mean of shells one cell wide, linear between them, falls below the threshold.

    A shell without free cells ends the halo at its inner edge.
    """
    before = 0.0
    shells = min(table.size, total.size // FINE)
    for shell in range(shells):
        cells = count[shell * FINE : (shell + 1) * FINE].sum()
        if cells == 0:
            return float(shell)
        mean = total[shell * FINE : (shell + 1) * FINE].sum() / cells
        excess = mean - table[shell]
        if excess < 0.0:
            if shell == 0:
                return 0.5 * max(0.0, mean / table[0])
            return shell - 0.5 + before / (before - excess)
        before = excess
    return float(shells)


@compiled
def _threshold(table: Array, radius: float) -> float:
    """P_shell at a radius from its values in the middle of shells one cell wide."""
    shell = min(max(radius - 0.5, 0.0), table.size - 1.0)
    low = min(int(shell), table.size - 2)
    return float(table[low] + (shell - low) * (table[low + 1] - table[low]))


@compiled
def _count(probability: Array, label: Array, centre: Array, edge: float, threshold: float) -> int:
    """Free cells inside an edge. In the shell one cell wide about it those above the threshold count.

    So an error of the centre, which leaves out cells on one side and takes in others, does not change the number.
    """
    n = probability.shape[0]
    outer = edge + 0.5
    reach = int(np.ceil(outer))
    inside = 0
    ci, cj = int(np.floor(centre[0])), int(np.floor(centre[1]))
    for i in range(ci - reach, ci + reach + 2):
        for j in range(cj - reach, cj + reach + 2):
            d2 = (i - centre[0]) ** 2 + (j - centre[1]) ** 2
            if d2 >= outer * outer:
                continue
            a, b, half = i % n, j % n, np.sqrt(outer * outer - d2)
            for k in range(int(np.floor(centre[2] - half)), int(np.ceil(centre[2] + half)) + 1):
                r = np.sqrt(d2 + (k - centre[2]) ** 2)
                c = k if 0 <= k < n else k % n
                if r < outer and label[a, b, c] == 0:
                    inside += r < edge - 0.5 or probability[a, b, c] > threshold
    return inside


@compiled
def claim(label: Array, centre: Array, radius: float, halo: int) -> None:
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
