"""Every recipe goes the whole way at smoke size: train, stop, resume exactly, predict, report."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.cosmology import preset
from core.cosmos.infall.model import Infalls, make_table
from core.cosmos.reionization.ionize import Ionization, ionize
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

    def make(product: str) -> list[Universe]:
        folder = tmp_path_factory.mktemp(product)
        if product == "table":
            return infall_tables(folder)
        if product in ("classes", "maps"):
            return ionization_cubes(folder, (7.0, 9.0) if product == "classes" else (7.0,))
        return universes

    return make


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


def infall_tables(folder: Path) -> list[Universe]:
    """One table of infalls, which the recipe splits by row."""
    return [make_table(folder / "drawn.h5", Infalls(600, 1), {})]


def ionization_cubes(folder: Path, redshifts: tuple[float, ...]) -> list[Universe]:
    """Four realisations of 24^3 cells at each redshift."""
    start = Ionization(24, 24.0, preset("planck2015"), 7.0, 0.07, mesh_ratio=1)
    items = [replace(start, seed=seed, redshift=redshift) for seed in range(1, 5) for redshift in redshifts]
    return list(ionize(folder, items, device="cpu"))
