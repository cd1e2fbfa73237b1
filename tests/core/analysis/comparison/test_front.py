"""Fronts of made-up points."""

import numpy as np

from core.analysis.comparison.front import MISS, Score, figure, fronts, on_front, words
from core.figures import Curves

WAYS = {
    "cheap": Score(1.0, False, 0.5, 0.6, 0.3),
    "worse": Score(2.0, False, 0.4, 0.7, 0.3),
    "network": Score(3.0, False, 0.8, 0.65, 0.0),
    "unmeasured": Score(float("nan"), False, 1.0, 1.0, 0.0),
    "on a GPU": Score(0.1, True, 0.9, 0.9, 0.1),
}


def test_the_front_is_what_nothing_beats() -> None:
    cost, quality = np.array([1, 2, 2, 3, 4, 1]), np.array([1, 3, 2, 3, 5, 1])
    # the second is as good as the fourth for less; equal points are both on it
    assert list(on_front(cost, quality)) == [True, True, False, False, True, True]
    assert list(on_front(np.zeros(0), np.zeros(0))) == []


def test_the_front_by_brute_force() -> None:
    random = np.random.default_rng(1)
    cost, quality = random.integers(0, 8, 60), random.integers(0, 8, 60)
    for i, front in enumerate(on_front(cost, quality)):
        beaten = any(
            cost[j] <= cost[i] and quality[j] >= quality[i] and (cost[j], quality[j]) != (cost[i], quality[i])
            for j in range(60)
        )
        assert front == (not beaten)


def test_ways_on_each_front() -> None:
    assert fronts(WAYS) == {
        "true halos matched": ["cheap", "network", "on a GPU"],
        "Dice of the cells in halos": ["cheap", "worse", "on a GPU"],
        "|N / N_true - 1|": ["cheap", "network", "on a GPU"],
    }


def test_words_say_where_a_network_is_not() -> None:
    said = words(WAYS, ["network"])
    assert "true halos matched: cheap, network, on a GPU;" in said
    assert "Networks: network not in Dice of the cells in halos." in said
    assert "On a GPU, among themselves: on a GPU." in said
    assert "Networks: on all fronts." in words({"network": WAYS["network"]}, ["network"])


def test_a_point_for_each_way_that_was_measured() -> None:
    row = figure(WAYS)
    assert len(row.figures) == 3
    assert row.one_key
    for panel in row.figures:
        assert isinstance(panel, Curves)
        # the cheapest first, one letter in all panels
        assert [series.name for series in panel.series] == ["on a GPU (GPU)", "cheap", "worse", "network"]
        assert [(series.style, series.sign) for series in panel.series] == [("points", sign) for sign in "ABCD"]
    counts = row.figures[2]
    assert isinstance(counts, Curves)
    assert [float(series.y[0]) for series in counts.series] == [0.1, 0.3, 0.3, MISS]
    assert figure({}).figures[0].series == ()  # type: ignore[union-attr]
