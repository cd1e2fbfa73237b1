"""What stands beside a paper's or a baseline's number tells the truth from halos of another seed or in wrong places."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.box import Array, Field
from core.cosmos.universe import Universe
from core.figures import Report
from core.protohalos.regions import catalogue
from core.recipes.distance_map.numbers import COUNTS_ALONE
from core.recipes.distance_map.recipe import DistanceMap
from core.runs import registry
from tests.core.recipes.impostors import judged, not_told, written

CPU = torch.device("cpu")
CANNOT_TELL = {"voxel_bias"}
"""A median of all cells: as many are too heavy as too light wherever they are."""


@pytest.fixture(scope="module")
def reports(universes: list[Universe], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """The report on four universes of the truth, of the truth of the next seed, of the truth half a box away, and of a
    network that was not trained."""
    settings = resolve(registry.load("distance_map"), read_table("distance_map", "smoke"), [])
    assert isinstance(settings, DistanceMap)
    learner = settings.learner(CPU)
    learner.constants.update(settings.samples(universes, CPU).constants)
    settings.finish(learner, universes)
    folder = tmp_path_factory.mktemp("impostors")

    def labelled(name: str, label_of: Callable[[int], Array]) -> Report:
        pairs = []
        for number, universe in enumerate(universes):
            label = label_of(number)
            cells = np.bincount(label.reshape(-1))[1:]
            halos = catalogue(label, cells, universe.box_size, universe.particle_mass, name)
            values = {"distance": settings.true_distance(label), "label": label.astype(np.int32)}
            fields = [Field(key, value, universe.box_size) for key, value in values.items()]
            path = folder / f"{name}-{universe.name}.h5"
            pairs.append((universe, written(universe, fields, {"distance_map": halos}, path)))
        return settings.evaluate(learner, pairs)

    true = [settings.true_halos(universe).label for universe in universes]
    untrained = [(u, written(u, *settings.predict(learner, u), folder / f"untrained-{u.name}.h5")) for u in universes]
    return {
        "truth": labelled("truth", lambda number: true[number]),
        "another seed": labelled("other", lambda number: true[number - 1]),
        "half a box away": labelled("away", lambda number: np.roll(true[number], 8, (0, 1, 2))),
        "untrained": settings.evaluate(learner, untrained),
    }


@pytest.mark.parametrize("impostor", ["another seed", "half a box away", "untrained"])
def test_no_impostor_passes(impostor: str, reports: dict[str, Report]) -> None:
    passed = not_told(reports["truth"], reports[impostor])
    # what halos anywhere would pass says so itself
    assert passed <= {n.key for n in reports[impostor].numbers if COUNTS_ALONE in n.note} | CANNOT_TELL


def test_the_numbers_that_are_judged(reports: dict[str, Report]) -> None:
    known = judged(reports["truth"])
    assert {"distance_loss", "correlation", "foreground_dice", "matched", "pure", "voxel_scatter"} <= set(known)
    counts = {key for key, number in known.items() if COUNTS_ALONE in number.note}
    assert counts >= {"halos", "density", "halos_ratio", "mass_function", "collapsed_fraction"}
    assert len(known) - len(counts) >= 7
