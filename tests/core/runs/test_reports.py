import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.universe import Universe, open_universe
from core.errors import Interrupted, RunError
from core.figures import Curves, Row
from core.runs.job import open_held_out, open_model
from core.runs.predictions import kept, path_for
from core.runs.reports import loss_curves, make_report, predict, read_report, validation_curves
from core.runs.run import Run
from core.runs.worker import work


def test_the_report_of_a_run(done_run: Run) -> None:
    report = read_report(done_run)
    assert report.facts["run"] == done_run.name
    assert report.facts["steps"] == "12 of 12"
    assert set(report.figures) >= {"slices", "roc", "mass_function", "power", "correlation", "loss"}
    assert isinstance(report.figures["slices"], Row)
    keys = [number.key for number in report.numbers]
    assert len(keys) == len(set(keys))
    assert {"dice", "auc", "mass_function", "matched", "power_ratio", "correlation"} <= set(keys)
    # plain JSON for machines: no NaN
    text = done_run.report_path.read_text()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in report.json"))


def test_predictions_are_kept_with_their_source(done_run: Run, universes: list[Universe]) -> None:
    prediction = open_universe(done_run.path / "predictions" / "u4.h5")
    assert prediction.kind == "prediction"
    assert prediction.provenance["step"] == 12
    assert prediction.provenance["sources"][0]["path"] == str(universes[3].path)
    assert (prediction.cells, prediction.box_size) == (16, 25.0)


def test_a_report_made_again_is_the_same(new_run: Callable[..., Run]) -> None:
    from core.runs.worker import work

    run = new_run()
    work(run)
    first = run.report_path.read_text()
    run.report_path.unlink()
    model = open_model(run)
    told: list[str] = []
    make_report(run, model, open_held_out(run, model.recipe), lambda fraction, doing: told.append(doing))
    assert run.report_path.read_text() == first
    assert told[0].startswith("u4: ")
    assert told[-1] == "report written"


def test_prediction_repeats(done_run: Run, universes: list[Universe], new_run: Callable[..., Run]) -> None:
    other = new_run()
    made = predict(other, open_model(done_run), universes[3])
    kept = open_universe(done_run.path / "predictions" / "u4.h5")
    np.testing.assert_array_equal(made.field("probability").values, kept.field("probability").values)


def test_universes_of_one_name_keep_their_own_predictions(
    new_run: Callable[..., Run], done_run: Run, universes: list[Universe]
) -> None:
    run, model = new_run(), open_model(done_run)
    twins = [universes[0], replace(universes[1], name="u1")]
    make_report(run, model, twins)
    files = sorted((run.path / "predictions").iterdir())
    assert len(files) == 2
    assert [kept(run, universe) for universe in twins] == [path_for(run, universe) for universe in twins]
    assert {kept(run, universe) for universe in twins} == set(files)


def test_no_report_yet(new_run: Callable[..., Run]) -> None:
    with pytest.raises(RunError, match="has no report yet: make it with `halodeck report halonet-001 --again`"):
        read_report(new_run())


REPORT: dict[str, object] = {"title": "t", "numbers": [], "notes": [], "facts": {}, "figures": {}}
SLICE: dict[str, object] = {"kind": "Slice", "title": "s", "values": [[1, 2], [3, 4]], "extent": [0, 1, 0, 1]}
CURVES: dict[str, object] = {"kind": "Curves", "title": "c", "series": [], "x_label": "", "y_label": ""}
TABLE: dict[str, object] = {"kind": "Table", "title": "t", "columns": ["a"], "rows": []}


