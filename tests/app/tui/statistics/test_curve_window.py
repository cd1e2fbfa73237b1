"""Windows and cursors on curves."""

from dataclasses import replace

import numpy as np
import pytest

from app.tui.screens.statistics.curve_window import CurveWindow, panned, stepped, turned_x, whole, zoomed
from core.figures import Curves, Series

K = np.geomspace(0.1, 10.0, 21)
POWER = Curves(
    "", (Series("a", K, K**-2), Series("theory", K, K**-2, style="dashed")), "k", "P", x_log=True, y_log=True
)


def test_zoom_keeps_the_cursor_where_it_is() -> None:
    assert whole(POWER) == pytest.approx((0.1, 10))
    closer = zoomed(POWER, CurveWindow(cursor=0.1 * 10**0.5), 2)
    assert closer.x_range == pytest.approx((0.1 * 10**0.25, 0.1 * 10**1.25))
    assert zoomed(POWER, closer, 0.5).x_range is None
    assert zoomed(POWER, closer, 0).x_range is None
    low, high = zoomed(POWER, CurveWindow(), 1e9).x_range or (0, 0)
    assert np.log10(high / low) == pytest.approx(0.04)


def test_pan_ends_at_the_edge() -> None:
    window = zoomed(POWER, CurveWindow(), 4)
    for _ in range(9):
        window = panned(POWER, window, 1)
    assert window.x_range == pytest.approx((10**0.5, 10))
    assert panned(POWER, CurveWindow(), 1) == CurveWindow()


def test_the_cursor_steps_from_point_to_point_within_the_window() -> None:
    window = stepped(POWER, CurveWindow(), 1)
    assert window.cursor == K[10]
    assert stepped(POWER, window, -3).cursor == K[7]
    inside = replace(window, x_range=(0.9, 1.4))
    assert stepped(POWER, inside, 9).cursor == pytest.approx(K[11])
    gap = replace(POWER, series=(Series("a", K, np.full(21, np.nan)),))
    assert stepped(gap, CurveWindow(), 1) == CurveWindow()


def test_theory_and_bands_go_but_not_what_all_is_compared_with() -> None:
    banded = replace(POWER, series=(replace(POWER.series[0], low=K, high=K), POWER.series[1]), ratio_to="theory")
    shown = CurveWindow(x_log=False, x_range=(1, 2)).applied(banded, "5 %", theory=False, bands=False)
    assert [series.name for series in shown.series] == ["a", "theory"]
    assert shown.series[0].low is None
    assert shown.ratio_limits == (0.95, 1.05)
    assert (shown.x_log, shown.y_log, shown.x_limits) == (False, True, (1, 2))
    alone = CurveWindow().applied(replace(POWER, ratio_to="a"), "fitted", theory=False, bands=True)
    assert [series.name for series in alone.series] == ["a"]


def test_another_axis_has_another_window() -> None:
    window = CurveWindow(x_range=(-1, 1), cursor=-0.5)
    assert turned_x(window, log=True) == CurveWindow(x_log=True)
    assert turned_x(window, log=False) == CurveWindow(x_log=False, cursor=-0.5)
