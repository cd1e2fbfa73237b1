"""What stands beside a paper's or a baseline's number tells good masses from those of other particles."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import Report
from core.recipes.halo_mass.masses import Reading, first_crossings, of_halos, of_particles
from core.recipes.halo_mass.particles import drawn, drawn_from_each
from core.recipes.halo_mass.recipe import HaloMass
from core.runs import registry
from tests.core.recipes.impostors import judged, not_told, written

CPU = torch.device("cpu")
CANNOT_TELL = {"bias", "halo_bias"}
"""Medians of residuals: masses dealt out at random have one near zero."""
OF_THEORY = {"eps_information", "sheth_tormen_information", "never_eps", "never_sheth_tormen"}
"""What no network changes."""


@pytest.fixture(scope="module")
def reports(universes: list[Universe], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Reports in the paper's range of masses: on true masses with noise of 0.1 dex, on the same dealt out at random,
    and on a network that was not trained."""
    table = read_table("halo_mass", "smoke")
    settings = resolve(
        registry.load("halo_mass"),
        table,
        ["log_mass.low=11", "log_mass.high=13.4", "bootstraps=3", "particles.test=600"],
    )
    assert isinstance(settings, HaloMass)
    learner = settings.learner(CPU)
    learner.constants = settings.samples(universes, CPU).constants
    settings.finish(learner, universes)
    folder = tmp_path_factory.mktemp("impostors")
    held_out = universes[2:]
    crossings = [first_crossings(universe) for universe in held_out]

    def report(name: str, masses_of: Callable[[Array], Array]) -> Report:
        pairs = []
        for universe, crossing in zip(held_out, crossings, strict=True):
            every = settings.halo_particles(universe)
            some, few = drawn(every, 300, 1), drawn_from_each(every, 4, 1)
            fields = [crossing.eps, crossing.sheth_tormen]
            catalogues = {
                "particles": of_particles(universe, some, masses_of(np.log10(some.mass))),
                "halo_mass": of_halos(universe, few, masses_of(np.log10(few.mass)), Reading(0.5, 1.0, 0.0)),
                "halo_mass_eps": of_halos(universe, few, np.log10(few.mass), Reading(0.5, 1.0, 0.0)),
            }
            path = folder / f"{name}-{universe.name}.h5"
            pairs.append((universe, written(universe, fields, catalogues, path)))
        return settings.evaluate(learner, pairs)

    noise = np.random.default_rng(8)

    def good(log_mass: Array) -> Array:
        return np.asarray(log_mass + 0.1 * noise.standard_normal(len(log_mass)))

    untrained = [(u, written(u, *settings.predict(learner, u), folder / f"untrained-{u.name}.h5")) for u in held_out]
    return {
        "good": report("good", good),
        "at random": report("random", lambda log_mass: noise.permutation(good(log_mass))),
        "untrained": settings.evaluate(learner, untrained),
    }


@pytest.mark.parametrize("impostor", ["at random", "untrained"])
def test_no_impostor_passes(impostor: str, reports: dict[str, Report]) -> None:
    assert not_told(reports["good"], reports[impostor]) <= CANNOT_TELL | OF_THEORY


def test_the_numbers_that_are_judged(reports: dict[str, Report]) -> None:
    good = judged(reports["good"])
    assert {"information", "noise", "scatter", "correlation", "information_eps", "halo_scatter"} <= set(good)
    assert good["information"].paper == 0.370
