from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import read_table, resolve, tables
from core.cosmos.box import Field
from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import InputError, RunError
from core.figures import Matrix, Report, dump_report, load_report
from core.learning.chain import Chain
from core.learning.samples import Batch
from core.learning.training_set import Split
from core.recipes.ionization.cubes import classes, cube, label, realisation, split
from core.recipes.ionization.models import by_mean, by_neighbours, by_trees, cut, cuts, fit_baselines
from core.recipes.ionization.recipe import IonizationClasses
from core.recipes.ionization.slices import MIDDLE, LabelledCube, Slices, left_out, seen, spread
from core.runs import registry
from core.runs.run import Run, create_run
from core.runs.weights_file import MODEL, read_weights
from tests.results.networks import keep

CPU = torch.device("cpu")
N = 24


def smoke(*overrides: str) -> IonizationClasses:
    settings = resolve(registry.load("ionization"), read_table("ionization", "smoke"), list(overrides))
    assert isinstance(settings, IonizationClasses)
    return settings


def make(path: Path, seed: int | None, redshift: float, escape_fraction: float | None, level: float = 1.0) -> Universe:
    """A cube of noise whose brightness is told by its level."""
    draw = np.random.default_rng([seed or 0, round(100 * redshift)])
    values = level * draw.uniform(0.5, 1.5, (N, N, N)).astype(np.float32)
    settings = {} if escape_fraction is None else {"escape_fraction": escape_fraction}
    return write_universe(
        path,
        name=path.stem,
        box_size=float(N),
        cosmology=preset("planck2015"),
        fields=[Field("brightness_temperature", values, float(N), "mK", redshift, "eulerian")],
        catalogues={},
        provenance={"settings": settings} | ({} if seed is None else {"seed": seed}),
    )


@pytest.fixture(scope="module")
def cubes(tmp_path_factory: pytest.TempPathFactory) -> list[Universe]:
    """Four realisations at two redshifts, faint and bright."""
    folder = tmp_path_factory.mktemp("cubes")
    return [
        make(folder / f"s{seed}-z{redshift:g}.h5", seed, redshift, 0.07, 10 * (redshift - 6))
        for seed in range(1, 5)
        for redshift in (7.0, 9.0)
    ]


@pytest.fixture(scope="module")
def trained(cubes: list[Universe]) -> tuple[IonizationClasses, Chain]:
    settings = smoke()
    samples, learner = settings.samples(cubes, CPU), settings.learner(CPU)
    for step in learner.fit(samples):
        if step.step % 4 == 0:
            learner.validate(samples)
    settings.finish(learner, cubes)
    return settings, learner


def value(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key).value


def test_defaults_are_the_papers() -> None:
    settings = IonizationClasses()
    with torch.device("meta"):
        learner = settings.learner(torch.device("meta"))
    counts = {name: sum(p.numel() for p in link.network.module.parameters()) for name, link in learner.links.items()}
    assert counts["autoencoder"] == 4385
    assert counts["codes"] == 4521
    assert counts["dense"] == 2500 * 350 + 350 + 350 * 17 + 17


@pytest.mark.parametrize("table", tables("ionization"))
def test_tables_can_be_read(table: str) -> None:
    assert resolve(registry.load("ionization"), read_table("ionization", table), []).name == "ionization"


def test_labels(cubes: list[Universe], tmp_path: Path) -> None:
    assert label(cubes[1], "redshift") == 9.0
    assert label(cubes[1], "escape_fraction") == 0.07
    bare = make(tmp_path / "bare.h5", None, 7.0, None)
    assert label(bare, "escape_fraction") is None
    with pytest.raises(InputError, match=r"bare.h5 has no escape fraction"):
        classes([bare], "escape_fraction")


def test_realisations_stay_together(cubes: list[Universe], tmp_path: Path) -> None:
    parts = split(cubes[::-1], Split())
    assert [{realisation(u) for u in part} for part in (parts.training, parts.validation, parts.test)] == [
        {"seed 4", "seed 3"}, {"seed 2"}, {"seed 1"},
    ]  # fmt: skip
    assert len(parts.test) == 2
    others = [make(tmp_path / f"{name}.h5", None, 7.0, 0.07) for name in "ab"]
    assert len({realisation(u) for u in others}) == 2


def test_maps_are_in_units_of_the_largest_temperature(cubes: list[Universe]) -> None:
    found = cube(cubes[0], CPU)
    np.testing.assert_allclose(found.numpy(), cubes[0].field("brightness_temperature").values / 70, rtol=1e-6)


def numbered(n: int = 30) -> torch.Tensor:
    """A cube whose planes across the first axis hold their number."""
    return torch.arange(float(n))[:, None, None].expand(n, n, n)


