"""Circles and contours over images: which pixels, which colours, at every depth and in files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.draw import DEPTHS, Depth, draw, save
from app.draw.colour_scale import colour_scale
from app.draw.image import slice_canvas, slice_layout
from app.draw.maps import _ANCHORS, colours_of, lightness, paint
from app.draw.overlay import outlined, overlay_ink, ringed
from core.figures import Circles, ColourMap, Contours, Slice

BOX = (0.0, 16.0, 0.0, 16.0)


def overlaid(cells: int = 16) -> Slice:
    values = np.arange(float(cells * cells)).reshape(cells, cells)
    mask = np.zeros((cells, cells))
    mask[4:9, 4:9] = 1
    circles = Circles("halos", np.array([12.0]), np.array([4.0]), np.array([3.0]))
    return Slice("Field", values, BOX, "x", "y", circles=(circles,), contours=(Contours("mask", mask, (0.5,)),))


def test_a_circle_is_where_its_equation_says() -> None:
    circle = Circles("", np.array([30.0]), np.array([50.0]), np.array([20.0]))
    found = ringed(circle, (0.0, 100.0, 0.0, 100.0), (100, 100), (4, 2))
    rows, columns = np.nonzero(found)
    x, y = columns + 0.5, 100 - (rows + 0.5)
    np.testing.assert_allclose(np.hypot(x - 30, y - 50), 20, atol=1)
    # and all the way round
    assert np.ptp(np.sort(np.arctan2(y - 50, x - 30)), axis=0) > 6
    assert np.diff(np.sort(np.arctan2(y - 50, x - 30))).max() < 0.1


def test_a_small_circle_leaves_its_peak_free_and_outside_is_nothing() -> None:
    circles = Circles("", np.array([8.2, 99.0]), np.array([7.7, 3.0]), np.array([0.1, 1.0]))
    found = ringed(circles, BOX, (64, 32), (4, 2))
    rows, columns = np.nonzero(found)
    centre = 64 - 1 - int(7.7 * 4), int(8.2 * 2)
    assert np.hypot(rows - centre[0], columns - centre[1]).max() < 5
    home = (rows // 4 == centre[0] // 4) & (columns // 2 == centre[1] // 2)
    assert len(rows) > 8
    assert not home.any()
    # where signs are as large as pixels it is one of them
    alone = ringed(circles, BOX, (16, 16), (1, 1))
    assert np.argwhere(alone).tolist() == [[16 - 1 - 7, 8]]


def test_rings_have_one_hue_in_every_image_and_stand_out() -> None:
    circles = Circles("halos", np.array([8.0]), np.array([8.0]), np.array([5.0]), kin=1)
    for value, light in ((0.0, False), (1.0, True)):
        figure = Slice("Even", np.full((16, 16), value), BOX, limits=(0.0, 1.0), circles=(circles,), colour_map="grey")
        canvas = slice_canvas(figure, 60, 20, "truecolor")
        dotted = (canvas.text > "\u2800") & (canvas.text <= "\u28ff")
        assert set(canvas.ink[dotted].tolist()) == {overlay_ink(1, "grey", "truecolor", light)}
        ink, paper = lightness(255 * colours_of(np.array([canvas.ink[dotted][0], canvas.paper[dotted][0]])))
        assert abs(ink - paper) > 60


def test_outlines_are_the_rim_of_a_mask() -> None:
    values = np.zeros((9, 9))
    values[2:7, 3:9] = 2.0
    values[4, 5] = np.nan  # nothing is inside what is unknown
    rim = outlined(values, (1.0,))
    inside = values > 1
    assert not rim[~inside].any()
    assert rim[2, 3:9].all()
    assert rim[2:7, 3].all()
    # the image goes on beyond its edge
    assert not rim[3:6, 8].any()
    assert rim[4, [4, 6]].all()


@pytest.mark.parametrize("depth", ["truecolor", "256", "16"])
def test_overlays_have_colours_that_the_map_has_not(depth: Depth) -> None:
    for colours in _ANCHORS:
        inks = [overlay_ink(number, colours, depth, colours == "diverging") for number in range(3)]  # type: ignore[arg-type]
        assert len(set(inks)) == 3
        if depth in ("truecolor", "256"):
            ramp = set(paint(np.linspace(0, 1, 999)[:, None], colours, depth)[:, 0].tolist())  # type: ignore[arg-type]
            assert not ramp & set(inks) or colours == "grey"


def test_without_colour_signs_mark_them() -> None:
    plain = draw(overlaid(), 60, 20, "none").plain()
    assert "□ mask  ◇ halos" in plain
    image = "\n".join(plain.split("\n")[:-3])
    assert image.count("◇") > 8
    assert image.count("□") > 8


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_legend_has_room_or_is_left_out(depth: Depth) -> None:
    for width, height in ((24, 8), (30, 14), (60, 24), (100, None)):
        drawn = draw(overlaid(), width, height, depth)
        assert drawn.width <= width
        assert height is None or len(drawn.lines) <= height


@pytest.mark.parametrize("colours", _ANCHORS)
def test_the_signs_of_the_legend_stand_out_on_any_page(colours: ColourMap) -> None:
    canvas = slice_canvas(replace(overlaid(), colour_map=colours), 60, 20, "truecolor")
    for sign in "◇□":
        at = np.argwhere(canvas.text == sign)[-1]
        codes = np.array([canvas.ink[tuple(at)], canvas.paper[tuple(at)]])
        ink, paper = lightness(255 * colours_of(codes))
        assert abs(ink - paper) > 30


def test_the_layout_is_where_the_image_is() -> None:
    values = np.zeros((16, 16))
    values[3, 10] = 1.0
    figure = Slice("Spot", values, BOX, "x", "y", "value", pooling="max")
    lines = draw(figure, 60, 13, "none").plain().split("\n")
    layout = slice_layout(figure, colour_scale(figure), 60, 13, "none")  # type: ignore[arg-type]
    assert layout is not None
    column, row = layout.cell(figure, 10.5, 3.5) or (0, 0)
    assert lines[row][column] == "@"
    x, y = layout.place(figure, column, row) or (0.0, 0.0)
    assert x == pytest.approx(10.5, abs=1.0)
    assert y == pytest.approx(3.5, abs=1.0)
    assert layout.place(figure, 0, 0) is None
    assert layout.cell(figure, 16.5, 3.0) is None


def test_a_large_image_becomes_coarser_and_no_smaller_where_its_frame_is_small() -> None:
    noise = np.random.default_rng(1).normal(size=(512, 512))

    def written(frame: float | None) -> tuple[int, int]:
        lines = slice_canvas(Slice("", noise, BOX), 250, 70, "truecolor", frame=frame).drawing("truecolor").lines
        return sum(len(segment.text) + 42 for line in lines for segment in line), len(lines)

    sizes = [written(frame) for frame in (20_000, 80_000, None)]
    assert sizes[0][0] < 35_000 < sizes[1][0] < 95_000 < sizes[2][0]
    assert len({rows for _, rows in sizes}) == 1


def test_an_image_is_as_large_as_its_place_at_any_scale() -> None:
    values = np.random.default_rng(1).normal(size=(64, 64))
    for cells in (4, 16, 33, 64):
        figure = Slice("", values[:cells, :cells], BOX)
        layout = slice_layout(figure, colour_scale(figure), 120, 36, "256")  # type: ignore[arg-type]
        assert layout is not None
        assert (layout.rows, layout.columns) == (33, 66)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "txt", "ansi"])
def test_overlays_are_saved(kind: str, tmp_path: Path) -> None:
    figure = overlaid()
    save(figure, tmp_path / f"with.{kind}")
    save(replace(figure, circles=(), contours=()), tmp_path / f"without.{kind}")
    assert (tmp_path / f"with.{kind}").read_bytes() != (tmp_path / f"without.{kind}").read_bytes()


def test_numbers_are_saved_as_they_are_seen(tmp_path: Path) -> None:
    save(overlaid(), tmp_path / "slice.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "slice.npy"), overlaid().values)


def test_bins_of_a_plane_are_equally_wide_and_high() -> None:
    values = np.arange(12.0)[:, None] % 2 + np.zeros(30)
    values[:, ::2] += 2
    figure = Slice("Plane", values, (0.0, 3.0, 0.0, 1.0), "log10 M [Msun/h]", "residual [dex]", limits=(0.0, 3.0))
    layout = slice_layout(figure, colour_scale(figure), 80, 40, "truecolor")  # type: ignore[arg-type]
    assert layout is not None
    assert layout.columns % 30 == 0
    assert 2 * layout.rows % 12 == 0
