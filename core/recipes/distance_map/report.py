"""The report on halos cut from distance maps, beside the truth, the uncut watershed and a baseline without network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.analysis.protohalos import verdict
from core.aside import aside
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import Figure, Report
from core.progress import Progress, each, silent
from core.protohalos.boosted import PhysicsTrees
from core.recipes.distance_map import figures as draw
from core.recipes.distance_map import numbers as measure
from core.recipes.distance_map.baseline import fit_cut
from core.recipes.distance_map.baseline import words as baseline_words
from core.recipes.distance_map.cut import from_constants
from core.recipes.distance_map.judged import Rules, judge


def report(
    title: str,
    paper: str,
    constants: dict[str, float],
    trees: PhysicsTrees | None,
    pairs: Sequence[tuple[Universe, Universe]],
    rules: Rules,
    blind: Callable[[Universe], Array] | None = None,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes. An error is the standard error of the mean over boxes, or Poisson's.

    `blind` tells the distance in a universe to a network that sees the displacement, without it.
    """
    boxes = [aside(judge(constants, trees, *pair, rules)) for pair in each(progress, pairs, lambda pair: pair[0].name)]
    first, cells = boxes[0].universe, rules.minimum_cells
    minimum = cells * min(box.universe.particle_mass for box in boxes)
    relation = from_constants(constants, "cut")
    here = fit_cut(
        ((box.distance, box.basins) for box in boxes),
        [box.universe for box in boxes],
        [box.truth.halos for box in boxes],
        cells,
    )
    masses = {
        name: [measure.voxels(box.truth, getattr(box, way)) for box in boxes]
        for name, way in {"after the cut": "network", "before the cut": "raw"}.items()
    }
    figures: dict[str, Figure] = {
        "slices": draw.slices(boxes[0]),
        "zoom": draw.zoom(boxes[0]),
        "mass_function": draw.mass_functions(boxes, minimum),
        "counts": draw.counts(boxes, minimum),
        "voxel_masses": draw.voxel_masses(masses["after the cut"], minimum),
        "voxel_masses_raw": draw.voxel_masses(masses["before the cut"], minimum, "before the cut"),
        "cut": draw.plane(boxes, relation, cells),
        "trajectories": draw.trajectories(boxes, relation, here, cells),
    }
    facts = {
        "paper": paper,
        "universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {first.box_size / first.cells:.3g} Mpc/h",
        "true halos": f"{boxes[0].truth.halos.definition}, at least {minimum:.3g} Msun/h",
        "inputs": rules.inputs,
        "regions begin": "as groups of the cheap N-body, and at peaks that touch none"
        if rules.begin == "groups"
        else "at peaks of the distance",
        "cut": "uniform"
        if rules.cut == "uniform"
        else f"{len(relation.volume)} knots fitted to the mass function of the training universes",
        "baseline": baseline_words(constants, trees),
    }
    uniform = "cut.uniform" in constants
    if uniform:
        facts["uniform cut"] = f"at {relation.uniform:.3g}, fitted to the number of halos of the training universes"
    training = {key: constants[f"training.{key}"] for key in measure.TRAINING if f"training.{key}" in constants}
    numbers = [
        *measure.of_cells(constants["flooded.scale"], boxes, rules.loss, blind),
        *measure.of_halos(boxes, minimum, training, uniform),
        *measure.of_voxels(boxes, training, uniform),
    ]
    said = tuple(filter(None, (verdict.words(numbers, "trees" if trees else "the smoothed density"), *NOTES)))
    return Report(title, tuple(numbers), figures, said, facts)


NOTES = (
    "The paper's halos are HOP groups of at least 4525 particles in one box of 100 Mpc/h; its numbers are a landmark, "
    "not the same measurement.",
    "A match has its centre inside the true halo's Lagrangian sphere and its radius within 25 %.",
    "The watershed without the cut floods every cell above its floor: the cut is what gives the regions their size. It "
    "is fitted to N(> M) of the training universes: that N(> M) agrees shows that the fit holds for other universes, "
    "not that halos are where they should be. By chance is what the same halos score half a box away.",
    "These figures for a universe that was trained on: `halodeck predict RUN UNIVERSE`.",
)