CHANGES: list[dict[str, object]] = [
    {"facts": [1]},
    {"facts": {"a": 1}},
    {"figures": 3},
    {"figures": {"a": 3}},
    {"figures": {"a": {"kind": []}}},
    {"notes": "x"},
    {"numbers": [{"colour": 1}]},
    {"numbers": [{"key": "a", "name": "a", "value": "high"}]},
    {"figures": {"a": SLICE | {"values": [[1, 2], [3]]}}},
    {"figures": {"a": SLICE | {"values": []}}},
    {"figures": {"a": SLICE | {"extent": [0, 1]}}},
    {"figures": {"a": CURVES | {"series": [{"name": "b", "x": [1, 2], "y": [1]}]}}},
    {"figures": {"a": TABLE | {"rows": [[1, 2]]}}},
    {"figures": {"a": {"kind": "Row", "title": "r", "figures": [TABLE | {"rows": 3}]}}},
]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "[" * 100_000, *(json.dumps(REPORT | changes) for changes in CHANGES)],
    ids=lambda text: text[-40:],
)
def test_a_damaged_report(new_run: Callable[..., Run], text: str) -> None:
    run = new_run()
    run.report_path.parent.mkdir()
    run.report_path.write_text(text)
    with pytest.raises(RunError, match=r"report\.json (is damaged|cannot be read) .*: make it again"):
        read_report(run)


def test_losses_with_a_resume_in_between(new_run: Callable[..., Run]) -> None:
    run = new_run()
    assert loss_curves(run).series == ()
    for step, loss in [(1, 0.5), (2, 0.4), (3, 0.9), (2, 0.4), (3, 0.3)]:
        run.emit("step", step=step, loss=loss)
    run.emit("validation", step=3, loss=0.6)
    run.emit("validation", step=4)
    curves = loss_curves(run)
    assert isinstance(curves, Curves)
    training, validation = curves.series
    np.testing.assert_array_equal(training.x, [1, 2, 3])
    np.testing.assert_array_equal(training.y, [0.5, 0.4, 0.3])
    np.testing.assert_array_equal(validation.x, [3])


def test_what_validation_measures_has_its_panel(new_run: Callable[..., Run]) -> None:
    """The width of halo_mass's likelihood is the lower panel of its paper's figure 9."""
    run = new_run()
    assert validation_curves(run) is None
    for step, width in ((2, 0.25), (4, 0.26)):
        run.emit("validation", step=step, loss=1.0, loss_part=0.5, width=width, rms=0.4)
    measured = validation_curves(run)
    assert measured is not None
    width_panel, rms = measured.figures
    assert isinstance(width_panel, Curves)
    assert (width_panel.title, rms.title) == ("width", "rms")
    assert width_panel.series[0].y.tolist() == [0.25, 0.26]


def test_every_part_of_a_loss_has_its_curve(new_run: Callable[..., Run]) -> None:
    run = new_run()
    for step in (1, 2):
        run.emit("step", step=step, loss=300.0 / step, loss_judge=0.7, loss_l1=2.0 / step, learning_rate=0.1, seconds=1)
    run.emit("validation", step=2, loss=100.0, loss_l1=1.0, correlation=0.9)
    curves = loss_curves(run)
    names = ["training", "training judge", "training l1", "validation", "validation l1"]
    assert [series.name for series in curves.series] == names
    np.testing.assert_array_equal(curves.series[2].y, [2.0, 1.0])
    assert curves.y_log


def test_a_chain_has_one_curve_a_network(new_run: Callable[..., Run]) -> None:
    run = new_run()
    for step, name in [(1, "first"), (2, "first"), (3, "second")]:
        run.emit("step", step=step, loss=1.0 + step, **{f"loss_{name}": 1.0 + step})
    run.emit("validation", step=3, loss=5.0, loss_second=5.0, accuracy_second=0.5)
    curves = loss_curves(run)
    assert [series.name for series in curves.series] == ["training first", "training second", "validation second"]
    np.testing.assert_array_equal(curves.series[1].x, [3])
    assert not curves.y_log


def test_a_report_says_how_far_it_is(done_run: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(done_run.path, tmp_path / "again"))
    told: list[tuple[float, str]] = []
    model = open_model(run)
    make_report(run, model, open_held_out(run, model.recipe), lambda fraction, doing: told.append((fraction, doing)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    comparing = {doing for _, doing in told if doing.startswith("comparing with the truth: ")}
    assert {"comparing with the truth: shapes", "comparing with the truth: clustering"} <= comparing


def test_a_run_that_was_not_trained_to_its_end_has_no_report(new_run: Callable[..., Run]) -> None:
    run = new_run("steps=3")
    with pytest.raises(Interrupted):
        work(run, lambda step, steps: run.request("stop"))
    with pytest.raises(RunError, match="was not trained to its end: go on with `halodeck resume halonet-001`"):
        open_model(run, finished=True)
