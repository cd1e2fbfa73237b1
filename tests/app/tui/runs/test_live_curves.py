"""Live curves: what thinning and smoothing keep."""

from __future__ import annotations

import numpy as np
import pytest

from app.tui.screens.runs.curves import MOST_BINS, live_curves, smoothed, thinned
from core.runs.history import History


@pytest.mark.parametrize("count", [1, 799, 801, 5003, 100_000])
def test_thinning_keeps_the_extremes_and_the_order(count: int) -> None:
    rng = np.random.default_rng(3)
    steps, values = np.arange(count, dtype=float), rng.normal(size=count)
    values[rng.integers(0, count, count // 10)] = np.nan
    values[0] = 7.0
    few_steps, few = thinned(steps, values)
    assert len(few) <= max(2 * MOST_BINS, 1)
    assert np.all(np.diff(few_steps) > 0)
    np.testing.assert_array_equal(few, values[few_steps.astype(int)])
    assert np.nanmin(few) == np.nanmin(values)
    assert np.nanmax(few) == np.nanmax(values)


def test_smoothing_is_the_mean_of_the_neighbours() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 9.0, 1.0])
    expected = [np.nanmean(values[max(0, k - 2) : k + 3]) for k in range(len(values))]
    np.testing.assert_allclose(smoothed(values), expected)


def test_smoothing_keeps_a_straight_line() -> None:
    values = np.linspace(0.0, 1.0, 1001)
    inner = slice(50, -50)
    np.testing.assert_allclose(smoothed(values)[inner], values[inner], atol=1e-12)


def test_training_and_validation_are_overlaid() -> None:
    history = History()
    history.add({"event": "step", "step": step, "loss": 1.0 / step} for step in range(1, 20))
    history.add({"event": "validation", "step": step, "loss": 2.0 / step, "dice": 0.5} for step in (5, 10))
    both = live_curves({"run": history}, "loss", log=True, smooth=False)
    assert [series.name for series in both.series] == ["training", "validation"]
    assert both.y_log
    np.testing.assert_allclose(both.series[0].y, 1.0 / np.arange(1, 20))
    np.testing.assert_array_equal(both.series[1].x, [5, 10])
    dice = live_curves({"run": history}, "dice", log=False, smooth=True)
    assert [series.name for series in dice.series] == ["validation"]
    smoothed = live_curves({"run": history}, "loss", log=False, smooth=True)
    assert smoothed.series[0].name == "training, smoothed"


def test_what_goes_below_zero_has_a_linear_axis() -> None:
    history = History()
    history.add({"event": "step", "step": step, "loss": 2.0 - step} for step in range(1, 5))
    curves = live_curves({"run": history}, "loss", log=True, smooth=False)
    assert not curves.y_log
    assert curves.y_limits is not None
    assert curves.y_limits[0] <= -2