def test_left_out_planes_are_never_trained_on() -> None:
    boxes = [LabelledCube(numbered(), 0), LabelledCube(100 + numbered(), 1)]
    samples = Slices(boxes, boxes, 2, 16, seed=3)
    seen = set()
    for step in range(1, 60):
        batch = samples.training(step)
        assert batch.inputs.shape == (16, 1, 30, 30)
        for plane, target in zip(batch.inputs[:, 0], batch.targets, strict=True):
            assert float(plane.min()) // 100 == float(target.argmax())
            if plane.min() == plane.max():  # across the first axis
                seen.add(int(plane.min()) % 100)
    assert seen == set(range(30)) - set(left_out(30))


def test_validation_takes_the_planes_left_out_of_all_axes() -> None:
    samples = Slices([], [LabelledCube(numbered(), 1, (0.5,))], 2, 4, seed=1)
    [batch] = samples.validation()
    assert batch.inputs.shape == (9, 1, 30, 30)
    assert [float(plane.max()) for plane in batch.inputs[:3]] == [0, 10, 20]
    assert batch.targets.tolist() == [[0.0, 1.0, 0.5]] * 9


def test_data_are_a_function_of_seed_and_step(cubes: list[Universe]) -> None:
    for settings in (smoke(), smoke("augment=true")):
        samples = settings.samples(cubes, CPU)
        first, again, other = samples.training(5), samples.training(5), samples.training(6)
        assert torch.equal(first.inputs, again.inputs)
        assert not torch.equal(first.inputs, other.inputs)


def test_classes_come_equally_often_whatever_their_cubes() -> None:
    boxes = [LabelledCube(torch.full((30,) * 3, float(i)), int(i == 0)) for i in range(10)]
    targets = torch.cat([Slices(boxes, [], 2, 50, seed=1).training(step).targets for step in range(20)])
    assert float(targets[:, 1].mean()) == pytest.approx(0.5, abs=0.06)


def test_augmentation_moves_and_turns_planes() -> None:
    values = torch.arange(30.0**3).reshape(30, 30, 30)
    plain, moved = (
        Slices([LabelledCube(values, 0)], [], 1, 4, 1, augment).training(1).inputs for augment in (False, True)
    )
    assert not torch.equal(plain, moved)
    assert torch.equal(plain[0].flatten().sort().values, moved[0].flatten().sort().values)


def test_cuts_keep_their_class() -> None:
    plane = torch.arange(16.0).reshape(1, 1, 4, 4)
    batch = cuts(Batch(torch.cat([plane, 100 + plane]), torch.eye(2)), 2)
    assert batch.inputs.shape == (8, 1, 2, 2)
    assert batch.inputs[1, 0].tolist() == [[2.0, 3.0], [6.0, 7.0]]
    assert batch.targets.argmax(1).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert cut(torch.zeros(3, 5, 5), 2).shape == (3, 4, 2, 2)


def test_what_needs_no_network_tells_bright_from_faint(
    trained: tuple[IonizationClasses, Chain], cubes: list[Universe]
) -> None:
    settings, learner = trained
    fitted = learner.tensors
    ways = (by_neighbours(fitted, settings.dense.side, 3), by_mean(fitted), by_trees(fitted, 20, 1, True))
    for number, universe in enumerate(cubes[-2:]):
        planes = spread(cube(universe, CPU))
        assert all((classify(planes) == number).all() for classify in ways)


def test_principal_components_are_those_of_the_covariance(cubes: list[Universe]) -> None:
    samples = smoke().samples(cubes, CPU)
    found = fit_baselines(samples, 4, 3, 400)
    pieces = torch.cat([cuts(samples.training(step), 4).inputs.flatten(1) for step in (1, 2)])[:400].double()
    values, vectors = torch.linalg.eigh(torch.cov(pieces.T))
    first = found["pca.axes"][0].double()
    assert abs(float(first @ vectors[:, -1])) == pytest.approx(1, abs=1e-3)
    assert float(found["pca.points"][:, 0].double().var()) == pytest.approx(float(values[-1]), rel=1e-3)


