"""Trees as the baseline of halo masses, another run of the truth as the ceiling."""

import numpy as np
import pytest

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import Number, Report
from core.recipes.halo_mass.beside import Beside, beside
from core.recipes.halo_mass.judged import JudgedParticles
from core.recipes.halo_mass.masses import of_particles
from core.recipes.halo_mass.numbers import EPS_BASELINE
from core.recipes.halo_mass.particles import drawn, halo_particles
from core.recipes.halo_mass.settings import MassRange
from core.recipes.halo_mass.without_network import COLUMN, PREFIX, fit_trees, log_masses, with_trees

MASSES = MassRange(low=11, high=14)
KEYS = ("information", "noise", "bias", "scatter", "correlation", "outliers")


@pytest.fixture(scope="module")
def made() -> dict[str, Number]:
    """Of trees that err by 0.4 dex, and of another run that errs by 0.15 and lacks every tenth particle."""
    random = np.random.default_rng(1)
    halo = np.repeat(np.arange(150), 10)
    true = np.repeat(random.uniform(11.5, 13.5, 150), 10)

    def told(error: float) -> Array:
        return true + error * random.standard_normal(len(true))

    again = np.where(np.arange(len(true)) % 10, told(0.15), -np.inf)
    judged = JudgedParticles(halo, true, told(0.3), {}, None, 0.1)
    numbers = tuple(Number(key, key, 1.0, baseline=7.0, note=f"{EPS_BASELINE}; more") for key in KEYS)
    report = beside(Report("t", numbers, {}), Beside(judged, told(0.4), again), MASSES, 2)
    assert "trees" in report.facts["baseline"]
    assert "twice the steps" in report.facts["ceiling"]
    return {number.key: number for number in report.numbers}


def test_scatter_and_information_are_those_of_the_noise(made: dict[str, Number]) -> None:
    # 1500 and 1350 draws: 2 % of a width
    assert made["rms"].value == pytest.approx(0.3, rel=0.08)
    for key in ("rms", "scatter"):
        assert made[key].baseline == pytest.approx(0.4, rel=0.08)
        assert made[key].ceiling == pytest.approx(0.15, rel=0.08)
    assert made["noise"].baseline == pytest.approx(0.4, rel=0.25)
    assert made["information"].baseline < made["information"].ceiling  # type: ignore[operator]
    assert made["correlation"].baseline < made["correlation"].ceiling  # type: ignore[operator]
    assert made["bias"].note == "more"


def test_what_trees_do_not_tell_is_left_as_it_was(made: dict[str, Number]) -> None:
    assert made["outliers"].baseline == 7
    assert made["outliers"].ceiling is None


def test_without_trees_or_another_run_nothing_is_beside() -> None:
    judged = JudgedParticles(np.arange(3), np.arange(3.0), np.arange(3.0), {}, None, 0.1)
    numbers = (Number("bias", "bias", 1.0, baseline=7.0),)
    report = beside(Report("t", numbers, {}), Beside(judged, None, None), MASSES, 2)
    assert report.numbers == (*numbers, Number("rms", "rms residual", 0.0, "dex"))
    assert report.facts == {}


def test_trees_of_a_few_boxes_tell_masses_of_another(universes: list[Universe]) -> None:
    every = [halo_particles(universe, "nbody", 10, 16) for universe in universes]
    trees = fit_trees(universes[:3], every[:3], 1)
    told = log_masses(trees, universes[3], every[3].ids)
    true = np.log10(every[3].mass)
    assert np.corrcoef(told, true)[0, 1] > 0.1
    some = drawn(every[3], 50, 1)
    plain = of_particles(universes[3], some, np.zeros(len(some)))
    kept = with_trees(plain, trees.as_tensors(PREFIX), universes[3])
    order = np.argsort(plain["id"])
    np.testing.assert_allclose(np.log10(kept[COLUMN][order]), told[np.searchsorted(every[3].ids, np.sort(some.ids))])
    assert with_trees(plain, {}, universes[3]) is plain
