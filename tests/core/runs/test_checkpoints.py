"""Checkpoints and weights: damaged, of others, packed, and those of an unfinished run."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch

from core.cosmos.universe import Universe
from core.errors import HalodeckError, RunError
from core.learning.learner import Network, Step
from core.runs.job import open_model
from core.runs.run import Run
from core.runs.worker import work

NewRun = Callable[..., Run]


def test_a_damaged_checkpoint(new_run: NewRun) -> None:
    run = new_run("steps=2")
    work(run)
    path = run.path / "checkpoint.pt"
    whole = path.read_bytes()
    for keep in (0, 10, 1000, 20_000):
        path.write_bytes(whole[:keep])
        with pytest.raises(RunError, match=r"checkpoint\.pt cannot be read: delete it"):
            work(run)
    path.unlink()
    work(run)
    assert run.status().state == "done"


@pytest.fixture(scope="module")
def checkpoint(done_run: Run) -> bytes:
    return (done_run.path / "checkpoint.pt").read_bytes()


def test_no_flipped_byte_leads_to_a_traceback(done_run: Run, checkpoint: bytes, tmp_path: Path) -> None:
    from core.runs.job import read_tensors

    path = tmp_path / "checkpoint.pt"
    refused = 0
    for place in range(5, len(checkpoint), len(checkpoint) // 200):
        damaged = bytearray(checkpoint)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            read_tensors(path, done_run, torch.device("cpu"), "state")
        except HalodeckError:
            refused += 1
    # the rest fell on padding and on parts of the ZIP format that nobody reads
    assert refused > 100


@pytest.mark.parametrize("content", [{"recipe": "other"}, {"weights": 1}, [1, 2]])
def test_a_checkpoint_of_another_recipe(new_run: NewRun, content: Any) -> None:
    run = new_run()
    torch.save(content, run.path / "checkpoint.pt")
    with pytest.raises(RunError, match=r"checkpoint\.pt is of .*, the run is halonet"):
        work(run)


def test_a_checkpoint_of_another_kind_of_file(new_run: NewRun, done_run: Run) -> None:
    run = new_run()
    (run.path / "checkpoint.pt").write_bytes((done_run.path / "model.pt").read_bytes())
    with pytest.raises(RunError, match=r"checkpoint\.pt"):
        work(run)


def test_a_checkpoint_of_another_network(new_run: NewRun, checkpoint: bytes) -> None:
    run = new_run("network.filters=3")
    (run.path / "checkpoint.pt").write_bytes(checkpoint)
    with pytest.raises(RunError, match="the saved weights belong to another network"):
        work(run)


@pytest.mark.parametrize("state", [3, {}, {"module": 3}, {"module": {}, "constants": 3}])
def test_a_checkpoint_of_other_parts(new_run: NewRun, state: Any) -> None:
    run = new_run()
    torch.save({"recipe": "halonet", "state": state}, run.path / "checkpoint.pt")
    with pytest.raises(RunError, match=r"holds no state|another network|does not fit run"):
        work(run)


def test_a_checkpoint_that_is_packed_is_not_unpacked(done_run: Run, checkpoint: bytes, tmp_path: Path) -> None:
    from core.runs.job import read_tensors

    path = tmp_path / "packed.pt"
    with zipfile.ZipFile(BytesIO(checkpoint)) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    with pytest.raises(RunError, match="cannot be read"):
        read_tensors(path, done_run, torch.device("cpu"), "state")


def test_no_pickled_class_is_run(new_run: NewRun, tmp_path: Path) -> None:
    run = new_run()
    torch.save({"recipe": "halonet", "state": Step(1, {})}, run.path / "checkpoint.pt")
    with pytest.raises(RunError, match="cannot be read"):
        work(run)


def test_weights_for_prediction(done_run: Run, new_run: NewRun, universes: list[Universe]) -> None:
    model = open_model(done_run)
    learner = model.learner
    assert isinstance(learner, Network)
    assert learner.step == 12
    assert {"sigma", "baseline.fraction", "finder.levels"} <= set(learner.constants)
    fresh = model.recipe.learner(model.device)
    assert isinstance(fresh, Network)
    delta = torch.from_numpy(universes[0].field("delta_linear").values.copy())[None, None]
    assert not torch.equal(learner.predict(delta), fresh.predict(delta))
    run = new_run()
    with pytest.raises(RunError, match="has no weights yet: go on with `halodeck resume "):
        open_model(run)
