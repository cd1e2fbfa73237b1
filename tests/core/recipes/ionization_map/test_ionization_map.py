from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import read_table, resolve, tables
from core.cosmos.cosmology import preset
from core.cosmos.reionization.ionize import Ionization, ionize
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError
from core.figures import Report, Row, dump_report, load_report
from core.learning.learner import Network
from core.learning.metrics import correlation
from core.recipes.ionization_map.recipe import IonizationMap
from core.recipes.ionization_map.report import baseline, fit_baseline
from core.runs import registry
from core.runs.run import create_run

CPU = torch.device("cpu")


def smoke(*overrides: str) -> IonizationMap:
    settings = resolve(registry.load("ionization_map"), read_table("ionization_map", "smoke"), list(overrides))
    assert isinstance(settings, IonizationMap)
    return settings


def value(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key).value


@pytest.fixture(scope="module")
def cubes(tmp_path_factory: pytest.TempPathFactory) -> list[Universe]:
    start = Ionization(24, 24.0, preset("planck2015"), 7.0, 0.07, mesh_ratio=1)
    items = [replace(start, seed=seed) for seed in range(1, 4)]
    return list(ionize(tmp_path_factory.mktemp("cubes"), items, device="cpu"))


@pytest.mark.parametrize("table", tables("ionization_map"))
def test_tables_can_be_read(table: str) -> None:
    assert resolve(registry.load("ionization_map"), read_table("ionization_map", table), []).name == "ionization_map"


def test_the_network_sees_the_density_and_learns_the_map(cubes: list[Universe]) -> None:
    settings = smoke()
    samples = settings.samples(cubes, CPU)
    inputs, targets = samples.training_boxes[0]
    density, neutral = (cubes[0].field(name).values for name in ("density", "neutral_fraction"))
    np.testing.assert_allclose(
        inputs[0].numpy() * samples.constants["sigma"], np.log1p(np.maximum(density, -0.99)), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(targets.numpy() * samples.constants["scale"], neutral, rtol=1e-5)
    assert float(inputs.std()) == pytest.approx(1, rel=1e-3)
    assert len(samples.training_boxes) == 1
    assert len(samples.validation_boxes) == 1


def test_prediction_turns_with_the_box(cubes: list[Universe]) -> None:
    """Circular padding: a shift of the box by what the poolings divide is a shift of the map."""
    settings = smoke()
    samples, learner = settings.samples(cubes, CPU), settings.learner(CPU)
    for _ in learner.fit(samples):
        pass
    assert isinstance(learner, Network)
    inputs = samples.training_boxes[0][0][None]
    plain, moved = (learner.predict(item)[0, 0] for item in (inputs, inputs.roll((4, 8), (2, 4))))
    torch.testing.assert_close(moved, plain.roll((4, 8), (0, 2)), rtol=1e-3, atol=1e-4)


def test_baseline_is_the_mean_at_a_density(cubes: list[Universe]) -> None:
    constants = fit_baseline(cubes[:2], "neutral_fraction")
    map_ = baseline(cubes[2], constants)
    true = cubes[2].field("neutral_fraction").values
    assert correlation(map_, true) > 0.5
    assert float(map_.mean()) == pytest.approx(float(true.mean()), abs=0.1)
    density = cubes[2].field("density").values
    # more matter, less neutral
    assert correlation(map_, density) < 0


def test_a_whole_run(cubes: list[Universe], tmp_path: Path) -> None:
    from core.runs.reports import read_report
    from core.runs.worker import work

    run = create_run(
        tmp_path,
        "ionization_map",
        smoke("target=brightness_temperature").model_dump(mode="json"),
        universes=[str(universe.path) for universe in cubes],
        device="cpu",
    )
    work(run)
    prediction = open_universe(run.path / "predictions" / f"{cubes[-1].name}.h5")
    made, true = (u.field("brightness_temperature").values for u in (prediction, cubes[-1]))
    found = load_report(dump_report(read_report(run)))
    assert value(found, "correlation") == pytest.approx(correlation(made, true), rel=1e-4)
    assert value(found, "rms") == pytest.approx(float(np.sqrt(np.mean((made - true) ** 2))), rel=1e-4)
    maps = found.figures["maps"]
    assert isinstance(maps, Row)
    assert [figure.title for figure in maps.figures] == ["density", "truth", "network", "difference"]


def test_the_truth_itself_is_perfect(cubes: list[Universe]) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    settings.finish(learner, cubes)
    found = settings.evaluate(learner, [(cubes[2], cubes[2])])
    for key in ("correlation", "bias", "bubbles", "r_1"):
        assert value(found, key) == pytest.approx(1, abs=1e-6)
    assert value(found, "rms") == 0


def test_cubes_that_do_not_fit(cubes: list[Universe], universes: list[Universe], tmp_path: Path) -> None:
    item = Ionization(24, 24.0, preset("planck2015"), 8.0, 0.07, mesh_ratio=1, seed=8)
    later, smaller = ionize(tmp_path, [item, replace(item, cells=16, redshift=7.0)], device="cpu")
    with pytest.raises(InputError, match="differ in redshift or escape fraction"):
        smoke().check([*cubes, later])
    with pytest.raises(InputError, match="have different boxes"):
        smoke().check([*cubes, smaller])
    with pytest.raises(InputError, match="2 realisations leave none to train on"):
        smoke().check(cubes[:2])
    with pytest.raises(InputError, match="cannot be halved 4 times"):
        smoke("network.levels=4").check(cubes)
    with pytest.raises(InputError, match="has no neutral_fraction"):
        smoke().check(universes)


def test_cells_of_another_size_are_refused(cubes: list[Universe], universes: list[Universe]) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    learner.constants = settings.samples(cubes, CPU).constants
    with pytest.raises(InputError, match=r"has cells of 1\.5625 Mpc/h, the network was trained on 1"):
        settings.predict(learner, universes[0])
