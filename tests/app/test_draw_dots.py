"""Lines, error bars, bands and marks of what lies outside, dot by dot."""

from dataclasses import replace

import numpy as np

from app.draw import draw
from app.draw.canvas import Canvas
from app.draw.dots import Grid, lay
from app.draw.frame import Axes
from app.draw.limits import ratio_limits
from app.draw.ratio import between, ratios
from core.figures import Curves, Series

GRID = Grid(Axes((0.0, 10.0), (0.0, 5.0), [], [], 1), 11, 6)
"""A cell for each whole number."""
K = np.geomspace(0.1, 10.0, 21)


def test_lines_go_dot_by_dot_and_stop_at_gaps_and_edges() -> None:
    flat = GRID.line(np.array([0.0, 10.0]), np.array([2.5, 2.5]))
    assert flat.any(axis=1).sum() == 1
    assert flat[11, 1:22].all()
    steep = GRID.line(np.array([0.2, 10.2]), np.array([-1e6, 1e6]))
    assert np.flatnonzero(steep.any(axis=0)).tolist() == [11]  # it is where it is however far its ends are outside
    assert steep.any(axis=1).all()
    gap = GRID.line(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, np.nan, 1.0, np.nan]))
    assert np.flatnonzero(gap.any(axis=0)).tolist() == [1, 2, 3, 7]


def test_dashes_of_neighbours_fill_each_other() -> None:
    x, y = np.array([0.0, 10.0]), np.array([2.0, 2.0])
    one, other = GRID.line(x, y, 0), GRID.line(x, y, 5)
    assert not (one & other).any()
    assert np.array_equal(one | other, GRID.line(x, y))


def test_bars_end_at_their_bounds_with_caps() -> None:
    bars = GRID.bars(np.array([5.0]), np.array([1.0]), np.array([3.0]))
    rows = np.flatnonzero(bars[:, 11])
    assert (rows[0], rows[-1], len(rows)) == (9, 17, 9)
    assert np.flatnonzero(bars[:, 10]).tolist() == [9, 17]


def test_curves_in_the_same_cells_take_turns() -> None:
    canvas = Canvas(11, 6)
    line = GRID.line(np.array([0.0, 10.0]), np.array([2.0, 2.0]))
    lay(canvas, 0, 0, [(1, line), (2, line)])
    assert canvas.ink[3].tolist() == [1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2]


def test_equal_curves_are_both_seen() -> None:
    twins = tuple(Series(name, K, K**-1.0) for name in ("one", "other"))
    lines = draw(Curves("t", twins, "k", "P", True, True), 80, 24).lines
    inks = [segment.style.color for line in lines[3:] for segment in line if segment.style and "⠒" in segment.text]
    assert len(set(inks)) == 2


def test_bands_do_not_hide_one_another() -> None:
    one = Series("one", K, 0 * K, 0 * K - 2, 0 * K + 1)
    other = Series("other", K, 0 * K, 0 * K - 1, 0 * K + 2)
    drawn = draw(Curves("t", (one, other), "k", "y"), 80, 24, "truecolor")
    papers = [{segment.style.bgcolor for segment in line if segment.style} - {None} for line in drawn.lines[2:]]
    told = [next(iter(paper)) for paper in papers if len(paper) == 1]
    assert len(set(told)) == 3  # this band, both, that band


def test_a_band_thinner_than_a_cell_leaves_no_squares() -> None:
    thin = Series("a", K, K, 0.99 * K, 1.01 * K)
    drawn = draw(Curves("t", (thin,), "k", "y"), 80, 24, "truecolor")
    assert not any(segment.style and segment.style.bgcolor for line in drawn.lines[2:] for segment in line)


def test_the_ratio_panel_has_the_range_of_the_data() -> None:
    steep = Series("a", K, 3 * K, 2.9 * K, 3.1 * K)
    base = Series("base", K, K**0.5)
    figure = Curves("t", (steep, base), "k", "P", True, True, ratio_to="base")
    (low, high), log = ratio_limits(figure)
    assert log
    assert 10**low <= 1.0
    assert 3 * 10**0.5 <= 10**high <= 3.5 * 10**0.5
    near = replace(figure, series=(replace(base, name="a", y=1.001 * base.y), base))
    (low, high), log = ratio_limits(near)
    assert not log
    assert (low, high) == (1 - 0.0108, 1 + 0.0108)
    wild = replace(
        steep,
        y=np.where(K[4] == K, 1e3, base.y),
        low=np.where(K[4] == K, 0.0, 0.9 * base.y),
        high=np.where(K[4] == K, 3e3, 1.1 * base.y),
    )
    noisy = replace(figure, series=(wild, base))
    assert 10.0 ** ratio_limits(noisy)[0][1] < 100
    assert ratio_limits(noisy, everything=True)[0][1] > 3e3 / noisy.series[1].y[4]


def test_arrows_mark_what_lies_outside() -> None:
    base = Series("base", K, 0 * K + 1)
    off = Series("a", K, np.where(K > 1, 9.0, 1.0))
    figure = Curves("t", (off, base), "k", "P", True, ratio_to="base", ratio_limits=(0.5, 1.5), y_limits=(0.5, 10))
    plain = draw(replace(figure, ratio_label="over base"), 80, 30, "none").plain().split("over base")
    assert "↑" in plain[1]
    assert "↑" not in plain[0]


def test_between_points_of_power_laws_are_power_laws() -> None:
    x = np.sqrt(K[1:] * K[:-1])
    np.testing.assert_allclose(between(x, K, K**-2.5), x**-2.5, rtol=1e-12)
    signed = between(np.array([1.5]), np.array([1.0, 2.0, 4.0]), np.array([-1.0, 1.0, 2.0]))
    assert signed[0] == 2 * np.log(1.5) / np.log(2) - 1
    assert np.isnan(between(np.array([0.01, 20.0]), K, K)).all()
    coarse = Series("base", K[::4], K[::4] ** -1.5)
    figure = Curves("t", (Series("a", K, 2 * K**-1.5), coarse), "k", "P", True, True, ratio_to="base")
    np.testing.assert_allclose(dict(ratios(figure))[0].y, 2.0, rtol=1e-12)