def test_report(trained: tuple[IonizationClasses, Chain], cubes: list[Universe], tmp_path: Path) -> None:
    settings, learner = trained
    pairs = []
    for universe in settings.held_out(cubes):
        fields, _ = settings.predict(learner, universe)
        prediction = write_universe(
            tmp_path / f"{universe.name}.h5",
            name=universe.name,
            box_size=universe.box_size,
            cosmology=universe.cosmology,
            fields=fields,
            catalogues={},
            provenance={},
            kind="prediction",
        )
        pairs.append((universe, prediction))
    found = load_report(dump_report(settings.evaluate(learner, pairs)))
    assert value(found, "accuracy_neighbours") == 1
    assert value(found, "accuracy_mean") == 1
    assert value(found, "leak_mean") == 1
    assert value(found, "accuracy_trees") == 1
    assert 0 <= value(found, "accuracy_codes") <= 1
    neighbours = found.figures["confusion_neighbours"]
    assert isinstance(neighbours, Matrix)
    np.testing.assert_array_equal(neighbours.values, np.eye(2))
    assert neighbours.row_names == ("7", "9")
    learning = found.figures["learning"]
    assert [series.name for series in learning.series] == ["CNN on codes", "CNN on maps", "dense network on cuts"]  # type: ignore[union-attr]


def test_reconstruction_is_the_autoencoders(trained: tuple[IonizationClasses, Chain], cubes: list[Universe]) -> None:
    settings, learner = trained
    [field], _ = settings.predict(learner, cubes[0])
    plane = cube(cubes[0], CPU)[7]
    with torch.no_grad():
        expected = 70 * learner.links["autoencoder"].network.module(plane[None, None])[0, 0]
    np.testing.assert_allclose(field.values[7], expected.numpy(), rtol=1e-4)
    assert (field.name, field.units, field.redshift) == ("brightness_temperature", "mK", 7.0)


def test_resume_is_exact_between_links(cubes: list[Universe]) -> None:
    settings = smoke()
    samples, whole = settings.samples(cubes, CPU), settings.learner(CPU)
    steps = list(whole.fit(samples))
    assert [step.step for step in steps] == list(range(1, 25))
    assert "loss_autoencoder" in steps[0].values
    assert "loss_regression" in steps[-1].values
    for stop in (3, 6, 9):
        first, second = settings.learner(CPU), settings.learner(CPU)
        for step in first.fit(samples):
            if step.step == stop:
                break
        second.restore(first.state())
        assert second.step == stop
        assert [step.values["loss"] for step in second.fit(samples)] == [s.values["loss"] for s in steps[stop:]]


def test_weights_of_other_networks_are_refused() -> None:
    learner = smoke().learner(CPU)
    with pytest.raises(RunError, match="other networks"):
        learner.load_weights({"networks": {}, "constants": {}, "tensors": {}, "step": 0})
    with pytest.raises(RunError, match="another network"):
        learner.load_weights(smoke("classes=3").learner(CPU).weights())


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["cells=200"], r"has 24\^3 cells, the networks 200: set cells=24"),
        (["classes=17"], "have 2 values of redshift, the networks 17 classes: set classes=2"),
        (["target=escape_fraction"], "1 values of escape fraction.*give cubes of at least two"),
        (["autoencoder.filters=[4,4,4,4]"], "24 cells cannot be halved 4 times: choose a multiple of 16"),
        (["codes.filters=[4,4,4]"], "nothing is left of the 12 cells that codes sees"),
        (["direct.filters=[4,4,4,4]"], "the 24 cells that direct sees cannot be halved 4 times: use fewer direct"),
        (['regression.quantities=["neutral_fraction"]'], "has no neutral_fraction: leave neutral_fraction out"),
        (['regression.quantities=["escape_fraction"]'], r"all cubes have the escape fraction 0\.07"),
        (["dense.side=30"], "dense.side of 30 does not fit into 24 cells"),
        (["split.test=4"], "4 realisations leave none to train on"),
    ],
)
def test_cubes_that_do_not_fit(overrides: list[str], words: str, cubes: list[Universe]) -> None:
    with pytest.raises(InputError, match=words):
        smoke(*overrides).check(cubes)


def test_a_class_that_training_lacks(cubes: list[Universe], tmp_path: Path) -> None:
    odd = make(tmp_path / "odd.h5", 9, 8.0, 0.07)
    with pytest.raises(InputError, match=r"no cube to train on has the redshift 8 of .*odd.h5"):
        smoke().check([*cubes, odd])


def test_a_universe_without_a_map(universes: list[Universe]) -> None:
    with pytest.raises(InputError, match="has no brightness_temperature: make it with `halodeck ionize`"):
        smoke().check(universes)


def test_an_unknown_cube_is_told_in_the_table(
    trained: tuple[IonizationClasses, Chain], cubes: list[Universe], tmp_path: Path
) -> None:
    settings, learner = trained
    unknown = make(tmp_path / "unknown.h5", None, 5.5, None, 30.0)
    found = settings.evaluate(learner, [(unknown, unknown)])
    table = found.figures["cubes"]
    assert table.rows[0][:2] == ("unknown", None)  # type: ignore[union-attr]
    assert table.rows[0][-1] == 9.0  # type: ignore[union-attr]
    assert value(found, "accuracy_codes") is None


