"""Windows and cursors on curves."""

from dataclasses import replace

import numpy as np
import pytest

from app.tui.screens.statistics.curve_window import Look, panned, stepped, turned_x, whole, zoomed
from core.figures import Curves, Series

K = np.geomspace(0.1, 10.0, 21)
POWER = Curves(
    "", (Series("a", K, K**-2), Series("theory", K, K**-2, style="dashed")), "k", "P", x_log=True, y_log=True
)


def test_zoom_keeps_the_cursor_where_it_is() -> None:
    assert whole(POWER) == pytest.approx((0.1, 10))
    closer = zoomed(POWER, Look(cursor=0.1 * 10**0.5), 2)
    assert closer.window == pytest.approx((0.1 * 10**0.25, 0.1 * 10**1.25))
    assert zoomed(POWER, closer, 0.5).window is None
    assert zoomed(POWER, closer, 0).window is None
    low, high = zoomed(POWER, Look(), 1e9).window or (0, 0)
    assert np.log10(high / low) == pytest.approx(0.04)


def test_pan_ends_at_the_edge() -> None:
    look = zoomed(POWER, Look(), 4)
    for _ in range(9):
        look = panned(POWER, look, 1)
    assert look.window == pytest.approx((10**0.5, 10))
    assert panned(POWER, Look(), 1) == Look()


def test_the_cursor_steps_from_point_to_point_within_the_window() -> None:
    look = stepped(POWER, Look(), 1)
    assert look.cursor == K[10]
    assert stepped(POWER, look, -3).cursor == K[7]
    inside = replace(look, window=(0.9, 1.4))
    assert stepped(POWER, inside, 9).cursor == pytest.approx(K[11])
    gap = replace(POWER, series=(Series("a", K, np.full(21, np.nan)),))
    assert stepped(gap, Look(), 1) == Look()


def test_theory_and_bands_go_but_not_what_all_is_compared_with() -> None:
    banded = replace(POWER, series=(replace(POWER.series[0], low=K, high=K), POWER.series[1]), ratio_to="theory")
    shown = Look(x_log=False, window=(1, 2)).applied(banded, 0.05, theory=False, bands=False)
    assert [series.name for series in shown.series] == ["a", "theory"]
    assert shown.series[0].low is None
    assert shown.ratio_limits == (0.95, 1.05)
    assert (shown.x_log, shown.y_log, shown.x_limits) == (False, True, (1, 2))
    alone = Look().applied(replace(POWER, ratio_to="a"), 0.0, theory=False, bands=True)
    assert [series.name for series in alone.series] == ["a"]


def test_another_axis_has_another_window() -> None:
    look = Look(window=(-1, 1), cursor=-0.5)
    assert turned_x(look, log=True) == Look(x_log=True)
    assert turned_x(look, log=False) == Look(x_log=False, cursor=-0.5)
