"""Verdicts on halos that stand where they are put."""

from __future__ import annotations

import numpy as np

from core.analysis.lens.verdicts import verdicts
from core.cosmos.box import Catalogue

BOX = 50.0


def catalogue(*halos: tuple[float, float]) -> Catalogue:
    """Halos on a line: where, and how large [Mpc/h]."""
    x, radius = (np.array([halo[k] for halo in halos]) for k in (0, 1))
    place = np.stack([x, np.full(len(x), 25.0), np.full(len(x), 25.0)], axis=1)
    columns = {"mass": radius**3, "position": place, "lagrangian_position": place, "lagrangian_radius": radius}
    return Catalogue(columns, BOX)


def test_matched_merged_and_missed() -> None:
    truth = catalogue((10.0, 5.0), (14.5, 1.5), (40.0, 2.0))
    said = verdicts(truth, catalogue((10.2, 5.2), (25.0, 2.0)))
    assert said.true == ("matched", "merged", "missed")
    assert said.true_with.tolist() == [0, 0, -1]
    assert said.predicted == ("matched", "false")
    assert (said.count("matched"), said.count("missed"), said.count("false")) == (1, 1, 1)


def test_two_halos_in_one_that_matches_neither_are_merged() -> None:
    said = verdicts(catalogue((10.0, 3.0), (14.0, 3.0)), catalogue((12.0, 6.0)))
    assert said.true == ("merged", "merged")
    assert said.predicted == ("false",)
    # and one halo that is found in pieces is missed, the pieces split
    pieces = verdicts(catalogue((12.0, 6.0)), catalogue((10.0, 3.0), (14.0, 3.0)))
    assert pieces.true == ("missed",)
    assert pieces.predicted == ("split", "split")
    assert pieces.predicted_with.tolist() == [0, 0]


def test_the_box_is_periodic_and_may_be_empty() -> None:
    assert verdicts(catalogue((0.5, 4.0), (2.5, 1.0)), catalogue((49.8, 4.0))).true == ("matched", "merged")
    empty = catalogue((1.0, 1.0)).at_least(99.0)
    assert verdicts(catalogue((1.0, 1.0)), empty).true == ("missed",)
    assert verdicts(empty, catalogue((1.0, 1.0))).predicted == ("false",)
