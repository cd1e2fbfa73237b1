"""The finder in other ways on the same probabilities: the tests that the paper made of its own (sections 4 and 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.figures import Table
from core.protohalos.calibration import Calibration
from core.protohalos.finder import Found, ShellThreshold, find, find_about
from core.protohalos.matching import match

FLAT = ShellThreshold(0.0, 0.65, 0.0, 0.65)
"""One P_shell for halos of every radius: similar results, says the paper."""

BETWEEN = 3
"""Thresholds that the paper's test of convergence adds between each two of its own."""


def table(
    probabilities: Sequence[Array],
    truth: Sequence[Catalogue],
    mean_density: Sequence[float],
    calibration: Calibration,
    thresholds: Sequence[float],
    minimum_cells: int,
) -> Table:
    """Halos that each way finds over the true ones, and the share of true ones that it matches.

    `truth` are the halos that count; mean_density of each box in Msun/h / (Mpc/h)^3.
    """
    used = list(thresholds[: calibration.levels])
    finer = refined(used)
    shell = calibration.shell

    def about_true_centres(probability: Array, halos: Catalogue) -> Found:
        centres = halos["lagrangian_position"].astype(np.float64) * (len(probability) / halos.box_size)
        return find_about(probability, centres, shell, minimum_cells)

    ways: dict[str, Callable[[Array, Catalogue], Found]] = {
        "as in this report": lambda p, _: find(p, used, shell, minimum_cells),
        f"P_shell = {FLAT.inner_value:g} at every radius": lambda p, _: find(p, used, FLAT, minimum_cells),
        f"{len(finer)} thresholds instead of {len(used)}": lambda p, _: find(p, finer, shell, minimum_cells),
        f"{len(lower(used))} more thresholds below": lambda p, _: find(p, [*used, *lower(used)], shell, minimum_cells),
        "from the true centres": about_true_centres,
    }
    boxes = list(zip(probabilities, truth, mean_density, strict=True))
    rows = []
    for name, way in ways.items():
        found = [way(p, halos).catalogue(halos.box_size, density) for p, halos, density in boxes]
        rows.append((name, *_judged(truth, found, mean_density, minimum_cells, probabilities)))
    return Table(
        "Halos found in other ways in the same probabilities",
        ("finder", "N / N_true", "matched", "N / N_true, > 100 cells", "matched, > 100 cells"),
        tuple(rows),
        "Paper: a flat 0.65 is similar, more thresholds are no improvement, true centres give nearly the same halos "
        "but for the most massive, whose mass function they bring nearer to the truth.",
    )


def refined(thresholds: Sequence[float]) -> list[float]:
    """Falling thresholds with three more between each two, evenly in log(1 - p)."""
    between = [1 - np.geomspace(1 - a, 1 - b, BETWEEN + 2)[:-1] for a, b in pairwise(thresholds)]
    return [float(p) for p in np.concatenate([*between, np.array(thresholds[-1:])])]


def lower(thresholds: Sequence[float]) -> list[float]:
    """Three thresholds below the last, down to its half."""
    return [float(p) for p in np.linspace(thresholds[-1], thresholds[-1] / 2, BETWEEN + 1)[1:]]


def _judged(
    truth: Sequence[Catalogue],
    found: Sequence[Catalogue],
    mean_density: Sequence[float],
    minimum_cells: int,
    probabilities: Sequence[Array],
) -> tuple[float | None, ...]:
    """N / N_true and the share matched, of all halos and of those of more than a hundred cells."""
    cells = [
        density * (halos.box_size / len(p)) ** 3
        for halos, density, p in zip(truth, mean_density, probabilities, strict=True)
    ]
    hits = np.concatenate([match(t, f) >= 0 for t, f in zip(truth, found, strict=True)])
    result: list[float | None] = []
    for least in (minimum_cells, 100):
        # the rounding of a catalogue must not drop the smallest halo that counts
        ours, true = (
            np.concatenate([halos["mass"] >= 0.999 * least * cell for halos, cell in zip(many, cells, strict=True)])
            for many in (found, truth)
        )
        count = int(true.sum())
        result += [int(ours.sum()) / count, float(hits[true].mean())] if count else [None, None]
    return tuple(result)
