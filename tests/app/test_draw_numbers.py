"""What a cursor reads and what a table of numbers holds; where the panels lie that both refer to."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.draw import draw, save
from app.draw.citation import citation, measured
from app.draw.curves import curves_plan
from app.draw.numbers import as_csv, points, readings
from core.errors import UsageError
from core.figures import Curves, Histogram, Matrix, Row, Series, Slice, Table

K = np.geomspace(0.1, 10.0, 21)
THEORY = Series("theory", K[::2], 2 * K[::2] ** -1.0, style="dashed")
MEASURED = Series("a", K, K**-1.0, 0.9 * K**-1.0, 1.1 * K**-1.0)
POWER = Curves("P", (MEASURED, THEORY), "k [h/Mpc]", "P", x_log=True, y_log=True, ratio_to="theory")


def test_readings_between_points_lie_on_power_laws() -> None:
    x = float(np.sqrt(K[8] * K[9]))
    first, second = readings(POWER, x)
    assert (first.name, first.x) == ("a", x)
    assert first.y == pytest.approx(1 / x, rel=1e-9)
    assert first.error == pytest.approx(0.1 / x)
    assert first.ratio == pytest.approx(0.5, rel=1e-9)
    assert first.ratio_error == pytest.approx(0.05)
    assert (second.name, second.x, second.error, second.ratio) == ("theory", x, None, None)
    assert second.y == pytest.approx(2 / x, rel=1e-9)
    assert np.isnan(readings(POWER, 20.0)[0].y)


def test_points_are_read_where_they_are() -> None:
    counts = replace(POWER, series=(replace(MEASURED, style="points"), THEORY))
    first, second = readings(counts, K[8] * 1.02)
    assert (first.x, first.y) == (K[8], pytest.approx(1 / K[8]))
    assert first.ratio == pytest.approx(0.5)
    assert second.x == K[8] * 1.02


def test_a_citation_says_what_where_and_of_which_file() -> None:
    figure = replace(POWER, y_label="P(k) [(Mpc/h)^3]", ratio_symbol="P/P_lin")
    first, second = readings(figure, K[8])
    sources = {"a": "z=0, 0123abcd", "aa": "z=1, 4567ef01"}
    assert citation(figure, first, sources, "halodeck 0.2.0") == (
        "P(k=0.631 h/Mpc) = 1.58 +- 0.16 (Mpc/h)^3, P/P_lin = 0.500 +- 0.050 (a, z=0, 0123abcd, halodeck 0.2.0)"
    )
    assert citation(figure, second, sources, "halodeck 0.2.0").endswith("= 3.17 (Mpc/h)^3 (theory, halodeck 0.2.0)")
    assert "(aa fof, z=1, 4567ef01)" in citation(figure, replace(first, name="aa fof"), sources, "")


def test_values_have_the_digits_of_their_errors() -> None:
    assert measured(8.5, 0.19) == "8.50 ± 0.19"
    assert measured(1234.5, 99.7) == "1234 ± 100"
    assert measured(1.234e-4, 4e-6, "±") == "(1.234±0.040)e-4"
    assert measured(0.0, 0.02) == "0.000 ± 0.020"
    assert measured(3.0, None) == "3"
    assert measured(3.0, 0.0) == "3"
    assert measured(float("nan"), 1.0) == "-"


def test_gaps_have_no_reading() -> None:
    gap = replace(POWER, series=(Series("gap", K, np.full(21, np.nan)),), ratio_to=None)
    assert np.isnan(readings(gap, 1.0)[0].y)
    assert points(gap) == []
    assert points(POWER) == K.tolist()


def test_the_plan_is_where_the_curves_are_drawn() -> None:
    for figure in (POWER, replace(POWER, title="", x_limits=(0.5, 2.0))):
        plan = curves_plan(figure, 70, 24)
        assert plan
        lines = draw(figure, 70, 24, "none").plain().splitlines()
        for row in range(plan.top, plan.top + plan.rows - 1):
            assert lines[row][plan.left - 1] in "│┤└"
        assert plan.ratio_rows
        assert "└" in lines[plan.top + plan.rows - plan.ratio_rows - 1]
        assert plan.lower
        assert len(lines) == 24
    assert curves_plan(replace(POWER, series=()), 70, 24) is None
    assert curves_plan(POWER, 5, 24) is None


def test_limits_of_y_are_those_of_what_is_seen() -> None:
    plan = curves_plan(replace(POWER, x_limits=(0.5, 2.0)), 70, 24)
    assert plan
    low, high = plan.upper.y_limits
    assert 10**low == pytest.approx(0.9 / 2.0, rel=0.15)
    assert 10**high == pytest.approx(2 / 0.5, rel=0.15)


def test_narrower_bands_are_lighter() -> None:
    figure = replace(
        POWER, series=(THEORY, replace(THEORY, name="b")), ratio_bands=(0.05, 0.2), ratio_limits=(0.5, 1.5)
    )
    papers = [
        {segment.style.bgcolor.triplet.red for segment in line if segment.style and segment.style.bgcolor}  # type: ignore[union-attr]
        for line in draw(figure, 70, 40, "truecolor").lines
    ]
    assert {0x30} in papers
    assert max(max(reds, default=0) for reds in papers) == 0x3E


def test_csv_of_every_kind(tmp_path: Path) -> None:
    rows = list(csv.reader(as_csv(POWER).splitlines()))
    assert rows[0] == ["series", "k [h/Mpc]", "P", "low", "high"]
    assert rows[1] == ["a", "0.1", "10", "9", "11"]
    assert rows[22] == ["theory", "0.1", "20", "", ""]
    counts = Histogram("h", np.array([0.0, 1.0, 2.0]), {"a": np.array([3, 4]), "b": np.array([5, 6])}, "x")
    assert as_csv(counts).splitlines() == ["x from,to,a,b", "0,1,3,5", "1,2,4,6"]
    table = Table("t", ("name", "value"), (("a, b", 1.5), ("c", None)))
    assert list(csv.reader(as_csv(table).splitlines())) == [["name", "value"], ["a, b", "1.5"], ["c", ""]]
    matrix = Matrix("m", np.array([[1.0, 2.0]]), ("r",), ("c", "d"), "rows")
    assert as_csv(matrix).splitlines() == ["rows,c,d", "r,1,2"]
    image = Slice("s", np.array([[1.0, 2.0], [3.0, np.nan]]), (0, 1, 0, 1))
    assert as_csv(image).splitlines() == ["3,", "1,2"]
    with pytest.raises(UsageError, match="one by one"):
        save(Row("r", (image,)), tmp_path / "r.csv")
    save(POWER, tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text() == as_csv(POWER)
