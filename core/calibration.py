"""What the halo finder needs to know, measured on universes whose halos are known.

P_shell(R) is the mean probability in the shell at the edge of a true halo of radius R, fitted by two straight lines
(arXiv:1805.04537, figure 5); the list of peak thresholds is cut where it gives the true number of halos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.finder import Found, ShellThreshold, find, shell_mean


@dataclass(frozen=True)
class Calibration:
    """The shell threshold, and how many of the peak thresholds to use."""

    shell: ShellThreshold
    levels: int

    def find(self, probability: Array, thresholds: Sequence[float], minimum_cells: int) -> Found:
        return find(probability, thresholds[: self.levels], self.shell, minimum_cells)

    def as_constants(self, prefix: str) -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        return {f"{prefix}.{name}": value for name, value in {**asdict(self.shell), "levels": self.levels}.items()}


def from_constants(constants: dict[str, float], prefix: str, thresholds: Sequence[float]) -> Calibration:
    """The calibration saved under this prefix, or else the paper's P_shell and all thresholds."""
    saved = {
        name.removeprefix(f"{prefix}."): value for name, value in constants.items() if name.startswith(f"{prefix}.")
    }
    levels = int(saved.pop("levels", len(thresholds)))
    return Calibration(ShellThreshold(**saved), levels)


def calibrate(
    probabilities: Sequence[Array], catalogues: Sequence[Catalogue], thresholds: Sequence[float], minimum_cells: int
) -> Calibration:
    """Measure P_shell(R), then count halos threshold by threshold; with no true halo at all, the paper's values."""
    edges = [measure_shell(p, c, minimum_cells) for p, c in zip(probabilities, catalogues, strict=True)]
    radii, edge = (np.concatenate(part) for part in zip(*edges, strict=True))
    if not len(radii):
        return Calibration(ShellThreshold(), len(thresholds))
    shell = fit_shell(radii, edge)
    found = np.concatenate([find(p, thresholds, shell, minimum_cells).level for p in probabilities])
    count = np.cumsum(np.bincount(found, minlength=len(thresholds)))
    return Calibration(shell, int(np.argmin(np.abs(count - len(radii)))) + 1)


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


def _shell_at(probability: Array, centre: Array, radius: float) -> float:
    """Mean probability in the shell one cell wide around a radius."""
    values = np.ascontiguousarray(probability, dtype=np.float32)
    return float(shell_mean(values, np.zeros((1, 1, 1), np.int32), centre, max(radius - 0.5, 0.0), radius + 0.5, -1))
