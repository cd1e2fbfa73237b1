"""What is told of runs: names, differences, the best, sorting and filters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import UsageError
from core.figures import Number, Report, dump_report
from core.files import write_json
from core.runs import told
from core.runs.differences import differences
from core.runs.listing import Entry, entries, measured
from core.runs.run import Notes, create_run


@pytest.fixture
def found(tmp_path: Path) -> list[Entry]:
    """Three halonets and a forest, the newest first."""
    made: list[tuple[str, dict[str, Any], float]] = [
        ("halonet", {"seed": 1, "optimiser": {"learning_rate": 0.01, "name": "sgd"}}, 0.3),
        ("halonet", {"seed": 1, "optimiser": {"learning_rate": 0.001, "name": "sgd"}}, 0.1),
        ("halonet", {"seed": 2, "optimiser": {"learning_rate": 0.1, "name": "sgd"}}, float("nan")),
        ("infall", {"seed": 1, "trees": 100}, 0.5),
    ]
    for recipe, settings, loss in made:
        run = create_run(tmp_path, recipe, settings, universes=["a/u1.h5"])
        run.emit("validation", step=10, loss=loss, dice=1 - loss)
        run.write_status(state="done", step=10, steps=10, values={"loss": 2 * loss, "rate": 0.5})
    report = Report("", (Number("matched", "matched", 0.8), Number("odd", "odd", None)), {})
    write_json(tmp_path / "halonet-001" / "report" / "report.json", dump_report(report))
    (tmp_path / "halonet-002" / "report").mkdir()
    (tmp_path / "halonet-002" / "report" / "report.json").write_text('{"numbers": [{"key": 3}, 5], "x": ')
    run = next(entry.run for entry in entries(tmp_path) if entry.name == "halonet-002")
    run.write_notes(Notes("", ("wide",)))
    return [measured(entry) for entry in entries(tmp_path)]


def test_every_setting_metric_and_number_has_a_name(found: list[Entry]) -> None:
    first = next(entry for entry in found if entry.name == "halonet-001")
    values = {name: told.value(first, name) for name in told.names(found)}
    assert values["optimiser.learning_rate"] == 0.01
    assert values["validation"] == 0.3
    assert values["validation.dice"] == 0.7
    assert values["report.matched"] == 0.8
    assert values["training.rate"] == 0.5
    assert values["trees"] is None
    assert "report.odd" not in values
    assert told.said(first, "learning_rate") == 0.01
    assert told.known(["learning_rate", "matched"], found) == ["optimiser.learning_rate", "report.matched"]
    with pytest.raises(UsageError, match="did you mean 'learning_rate'"):
        told.known(["lerning_rate"], found)


def test_a_damaged_report_has_no_numbers(found: list[Entry]) -> None:
    assert [entry.numbers for entry in found if entry.name == "halonet-002"] == [{}]


def test_what_differs_is_found_within_a_recipe(found: list[Entry]) -> None:
    assert told.differing(found) == ["optimiser.learning_rate", "seed"]
    assert told.differing(found[-2:]) == ["optimiser.learning_rate"]
    assert told.differing([found[0], found[-1]]) == []


def test_the_best_of_a_recipe(found: list[Entry]) -> None:
    assert told.best(found, "validation") == {"halonet-002"}
    assert told.best(found, "validation.dice") == {"halonet-002"}
    assert told.best(found, "seed") == set()
    assert [told.better(name) for name in ("loss", "report.rms_error", "validation.foreground_dice", "step")] == [
        -1,
        -1,
        1,
        0,
    ]


def test_sorted_by_a_number_the_unknown_last(found: list[Entry]) -> None:
    by_loss = [entry.name for entry in told.ordered(found, "validation")]
    assert by_loss == ["halonet-002", "halonet-001", "infall-001", "halonet-003"]
    assert [entry.name for entry in told.ordered(found, "validation", falling=True)][-1] == "halonet-003"
    assert [entry.name for entry in told.ordered(found, "optimiser.learning_rate")][:2] == [
        "halonet-002",
        "halonet-001",
    ]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", ["infall-001", "halonet-003", "halonet-002", "halonet-001"]),
        ("halo seed=1", ["halonet-002", "halonet-001"]),
        ("learning_rate>=0.01", ["halonet-003", "halonet-001"]),
        ("dice>0.8", ["halonet-002"]),
        ("recipe!=halonet", ["infall-001"]),
        ("optimiser.name=SGD wide", ["halonet-002"]),
        ("matched<1", ["halonet-001"]),
        ("nothing=1", []),
        ("state<done", []),
    ],
)
def test_filters(found: list[Entry], line: str, names: list[str]) -> None:
    assert [entry.name for entry in told.matching(found, line)] == names


def test_settings_side_by_side(found: list[Entry]) -> None:
    one, other = found[-1], found[-2]
    table = differences([one, other])
    assert table.columns == ("setting", "halonet-001", "halonet-002")
    assert table.rows == (("optimiser.learning_rate", "0.01", "0.001"),)
    assert len(differences([one, other], everything=True).rows) == 4
    mixed = differences([one, found[0]])
    assert [row[0] for row in mixed.rows] == ["recipe"]
    alone = {row[0]: row[1:] for row in differences([one]).rows}
    assert "seed" not in alone  # as in the paper
    assert alone["steps"] == ("", "82000")


def test_a_report_of_any_length_is_not_read_whole(found: list[Entry]) -> None:
    run = found[-1].run
    text = json.dumps({"title": "", "numbers": [{"key": "matched", "value": 0.5}], "figures": {"x": "y" * 300_000}})
    run.report_path.write_text(text)
    assert measured(found[-1]).numbers == {"matched": 0.5}
