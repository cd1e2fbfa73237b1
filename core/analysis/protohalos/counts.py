"""How many halos and how much mass, and which of the paper's numbers mean the same here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.protohalos.cells import LANDMARK_MASS, MASS_CLASSES
from core.cosmos.box import Catalogue
from core.cosmos.universe import Universe
from core.figures import Number
from core.protohalos.truth import TrueHalos

CUT_CELLS, CUT_MASS = 100, 3.4e12
"""The paper counts and matches halos of at least 100 of its cells of 1 Mpc (section 5.1), so many Msun, not Msun/h."""

PAPER_COUNTS, PAPER_BOX = (60_000, 55_000), 512 * 0.7
"""True and predicted halos above that cut in each of its boxes, of this side [Mpc/h] (the same section)."""

PAPER_RATIO = PAPER_COUNTS[1] / PAPER_COUNTS[0]

PAPER_MATCHED = 0.60
"""Share of them that have a match (section 5.3)."""


def learnt_from_peak_patch(truths: Sequence[TrueHalos]) -> bool:
    """Whether the truth is of the paper's kind."""
    return all("peak" in truth.halos.definition.lower() for truth in truths)


def at_the_papers_cut(universes: Sequence[Universe]) -> bool:
    """Whether a hundred cells have the mass that they have in the paper, to 5 %."""
    masses = [CUT_CELLS * universe.particle_mass / universe.cosmology.h for universe in universes]
    return all(abs(mass / CUT_MASS - 1) < 0.05 for mass in masses)


def papers_matches(same: bool) -> tuple[float | None, str]:
    """The paper's share where it is of the same halos, else a note that names it."""
    return (
        (PAPER_MATCHED, "") if same else (None, f"paper: {PAPER_MATCHED:g} of Peak Patch halos > {CUT_MASS:.2g} Msun")
    )


def densities(
    key: str,
    words: str,
    truth: Sequence[Catalogue],
    ours: Sequence[Catalogue],
    baseline: Sequence[Catalogue],
    mass: float,
    paper: bool,
) -> list[Number]:
    """True and predicted halos of at least a mass [Msun/h] in a volume; the errors are Poisson."""
    volume = sum(halos.box_size**3 for halos in truth) / 1e3
    true, found, base = (sum(len(c.at_least(mass)) for c in many) / volume for many in (truth, ours, baseline))
    told = [1e3 * count / PAPER_BOX**3 if paper else None for count in PAPER_COUNTS]
    unit = "1e-3 (h/Mpc)^3"
    return [
        Number(f"{key}_true", f"{words}, true", true, unit, float(np.sqrt(true / volume)), paper=told[0]),
        Number(key, f"{words}, predicted", found, unit, float(np.sqrt(found / volume)), base, told[1]),
    ]


def class_masses(
    truth: Sequence[Catalogue], ours: Sequence[Catalogue], baseline: Sequence[Catalogue], h: Sequence[float]
) -> list[Number]:
    """Mass in predicted halos of each class over that in true ones; the error is that of the finite number of halos."""

    def total(many: Sequence[Catalogue], low: float, high: float, power: int = 1) -> float:
        masses = np.concatenate([halos["mass"] / one for halos, one in zip(many, h, strict=True)])
        return float((masses[(masses >= low) & (masses < high)] ** power).sum())

    result = []
    for name, (words, low, high) in MASS_CLASSES.items():
        key, title = f"mass_{name}", f"mass in {name} ({words}), predicted / true"
        true = total(truth, low, high)
        if not true:
            result.append(Number(key, title, None, note="no true halos"))
            continue
        found, base, error = total(ours, low, high), total(baseline, low, high), total(ours, low, high, 2) ** 0.5
        result.append(Number(key, title, found / true, "", error / true, base / true, note=LANDMARK_MASS))
    return result
