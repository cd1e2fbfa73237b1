from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import describe, read_table, resolve, tables
from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.lagrangian import distance as cell_distance
from core.cosmos.lagrangian import normalised_distance
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, ResourceError
from core.figures import Curves, Histogram, Report, Row, Slice, dump_report, load_report
from core.learning.learner import Network
from core.learning.samples import ROTATIONS, Crops
from core.protohalos.inputs import displacement
from core.protohalos.matching import match
from core.protohalos.regions import catalogue
from core.recipes.distance_map.cut import from_constants
from core.recipes.distance_map.judged import Way, moved
from core.recipes.distance_map.numbers import PAPER_MASS, TRAINING, on_training
from core.recipes.distance_map.recipe import DistanceMap
from core.runs import registry

CPU = torch.device("cpu")


def smoke(*overrides: str) -> DistanceMap:
    settings = resolve(registry.load("distance_map"), read_table("distance_map", "smoke"), list(overrides))
    assert isinstance(settings, DistanceMap)
    return settings


def value(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key).value


def prediction_of(universe: Universe, distance: Array, label: Array, halos: Catalogue, path: Path) -> Universe:
    """A prediction as a run would write it."""
    return write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[
            Field("distance", distance.astype(np.float32), universe.box_size),
            Field("label", label.astype(np.int32), universe.box_size),
        ],
        catalogues={"distance_map": halos},
        provenance={},
        kind="prediction",
    )


@pytest.fixture(scope="module")
def learner(universes: list[Universe]) -> Network:
    """An untrained network that knows what prediction and report need."""
    settings = smoke()
    made = settings.learner(CPU)
    made.constants.update(settings.samples(universes, CPU).constants)
    settings.finish(made, universes)
    return made


def test_defaults_are_the_papers() -> None:
    paper = resolve(registry.load("distance_map"), read_table("distance_map", "paper"), [])
    assert isinstance(paper, DistanceMap)
    with torch.device("meta"):
        module = paper.module()
    assert sum(p.numel() for p in module.parameters()) == 14_590_741
    # 128^3 seen, the inner 96^3 judged; tiles of 128^3 overlap by 64
    assert paper.crop.size + 2 * paper.crop.context == paper.crop.tile == 128
    assert 2 * paper.crop.buffer == 64
    optimiser = paper.optimiser.build([torch.nn.Parameter(torch.zeros(1))])
    assert isinstance(optimiser, torch.optim.AdamW)
    assert (optimiser.defaults["lr"], optimiser.defaults["weight_decay"]) == (1e-4, 0.0)
    shown = {path: default for path, _, default, _ in describe(DistanceMap)}
    assert (shown["optimiser.learning_rate"], shown["crop.size"], shown["optimiser.name"]) == (1e-4, 96, "adamw")


@pytest.mark.parametrize("table", tables("distance_map"))
def test_tables_resolve(table: str) -> None:
    resolve(registry.load("distance_map"), read_table("distance_map", table), [])


def test_runs_of_before_learnt_by_the_squared_loss() -> None:
    assert resolve(DistanceMap, DistanceMap.migrate({"steps": 5}, 1), []) == DistanceMap(loss="squared", steps=5)
    assert DistanceMap.migrate({"steps": 5}, 2) == {"steps": 5}


def test_samples_are_normalised_distances(universes: list[Universe]) -> None:
    settings = smoke()
    samples = settings.samples(universes, CPU)
    assert isinstance(samples, Crops)
    assert (len(samples.training_boxes), len(samples.validation_boxes)) == (2, 1)
    assert samples.symmetries == ROTATIONS
    assert settings.held_out(universes) == universes[3:]
    inputs, target = samples.training_boxes[1]
    label = settings.true_halos(universes[1]).label
    np.testing.assert_array_equal(target.numpy() > 0, label > 0)
    for halo in range(1, label.max() + 1):
        assert target.numpy()[label == halo].max() == 1
    deltas = [np.array(universe.field("delta_linear").values, np.float64) for universe in universes[:2]]
    sigma = np.sqrt(np.mean([delta.var() for delta in deltas]))
    assert samples.constants["sigma"] == pytest.approx(sigma)
    np.testing.assert_allclose(inputs[0].numpy(), deltas[1] / sigma, rtol=1e-5)


