from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.densities.figures import _running
from core.analysis.densities.measured import Measured, measure, objects, reach
from core.analysis.densities.ways import painted
from core.config import read_table, resolve, tables
from core.cosmos.box import Field
from core.cosmos.measures.spectra import Spectra
from core.cosmos.measures.voids import void_probability
from core.cosmos.paint import paint
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import ConfigError, InputError, ResourceError, RunError
from core.figures import Curves, Histogram, Report, Row, Slice, dump_report, load_report
from core.recipes.density.base import DensityRecipe
from core.recipes.density.fields import end, scaled, start
from core.recipes.density.recipe import Density
from core.recipes.density.settings import Begin
from core.recipes.density_gan import DensityGan
from core.runs import registry

CPU = torch.device("cpu")
NAMES = ("density", "density_gan")


def smoke(name: str, *overrides: str) -> Any:
    settings = resolve(registry.load(name), read_table(name, "smoke"), ["precision=float32", *overrides])
    assert isinstance(settings, DensityRecipe)
    return settings


def value(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key).value


def prediction_of(universe: Universe, fields: list[Field], path: Path) -> Universe:
    return write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=fields,
        catalogues={},
        provenance={},
        kind="prediction",
    )


def trained(settings: Any, universes: list[Universe], steps: int = 2) -> Any:
    learner = settings.learner(CPU)
    list(islice(learner.fit(settings.samples(universes, CPU)), steps))
    return learner


