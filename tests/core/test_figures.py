import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.figures import (
    KINDS,
    Circles,
    Contours,
    Curves,
    Figure,
    Histogram,
    Matrix,
    Number,
    Report,
    Row,
    Series,
    Slice,
    Table,
    dump,
    dump_report,
    load,
    load_report,
    numbers_table,
)

FIGURES: dict[str, Figure] = {
    "slice": Slice("s", np.array([[0.25, np.nan], [1, 2]]), (0, 1, 0, 2), "x", "y", "d", "diverging", "log", (-1, 1)),
    "slice with marks": Slice(
        "m",
        np.eye(3),
        (0, 1, 0, 1),
        circles=(Circles("halos", np.array([0.1, 0.2]), np.array([0.3, 0.4]), np.array([0.05, 0.1])),),
        contours=(Contours("truth", np.eye(4), (0.5, 0.9)),),
    ),
    "plain slice": Slice("s", np.arange(6).reshape(2, 3), (0.0, 1.0, 0.0, 2.0)),
    "curves": Curves(
        "c",
        (
            Series("a", np.array([1.0, 2]), np.array([3.0, np.nan]), np.array([2.0, 3]), np.array([4.0, 5]), "dashed"),
            Series("b", np.array([1.0]), np.array([2.0])),
        ),
        "k",
        "P",
        True,
        True,
        (1.0, 2.0),
        (0.1, 10.0),
        "a",
        "ratio",
        (0.5, 1.5),
        (0.1, 0.2),
    ),
    "histogram": Histogram("h", np.array([0.0, 1, 2]), {"one": np.array([3, 4])}, "m", x_log=True),
    "matrix": Matrix("m", np.eye(2), ("a", "b"), ("c", "d"), "true", "predicted"),
    "table": Table("t", ("a", "b", "c"), (("x", 1.5, None), ("y", 2, "z")), "note"),
}
FIGURES["row"] = Row("r", (FIGURES["slice"], FIGURES["curves"]))


def same(a: Any, b: Any) -> bool:
    """Equality that looks into arrays; NaN equals NaN."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and np.array_equal(a, b, equal_nan=True)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return bool(a == b)


def strict(data: Any) -> Any:
    """Through a JSON file that holds no NaN."""
    return json.loads(json.dumps(data, allow_nan=False))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_survive_json(name: str) -> None:
    assert same(load(strict(dump(FIGURES[name]))), FIGURES[name])


def test_every_kind_is_tried() -> None:
    assert {type(figure) for figure in FIGURES.values()} == set(KINDS.values())


def test_six_digits_are_kept() -> None:
    values = np.array([[np.pi * 1e10, -np.e * 1e-10]])
    loaded = load(strict(dump(Slice("s", values, (0, 1, 0, 1)))))
    assert isinstance(loaded, Slice)
    np.testing.assert_allclose(loaded.values, values, rtol=1e-5)


@pytest.mark.parametrize(
    "data", [{}, {"kind": "Sculpture"}, {"kind": "Table", "title": "t", "columns": [], "rows": [], "colour": 1}]
)
def test_unknown_figures(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown figure kind|Table: .*colour"):
        load(data)


def test_reports_survive_json() -> None:
    numbers = (
        Number("a", "A", 1.5, "Mpc/h", 0.1, 2.0, 3.0, "n"),
        Number("b", "B", None),
        Number("c", "C", 2.0, ceiling=3.0),
    )
    report = Report("title", numbers, FIGURES, ("a note",), {"fact": "value"})
    assert same(load_report(strict(dump_report(report))), report)


def test_numbers_that_are_not_finite_become_nothing() -> None:
    report = Report("t", (Number("a", "A", float("nan"), baseline=float("inf")),), {})
    [number] = load_report(strict(dump_report(report))).numbers
    assert (number.value, number.baseline) == (None, None)


def test_table_of_numbers_leaves_out_what_nobody_has() -> None:
    numbers = (Number("a", "A", 1.0, "Mpc/h", paper=2.0), Number("b", "B", None, note="why"))
    table = numbers_table(Report("t", numbers, {}))
    assert table.columns == ("quantity", "value", "paper", "note")
    assert table.rows == (("A [Mpc/h]", 1.0, 2.0, ""), ("B", None, None, "why"))
    assert numbers_table(Report("t", (Number("a", "A", 1.0),), {})).columns == ("quantity", "value")
    limited = numbers_table(Report("t", (Number("a", "A", 1.0, ceiling=1.5), Number("b", "B", 2.0)), {}))
    assert limited.columns == ("quantity", "value", "ceiling")
    assert limited.rows == (("A", 1.0, 1.5), ("B", 2.0, None))


WRITTEN: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text())
"""One figure of each kind as version 0.1.0 wrote it."""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_stays_as_it_was(kind: str) -> None:
    assert as_before(dump(load(WRITTEN[kind])), WRITTEN[kind]) == WRITTEN[kind]


def as_before(now: Any, before: Any) -> Any:
    """What is written now without the fields that have been added since."""
    if isinstance(now, dict):
        return {name: as_before(value, before[name]) for name, value in now.items() if name in before}
    if isinstance(now, list) and len(now) == len(before):
        return [as_before(*pair) for pair in zip(now, before, strict=True)]
    return now


def test_what_was_not_written_yet_takes_its_default() -> None:
    data = {name: value for name, value in WRITTEN["Slice"].items() if name not in ("circles", "pooling")}
    figure = load(data)
    assert isinstance(figure, Slice)
    assert (figure.circles, figure.pooling) == ((), "mean")
    with pytest.raises(ValueError, match="unknown fields flavour"):
        load({**data, "flavour": 1})
