"""What one would do without a network, measured along with every network on halos.

Trees on physics give every cell a chance, from which halos grow in shells as the networks' do. Where they see a cheap
N-body, its groups are the halos to begin with, as a network's may be. Both are calibrated as the networks' are. Runs of
before they were there have the smoothed density in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.aside import aside
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.learning.training_set import Parts
from core.protohalos import baseline, growth
from core.protohalos.boosted import BOXES, PhysicsTrees, fit_cells, from_saved
from core.protohalos.calibration import calibrate, from_constants, measure
from core.protohalos.dynamics import CheapRun
from core.protohalos.finder import Found
from core.protohalos.regions import centres
from core.protohalos.truth import TrueHalos

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Network

PREFIX = "trees"
"""Of all that is saved of the trees."""
GROWTH = f"{PREFIX}.growth"
"""Of how their halos grow from groups."""


@dataclass(frozen=True)
class Guess:
    """What is said of a box (n, n, n): a score by which cells are ranked, a chance, a mask; and the halos."""

    score: Array
    chance: Array
    mask: Array
    found: Found


@dataclass(frozen=True)
class WithoutNetwork:
    """The baseline of a run: its trees, or without any its smoothed density."""

    constants: dict[str, float]
    trees: PhysicsTrees | None

    @property
    def name(self) -> str:
        return "trees" if self.trees else "smoothed density"

    @property
    def words(self) -> str:
        """What it is, for the facts of a report."""
        if self.trees:
            way = "groups of that run, mended by their chances" if self._grows else "shells"
            return f"{trees_words(self.trees)}; halos: {way}"
        smoothing, fraction = self.constants["baseline.smoothing"], self.constants["baseline.fraction"]
        return (
            f"linear density smoothed by a Gaussian of {smoothing:g} cells, "
            f"cut at the collapsed fraction {fraction:.3f}; halos: shells"
        )

    @property
    def _grows(self) -> bool:
        return self.trees is not None and self.trees.run is not None and f"{GROWTH}.stay" in self.constants

    def guess(self, universe: Universe, minimum_cells: int) -> Guess:
        """What it says of a universe."""
        return aside(self._guess(universe, minimum_cells))

    def _guess(self, universe: Universe, minimum_cells: int) -> Guess:
        if self.trees and self._grows:
            moved = self.trees.outcome(universe)
            assert moved is not None
            chance = self.trees.chance(universe, moved)
            mended = growth.from_constants(self.constants, GROWTH)
            begun = growth.seeds(moved, universe.box_size, minimum_cells)
            return Guess(chance, chance, chance > 0.5, as_found(*mended(begun, chance, minimum_cells)))
        if self.trees:
            chance = self.trees.chance(universe)
            finder = from_constants(self.constants, f"{PREFIX}.finder", baseline.THRESHOLDS)
            found = finder.find(chance, baseline.THRESHOLDS, minimum_cells)
            return Guess(chance, chance, chance > 0.5, found)
        return smoothed_density(universe, self.constants, minimum_cells)


def smoothed_density(universe: Universe, constants: dict[str, float], minimum_cells: int) -> Guess:
    """What the smoothed density says of a universe; its mask is its chance."""
    field = baseline.smoothed(universe.field("delta_linear").values, constants["baseline.smoothing"])
    mask = baseline.cut(field, constants["baseline.fraction"])
    return Guess(field, mask, mask, baseline.find(field, constants, minimum_cells))


def as_found(label: Array, cells: Array) -> Found:
    """Labels and their cells as what a finder finds, all at once."""
    radii = np.cbrt(3 / (4 * np.pi) * cells)
    return Found(label, centres(label, len(cells)), radii, np.zeros(len(cells), dtype=np.int64))


def trees_words(trees: PhysicsTrees) -> str:
    """What the trees saw."""
    more = ""
    if trees.run:
        more = f" and of the cheap N-body ({trees.run.steps} steps, mesh ratio {trees.run.mesh_ratio:g})"
    return f"boosted trees on densities, tides and spheres of the linear density{more}, of up to {BOXES} training boxes"


def of(constants: dict[str, float], tensors: Mapping[str, torch.Tensor]) -> WithoutNetwork:
    """The baseline among what a learner has saved."""
    return WithoutNetwork(constants, from_saved(tensors, PREFIX))


def measure_baselines(
    learner: Network,
    parts: Parts[Universe],
    true_halos: Callable[[Universe], TrueHalos],
    minimum_cells: int,
    seed: int,
    run: CheapRun | None = None,
) -> None:
    """Fit the trees to training universes, calibrate them and the smoothed density on those of validation, and keep
    both with the learner. `run` is the cheap run that the network sees, if any: the trees see it too."""
    trees = fit_cells(
        parts.training, lambda u: true_halos(u).mask, "chance", seed, run, learner.constants.get("redshift", 0.0)
    )
    halos, masks, chances, begun = [], [], [], []
    for universe in parts.validation:
        truth, moved = true_halos(universe), trees.outcome(universe)
        halos.append(truth.halos)
        masks.append(aside(truth.mask))
        chances.append(aside(trees.chance(universe, moved)))
        if moved is not None:
            begun.append(aside(growth.seeds(moved, universe.box_size, minimum_cells)))
    finder = calibrate(chances, halos, measure(chances, halos), baseline.THRESHOLDS, minimum_cells)
    densities = [np.asarray(universe.field("delta_linear").values) for universe in parts.validation]
    learner.constants.update(baseline.fit(densities, masks, halos, minimum_cells))
    learner.constants.update(finder.as_constants(f"{PREFIX}.finder"))
    if begun:
        boxes = list(zip(begun, chances, strict=True))
        mended = growth.calibrate(boxes, halos, parts.validation[0].particle_mass, minimum_cells)
        learner.constants.update(mended.as_constants(GROWTH))
    learner.tensors.update(trees.as_tensors(PREFIX))
