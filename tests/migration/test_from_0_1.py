"""What version 0.1 wrote is read and used: a universe, and a run with its checkpoint, prediction and report.

made-by-0.1.zip holds, made by `halodeck` 0.1.0 in one folder:

    halodeck simulate --cells 8 --box 12.5 --seeds 1-4 --steps 4 --minimum-particles 8 --device cpu
    halodeck train density --config smoke --set steps=4 --device cpu

of the universes the last, which is held out.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import halodeck
from core.cosmos.identity import identity
from core.cosmos.universe import Universe, open_universe
from core.runs.job import has_seen, open_model, restore
from core.runs.predictions import kept
from core.runs.reports import loss_curves, read_report
from core.runs.run import Run

ARCHIVE = Path(__file__).parent / "made-by-0.1.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def universe(folder: Path) -> Universe:
    [path] = (folder / "universes").glob("*.h5")
    return open_universe(path)


@pytest.fixture
def run(folder: Path) -> Run:
    return Run(folder / "runs" / "density-001")


def test_the_archive_is_small_and_of_that_version(universe: Universe) -> None:
    assert ARCHIVE.stat().st_size < 100_000
    assert universe.provenance["versions"]["halodeck"] == "0.1.0"


def test_a_universe_is_what_it_would_be_now(universe: Universe, folder: Path) -> None:
    settings: dict[str, Any] = {"steps": 4, "minimum_particles": 8, "device": "cpu"}
    [again] = halodeck.simulate(folder / "again", cells=8, box=12.5, seeds=4, **settings)
    assert identity(again) == identity(universe)
    assert again.fields.keys() == universe.fields.keys()
    for name in ("delta_linear", "displacement"):
        old, new = universe.field(name).values, again.field(name).values
        assert np.allclose(old, new, atol=1e-3 * np.abs(old).max()), name
    assert halodeck.halos(universe).columns.keys() == halodeck.halos(again).columns.keys()
    [kept_one] = halodeck.simulate(folder / "universes", cells=8, box=12.5, seeds=4, **settings)
    assert kept_one.provenance == universe.provenance  # the same settings: it was not made again


def test_a_run_is_read(run: Run, universe: Universe) -> None:
    assert (run.status().state, run.status().step) == ("done", 4)
    assert len(loss_curves(run).series) == 2
    assert {number.key for number in read_report(run).numbers} >= {"reach"}
    assert not has_seen(run, universe)
    prediction = kept(run, universe)
    assert prediction
    assert open_universe(prediction).kind == "prediction"


def test_its_weights_predict_what_they_did(run: Run, universe: Universe) -> None:
    path = kept(run, universe)
    assert path
    before = {name: np.array(open_universe(path).field(name).values) for name in open_universe(path).fields}
    after = halodeck.predict(run, universe)
    assert after.path == path
    for name, values in before.items():
        assert np.allclose(after.field(name).values, values, atol=1e-4 * np.abs(values).max()), name


def test_its_report_is_made_again(run: Run, universe: Universe) -> None:
    before = {number.key: number.value for number in read_report(run).numbers if number.value is not None}
    again = halodeck.report(run, again=True, universes=[universe.path.parent])
    after = {number.key: number.value for number in again.numbers}
    assert before.keys() <= after.keys()
    assert after["reach"] == pytest.approx(before["reach"], abs=0.1)


def test_its_checkpoint_is_gone_on_with(run: Run) -> None:
    model = open_model(run, torch.device("cpu"))
    learner = model.recipe.learner(torch.device("cpu"))
    restore(learner.restore, run.path / "checkpoint.pt", run, torch.device("cpu"), "state")
    assert learner.step == 4