def test_tables_are_what_they_say() -> None:
    for name in NAMES:
        assert tables(name) == ["paper", "gpu", "cpu", "smoke"]
        for table in tables(name):
            resolve(registry.load(name), read_table(name, table), [])
    paper = resolve(registry.load("density"), read_table("density", "paper"), [])
    assert isinstance(paper, Density)
    assert (paper.crop.size + 2 * paper.crop.context, paper.crop.size) == (128, 96)
    assert paper.accumulate * paper.crop.batch == 128
    assert (paper.optimiser.learning_rate, paper.plateau.patience) == (1e-5, 100)
    betas = paper.optimiser.build([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]["betas"]
    assert betas == (0.9, 0.99)
    gan = resolve(registry.load("density_gan"), read_table("density_gan", "paper"), [])
    assert isinstance(gan, DensityGan)
    assert gan.crop.size + 2 * gan.crop.context == 128
    assert gan.optimiser.build([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]["betas"] == (0.5, 0.999)


def test_start_and_end_are_painted_alike(universes: list[Universe], tmp_path: Path) -> None:
    universe = universes[0]
    begun = start(universe, Begin())
    assert begun.density.mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(painted(begun.displacement, universe.box_size, "trapezoid"), begun.density, atol=1e-4)
    truth = end(universe, "cic")
    np.testing.assert_allclose(truth - 1, universe.field("density").values, atol=1e-4)
    kept = [
        Field("density_2lpt", np.full((16,) * 3, 1.0, np.float32) * np.arange(16, dtype=np.float32), 25.0),
        Field("displacement_2lpt", begun.displacement, 25.0),
        universe.field("delta_linear"),
    ]
    path = tmp_path / "kept.h5"
    other = write_universe(
        path, name="kept", box_size=25.0, cosmology=universe.cosmology, fields=kept, catalogues={}, provenance={}
    )
    # what the universe keeps is taken, where it was painted as asked for
    np.testing.assert_array_equal(start(other, Begin()).density[0, 0], 1 + np.arange(16))
    np.testing.assert_allclose(start(other, Begin(), "cic").density, start(universe, Begin(), "cic").density, atol=1e-5)


def test_scalings() -> None:
    rho = torch.tensor([0.0, 1.0, 10.0])
    assert scaled(rho, "none") is rho
    torch.testing.assert_close(scaled(rho, "log"), torch.log(1 + rho))
    torch.testing.assert_close(scaled(rho, "asinh"), torch.log(rho + torch.sqrt(rho**2 + 1)))


def test_samples_are_input_and_truth(universes: list[Universe]) -> None:
    settings = smoke("density", "scaling=log")
    samples = settings.samples(universes, CPU)
    assert samples.constants == {"cell_size": 25.0 / 16}
    batch = samples.training(1)
    assert batch.inputs.shape == (1, 1, 20, 20, 20)
    assert batch.targets.shape == (1, 8, 8, 8)
    [(inputs, target)] = samples.validation_boxes
    torch.testing.assert_close(inputs[0].expm1().mean(), torch.tensor(1.0))
    np.testing.assert_array_equal(target.numpy(), end(universes[2]))


def test_a_difference_of_nothing_is_the_start(universes: list[Universe]) -> None:
    settings = smoke("density", "target=displacement+velocity")
    learner = settings.learner(CPU)
    learner.constants.update(settings.samples(universes, CPU).constants)
    density, displacement, velocity = settings.predict(learner, universes[3])[0]
    begun = start(universes[3], Begin())
    assert (density.frame, displacement.frame, velocity.frame) == ("eulerian", "lagrangian", "lagrangian")
    np.testing.assert_allclose(displacement.values, begun.displacement)
    np.testing.assert_allclose(density.values + 1, begun.density, atol=1e-4)
    true = universes[3].field("velocity").values
    assert np.corrcoef(velocity.values.ravel(), true.ravel())[0, 1] > 0.5
    assert velocity.values.std() == pytest.approx(true.std(), rel=0.4)


def test_displacements_turn_with_the_crops(universes: list[Universe]) -> None:
    settings = smoke("density", "target=displacement", "network.border=circular", "crop.size=0", "crop.context=0")
    samples = settings.samples(universes, CPU)
    sigma = samples.constants["sigma_displacement"], samples.constants["sigma_displacement_change"]
    truth = [np.sort(end(universe), axis=None) for universe in universes[:2]]
    for step in range(1, 5):
        batch = samples.training(step)
        displacement = sigma[0] * batch.inputs[0] + sigma[1] * batch.targets[0]
        # a box turned as vectors turn has the densities that it had; on the mesh nodes only half of all turns stay
        density = np.sort(1 + paint(_moved(displacement.numpy(), 25.0), 16, 25.0, "trapezoid"), axis=None)
        assert min(np.abs(density - each).max() for each in truth) < 1e-2


def _moved(displacement: Any, box_size: float) -> Any:
    from core.cosmos.box import lattice

    return lattice(displacement.shape[-1], box_size) + displacement.reshape(3, -1).T


@pytest.mark.parametrize("name", NAMES)
def test_resume_is_exact(name: str, universes: list[Universe]) -> None:
    settings = smoke(name)
    samples = settings.samples(universes, CPU)

    def steps(learner: Any, count: int) -> list[dict[str, float]]:
        return [
            {k: v for k, v in step.values.items() if k != "seconds"} for step in islice(learner.fit(samples), count)
        ]

    whole = steps(settings.learner(CPU), 4)
    first = settings.learner(CPU)
    assert steps(first, 2) == whole[:2]
    second = settings.learner(CPU)
    second.restore(first.state())
    assert steps(second, 2) == whole[2:]
    assert steps(smoke(name, "seed=2").learner(CPU), 1) != whole[:1]


def test_both_adversaries_learn(universes: list[Universe]) -> None:
    settings = smoke("density_gan", "loss.mass=1", "loss.power=1", "discriminator_optimiser.learning_rate=0.01")
    learner = settings.learner(CPU)
    before = {name: [p.clone() for p in module.parameters()] for name, module in _networks(learner).items()}
    [step] = islice(learner.fit(settings.samples(universes, CPU)), 1)
    assert {
        "loss",
        *(f"loss_{name}" for name in ("discriminator", "adversarial", "l1", "mass", "power")),
    } <= step.values.keys()
    terms = {"l1": 120.0, "mass": 1.0, "power": 1.0}
    total = step.values["loss_adversarial"] + sum(
        weight * step.values[f"loss_{name}"] for name, weight in terms.items()
    )
    assert step.values["loss"] == pytest.approx(total, rel=1e-5)
    for name, module in _networks(learner).items():
        changed = [not torch.equal(a, b) for a, b in zip(before[name], module.parameters(), strict=True)]
        assert any(changed), name
    assert all(p.requires_grad for p in learner.discriminator.parameters())
    # the discriminator learns to tell them apart when the generator may not answer
    slow, fast = "optimiser.learning_rate=1e-30", "discriminator_optimiser.learning_rate=0.01"
    judge = smoke("density_gan", "steps=20", slow, fast)
    told = [s.values["loss_discriminator"] for s in judge.learner(CPU).fit(judge.samples(universes, CPU))]
    assert np.mean(told[-3:]) < 0.7 * np.mean(told[:3])


def _networks(learner: Any) -> dict[str, torch.nn.Module]:
    from core.analysis.inspection.layers import networks

    found = networks(learner)
    assert list(found) == ["generator", "discriminator"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_another_network(name: str, universes: list[Universe]) -> None:
    weights = trained(smoke(name), universes).weights()
    again = smoke(name).learner(CPU)
    again.load_weights(weights)
    assert again.step == 2
    with pytest.raises(RunError, match="belong to"):
        smoke(name, "network.filters=3").learner(CPU).load_weights(weights)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_whole_boxes(name: str, universes: list[Universe]) -> None:
    told: list[float] = []
    settings = smoke(name)
    learner = trained(settings, universes)
    [density], catalogues = settings.predict(learner, universes[3], lambda done, doing: told.append(done))
    assert (density.name, density.frame, density.units) == ("density", "eulerian", "overdensity")
    assert density.assignment == settings.assignment == "trapezoid"
    assert density.values.shape == (16,) * 3
    assert density.values.min() >= -1
    assert catalogues == {}
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_report_of_a_perfect_prediction(universes: list[Universe], tmp_path: Path) -> None:
    settings, truth = smoke("density"), universes[3]
    perfect = Field("density", end(truth) - 1, truth.box_size, "overdensity", 0.0, "eulerian", "trapezoid")
    prediction = prediction_of(truth, [perfect], tmp_path / "p.h5")
    report = load_report(dump_report(settings.evaluate(settings.learner(CPU), [(truth, prediction)])))
    for key in ("power_high", "mean_density", "cell_correlation", "empty", "bispectrum_equilateral_1", "transfer_1"):
        assert value(report, key) == pytest.approx(1, abs=1e-5), key
    assert value(report, "better_transfer") == value(report, "better_correlation") == 1
    assert value(report, "mean_square") == value(report, "voids") == value(report, "off_1") == 0
    assert value(report, "transfer_3") is None  # beyond the mesh
    base = {number.key: number.baseline for number in report.numbers}
    assert base["mean_square"] is not None
    assert base["mean_square"] > 0.1
    assert base["reach"] == 0
    kinds = {name: type(figure) for name, figure in report.figures.items()}
    assert kinds["slices"] is kinds["patch_dense"] is kinds["patch_empty"] is Row
    assert kinds["histograms"] is Histogram
    assert kinds["voids"] is kinds["bispectrum_isosceles"] is kinds["power"] is kinds["transfer"] is Curves
    patch = report.figures["patch_dense"]
    assert isinstance(patch, Row)
    difference = patch.figures[2]
    assert isinstance(difference, Slice)
    assert (difference.colour_map, difference.scale) == ("diverging", "asinh")
    assert not difference.values.any()


@pytest.mark.parametrize("name", NAMES)
def test_a_run_from_training_to_comparison(name: str, universes: list[Universe], tmp_path: Path) -> None:
    from core.analysis.comparison.runs import compare
    from core.runs.reports import read_report
    from core.runs.run import create_run
    from core.runs.worker import work

    runs = []
    for overrides in ([], ["seed=2"]):
        run = create_run(
            tmp_path / "runs",
            name,
            smoke(name, "steps=2", *overrides).model_dump(mode="json"),
            universes=[str(universe.path) for universe in universes],
            device="cpu",
        )
        work(run)
        runs.append(run)
    assert runs[0].status().state == "done"
    report = read_report(runs[0])
    assert value(report, "mean_density") > 0
    validations = [event for event in runs[0].events()[0] if event["event"] == "validation"]
    assert {"loss", "correlation", "power"} <= validations[-1].keys()
    beside = compare(runs).figures["power"]
    assert isinstance(beside, Curves)
    # truth and ways without a network are drawn once, two seeds of one experiment as one
    names = [s.name for s in beside.series]
    assert {"truth", "input", "2LPT x t(k)", "N-body 5/1"} <= set(names)
    assert any(name.startswith("truth again") for name in names)
    assert [name for name in names if "prediction" in name] == ["prediction, 2 seeds"]


def test_reach_by_hand() -> None:
    k = np.array([0.1, 0.2, 0.3, 0.4])

    def measured_as(transfer: list[float], error: float = 0.0) -> Measured:
        return Measured(k, k, 0 * k, np.array(transfer), np.full(4, error), k, 0 * k)

    assert reach(measured_as([1.001, 0.995, 1.02, 1.0])) == 0.2
    assert reach(measured_as([1, 1, 1, 1])) == 0.4
    assert reach(measured_as([0.98, 1, 1, 1])) == 0
    # what is off by less than its error is no failure
    assert reach(measured_as([0.98, 1, 1.05, 1], error=0.015)) == 0.2
    one = Spectra(k, np.full(4, 1.0), np.full(4, 4.0), np.full(4, 1.0), np.full(4, 10))
    two = replace(one, power=np.full(4, 3.0))
    measured = measure([one, two])
    np.testing.assert_allclose(measured.transfer, np.sqrt(0.5))
    np.testing.assert_allclose(measured.correlation, (0.5 + 1 / np.sqrt(12)) / 2)
    np.testing.assert_allclose(measure([one]).correlation_error, one.correlation_error)
    np.testing.assert_allclose(measure([one]).power_error, np.sqrt(2 / 10))


def test_objects_lie_where_the_density_is() -> None:
    density = np.zeros((4, 4, 4))
    density[1, 2, 3], density[0, 0, 0] = 3.0, 1.0
    places = objects(density, 8.0, 4000)
    node = np.rint(places / 2).astype(int)
    inside = (node == (1, 2, 3)).all(axis=1)
    assert inside.mean() == pytest.approx(0.75, abs=0.03)
    assert (node[~inside] == 0).all()
    # of an even density they are unclustered
    radii = np.array([0.3, 0.6])
    even = void_probability(objects(np.ones((8, 8, 8)), 8.0, 512), 8.0, radii, 20_000)
    np.testing.assert_allclose(even.probability, even.poisson, atol=0.03)


def test_sums_around_the_box() -> None:
    values = np.arange(5.0)[:, None, None] * np.ones((5, 2, 2))
    np.testing.assert_array_equal(_running(values, 3, 0)[:, 0, 0], [3, 6, 9, 7, 5])
    np.testing.assert_array_equal(_running(values, 5, 0)[:, 0, 0], [10] * 5)


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("density", ["split.test=3"], "4 universes leave none to train on .*: give at least 5"),
        ("density", ["crop.context=4"], "valid convolutions take 6 cells off each side, crop.context gives 4"),
        ("density", ["crop.size=7"], "sees 19 cells, which its 1 levels cannot halve: set crop.size=8"),
        ("density", ["network.border=circular"], "a circular border is that of a whole box"),
        ("density_gan", ["crop.size=6"], "sees 14 cells, which its 2 levels cannot halve: set crop.size=8"),
    ],
)
def test_settings_that_do_not_fit(universes: list[Universe], name: str, overrides: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        smoke(name, *overrides).check(universes)


def test_pix2pix_has_no_valid_convolutions() -> None:
    with pytest.raises(ConfigError, match="pix2pix has no valid convolutions"):
        smoke("density_gan", "network.border=valid")
    smoke("density_gan", "network.border=valid", "network.kind=unet")


def test_universes_that_do_not_fit(universes: list[Universe], tmp_path: Path) -> None:
    settings = smoke("density")
    settings.check(universes)
    fields = {name: info for name, info in universes[0].fields.items() if name != "displacement"}
    with pytest.raises(InputError, match="has no displacement of an N-body"):
        settings.check([*universes, replace(universes[0], fields=fields)])
    fields = {name: info for name, info in universes[0].fields.items() if name != "velocity"}
    settings.check([*universes, replace(universes[0], fields=fields)])
    with pytest.raises(InputError, match="has no velocity of an N-body"):
        smoke("density", "target=displacement+velocity").check([*universes, replace(universes[0], fields=fields)])
    early = {**universes[0].fields, "displacement": replace(universes[0].fields["displacement"], redshift=1.0)}
    with pytest.raises(InputError, match="is at z = 1, the input at z = 0"):
        settings.check([*universes, replace(universes[0], fields=early)])
    with pytest.raises(InputError, match=r"cells of 1\.5625, 3\.125 Mpc/h: train on one cell size"):
        settings.check([*universes, replace(universes[0], box_size=50.0)])
    learner = trained(settings, universes, 1)
    with pytest.raises(InputError, match=r"cells of 3\.125 Mpc/h, the network was trained on 1\.5625"):
        settings.predict(learner, replace(universes[0], box_size=50.0))
    prediction = prediction_of(universes[3], settings.predict(learner, universes[3])[0], tmp_path / "p.h5")
    with pytest.raises(InputError, match="is a prediction without delta_linear: give a universe"):
        settings.predict(learner, prediction)


def test_fields_that_cannot_be_used(universes: list[Universe], tmp_path: Path) -> None:
    path = tmp_path / "u2.h5"
    path.write_bytes(universes[1].path.read_bytes())
    info = universes[1].fields["displacement"]
    values = np.memmap(path, info.dtype, "r+", info.offset, info.shape)
    values[0, 3, 4, 5] = np.nan
    values.flush()
    with pytest.raises(InputError, match=r"displacement of .* holds 1 value that is not finite"):
        smoke("density").samples([open_universe(path), *universes], CPU)


@pytest.mark.parametrize("name", NAMES)
def test_training_that_will_not_fit(name: str, universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    import core.learning.memory

    monkeypatch.setattr(core.learning.memory, "free_on", lambda device: 1_000_000)
    with pytest.raises(ResourceError, match="training needs about"):
        smoke(name, "crop.batch=64").samples(universes, CPU)
