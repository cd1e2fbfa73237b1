"""What the halo finder needs to know, measured on universes whose halos are known.

P_shell(R) is the mean probability in the shell at the edge of a true halo of radius R, fitted by two straight lines
(arXiv:1805.04537, figure 5); the list of peak thresholds is cut where it gives the true number of halos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled
from core.protohalos.finder import Found, ShellThreshold, find


@dataclass(frozen=True)
class Calibration:
    """The shell threshold, and how many of the peak thresholds to use."""

    shell: ShellThreshold
    levels: int

    def find(self, probability: Array, thresholds: Sequence[float], minimum_cells: int) -> Found:
        return find(probability, thresholds[: self.levels], self.shell, minimum_cells)

    def as_constants(self, prefix: str) -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        return {**self.shell.as_constants(prefix), f"{prefix}.levels": self.levels}


def from_constants(constants: dict[str, float], prefix: str, thresholds: Sequence[float]) -> Calibration:
    """The calibration saved under this prefix, or else the paper's P_shell and all thresholds."""
    levels = int(constants.get(f"{prefix}.levels", len(thresholds)))
    return Calibration(ShellThreshold.from_constants(constants, prefix), levels)


def measure(probabilities: Sequence[Array], catalogues: Sequence[Catalogue]) -> ShellThreshold:
    """P_shell(R) about the true halos; with none at all, the paper's."""
    return fit_shell(*edges(probabilities, catalogues))


def edges(probabilities: Sequence[Array], catalogues: Sequence[Catalogue]) -> tuple[Array, Array]:
    """Radius [cells] and mean probability in the shell at the edge of every true halo."""
    every = [measure_shell(p, halos) for p, halos in zip(probabilities, catalogues, strict=True)]
    radii, edge = (np.concatenate(part) for part in zip(*every, strict=True))
    return radii, edge


def calibrate(
    probabilities: Sequence[Array],
    catalogues: Sequence[Catalogue],
    shell: ShellThreshold,
    thresholds: Sequence[float],
    minimum_cells: int,
) -> Calibration:
    """Count halos threshold by threshold and stop at the true number; with no true halo at all, the paper's values."""
    true = sum(map(len, catalogues))
    if not true:
        return Calibration(ShellThreshold(), len(thresholds))
    found = np.concatenate([find(p, thresholds, shell, minimum_cells).level for p in probabilities])
    count = np.cumsum(np.bincount(found, minlength=len(thresholds)))
    return Calibration(shell, int(np.argmin(np.abs(count - true))) + 1)


def measure_shell(probability: Array, halos: Catalogue) -> tuple[Array, Array]:
    """Radius [cells] and mean probability in the shell at the edge of every true halo of a box."""
    scale = probability.shape[0] / halos.box_size
    radii = halos["lagrangian_radius"] * scale
    centres = halos["lagrangian_position"].astype(np.float64) * scale
    values = np.ascontiguousarray(probability, dtype=np.float32)
    edge = [_shell_mean(values, c, max(r - 0.5, 0.0), r + 0.5) for c, r in zip(centres, radii, strict=True)]
    return radii, np.array(edge)


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


@compiled
def _shell_mean(probability: Array, centre: Array, inner: float, outer: float) -> float:
    """Mean probability of the cells at distances [inner, outer)."""
    n = probability.shape[0]
    reach = int(np.ceil(outer))
    ci, cj, ck = int(np.floor(centre[0])), int(np.floor(centre[1])), int(np.floor(centre[2]))
    total, count = 0.0, 0
    for i in range(ci - reach, ci + reach + 2):
        for j in range(cj - reach, cj + reach + 2):
            for k in range(ck - reach, ck + reach + 2):
                r2 = (i - centre[0]) ** 2 + (j - centre[1]) ** 2 + (k - centre[2]) ** 2
                if inner * inner <= r2 < outer * outer:
                    total += probability[i % n, j % n, k % n]
                    count += 1
    return total / count
