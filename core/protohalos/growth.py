"""Halos of a cheap run, mended by what a network knows: unlikely cells leave, likely ones that touch a halo join it.

Groups of a cheap N-body start the halos where the peaks of a probability would merge small ones; the probability says
where they end. Both chances are measured on validation universes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from core.aside import empty
from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled
from core.protohalos.matching import match
from core.protohalos.regions import by_size, catalogue, sizes

if TYPE_CHECKING:
    import torch

STAY = (0.02, 0.05, 0.1, 0.2, 0.3)
"""Chances below which a cell leaves its halo, as they are tried."""

JOIN = (0.4, 0.5, 0.6, 0.7, 0.8)
"""Chances above which a cell joins the halo that it touches, as they are tried."""

LARGE = 5
"""Times the least mass from which halos are large where a calibration is judged."""

ROUNDS = 4
"""Cells by which a halo can grow."""


@dataclass(frozen=True)
class Growth:
    """Chance below which a cell leaves its halo, and above which one joins."""

    stay: float
    join: float

    def __call__(self, label: Array, probability: Array, minimum_cells: int) -> tuple[Array, Array]:
        """Labels (n, n, n) int32 of halos of at least `minimum_cells`, 1 for the largest, and their cells (L,)."""
        probability = np.ascontiguousarray(probability, dtype=np.float32)
        kept = empty(label.shape, np.int32)
        for plane, p, old in zip(kept, probability, label, strict=True):
            plane[...] = np.where(p >= self.stay, old, 0)
        mended = grown(kept, probability, self.join)
        return by_size(mended, sizes(mended), minimum_cells)

    def as_constants(self, prefix: str = "growth") -> dict[str, float]:
        """Plain numbers to be saved with a learner's weights."""
        return {f"{prefix}.stay": self.stay, f"{prefix}.join": self.join}


def from_constants(constants: dict[str, float], prefix: str = "growth") -> Growth:
    """What was saved by `as_constants`."""
    return Growth(constants[f"{prefix}.stay"], constants[f"{prefix}.join"])


def seeds(moved: torch.Tensor, box_size: float, minimum_cells: int) -> Array:
    """Labels (n, n, n) to begin with: the groups of a cheap run that moves particles so [Mpc/h]."""
    from core.cosmos.cheap import cheap_groups

    # groups that are almost large enough may grow
    return cheap_groups(moved, box_size, max(minimum_cells // 2, 2))


def calibrate(
    boxes: Sequence[tuple[Array, Array]], truths: Sequence[Catalogue], particle_mass: float, minimum_cells: int
) -> Growth:
    """The growth with the highest `score`.

    boxes: labels to begin with and probabilities of universes with these true halos; particle_mass [Msun/h] is that of
    a cell.
    """

    def worth(growth: Growth) -> float:
        return score(
            (truth, catalogue(*growth(*box, minimum_cells), truth.box_size, particle_mass, "groups"))
            for box, truth in zip(boxes, truths, strict=True)
        )

    return max((Growth(*pair) for pair in product(STAY, JOIN)), key=worth)


def score(pairs: Iterable[tuple[Catalogue, Catalogue]]) -> float:
    """Share of true halos with a match, minus |N / N_true - 1|, of pairs of true and found halos.

    The mean of that for all halos and for those of `LARGE` times the least true mass: most halos are small, and would
    alone decide how the few large ones are found.
    """
    pairs = list(pairs)
    masses = np.concatenate([truth["mass"] for truth, _ in pairs]) if pairs else np.zeros(0)
    if not len(masses):
        return 0.0
    matched = np.concatenate([match(truth, found) >= 0 for truth, found in pairs])
    others = np.concatenate([found["mass"] for _, found in pairs])
    worth = []
    # the rounding of a catalogue must not drop the smallest halo that counts
    for least in (0.0, 0.999 * LARGE * masses.min()):
        true = np.count_nonzero(masses >= least)
        if true:
            worth.append(float(matched[masses >= least].mean()) - abs(np.count_nonzero(others >= least) / true - 1))
    return float(np.mean(worth))


def grown(label: Array, probability: Array, least: float) -> Array:
    """Labels with the cells above a chance that touch a halo by a face: each goes to its likeliest such neighbour."""
    for _ in range(ROUNDS):
        new = empty(label.shape, np.int32)
        new[...] = label
        _grow(label, probability, float(np.float32(least)), new)
        label = new
    return label


@compiled
def _grow(label: Array, probability: Array, least: float, new: Array) -> None:
    n = label.shape[0]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if label[i, j, k] or probability[i, j, k] <= least:
                    continue
                best = -1.0
                for side in range(6):
                    step = 1 if side % 2 else -1
                    a = (i + step) % n if side < 2 else i
                    b = (j + step) % n if 2 <= side < 4 else j
                    c = (k + step) % n if side >= 4 else k
                    if label[a, b, c] and probability[a, b, c] > best:
                        best = probability[a, b, c]
                        new[i, j, k] = label[a, b, c]
