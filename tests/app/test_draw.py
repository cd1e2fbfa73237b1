"""Figures as terminal cells: sizes, content and colours of what `draw` gives."""

import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from rich.color import ColorType

from app.draw import DEPTHS, Depth, Drawing, draw
from app.draw.tables import alike
from core.figures import Curves, Figure, Histogram, Matrix, Number, Report, Row, Series, Slice, Table, numbers_table

BOX = (0.0, 64.0, 0.0, 64.0)


def field(cells: int = 32) -> np.ndarray:
    """A lognormal field."""
    return np.random.default_rng(5).lognormal(0.0, 1.0, (cells, cells))


def power_spectra(**options: object) -> Curves:
    k = np.logspace(-1, 0.6, 20)
    power = 1e4 * k**-1.5
    series = (
        Series("truth", k, power, 0.9 * power, 1.1 * power),
        Series("prediction", k, 1.05 * power),
        Series("linear", k[::2], 0.3 * power[::2], style="dashed"),
        Series("counts", k, 0.9 * power, style="points"),
    )
    return Curves("Power", series, "k [h/Mpc]", "P(k) [(Mpc/h)^3]", True, True, ratio_to="truth", **options)  # type: ignore[arg-type]


def figures() -> dict[str, Figure]:
    density = Slice("Density", field(), BOX, "x [Mpc/h]", "y [Mpc/h]", "1 + delta", scale="log")
    linear = Slice("Linear", np.log(field()), BOX, "x [Mpc/h]", "y [Mpc/h]", colour_map="diverging", scale="asinh")
    labels = Slice("Halos", np.arange(64).reshape(8, 8) // 9, BOX, colour_map="labels")
    counts = np.arange(12)
    numbers = (
        Number("dice", "Dice, foreground", 0.78312, "", 0.0041, 0.713, 0.92, "threshold from validation"),
        Number("halos", "matched halos", 128.0, note="of the 140 halos above a hundred particles"),
    )
    return {
        "slice": density,
        "curves": power_spectra(ratio_bands=(0.1,)),
        "bars": Histogram("Bars", np.linspace(0, 1, 13), {"n": counts}, "x"),
        "steps": Histogram("Steps", np.logspace(10, 14, 13), {"a": counts, "b": counts[::-1]}, "M", "n", True, True),
        "matrix": Matrix(
            "Confusion", np.array([[31021, 812], [1033, 9120]]), ("no", "halo"), ("no", "halo"), "truth", "predicted"
        ),
        "table": numbers_table(Report("Numbers", numbers, {})),
        "row": Row("Universe", (density, linear, labels)),
    }


def trouble() -> list[Figure]:
    """Figures with nothing, or nothing sensible, to show."""
    nan, x = np.full((4, 4), np.nan), np.arange(5.0)
    many = tuple(Series(f"series {n}", x, n * x, n * x - 1, n * x + 1) for n in range(12))
    cells = (None, "world " * 30, float("nan"), "世界" * 30, 1e300, -1.0, 0.5, "z")
    spike = np.where(x == 2, 1e300, 1.0)
    return [
        Slice("t", nan, BOX),
        Slice("t", np.zeros((0, 0)), BOX),
        Slice("t", np.ones((3, 3)), BOX),
        Slice("t", np.zeros((3, 3)), BOX, scale="log"),
        Slice("t", np.where(np.eye(4) > 0, np.inf, 1.0), BOX, "x" * 90, "y" * 90, "c" * 90),
        Slice("世界" * 40, np.ones((1, 1)), (0.0, 0.0, 0.0, 0.0)),
        Slice("t", field(), (0.0, 1e6, 0.0, 1.0)),
        Curves("t", (), "x", "y"),
        Curves("t", (Series("a", x, np.full(5, np.nan)),), "x", "y"),
        Curves("t", (Series("a", x[:1], x[1:2]),), "x", "y"),
        Curves("t", (Series("a", x, -x),), "x", "y", x_log=True, y_log=True),
        Curves("t", (Series("a", x, 0 * x), Series("b", x, 0 * x + 1)), "x", "y", ratio_to="a"),
        Curves("t", (Series("a", x, spike), Series("b", x, x)), "x", "y", y_limits=(0.0, 2.0)),
        Curves("t", many, "x", "y", ratio_to="series 3"),
        Histogram("t", x, {}, "x"),
        Histogram("t", x, {"a": np.zeros(4)}, "x"),
        Histogram("t", x, {"a": np.full(4, np.nan)}, "x", y_log=True),
        Matrix("t", nan, ("a",) * 4, ("b",) * 4),
        Matrix("t", np.ones((40, 40)), ("row",) * 40, ("column",) * 40),
        Table("t", (), ()),
        Table("t", tuple("abcdefgh"), (cells,) * 30, "note " * 30),
        Row("t", ()),
        Row("t", tuple(figures().values())),
    ]


def lines_of(figure: Figure, width: int, height: int | None = None, depth: Depth = "none") -> list[str]:
    return draw(figure, width, height, depth).plain().split("\n")


@pytest.mark.parametrize("name", list(figures()))
def test_no_drawing_exceeds_its_place(name: str) -> None:
    figure = figures()[name]
    rng = np.random.default_rng(1)
    for trial in range(24):
        width, height = int(rng.integers(20, 201)), int(rng.integers(6, 60))
        drawn = draw(figure, width, height if trial % 3 else None, DEPTHS[trial % 4])
        assert 0 < drawn.width <= width
        assert trial % 3 == 0 or len(drawn.lines) <= height
        assert figure.title[:10] in drawn.plain()


@pytest.mark.parametrize("number", range(len(trouble())))
def test_nothing_raises_on_empty_or_wild_data(number: int) -> None:
    for width, height, depth in ((20, 6, "none"), (24, None, "16"), (45, 9, "256"), (120, 30, "truecolor")):
        drawn = draw(trouble()[number], width, height, depth)  # type: ignore[arg-type]
        assert 0 < drawn.width <= width
        assert height is None or len(drawn.lines) <= height


def test_nothing_to_show_is_said_in_words() -> None:
    assert "no finite values" in draw(Slice("t", np.full((4, 4), np.nan), BOX), 40).plain()
    assert "no finite values" in draw(Curves("t", (Series("a", np.ones(2), np.full(2, np.nan)),), "x", "y"), 40).plain()


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", list(figures()))
def test_colours_are_of_the_chosen_depth(name: str, depth: Depth) -> None:
    allowed = {
        "truecolor": {ColorType.TRUECOLOR},
        "256": {ColorType.EIGHT_BIT, ColorType.STANDARD},
        "16": {ColorType.STANDARD},
        "none": set(),
    }[depth]
    styles = {segment.style for line in draw(figures()[name], 90, 30, depth).lines for segment in line}
    used = {colour.type for style in styles if style for colour in (style.color, style.bgcolor) if colour}
    assert used <= allowed
    assert used or depth == "none" or name == "table"


def test_neighbours_of_one_style_are_one_segment() -> None:
    for line in draw(figures()["slice"], 90, 30).lines:
        assert all(left.style != right.style for left, right in pairwise(line))


def test_the_one_bright_pixel_is_in_its_cell() -> None:
    values = np.zeros((16, 16))
    values[3, 10] = 1.0  # the fourth row from the bottom
    lines = lines_of(Slice("Spot", values, (0.0, 16.0, 0.0, 16.0)), 60, 11)
    image = [line[3:19] for line in lines[1:9]]
    # without colour a cell holds two rows and shows their mean: half of the ten shades
    assert [(row, line.index("+")) for row, line in enumerate(image) if "+" in line] == [(6, 10)]
    bright = lines_of(Slice("Spot", values, (0.0, 16.0, 0.0, 16.0), pooling="max"), 60, 11)
    assert bright[1 + 6][3 + 10] == "@"


def test_half_blocks_put_two_rows_in_a_cell() -> None:
    values = np.zeros((16, 16))
    values[3, 10] = 1.0  # row 12 from the top: the upper half of the seventh cell
    drawn = draw(Slice("Spot", values, (0.0, 16.0, 0.0, 16.0)), 60, 11)
    brightest = [
        (segment.style.color, segment.style.bgcolor, column)
        for column, segment in cells_of(drawn, row=7)
        if segment.style and segment.text == "▀"
    ]
    ink = {column: (color.triplet, paper.triplet) for color, paper, column in brightest if color and paper}
    assert ink[13] == ((0xFC, 0xFF, 0xA4), (0, 0, 4))
    assert ink[12] == ((0, 0, 4), (0, 0, 4))


def cells_of(drawn: Drawing, row: int):
    """Every cell of a line with its column."""
    column = 0
    for segment in drawn.lines[row]:
        for character in segment.text:
            yield column, segment._replace(text=character)
            column += 1


def test_missing_pixels_have_their_own_colour() -> None:
    values = field(8)
    values[:4] = np.nan
    plain = lines_of(Slice("Half", values, BOX), 40, 13)
    assert any(line.count("/") > 4 for line in plain)
    assert not any("/" in line for line in lines_of(Slice("Whole", field(8), BOX), 40, 13))


@pytest.mark.parametrize(("width", "height"), [(80, 30), (26, None)])
def test_the_colour_bar_says_the_limits(width: int, height: int | None) -> None:
    figure = Slice("Density", field(), BOX, scale="log", limits=(0.025, 42.0))
    words = draw(figure, width, height, "none").plain().split()
    assert "0.025" in words
    assert "42" in words
    from_data = Slice("Linear", np.array([[-1.5, 0.5], [0.0, 0.25]]), BOX, colour_map="diverging")
    words = draw(from_data, width, height, "none").plain().split()
    assert "-1.5" in words
    assert "1.5" in words  # symmetric about zero


def test_a_slice_keeps_the_aspect_of_its_axes() -> None:
    values = np.ones((10, 20))
    lines = lines_of(Slice("Wide", values, (0.0, 20.0, 0.0, 10.0), limits=(0.0, 1.0)), 100, 40)
    rows = [line.count("@") for line in lines if "@@" in line and ("│" in line or "┤" in line)]
    assert max(rows) == pytest.approx(4 * len(rows), abs=4)  # a cell is twice as high as wide


def test_curves_and_ratio_share_their_columns() -> None:
    for width in (50, 80, 131):
        lines = lines_of(power_spectra(), width, 24)
        upper = next(line for line in lines if "┤" in line)
        lower = next(line for line in reversed(lines) if "┤" in line)
        assert upper.index("┤") == lower.index("┤")
        ends = [line for line in lines if "└" in line]
        assert len(ends) == 2
        assert {line.index("└") for line in ends} == {upper.index("┤")}
        assert len({len(line) for line in ends}) == 1


def test_decades_stand_where_they_should() -> None:
    x = np.logspace(0, 4, 5)
    lines = lines_of(Curves("Line", (Series("", x, x),), "x", "y", True, True), 60, 20)
    axis, labels = lines[-3], lines[-2]
    ticks = [k for k, character in enumerate(axis) if character == "┬"]
    assert labels.split() == ["10⁰", "10¹", "10²", "10³", "10⁴"]
    assert len(ticks) == 5
    assert np.ptp(np.diff(ticks)) <= 1


def test_series_are_told_apart_without_colour() -> None:
    plain = draw(power_spectra(), 100, 24, "none").plain()
    legend = plain.split("\n")[0]
    for sign, name in (("─●─", "truth"), ("─▲─", "prediction"), ("╌╌╌", "linear"), ("◆", "counts")):
        assert f"{sign} {name}" in legend
    body = plain.split("\n", 2)[2]
    assert all(body.count(sign) >= 2 for sign in "●▲◆")


def test_bands_are_shaded() -> None:
    k = np.arange(1.0, 30.0)
    figure = Curves("Band", (Series("a", k, 0 * k, 0 * k - 1, 0 * k + 1),), "x", "y", y_limits=(-2.0, 2.0))
    shaded = sum(line.count("░") for line in lines_of(figure, 60, 22))
    area = 17 * 56
    assert 0.35 * area < shaded < 0.6 * area


def test_a_long_noisy_curve_is_drawn_whole() -> None:
    noise = np.random.default_rng(0).normal(size=50_000)
    lines = lines_of(Curves("Noise", (Series("", np.arange(50_000), noise),), "x", "y"), 80, 20)
    assert all(sum(character > "⠀" for character in line[6:]) > 60 for line in lines[7:11])


def test_bars_are_as_high_as_their_counts() -> None:
    figure = Histogram("Bars", np.arange(5.0), {"n": np.array([0, 10, 20, 40])}, "x")
    lines = [line.ljust(80) for line in lines_of(figure, 80, 24)]
    heights = [sum(line[column] == "█" for line in lines[2:]) for column in (12, 30, 50, 70)]
    assert heights[0] == 0
    assert heights[2] == pytest.approx(2 * heights[1], abs=1)
    assert heights[3] == pytest.approx(4 * heights[1], abs=2)


def test_a_table_keeps_its_numbers_whole() -> None:
    for width in (24, 40, 60, 80, 120):
        plain = draw(figures()["table"], width, None, "none").plain()
        assert "0.7831" in plain
        assert "128" in plain
    lines = plain.split("\n")
    assert lines[1].split() == ["quantity", "value", "+-", "baseline", "paper", "note"]
    assert lines[3].split()[:6] == ["Dice,", "foreground", "0.7831", "0.0041", "0.713", "0.92"]
    assert lines[4].split()[2:6] == ["128", "-", "-", "-"]


def test_a_matrix_shows_every_number() -> None:
    lines = lines_of(figures()["matrix"], 60)
    assert [line.split() for line in lines[-2:]] == [["no", "31021", "812"], ["halo", "1033", "9120"]]


def test_the_numbers_of_a_matrix_have_the_same_decimals() -> None:
    assert alike(np.array([[0.967, 0.0333], [0.0, 1.0]])) == [["0.97", "0.03"], ["0", "1.00"]]
    assert alike(np.array([[0.54, 0.00204]])) == [["0.54", "0.00"]]
    assert alike(np.array([[31021, 812], [0, 9]])) == [["31021", "812"], ["0", "9"]]
    assert alike(np.array([[12.34, -0.5]])) == [["12.3", "-0.5"]]
    assert alike(np.array([[np.nan, 2e9]])) == [["-", "2e9"]]
    assert alike(np.array([[0.0]])) == [["0"]]


def test_panels_stand_side_by_side_when_there_is_room() -> None:
    row = figures()["row"]
    assert any("Density" in line and "Linear" in line and "Halos" in line for line in lines_of(row, 120))
    narrow = lines_of(row, 40)
    assert [sum(name in line for line in narrow) for name in ("Density", "Linear", "Halos")] == [1, 1, 1]
    assert not any("Density" in line and "Linear" in line for line in narrow)


WAYS = [f"way number {number}" for number in range(16)]


def ways(x: float = 1.0) -> Row:
    """Three panels of sixteen points, all at one place."""
    series = tuple(
        Series(name, np.array([x]), np.array([0.5]), style="points", sign=chr(ord("A") + number))
        for number, name in enumerate(WAYS)
    )
    panel = Curves("quality", series, "cost", "", x_log=True, y_limits=(0, 1))
    return Row("Cost", (panel,) * 3, one_key=True)


@pytest.mark.parametrize(("width", "height"), [(80, 20), (80, 24), (200, 50)])
def test_one_key_names_the_letters_of_all_panels(width: int, height: int) -> None:
    lines = draw(ways(), width, height, depth="none").plain().splitlines()
    assert len(lines) <= height
    text = "\n".join(lines)
    assert all(f"{chr(ord('A') + number)} {name}" in text for number, name in enumerate(WAYS))
    # no letter hides another one, though all points are the same
    assert all(text.count(chr(ord("A") + number)) == 4 for number in range(16) if chr(ord("A") + number) != "C")


def test_a_key_without_room_says_how_many_it_lacks() -> None:
    assert re.search(r"\+\d+ more", draw(ways(), 60, 10, depth="none").plain())


def test_importing_draw_is_light() -> None:
    heavy = "{'plotext', 'matplotlib', 'torch', 'scipy', 'textual'}"
    code = f"import sys, app.draw; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
