"""Every number beside a paper's or a baseline's tells the truth from what is not the truth."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.box import Field
from core.cosmos.universe import Universe
from core.figures import Report
from core.protohalos.truth import TrueHalos
from core.recipes.halonet.recipe import HaloNet
from core.runs import registry
from tests.core.recipes.impostors import judged, not_told, random_halos, written

COUNTS = {"halos", "density", "density_large", "mass_function", "mass_function_large", "collapsed_fraction"}
MASSES = {"mass_clusters", "mass_groups", "mass_galaxies", "mass_smaller"}
POWERS = {"power_ratio_tenth", "power_ratio_third", "power_ratio", "eulerian_power_ratio"}

HALONET = {
    # as many halos of the same masses are what they are
    "random points": COUNTS | MASSES,
    # halos of another seed are as many, as massive and as clustered
    "another seed": COUNTS | MASSES | POWERS,
    # who says nowhere that there is a halo is wrong about none: its true positives tell. The few regions that it finds
    # are peaks of a filtered density: one may hold as much as all clusters, their shapes may be those of halos
    "untrained": {
        "false_positive_rate",
        "mass_clusters",
        "mass_bias",
        "ellipticity_distance",
        "prolateness_distance",
    },
}
"""What a number of the report cannot tell from the truth by its nature."""


@pytest.fixture(scope="module")
def halonet(
    universes: list[Universe], wide_universes: list[Universe], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Report]:
    """The report on the truth itself and on each impostor, over two universes."""
    settings = resolve(registry.load("halonet"), read_table("halonet", "smoke"), [])
    assert isinstance(settings, HaloNet)
    learner = settings.learner(torch.device("cpu"))
    learner.constants.update(settings.samples(universes, torch.device("cpu")).constants)
    settings.finish(learner, universes)
    folder = tmp_path_factory.mktemp("predictions")
    truths = [settings.true_halos(universe) for universe in wide_universes]

    def perfect(name: str, halos: list[TrueHalos]) -> Iterator[Universe]:
        for universe, own in zip(wide_universes, halos, strict=True):
            fields = [
                Field("probability", own.mask.astype(np.float32), universe.box_size),
                Field("label", own.label, universe.box_size),
            ]
            yield written(universe, fields, {"halonet": own.halos}, folder / f"{name}-{universe.name}.h5")

    predictions = {
        "truth": perfect("truth", truths),
        "random points": perfect("random", [random_halos(truth) for truth in truths]),
        "another seed": perfect("other", truths[::-1]),
        "untrained": (
            written(universe, *settings.predict(learner, universe), folder / f"untrained-{universe.name}.h5")
            for universe in wide_universes
        ),
    }
    return {
        name: settings.evaluate(learner, list(zip(wide_universes, made, strict=True)))
        for name, made in predictions.items()
    }


@pytest.mark.parametrize("impostor", HALONET)
def test_halonet_tells_the_truth_from(impostor: str, halonet: dict[str, Report]) -> None:
    assert not_told(halonet["truth"], halonet[impostor]) <= HALONET[impostor]


def test_halonet_has_many_numbers_to_judge(halonet: dict[str, Report]) -> None:
    keys = set(judged(halonet["truth"]))
    assert len(keys) > 25
    # what may be missing is a class of halos that such boxes do not hold
    assert set().union(*HALONET.values()) - keys <= {"mass_smaller"}


def test_random_points_have_no_clustering(halonet: dict[str, Report]) -> None:
    numbers = {n.key: n for n in halonet["random points"].numbers}
    for key in ("eulerian_power_ratio", "eulerian_correlation", "correlation"):
        value, error = numbers[key].value, numbers[key].error
        assert value is not None
        assert error is not None
        assert abs(value) < 4 * error < 0.5