def test_displacement_is_that_of_the_density(universes: list[Universe]) -> None:
    settings = smoke("inputs=density+displacement")
    samples = settings.samples(universes, CPU)
    inputs, _ = samples.training_boxes[0]
    assert inputs.shape == (4, 16, 16, 16)
    assert float(torch.stack([i[1:] for i, _ in samples.training_boxes]).square().mean()) == pytest.approx(1, rel=1e-5)
    # div psi = -delta, mode by mode, but for the Nyquist planes
    psi = displacement(universes[0]).double()
    modes = torch.fft.rfftn(psi, dim=(1, 2, 3))
    k = torch.fft.fftfreq(16, 1 / 16).double() * 2 * np.pi / universes[0].box_size
    last = torch.fft.rfftfreq(16, 1 / 16).double() * 2 * np.pi / universes[0].box_size
    divergence = 1j * (k[:, None, None] * modes[0] + k[:, None] * modes[1] + last * modes[2])
    delta = torch.fft.rfftn(torch.from_numpy(np.array(universes[0].field("delta_linear").values)).double())
    inner = torch.ones_like(delta.real, dtype=torch.bool)
    inner[8], inner[:, 8], inner[..., 8], inner[0, 0, 0] = False, False, False, False
    torch.testing.assert_close(divergence[inner], -delta[inner], rtol=1e-3, atol=1e-3)


def test_a_network_that_sees_the_displacement(universes: list[Universe]) -> None:
    settings = smoke("inputs=density+displacement", "steps=1")
    made = settings.learner(CPU)
    list(made.fit(settings.samples(universes, CPU)))
    settings.finish(made, universes)
    fields, halos = settings.predict(made, universes[3])
    assert [field.name for field in fields] == ["distance", "label"]
    assert list(halos) == ["distance_map"]


def test_regions_may_begin_as_groups_of_a_cheap_run(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"watershed.seeds=groups .* inputs=density has not"):
        smoke("watershed.seeds=groups").check(universes)
    settings = smoke("watershed.seeds=groups", "inputs=density+nbody", "nbody.steps=4", "nbody.mesh_ratio=2")
    made, truth = settings.learner(CPU), settings.true_halos(universes[3])
    made.constants.update(settings.samples(universes, CPU).constants)
    settings.finish(made, universes)
    groups = settings.looked(made, universes[3])[1]
    assert groups is not None
    # a map that says nothing leaves the groups as they are
    nothing = np.zeros_like(groups, dtype=np.float32)
    np.testing.assert_array_equal(settings.flood(nothing, groups).label > 0, groups > 0)
    monkeypatch.setattr(DistanceMap, "looked", lambda *arguments: (nothing, groups))
    made.constants = {name: value for name, value in made.constants.items() if not name.startswith("cut.")}
    halos = settings.predict(made, universes[3])[1]["distance_map"]
    assert (match(truth.halos, halos) >= 0).mean() > 0.5


def test_tiles_with_context_agree_with_the_whole_box(universes: list[Universe], learner: Network) -> None:
    learner.bf16 = False
    inputs = smoke().seen(universes[0], learner.constants)
    whole = smoke().distance(learner, inputs)
    tiled = smoke("crop.tile=48", "crop.buffer=16").distance(learner, inputs)
    np.testing.assert_allclose(tiled, whole, atol=1e-4)
    assert whole.shape == (16, 16, 16)
    assert 0 <= whole.min() < whole.max()


