"""Runs beside each other: numbers against those of the catalogues themselves, refusals, reuse of predictions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis.comparison.halos import Method, found, table
from core.analysis.comparison.reports import beside, compare_kept, compare_reports, minus, overlay, settings_of
from core.analysis.comparison.runs import _other_truths, compare, kept_prediction
from core.cosmos.box import Catalogue
from core.cosmos.universe import Universe
from core.errors import InputError, RunError, UsageError
from core.figures import Curves, Number, Report, Row, Series, Slice, Table, dump_report
from core.files import write_json
from core.runs.registry import open_recipe
from core.runs.run import Run, create_run


def catalogue(seed: int, count: int = 300) -> Catalogue:
    """Halos at random places with masses from 10^12 to 10^14 Msun/h."""
    random = np.random.default_rng(seed)
    mass = np.sort(10 ** random.uniform(12, 14, count))[::-1]
    position = random.uniform(0, 64, (count, 3))
    radius = (3 * mass / (4 * np.pi * 8.6e10)) ** (1 / 3)
    columns = {"mass": mass, "position": position, "lagrangian_position": position, "lagrangian_radius": radius}
    return Catalogue(columns, 64.0)


def clustered(seed: int) -> Catalogue:
    """Pairs of halos in a random direction 1 Mpc/h apart: twice the shot noise and as much power of their own."""
    halos, random = catalogue(seed), np.random.default_rng(seed)
    step = random.normal(size=(150, 3))
    place = halos["position"].copy()
    place[1::2] = (place[::2] + step / np.linalg.norm(step, axis=1)[:, None]) % 64
    return replace(halos, columns=halos.columns | {"position": place, "lagrangian_position": place})


def column(numbers: Table, name: str) -> dict[str, Any]:
    where = numbers.columns.index(name)
    return {str(row[0]): row[where] for row in numbers.rows}


def label(filled: float) -> np.ndarray:
    cells = np.zeros(64**3, dtype=np.int32)
    cells[: int(filled * 64**3)] = 1
    return cells.reshape(64, 64, 64)


def test_the_truth_against_itself_is_perfect() -> None:
    truth = Method([catalogue(1), catalogue(2)], [label(0.3), label(0.2)])
    row = column(table(truth, {"same": truth}, 1e12, 1e13), "same")
    assert row.pop("halos") == 600.0
    costs = ("training [s]", "prediction [s]", "prediction [CPU or GPU s]", "memory [GiB]")
    assert [row.pop(name) for name in costs] == [None] * 4
    errors = {name: row.pop(name) for name in list(row) if name.endswith("+-")}
    assert errors == {name: pytest.approx(0.0, abs=1e-6) for name in errors}
    assert row == {name: pytest.approx(1.0) for name in row}
    assert (len(row), len(errors)) == (11, 4)


def test_half_of_the_halos_are_pure_but_not_complete() -> None:
    whole = catalogue(3)
    half = Catalogue({name: values[::2] for name, values in whole.columns.items()}, 64.0)
    truth, ours = Method([whole], [label(0.4)]), Method([half], [label(0.2)])
    row = column(table(truth, {"half": ours}, 1e12, 1e13), "half")
    assert row["N / N_true  > 1e+12"] == pytest.approx(0.5)
    assert row["complete  > 1e+12"] == pytest.approx(0.5)
    assert row["pure  > 1e+12"] == 1.0
    assert row["Dice"] == pytest.approx(2 * 0.2 / 0.6, abs=1e-4)


def test_unrelated_halos_have_neither_power_nor_correlation() -> None:
    truth = Method([clustered(s) for s in range(10, 14)], [label(0.3)] * 4)
    numbers = table(truth, {"random": Method([catalogue(s) for s in range(20, 24)], truth.labels)}, 1e12, 1e13)
    for name in ("random", "random points"):
        row = column(numbers, name)
        for where in ("", " today"):
            # whole powers at equal number have the ratio 0.4; four boxes of 257 independent modes each
            assert abs(row[f"P / P_true{where}"]) < 3 * row[f"P / P_true{where} +-"] < 0.3
            assert abs(row[f"r{where}"]) < 0.1
    assert found([catalogue(4)], [catalogue(5)])[1].mean() < 0.2


def test_two_runs_on_the_universes_that_both_held_out(done_run: Run, new_run: Callable[..., Run]) -> None:
    from core.runs.worker import work

    other = new_run("seed=2")
    work(other)
    report = compare([done_run, other])
    numbers = report.figures["table"]
    assert isinstance(numbers, Table)
    again = ("truth, 5/2", "truth again, 10 steps", "truth again, mesh ratio 3")
    cheap = ("N-body 3/1", "N-body 5/1", "N-body 5/2", "N-body 10/2")
    ways = ("smoothed density", "trees", "EPS", *cheap, *again)
    assert numbers.columns[1:] == (str(done_run.path), str(other.path), *ways, "random points")
    own, same = column(numbers, str(other.path)), column(numbers, "truth, 5/2")
    assert {same[name] for name in same if name.startswith(("Dice", "N / N", "complete", "pure"))} == {1.0}
    assert all(column(numbers, name)["prediction [CPU or GPU s]"] > 0 for name in numbers.columns[1:-1])
    assert own["training [s]"] > 0
    assert own["prediction [s]"] > 0
    assert own["memory [GiB]"] > 0
    curves = {"mass_function", "power", "correlation", "completeness", "purity"}
    assert set(report.figures) == {"table", "cost", *curves}
    [note] = report.notes
    assert "Networks: " in note


def test_a_universe_seen_in_training_is_named(
    done_run: Run, universes: list[Universe], new_run: Callable[..., Run]
) -> None:
    from core.runs.worker import work

    other = new_run("seed=3", "steps=2")
    work(other)
    report = compare([done_run, other], [universes[0]])
    assert len(report.notes) == 3
    assert universes[0].name in report.notes[0]
    kept = kept_prediction(other, universes[0])
    assert kept is not None
    assert kept.provenance["cost"]["seconds"] > 0
    assert kept_prediction(other, universes[1]) is None


def test_a_run_that_learnt_other_halos_is_named(
    done_run: Run, universes: list[Universe], new_run: Callable[..., Run]
) -> None:
    recipes = [open_recipe(done_run), open_recipe(new_run("truth=peakpatch"))]
    notes = _other_truths(recipes, [done_run, new_run()], universes[3], "auto")
    assert len(notes) == 1
    assert "has learnt peakpatch halos and is judged by nbody ones" in notes[0]


def test_one_run_or_one_twice_is_refused(done_run: Run) -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        compare([done_run])
    with pytest.raises(UsageError, match="named twice"):
        compare([done_run, done_run])


def test_no_universe_in_common(done_run: Run, new_run: Callable[..., Run]) -> None:
    other = new_run()
    config = (other.path / "config.toml").read_text()
    first, last = "u1.h5", "u4.h5"
    swapped = config.replace(first, "X").replace(last, first).replace("X", last)
    (other.path / "config.toml").write_text(swapped)
    with pytest.raises(InputError, match="no universe in common"):
        compare([done_run, other])


def curves(y: float) -> Curves:
    x = np.arange(3.0)
    truth, ours = Series("truth", x, x), Series("network", x, x + y)
    return Curves("T", (truth, ours), "x", "y", ratio_to="truth")


def test_curves_of_two_runs_share_the_truth() -> None:
    both = overlay([("a", curves(1)), ("b", curves(2))])
    assert [item.name for item in both.series] == ["truth", "a: network", "b: network"]
    assert both.ratio_to == "truth"
    other = replace(curves(3), series=(Series("truth", np.arange(3.0), np.ones(3)),))
    apart = overlay([("a", curves(1)), ("b", other)])
    assert [item.name for item in apart.series] == ["a: truth", "a: network", "b: truth"]
    assert apart.ratio_to is None


def test_rows_of_curves_are_overlaid_panel_by_panel() -> None:
    many = [("a", Row("R", (curves(1), curves(2)))), ("b", Row("R", (curves(3), curves(4))))]
    both = beside(many)
    assert isinstance(both, Row)
    assert both.title == "R"
    panels = [panel for panel in both.figures if isinstance(panel, Curves)]
    assert [[item.name for item in panel.series] for panel in panels] == [["truth", "a: network", "b: network"]] * 2


def reports() -> list[tuple[str, Report]]:
    """Two reports whose papers disagree, and agree that r should be 0.97."""
    image, facts = Slice("image", np.eye(3), (0, 1, 0, 1)), {"box": "64 Mpc/h"}
    one = Report(
        "A",
        (Number("t", "T(1)", 0.9, error=0.01, paper=0.95), Number("r", "r(1)", 0.5, paper=0.97)),
        {"power": curves(1), "image": image},
        ("note",),
        {"run": "a", "input": "density", **facts},
    )
    two = Report(
        "B",
        (Number("t", "T(1)", 0.7, paper=0.8), Number("r", "r(1)", 0.7), Number("u", "width", 1.0, "dex")),
        {"power": curves(2), "image": image},
        ("note",),
        {"run": "b", "input": "shells", **facts},
    )
    return [("a", one), ("b", two)]


def test_reports_side_by_side() -> None:
    report = compare_reports(reports())
    numbers, image = report.figures["numbers"], report.figures["image"]
    assert isinstance(numbers, Table)
    assert numbers.columns == ("quantity", "a", "b", "paper")
    assert numbers.rows == (
        ("T(1)", 0.9, 0.7, None),
        ("  +-", 0.01, None, None),
        ("  paper", 0.95, 0.8, None),
        ("r(1)", 0.5, 0.7, 0.97),
        ("width [dex]", None, 1.0, None),
    )
    assert isinstance(image, Row)
    assert [panel.title for panel in image.figures] == ["a", "b"]
    assert isinstance(report.figures["power"], Curves)
    assert report.notes == ("note",)


def test_what_runs_share_is_told_once_and_what_differs_in_a_table() -> None:
    report = compare_reports(reports(), [{"recipe": "x", "steps": "5", "only": "1"}, {"recipe": "x", "steps": "9"}])
    assert report.facts == {"box": "64 Mpc/h"}
    differences = report.figures["differences"]
    assert isinstance(differences, Table)
    assert differences.rows == (("steps", "5", "9"), ("input", "density", "shells"))


def test_runs_that_differ_by_their_seed_have_a_scatter() -> None:
    numbers = compare_reports(reports(), [{"seed": "1", "steps": "5"}, {"seed": "2", "steps": "5"}]).figures["numbers"]
    assert isinstance(numbers, Table)
    assert numbers.columns == ("quantity", "a", "b", "mean", "scatter", "paper")
    assert numbers.rows[3] == ("r(1)", 0.5, 0.7, 0.6, pytest.approx(0.2 / 2**0.5), 0.97)
    assert numbers.rows[4] == ("width [dex]", None, 1.0, None, None, None)
    other = compare_reports(reports(), [{"seed": "1", "steps": "5"}, {"seed": "2", "steps": "6"}]).figures["numbers"]
    assert isinstance(other, Table)
    assert "scatter" not in other.columns


def test_the_settings_of_a_run(done_run: Run) -> None:
    told = settings_of(done_run)
    assert (told["recipe"], told["universes"]) == ("halonet", "4, u1 to u4")
    assert told["network.levels"] == "2"


def test_numbers_minus_those_of_a_baseline() -> None:
    numbers = compare_reports(reports(), baseline="a").figures["numbers"]
    assert isinstance(numbers, Table)
    told = dict(zip([row[0] for row in numbers.rows], numbers.rows, strict=True))
    assert numbers.rows[1] == ("  - a", None, pytest.approx(-0.2), None)
    assert told["r(1)"][1:] == (0.5, 0.7, 0.97)
    assert numbers.rows[-1] == ("width [dex]", None, 1.0, None)  # the baseline has no such number


def test_a_table_of_ways_minus_one_of_them() -> None:
    rows = (("halos", 10.0, 12.0, None), ("P", 1.0, 0.5, 2.0), ("P +-", 0.1, 0.2, 0.3))
    less = minus(Table("Ways", ("quantity", "a", "b", "c"), rows), "b")
    assert less.columns == ("quantity", "a", "c")
    assert less.rows == (("halos", -2.0, None), ("P", 0.5, 1.5))


def test_the_reports_that_there_are_when_one_is_missing(tmp_path: Path) -> None:
    runs = [create_run(tmp_path, "halonet", {"seed": seed}) for seed in (1, 2, 3)]
    for run, (_, report) in zip(runs, reports(), strict=False):
        write_json(run.report_path, dump_report(report))
    names = [run.name for run in runs]
    report = compare_kept(runs, names, baseline="halonet-003")
    numbers = report.figures["numbers"]
    assert isinstance(numbers, Table)
    assert numbers.columns[1:3] == ("halonet-001", "halonet-002")
    assert "halonet-003 has no report yet: make it with `halodeck report halonet-003 --again`" in report.notes[0]
    assert "halonet-003, which the others were to be compared with, has no report" in report.notes[1]
    with pytest.raises(RunError, match="none of these runs has a report"):
        compare_kept(runs[2:], names[2:])
