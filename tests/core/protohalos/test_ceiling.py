"""The ceiling: perfect for a truth that repeats itself, its numbers by hand, and where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from core.cosmos.box import Catalogue
from core.cosmos.universe import Universe
from core.figures import Number, Report
from core.protohalos import ceiling
from core.protohalos.truth import TrueHalos, true_halos


def test_a_truth_that_repeats_itself(universes: list[Universe]) -> None:
    truths = [true_halos(universe, "nbody", 8) for universe in universes[:2]]
    found = ceiling.scores(truths, truths, 1.0, float(truths[0].halos["mass"][0]))
    assert found == pytest.approx(dict.fromkeys(found, 1.0))


def test_twice_the_steps_come_near_but_not_there(universes: list[Universe]) -> None:
    truths = [true_halos(universe, "nbody", 8) for universe in universes[:2]]
    again = ceiling.again(universes[:2], truths, 8)
    assert again is not None
    found = ceiling.scores(truths, again, 1.0, 1e20)
    assert 0.5 < found["foreground_dice"] < 1
    assert 0.3 < found["matched"] < 1
    assert np.isnan(found["matched_large"])


def test_no_ceiling_of_other_truths(universes: list[Universe]) -> None:
    truths = [true_halos(universes[0], "nbody", 8)]
    other = TrueHalos(replace(truths[0].halos, definition="peak patch"), truths[0].label)
    assert ceiling.again(universes[:1], [other], 8) is None
    assert ceiling.again([replace(universes[0], provenance={})], truths, 8) is None


def test_numbers_by_hand() -> None:
    def halos(masses: list[float]) -> Catalogue:
        mass = np.array(masses)
        place = np.stack([np.arange(len(mass)) * 10.0] * 3, axis=1)
        columns = {"mass": mass, "lagrangian_position": place, "lagrangian_radius": np.ones(len(mass))}
        return Catalogue(columns, 64.0, 0.0, "fof", {})

    label = np.zeros((4, 4, 4), np.int32)
    label[0] = 1
    half = np.where(np.arange(4)[:, None] < 2, label, 0)
    found = ceiling.scores([TrueHalos(halos([9.0, 5.0, 2.0]), label)], [TrueHalos(halos([9.0, 5.0]), half)], 1.0, 5.0)
    assert found["matched"] == pytest.approx(2 / 3)
    assert (found["matched_large"], found["pure"], found["count_large"]) == (1, 1, 1)
    assert found["count"] == pytest.approx(2 / 3)
    assert found["collapsed_fraction"] == 0.5
    assert found["foreground_dice"] == pytest.approx(2 * 8 / 24)


def test_a_report_gets_its_ceilings() -> None:
    report = Report("t", (Number("a", "A", 1.0), Number("b", "B", 2.0)), {})
    made = ceiling.with_ceiling(report, {"a": 1.5, "b": float("nan"), "c": 3.0})
    assert [number.ceiling for number in made.numbers] == [1.5, None]
    assert "twice the steps" in made.facts["ceiling"]
    assert ceiling.with_ceiling(report, {"c": 3.0}) == report