def test_a_whole_run(cubes: list[Universe], tmp_path: Path) -> None:
    from core.runs.reports import read_report
    from core.runs.worker import work

    run = create_run(
        tmp_path,
        "ionization",
        smoke().model_dump(mode="json"),
        universes=[str(universe.path) for universe in cubes],
        device="cpu",
        command="halodeck train ionization --config smoke",
    )
    work(run)
    assert run.status().state == "done"
    assert value(read_report(run), "accuracy_mean") == 1
    prediction = open_universe(run.path / "predictions" / f"{cubes[-1].name}.h5")
    assert prediction.cells == N
    # the networks of a chain are kept in one file, and predict what they did
    keep(run, tmp_path, "ionization@smoke")
    small = Run(tmp_path / "ionization@smoke")
    assert {"direct", "regression"} <= read_weights(small.path / MODEL)["networks"].keys()
    assert value(read_report(small), "accuracy_mean") == 1


def test_without_their_mean_planes_cannot_be_told_by_it(cubes: list[Universe]) -> None:
    planes = spread(cube(cubes[1], CPU))
    assert torch.equal(seen(planes, False), planes)
    torch.testing.assert_close(seen(planes, True).mean((1, 2)), torch.full((len(planes),), MIDDLE))
    torch.testing.assert_close(seen(planes + 0.1, True), seen(planes, True), atol=1e-6, rtol=0)
    settings = smoke("remove_mean=true")
    assert {round(float(batch.inputs.mean()), 4) for batch in settings.samples(cubes, CPU).validation()} == {MIDDLE}


def test_a_run_without_the_mean(cubes: list[Universe]) -> None:
    settings = smoke("remove_mean=true")
    samples, learner = settings.samples(cubes, CPU), settings.learner(CPU)
    for _ in learner.fit(samples):
        pass
    settings.finish(learner, cubes)
    [field], _ = settings.predict(learner, cubes[-1])
    assert float(field.values.min()) < 0
    found = settings.evaluate(learner, [(universe, universe) for universe in settings.held_out(cubes)])
    # noise that is brighter also varies more
    assert value(found, "accuracy_trees") == 1
    assert all(number.key != "accuracy_mean" for number in found.numbers)
    assert found.facts["mean of a plane"] == "removed"


def test_the_paper_stands_beside_its_own_split_and_classes_alone() -> None:
    from core.recipes.ionization.report import _accuracies

    def papers(classes: int, target: str) -> dict[str, float]:
        constants = {"leak.dense": 0.5, "leak.codes": 0.5, "leak.direct": 0.5}
        ways = ("codes", "direct", "dense")
        numbers = _accuracies(target, constants, list(range(classes)), [], ways)  # type: ignore[arg-type]
        return {number.key: number.paper for number in numbers if number.paper is not None}

    assert papers(17, "redshift") == {"leak_dense": 0.48}
    assert papers(9, "redshift") == papers(12, "escape_fraction") == {}


def test_classes_have_markers(trained: tuple[IonizationClasses, Chain], cubes: list[Universe]) -> None:
    settings, learner = trained
    found = settings.evaluate(learner, [(universe, universe) for universe in settings.held_out(cubes)])
    by_class = found.figures["by_class"]
    assert {series.style for series in by_class.series} == {"points"}  # type: ignore[union-attr]


def test_shuffled_labels_give_chance(tmp_path: Path) -> None:
    """Half of the seeds have the labels of bright and faint exchanged: what is learnt is right in half of the cubes."""
    cubes = [
        make(
            tmp_path / f"s{seed}-z{redshift:g}.h5",
            seed,
            redshift,
            0.07,
            10 if (redshift == 7) == bool(seed % 2) else 30,
        )
        for seed in range(1, 10)
        for redshift in (7.0, 9.0)
    ]
    settings = smoke("split.test=2", "split.validation=1")
    samples, learner = settings.samples(cubes, CPU), settings.learner(CPU)
    for _ in learner.fit(samples):
        pass
    settings.finish(learner, cubes)
    found = settings.evaluate(learner, [(universe, universe) for universe in settings.held_out(cubes)])
    for name in ("codes", "direct", "dense", "trees", "neighbours", "mean"):
        assert value(found, f"accuracy_{name}") == pytest.approx(0.5, abs=0.15), name
    rms, alone = (
        next(getattr(n, what) for n in found.numbers if n.key == "rms_redshift_trees") for what in ("value", "baseline")
    )
    assert rms > 0.9 * alone
