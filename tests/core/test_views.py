import numpy as np
import pytest

from core.cosmos.box import Array, Field
from core.errors import UsageError
from core.views import Axis, slice_figure

VALUES = np.arange(64, dtype=np.float32).reshape(4, 4, 4)
FIELD = Field("mass", VALUES, 8.0, "Msun/h")


@pytest.mark.parametrize(
    ("axis", "plane", "labels"),
    [
        ("x", VALUES[1], ("y [Mpc/h]", "z [Mpc/h]")),
        ("y", VALUES[:, 1], ("x [Mpc/h]", "z [Mpc/h]")),
        ("z", VALUES[:, :, 1], ("x [Mpc/h]", "y [Mpc/h]")),
    ],
)
def test_planes_across_each_axis(axis: Axis, plane: Array, labels: tuple[str, str]) -> None:
    figure = slice_figure(FIELD, axis, 1)
    # rows go up, columns to the right: the first remaining coordinate is horizontal
    np.testing.assert_array_equal(figure.values, plane.T)
    assert (figure.x_label, figure.y_label) == labels
    assert figure.extent == (0, 8, 0, 8)
    assert figure.title == f"mass at {axis} = 2 Mpc/h"
    assert figure.colour_label == "mass [Msun/h]"
    assert (figure.colour_map, figure.scale) == ("sequential", "linear")


def test_the_middle_by_default() -> None:
    np.testing.assert_array_equal(slice_figure(FIELD).values, VALUES[:, :, 2].T)


def test_slabs_are_means_around_the_box() -> None:
    figure = slice_figure(FIELD, "x", 3, thickness=3)
    np.testing.assert_allclose(figure.values, VALUES[[3, 0, 1]].mean(axis=0).T)
    assert figure.title.endswith(", 3 cells thick")


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_vectors_are_shown_by_their_length(axis: Axis) -> None:
    values = np.stack([VALUES, 2 * VALUES, -2 * VALUES])
    figure = slice_figure(Field("velocity", values, 8.0, "km/s"), axis, 1)
    np.testing.assert_allclose(figure.values, 3 * slice_figure(FIELD, axis, 1).values)
    assert figure.colour_map == "sequential"


def test_labels_are_never_averaged() -> None:
    figure = slice_figure(Field("label", VALUES.astype(np.int32), 8.0, "halo"), "x", 1, thickness=3)
    np.testing.assert_array_equal(figure.values, VALUES[1].T)
    assert figure.colour_map == "labels"


def test_overdensities_on_a_log_scale_are_one_more() -> None:
    density = Field("density", VALUES / 32 - 1, 8.0, "overdensity")
    figure = slice_figure(density, "z", 1, scale="log")
    np.testing.assert_allclose(figure.values, VALUES[:, :, 1].T / 32)
    assert figure.colour_label == "1 + overdensity"
    assert slice_figure(density, "z", 1).colour_map == "diverging"
    assert slice_figure(density, "z", 1, scale="asinh").scale == "asinh"


@pytest.mark.parametrize(("index", "thickness"), [(-1, 1), (4, 1), (0, 0), (0, 5)])
def test_planes_outside_the_box(index: int, thickness: int) -> None:
    with pytest.raises(UsageError, match="choose"):
        slice_figure(FIELD, "z", index, thickness)