def test_the_truth_as_prediction_is_perfect(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings, truth = smoke(), universes[3]
    true = settings.true_halos(truth)
    distance = normalised_distance(true.label)
    prediction = prediction_of(truth, distance, true.label, true.halos, tmp_path / "p.h5")
    report = load_report(dump_report(settings.evaluate(learner, [(truth, prediction)])))
    perfect = {
        "distance_loss": 0,
        "correlation": 1,
        "foreground_dice": 1,
        "foreground_dice_raw": 1,
        "collapsed_fraction": 1,
        "halos": len(true.halos),
        "halos_true": len(true.halos),
        "halos_ratio": 1,
        "mass_function": 0,
        "matched": 1,
        "matched_large": 1,
        "pure": 1,
        "voxel_bias": 0,
        "voxel_scatter": 0,
    }
    assert {key: value(report, key) for key in perfect} == pytest.approx(perfect, abs=1e-5)
    baseline = {number.key: number.baseline for number in report.numbers}
    assert 0.2 < baseline["correlation"] < 0.95  # type: ignore[operator]
    assert 0.2 < baseline["foreground_dice"] < 0.95  # type: ignore[operator]
    kinds = {name: type(figure) for name, figure in report.figures.items()}
    assert kinds == {
        "slices": Row,
        "zoom": Row,
        "mass_function": Curves,
        "counts": Histogram,
        "voxel_masses": Slice,
        "voxel_masses_raw": Slice,
        "cut": Slice,
        "trajectories": Curves,
    }
    slices, zoom = report.figures["slices"], report.figures["zoom"]
    assert isinstance(slices, Row)
    assert isinstance(zoom, Row)
    np.testing.assert_allclose(slices.figures[1].values, slices.figures[2].values, atol=1e-5)  # type: ignore[union-attr]
    np.testing.assert_allclose(zoom.figures[0].values, zoom.figures[1].values, atol=1e-5)  # type: ignore[union-attr]
    # the middle of the largest halo, some cells from its border
    near = zoom.figures[0]
    assert isinstance(near, Slice)
    assert near.values[len(near.values) // 2, len(near.values) // 2] > 0.3
    assert near.contours[0].values[len(near.values) // 2, len(near.values) // 2] == 1


def test_only_the_paper_s_cut_has_its_counts_beside(
    universes: list[Universe], learner: Network, tmp_path: Path
) -> None:
    """4e12 Msun, not Msun/h, which the paper's 4525 particles of 8.84e8 Msun are: 8 of these cells."""
    assert abs(4525 * 8.84e8 - PAPER_MASS) < 1e-3 * PAPER_MASS
    truth = universes[3]
    mass = truth.particle_mass / truth.cosmology.h
    papers = {}
    for cells in (16, round(PAPER_MASS / mass)):
        settings = smoke(f"minimum_cells={cells}")
        true = settings.true_halos(truth)
        distance = settings.true_distance(true.label)
        prediction = prediction_of(truth, distance, true.label, true.halos, tmp_path / f"{cells}.h5")
        report = settings.evaluate(learner, [(truth, prediction)])
        papers[cells] = {number.key: number.paper for number in report.numbers if number.paper is not None}
        by_key = {number.key: number for number in report.numbers}
        assert by_key["density"].value == pytest.approx(len(true.halos) * (100 / truth.box_size) ** 3)
    few, same = papers.values()
    assert few == {}
    expected = {"density": 1541, "density_true": 1630, "halos_ratio": 1541 / 1630, "halos_ratio_training": 1484 / 1418}
    assert same == pytest.approx(expected)


def test_training_universes_are_told_apart(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    told = {key for key in learner.constants if key.startswith("training.")}
    assert {"training.halos_ratio", "training.matched"} <= told <= {f"training.{key}" for key in TRAINING}
    true = smoke().true_halos(universes[0])
    whole = Way(true.halos, true.label)
    perfect = on_training([(whole, whole)])
    assert perfect == {"training.halos_ratio": 1, "training.matched": 1, "training.voxel_scatter": 0}
    assert on_training([(whole, moved(whole))])["training.matched"] < 0.5


def test_distances_in_cells(universes: list[Universe]) -> None:
    settings = smoke("target=cells", "watershed.cut=uniform", "steps=1")
    samples, label = settings.samples(universes, CPU), settings.true_halos(universes[1]).label
    np.testing.assert_array_equal(samples.training_boxes[1][1].numpy(), cell_distance(label))
    learner = settings.learner(CPU)
    learner.constants |= samples.constants
    settings.finish(learner, universes)
    basins = settings.flood(cell_distance(label))
    assert set(basins.unit) == {1.0}
    # the uniform cut leaves what is above its level
    (distance, found), _ = settings.predict(learner, universes[3])
    assert distance.units == "cells"
    kept = found.values > 0
    assert (distance.values[kept] > from_constants(learner.constants, "cut").uniform).all()


def test_no_predicted_halos(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings, truth = smoke(), universes[3]
    label = np.zeros((16,) * 3, dtype=np.int32)
    none = catalogue(label, np.zeros(0, np.int64), truth.box_size, truth.particle_mass, "none")
    faint = np.zeros((16,) * 3)
    faint[0, 0, 0] = 1e-3
    prediction = prediction_of(truth, faint, label, none, tmp_path / "p.h5")
    report = load_report(dump_report(settings.evaluate(learner, [(truth, prediction)])))
    assert value(report, "halos") == value(report, "matched") == value(report, "foreground_dice") == 0
    assert value(report, "mass_function") == 1
    assert value(report, "voxel_scatter") is None


def test_no_true_halos(universes: list[Universe], tmp_path: Path) -> None:
    settings, truth = smoke("minimum_cells=4000"), universes[3]
    made = settings.learner(CPU)
    made.constants.update(settings.samples(universes, CPU).constants)
    settings.finish(made, universes)
    fields, halos = settings.predict(made, truth)
    prediction = prediction_of(truth, fields[0].values, fields[1].values, halos["distance_map"], tmp_path / "p.h5")
    report = load_report(dump_report(settings.evaluate(made, [(truth, prediction)])))
    assert value(report, "halos_true") == value(report, "halos") == 0
    assert value(report, "mass_function") is None


def test_prediction_is_a_universe_of_distances(universes: list[Universe], learner: Network) -> None:
    told: list[float] = []
    settings = smoke()
    (distance, label), catalogues = settings.predict(learner, universes[3], lambda done, doing: told.append(done))
    assert (distance.name, label.name) == ("distance", "label")
    halos = catalogues["distance_map"]
    assert label.values.max() == len(halos)
    np.testing.assert_array_equal(np.bincount(label.values[label.values > 0], minlength=1)[1:], halos["count"])
    np.testing.assert_allclose(halos["mass"], halos["count"] * universes[3].particle_mass)
    assert (np.diff(halos["mass"]) <= 0).all()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_cut_is_kept_with_the_model(universes: list[Universe], learner: Network) -> None:
    assert all(type(number) in (float, int) for number in learner.constants.values())
    for name in ("cut", "flooded.cut"):
        assert len(from_constants(learner.constants, name).volume) >= 1
    settings = smoke()
    # on the training universes the counts are those of the truth, wherever there were regions enough
    found = [settings.predict(learner, universe)[1]["distance_map"] for universe in universes[:2]]
    raw = [settings.flood(settings.predict(learner, universe)[0][0].values).cells for universe in universes[:2]]
    true = sum(len(settings.true_halos(universe).halos) for universe in universes[:2])
    assert sum(map(len, found)) <= max(true, 1) + 2
    assert sum(map(len, found)) <= sum(int((cells >= settings.minimum_cells).sum()) for cells in raw)


def test_a_run_from_training_to_report(universes: list[Universe], tmp_path: Path) -> None:
    from core.runs.reports import read_report
    from core.runs.run import create_run
    from core.runs.worker import work

    settings = smoke("inputs=density+displacement", "crop.size=8", "crop.context=4", "crop.batch=2")
    run = create_run(
        tmp_path / "runs",
        "distance_map",
        settings.model_dump(mode="json"),
        universes=[str(universe.path) for universe in universes],
        device="cpu",
    )
    work(run)
    assert run.status().state == "done"
    report = read_report(run)
    assert report.facts["inputs"] == "density+displacement"
    assert -1 < value(report, "correlation_blind") < 1
    validations = [event for event in run.events()[0] if event["event"] == "validation"]
    assert validations[-1]["loss"] < validations[0]["loss"] + 0.05


def test_training_is_repeated_exactly(universes: list[Universe]) -> None:
    def losses(settings: DistanceMap) -> list[float]:
        return [step.values["loss"] for step in settings.learner(CPU).fit(settings.samples(universes, CPU))]

    first = losses(smoke("steps=3"))
    assert first == losses(smoke("steps=3"))
    assert first != losses(smoke("steps=3", "seed=2"))


def test_training_that_will_not_fit(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    import core.learning.memory

    settings = smoke("crop.size=8", "crop.context=4", "crop.batch=4")
    monkeypatch.setattr(
        core.learning.memory, "training_memory", lambda module, shape, *_: 1000 * shape[0] * shape[2] ** 3
    )
    monkeypatch.setattr(core.learning.memory, "free_on", lambda device: 10_000_000)
    with pytest.raises(
        ResourceError, match=r"needs about 0.015 GiB, cpu has 0.0093 GiB free: crop.batch=2 crop.size=8 "
    ):
        settings.samples(universes, CPU)
    monkeypatch.setattr(core.learning.memory, "free_on", lambda device: 10_000)
    with pytest.raises(ResourceError, match=r"choose fewer network.filters"):
        settings.samples(universes, CPU)
