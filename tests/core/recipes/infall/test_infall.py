"""The recipe infall: a run in small from table to report, resumed exactly, compared, and its commands."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.analysis.comparison.runs import compare
from core.config import read_table, resolve, tables
from core.cosmos.infall.model import Infalls, draw_infalls, make_table
from core.cosmos.infall.table import CATALOGUE, VISHNU, write_table
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError, Interrupted, UsageError
from core.figures import Report, Row, Table, dump_report, load_report, numbers_table
from core.learning.forest import Forest
from core.recipes.infall.recipe import Infall
from core.recipes.infall.report import shortened
from core.recipes.infall.rows import RowSplit, feature_names, read_tables
from core.recipes.infall.search import Grid, as_table, grid_search
from core.runs import registry
from core.runs.job import open_model
from core.runs.reports import read_report
from core.runs.run import Run, create_run

Command = Callable[..., tuple[int, str, str]]


def smoke(*overrides: str) -> Infall:
    settings = resolve(registry.load("infall"), read_table("infall", "smoke"), list(overrides))
    assert isinstance(settings, Infall)
    return settings


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    return make_table(tmp_path_factory.mktemp("tables") / "drawn.h5", Infalls(1200, 1), {"command": "test"})


def new_run(folder: Path, universe: Universe, *overrides: str) -> Run:
    settings = smoke(*overrides).model_dump(mode="json")
    return create_run(folder, "infall", settings, universes=[str(universe.path)], device="cpu")


@pytest.fixture(scope="module")
def finished(drawn: Universe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    from core.runs.worker import work

    run = new_run(tmp_path_factory.mktemp("infall"), drawn)
    work(run)
    return run


@pytest.fixture(scope="module")
def report(finished: Run) -> Report:
    return read_report(finished)


def test_the_run_tells_its_loss(finished: Run) -> None:
    events, _ = finished.events()
    losses = [event["loss"] for event in events if event["event"] == "step"]
    assert losses[-1] < losses[0] < 1
    told = [event for event in events if event["event"] == "validation"][-1]
    assert {"loss", "survived", "final_mass", "final_distance", "merge_time"} <= told.keys()
    assert finished.status().state == "done"


def test_the_report(report: Report) -> None:
    values = {number.key: number for number in report.numbers}
    assert values["merged"].value == pytest.approx(0.64, abs=0.05)
    survival = values["survived"]
    assert survival.value is not None
    assert survival.baseline is not None
    assert survival.value > survival.baseline + 0.15
    assert survival.paper is None  # the table is drawn
    assert report.facts["tables"] == "drawn, drawn by a model"
    one = values["one_feature"].value
    assert one is not None
    assert one > 0.8
    assert {"interactions_survived", "interactions_merge_time"} <= values.keys()
    assert {
        "addition_final_distance",
        "gains_final_distance",
        "histograms",
        "models",
        "orbits",
    } <= report.figures.keys()
    planes = report.figures["planes"]
    assert isinstance(planes, Row)
    assert len(planes.figures) == 4
    rows = {row[0] for row in numbers_table(report).rows}
    assert "accuracy of merge time within 1.5 crossing times" in rows
    assert dump_report(load_report(dump_report(report))) == dump_report(report)


def test_the_report_of_a_table_of_a_simulation(tmp_path: Path) -> None:
    """The paper's numbers stand in their column, its ranking and gains in the tables."""
    import torch

    columns = draw_infalls(Infalls(600, 5))
    settings = {"particle_mass": 3.2e7, "fewest_particles": 1000}
    universe = write_table(tmp_path / "t.h5", columns, VISHNU, 100.0, {"kind": "read", "settings": settings})
    recipe, device = smoke("subsets=false", "histograms.iterations=0"), torch.device("cpu")
    learner = recipe.learner(device)
    list(learner.fit(recipe.samples([universe], device)))
    report = recipe.evaluate(learner, [(universe, universe)])
    values = {number.key: number for number in report.numbers}
    assert values["survived"].paper == 0.944
    assert [values[f"final_mass_{k}"].paper for k in range(3)] == [0.565, 0.893, 0.993]
    assert [values[f"merge_time_{k}"].paper for k in range(3)] == [0.416, 0.835, 0.974]
    assert (values["final_distance_further"].paper, values["merge_time_further"].paper) == (0.885, 0.911)
    assert values["out_of_bag_three"].paper == 0.9425
    assert "paper's baseline 0.64" in values["survived"].note
    ranking = report.figures["ranking"]
    assert isinstance(ranking, Table)
    assert ranking.rows[1][1] == "a_acc 0.997"
    gains = report.figures["gains_survived"]
    assert isinstance(gains, Table)
    assert gains.rows[0][-1] == 0.9
    assert "orbits" not in report.figures
    assert any("hold no orbits" in note for note in report.notes)


