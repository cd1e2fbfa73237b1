import numpy as np
import pytest

from core.analysis.views.view import Axis, View, flatten, plane_figure, runs_of_planes, slice_figure
from core.cosmos.box import Array, Field
from core.errors import UsageError

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
    # cell i stands at i times the cell size of 2 Mpc/h, in the middle of its pixel
    assert figure.extent == (-1, 7, -1, 7)
    assert figure.title == f"mass at redshift 0, depth 2 Mpc/h along {axis}"
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


def test_windows_go_around_the_box() -> None:
    figure = plane_figure(FIELD, VALUES[1], View("x", 1, centre=(6.0, 3.0)))
    # four cells of 2 Mpc/h whose middle is nearest: from y = 4 and z = 0 on
    np.testing.assert_array_equal(figure.values, VALUES[1][[2, 3, 0, 1]].T)
    assert figure.extent == (3, 11, -1, 7)


def test_zooming_shows_the_cells_around_the_centre() -> None:
    field = Field("mass", np.arange(16.0**3).reshape(16, 16, 16), 32.0)
    figure = plane_figure(field, field.values[:, :, 2], View("z", 2, zoom=2, centre=(15.0, 1.0)))
    np.testing.assert_array_equal(figure.values, np.roll(field.values[:, :, 2], 3, 1)[4:12, :8].T)
    assert figure.extent == (7, 23, -7, 9)
    assert plane_figure(field, field.values[:, :, 2], View("z", 2, zoom=99)).values.shape == (4, 4)


def test_components_and_greatest_lengths() -> None:
    values = np.stack([VALUES, 2 * VALUES, -2 * VALUES])
    field = Field("velocity", values, 8.0, "km/s")
    figure = plane_figure(field, flatten([values[2:, :1]], View(component="z")), View("x", 0, component="z"))
    assert figure.colour_label == "velocity_z [km/s]"
    assert figure.colour_map == "diverging"
    longest = flatten([values[:, :2], values[:, 2:3]], View(pooling="max"))
    np.testing.assert_allclose(longest, 3 * VALUES[2])
    mean = flatten([values[:, :2], values[:, 2:3]], View())
    np.testing.assert_allclose(mean, 3 * VALUES[:3].mean(axis=0), rtol=1e-6)


def test_the_emptiest_pixels_do_not_stretch_a_logarithmic_range() -> None:
    density = np.linspace(0.0, 9.0, 40**2).reshape(40, 40)
    density[0, 0] = 1e-9 - 1
    figure = plane_figure(Field("density", density[None].repeat(40, 0), 40.0), density, View(scale="log"))
    assert figure.limits is not None
    np.testing.assert_allclose(figure.limits, (1.1, 10.0), atol=0.05)
    held = View(scale="log", limits=(0.1, 50.0))
    assert plane_figure(Field("density", density[None].repeat(40, 0), 40.0), density, held).limits == (0.1, 50.0)


@pytest.mark.parametrize("values", [np.full((4, 4), np.nan), np.full((4, 4), 3.0), np.zeros((4, 4))])
def test_empty_and_constant_planes_make_figures(values: Array) -> None:
    for scale in ("linear", "log", "asinh"):
        figure = plane_figure(Field("density", VALUES, 8.0), values, View(scale=scale))
        np.testing.assert_array_equal(figure.values, values.T + (scale == "log"))


def test_runs_of_planes_end_at_blocks_and_at_the_box() -> None:
    assert list(runs_of_planes(13, 6, 16, 4)) == [(13, 3), (0, 3)]
    assert list(runs_of_planes(2, 9, 16, 4)) == [(2, 2), (4, 4), (8, 3)]
    assert list(runs_of_planes(1, 15, 15, 4)) == [(1, 3), (4, 4), (8, 4), (12, 3), (0, 1)]
