from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
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
from core.recipes.ionization_map.sources import (
    Excursion,
    efficiency,
    fitted_efficiency,
    photons,
    reconstructed,
    sources,
)
from core.recipes.ionization_map.ways import baseline, fit_baseline
from core.runs import registry
from core.runs.run import create_run
from tests.core.recipes.impostors import written

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
    for key in ("correlation", "bias", "bubbles", "ionized", "r_1", "power_1"):
        assert value(found, key) == pytest.approx(1, abs=1e-6)
    assert value(found, "rms") == 0
    # ways without a network are judged by the same truth, which is not theirs
    for key in ("correlation", "r_1", "power_1"):
        for way in ("excursion", "excursion_own", "excursion_linear"):
            assert value(found, f"{key}_{way}") != pytest.approx(1, abs=1e-3)


def test_the_truth_of_another_seed_has_no_correlation(cubes: list[Universe]) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    settings.finish(learner, cubes)
    found = settings.evaluate(learner, [(cubes[2], cubes[1]), (cubes[0], cubes[2])])
    # bubbles of some cells: a few hundred of them are independent
    assert abs(value(found, "correlation")) < 0.15
    assert abs(value(found, "r_1")) < 0.2
    # which tells no power and no share of the cells from the truth's
    assert value(found, "power_1") == pytest.approx(1, abs=0.5)
    assert value(found, "correlation_excursion_own") > 0.5


def test_power_is_that_of_the_prediction_over_the_truth_s(cubes: list[Universe], tmp_path: Path) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    settings.finish(learner, cubes)
    truth = cubes[2].field("neutral_fraction")
    half = written(cubes[2], [replace(truth, values=truth.values / 2)], {}, tmp_path / "half.h5")
    found = settings.evaluate(learner, [(cubes[2], half)])
    assert value(found, "power_1") == pytest.approx(0.25, rel=1e-4)
    assert value(found, "bias") == pytest.approx(0.5, rel=1e-4)
    transfer = found.figures["transfer"]
    np.testing.assert_allclose(transfer.series[0].y, 0.5, rtol=1e-4)  # type: ignore[union-attr]


def test_the_reconstructed_density_is_made_of_the_density_alone(cubes: list[Universe]) -> None:
    """One more map, spheres in it and the largest of all: what decides in the excursion set."""
    settings = smoke("reconstructed=true", "spheres=[2,4]")
    seen = settings.samples(cubes, CPU).training_boxes[0][0]
    assert len(seen) == settings.channels == 5
    linear = reconstructed(cubes[0])
    largest = Excursion(cubes[0], sources(cubes[0]), linear).shares.largest * (efficiency(cubes[0]) or 0)
    torch.testing.assert_close(seen[-1].exp(), largest.clamp(1e-3, 1e3))
    assert bool((seen[-1] >= seen[2:4].amax(0) - 0.05).all())  # radii of the settings lie between those of the set
    with pytest.raises(InputError, match="no escape fraction"):
        settings._check_box(replace(cubes[0], provenance={}))


def test_a_density_that_is_not_finite_is_refused_before_any_work(cubes: list[Universe], tmp_path: Path) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    learner.constants.update(settings.samples(cubes, CPU).constants)
    copy = tmp_path / "nan.h5"
    copy.write_bytes(cubes[0].path.read_bytes())
    with h5py.File(copy, "r+") as file:
        file["fields/density"][0, 0, 0] = np.nan
    with pytest.raises(InputError, match=r"density of .*nan.h5 holds 1 value that is not finite"):
        settings.predict(learner, open_universe(copy))


def test_photons_are_those_of_the_excursion_set(cubes: list[Universe]) -> None:
    """The largest over all its spheres is what decides there."""
    from core.cosmos.reionization.bubbles import radii

    cube = cubes[0]
    zeta = efficiency(cube) or 0.0
    assert zeta == pytest.approx(300 * 0.07)
    spheres = radii(cube.cells, cube.box_size, sources(cube).largest_bubble)
    largest = torch.stack(list(photons(cube, spheres.tolist()))).amax(0)
    own = Excursion(cube, sources(cube))
    torch.testing.assert_close(largest, zeta * own.shares.largest)
    assert ((largest >= 1) <= (own.neutral(zeta) == 0)).all()


def test_an_efficiency_is_found_again(cubes: list[Universe]) -> None:
    excursion = Excursion(cubes[0], sources(cubes[0]))
    neutral = float(excursion.neutral(15.0).mean())
    assert float(excursion.neutral(fitted_efficiency([excursion], neutral)).mean()) == pytest.approx(neutral, abs=1e-3)


def test_the_network_sees_spheres_and_parameters(cubes: list[Universe], tmp_path: Path) -> None:
    item = Ionization(24, 24.0, preset("planck2015"), 7.5, 0.09, mesh_ratio=1)
    other = list(ionize(tmp_path, [replace(item, seed=seed) for seed in range(1, 4)], device="cpu"))
    settings = smoke("spheres=[0.1,2,6]", "parameters=true")
    samples, learner = settings.samples([*cubes, *other], CPU), settings.learner(CPU)
    seen = [inputs for inputs, _ in samples.training_boxes]
    assert [tuple(item.shape) for item in seen] == [(6, 24, 24, 24)] * 2
    density = torch.from_numpy(np.array(cubes[0].field("density").values))
    for channel in (1, 2):
        assert correlation(seen[0][channel].numpy(), density.numpy()) > 0.4
    assert [round(float(item[4].mean()), 4) for item in seen] == [-0.5, -0.25]
    assert [round(float(item[5].mean()), 4) for item in seen] == [round(float(np.log(f * 15)), 4) for f in (0.07, 0.09)]
    assert all(float(item[channel].max()) == float(item[channel].min()) for item in seen for channel in (4, 5))
    for _ in learner.fit(samples):
        pass
    settings.finish(learner, [*cubes, *other])
    [field], _ = settings.predict(learner, other[2])
    assert field.values.shape == (24, 24, 24)
    bare = written(cubes[0], [cubes[0].field("density")], {}, tmp_path / "bare.h5")
    with pytest.raises(InputError, match="has no escape fraction"):
        settings.predict(learner, bare)


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