def test_predictions(finished: Run, drawn: Universe) -> None:
    prediction = open_universe(finished.path / "predictions" / "drawn.h5")
    assert prediction.kind == "prediction"
    assert prediction.fields == {}
    fates, infall = prediction.catalogue("fates"), drawn.catalogue(CATALOGUE)
    np.testing.assert_array_equal(fates["mass"], infall["mass"])
    test = fates["test"] == 1
    assert test.sum() == 240
    right = (fates["survival_probability"] > 0.5) == (infall["survived"] == 1)
    [told] = [number.value for number in read_report(finished).numbers if number.key == "survived"]
    assert right[test].mean() == pytest.approx(told)


def test_a_stopped_run_goes_on_exactly(finished: Run, drawn: Universe, tmp_path: Path) -> None:
    from core.learning.learner import Step
    from core.runs.worker import work

    run = new_run(tmp_path, drawn)

    def stop(step: Step, steps: int) -> None:
        if step.step == 2:
            run.request("stop")

    with pytest.raises(Interrupted):
        work(run, stop)
    assert run.status().step == 2
    work(run)
    ours, theirs = (dump_report(read_report(each))["numbers"] for each in (run, finished))
    assert ours == theirs


def test_two_runs_beside_each_other(finished: Run, drawn: Universe, tmp_path: Path) -> None:
    from core.runs.worker import work

    other = new_run(tmp_path, drawn, "survival.trees=2", "addition.features=0")
    work(other)
    together = compare([finished, other])
    assert "numbers" in together.figures


def test_prediction_of_a_table_with_fewer_features(finished: Run, tmp_path: Path) -> None:
    model = open_model(finished)
    learner = model.learner
    assert isinstance(learner, Forest)
    assert len(feature_names(learner)) == 24
    columns = draw_infalls(Infalls(100, 2))
    del columns["host_spin"]
    with pytest.raises(InputError, match="lacks host_spin, which the forest learnt from"):
        model.recipe.predict(learner, write_table(tmp_path / "t.h5", columns, VISHNU, 100.0, {}))


def test_universes_that_are_no_tables(universes: list[Universe]) -> None:
    with pytest.raises(InputError, match="holds no infall table"):
        smoke().check(universes)


def test_tables_without_some_features_are_learnt_from(tmp_path: Path) -> None:
    """As of trees without spins, and where nothing is known of interactions or of the particles."""
    from core.runs.worker import work

    columns = draw_infalls(Infalls(400, 2))
    for name in ("host_spin", "sub_spin", "became_subsubhalo"):
        del columns[name]
    columns["sub_triaxiality"] = np.full(400, 0.5)
    run = new_run(tmp_path, write_table(tmp_path / "t.h5", columns, VISHNU, 100.0, {}))
    work(run)
    notes = " ".join(read_report(run).notes)
    assert "λ_sub: not in t; λ_host: not in t; T_sub: always 0.5" in notes
    assert "mass of a particle is not known" in notes
    assert not [number for number in read_report(run).numbers if number.key.startswith("interactions")]


def test_shorter_models_learn_faster() -> None:
    model = Infall().position.model()
    assert shortened(model, 0) is model
    fast = shortened(model, 100)
    assert fast.trees == 100
    assert fast.learning_rate == pytest.approx(0.144)


def test_the_grid(drawn: Universe) -> None:
    table = read_tables([drawn], RowSplit(0.2, 0.2, 1))
    found = grid_search(table, "survived", Grid((1, 10), (1, 4), (0.1, 0.2)), folds=3)
    assert len(found) == 4
    accuracies = [tried.accuracy[0] for tried in found]
    assert accuracies == sorted(accuracies, reverse=True)
    assert found[0].model.trees == 10
    assert all(0.5 < tried.accuracy[0] <= 1 for tried in found)
    deep = next(tried for tried in found if tried.model.trees == 10 and tried.model.depth == 4)
    assert deep.training[0] > deep.accuracy[0]
    assert as_table("survived", found, 3).rows[0][2] is None
    boosted = grid_search(table, "merge_time", Grid((5,), (2,), (0.1, 0.3)), folds=2)
    assert [tried.model.learning_rate for tried in boosted] == [0.3, 0.1]
    with pytest.raises(UsageError, match="did you mean 'survived'"):
        grid_search(table, "survive", Grid((1,), (1,), (0.1,)))
    with pytest.raises(UsageError, match="1 folds do not fit"):
        grid_search(table, "survived", Grid((1,), (1,), (0.1,)), folds=1)
    with pytest.raises(UsageError, match="trees that cannot grow"):
        grid_search(table, "survived", Grid((1,), (20,), (0.1,)))


@pytest.mark.parametrize("table", tables("infall"))
def test_every_table_makes_settings(table: str) -> None:
    resolve(registry.load("infall"), read_table("infall", table), [])


def test_the_papers_values_are_the_defaults() -> None:
    models = Infall().models()
    assert [(m.trees, m.depth) for m in models.values()] == [(50, 7), (600, 3), (1800, 6), (500, 5)]
    assert models["survived"].tried == "root"
    assert [m.learning_rate for m in models.values()] == [1.0, 0.07, 0.008, 0.05]
