"""Every recipe goes the whole way at smoke size: train, stop, resume exactly, predict, report."""

import json
import math
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import torch
from tiny_data import data_for

from core.config import read_table, resolve
from core.cosmos.universe import Universe, open_universe
from core.figures import Number
from core.runs import registry
from core.runs.recipe import Recipe
from core.runs.reports import read_report
from core.runs.run import create_run
from core.runs.worker import work

Examples = Callable[[str], list[Universe]]


@pytest.fixture(scope="module")
def examples(universes: list[Universe], tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Tiny data that a recipe with this product can learn from."""

    return lambda product: data_for(product, universes, tmp_path_factory.mktemp(product))


def smoke(name: str, *overrides: str) -> Recipe:
    return resolve(registry.load(name), read_table(name, "smoke"), list(overrides))


@pytest.mark.parametrize("name", [name for name in registry.names() if name != "halonet"])
def test_a_run_from_data_to_report(name: str, examples: Examples, tmp_path: Path) -> None:
    settings, data = smoke(name), examples(registry.load(name).product)
    paths = [str(universe.path) for universe in data]
    run = create_run(tmp_path, name, settings.model_dump(mode="json"), universes=paths, device="cpu")
    work(run)
    assert run.status().state == "done"
    report = read_report(run)
    assert report.numbers
    assert all(finite(number) for number in report.numbers)
    assert "loss" in report.figures
    for universe in settings.held_out(data):
        assert open_universe(run.path / "predictions" / f"{universe.name}.h5").kind == "prediction"
    losses = [event["loss"] for event in run.events()[0] if event["event"] == "step"]
    assert losses
    assert all(map(math.isfinite, losses))


@pytest.mark.parametrize("name", registry.names())
def test_a_resume_repeats_every_step(name: str, examples: Examples) -> None:
    device, data = torch.device("cpu"), examples(registry.load(name).product)
    settings = smoke(name)
    samples = settings.samples(data, device)

    def losses(learner: object, count: int) -> list[dict[str, float]]:
        steps = islice(learner.fit(samples), count)  # type: ignore[attr-defined]
        return [{key: value for key, value in step.values.items() if key != "seconds"} for step in steps]

    whole = settings.learner(device)
    expected = losses(whole, 4)
    half = settings.learner(device)
    first = losses(half, 2)
    torch.manual_seed(99)
    again = settings.learner(device)
    again.restore(half.state())
    assert first + losses(again, 2) == expected
    assert json.dumps(settings.model_dump(mode="json"))


def finite(number: Number) -> bool:
    """Whether each of the values that a number has is one."""
    return all(value is None or math.isfinite(value) for value in (number.value, number.error, number.baseline))
