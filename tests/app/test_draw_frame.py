"""Axes and points as plotext draws them, of whichever major is installed."""

import numpy as np

from app.draw.frame import Axes, framed
from app.draw.ticks import Tick

X_TICKS = [Tick(0.0, "0"), Tick(0.5, "half"), Tick(1.0, "1")]
Y_TICKS = [Tick(0.0, "0"), Tick(10.0, "10")]


def test_ticks_labels_and_points_are_where_their_values_are() -> None:
    axes = Axes((0.0, 1.0), (0.0, 10.0), X_TICKS, Y_TICKS, 3)
    points = {"a": (np.array([0.0, 1.0]), np.array([0.0, 10.0])), "b": (np.array([0.5]), np.array([5.0]))}
    lines = framed(axes, points, 45, 13)
    assert len(lines) == 13
    assert {len(line) for line in lines} == {45}
    # 41 columns and 11 rows of data: limits lie in the middle of the outermost cells
    assert lines[0] == " 10┤" + " " * 40 + "a"
    assert lines[5] == "   │" + " " * 20 + "b" + " " * 20
    assert lines[10] == "  0┤a" + " " * 40
    assert lines[11] == "   └┬" + "─" * 19 + "┬" + "─" * 19 + "┬"
    assert lines[12].split() == ["0", "half", "1"]


def test_axes_without_points_and_x_ticks() -> None:
    lines = framed(Axes((0.0, 1.0), (0.0, 10.0), [], Y_TICKS, 4), {}, 300, 80)
    assert len(lines) == 80  # whatever the size of the terminal
    assert lines[0].rstrip() == "  10┤"
    assert lines[-1] == "    └" + "─" * 295
    assert framed(Axes((0.0, 1.0), (0.0, 10.0), [], [], 4), {}, 30, 8)[6].startswith("    ")
