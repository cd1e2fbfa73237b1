"""Curves of runs that differ by their seed: their mean, with the scatter as a band."""

import numpy as np
import pytest

from core.analysis.comparison.reports import compare_reports
from core.analysis.comparison.seeds import banded, groups, together
from core.cosmos.box import Array
from core.figures import Curves, Report, Row, Series, Slice

X = np.arange(3.0)


def curves(height: float, band: float | None = None, x: Array = X) -> Curves:
    y = np.full(len(x), height)
    own = Series("network", x, y) if band is None else Series("network", x, y, y - band, y + band)
    return Curves("T", (Series("truth", x, x), own), "x", "y", ratio_to="truth")


def test_runs_are_grouped_by_all_but_the_seed() -> None:
    told = [{"seed": "1", "kind": "raw"}, {"seed": "1", "kind": "averaged"}, {"seed": "2", "kind": "raw"}]
    assert groups(["a", "b", "c"], told) == [["a", "c"], ["b"]]
    assert groups(["a", "b"], []) == [["a"], ["b"]]


def test_a_band_is_the_scatter_of_the_seeds() -> None:
    found = banded([curves(1), curves(2), curves(6)])
    assert isinstance(found, Curves)
    truth, network = found.series
    assert truth.name == "truth"
    assert truth.low is None
    assert network.y == pytest.approx(np.full(3, 3.0))
    assert network.high is not None
    assert network.high - network.y == pytest.approx(np.full(3, np.std([1, 2, 6], ddof=1)))
    assert found.ratio_to == "truth"


def test_a_band_that_means_something_else_stays() -> None:
    found = banded([curves(1, 0.5), curves(3, 1.5)])
    assert isinstance(found, Curves)
    network = found.series[1]
    assert network.low is not None
    assert network.low == pytest.approx(np.full(3, 1.0))


def test_what_cannot_be_averaged_stays_apart() -> None:
    image = Slice("image", np.eye(3), (0, 1, 0, 1))
    assert banded([curves(1), curves(1, x=np.arange(4.0))]) is None
    assert banded([image, image]) is None
    assert banded([Row("R", (curves(1), image)), Row("R", (curves(1), image))]) is None
    shown = [("a", image), ("b", image)]
    assert together(shown, [["a", "b"]]) == shown


def test_two_kinds_of_three_and_one_seeds() -> None:
    heights = {"raw-1": 1.0, "averaged": 5.0, "raw-2": 3.0}
    reports = [(name, Report(name, (), {"r": Row("R", (curves(h), curves(2 * h)))})) for name, h in heights.items()]
    told = [{"seed": str(seed), "kind": name[:3]} for seed, name in enumerate(heights)]
    row = compare_reports(reports, told).figures["r"]
    assert isinstance(row, Row)
    for panel in row.figures:
        assert isinstance(panel, Curves)
        names = [item.name for item in panel.series]
        assert names == ["truth", "raw-1 and 1 more: network, 2 seeds and their scatter", "averaged: network"]
