from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.cheap import Approximation
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import InputError, UsageError
from core.figures import Report, dump_report, load_report
from core.learning.learner import Network
from core.learning.samples import turn
from core.recipes.emulator.loss import densities, loss, metrics
from core.recipes.emulator.recipe import Emulator
from core.recipes.emulator.settings import EmulatorLossSettings
from core.recipes.emulator.start import VECTORS, aimed_at, moments, scales, seen, to_velocity

CPU = torch.device("cpu")


def smoke(*overrides: str) -> Emulator:
    return resolve(Emulator, read_table("emulator", "smoke"), ["precision=float32", *overrides])


def number(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key)


def as_prediction(path: Path, of: Universe, source: Universe) -> Universe:
    """A prediction for one universe that is the truth of another."""
    return write_universe(
        path,
        name=of.name,
        box_size=of.box_size,
        cosmology=of.cosmology,
        fields=[source.field(name) for name in ("density", "displacement", "velocity")],
        catalogues={},
        provenance={},
        kind="prediction",
    )


@pytest.fixture(scope="module")
def learner(universes: list[Universe]) -> Network:
    """Constants as in training, weights as drawn: it corrects nothing."""
    settings = smoke()
    made = settings.learner(CPU)
    made.constants = dict(settings.samples(universes, CPU).constants)
    return made


def test_the_target_added_to_the_start_is_the_truth(universes: list[Universe]) -> None:
    universe = universes[0]
    [moment] = moments(universe)
    [state] = Approximation("nbody", 2, 1.0).states(universe.field("delta_linear"), universe.cosmology, [0.0])
    target = aimed_at(universe, moment, state) * universe.box_size / universe.cells
    np.testing.assert_allclose(target[:3] + target[6:], np.asarray(universe.field("displacement").values), atol=1e-4)
    velocity = (target[3:6] + state.velocity) * to_velocity(universe.cosmology, 0.0)
    np.testing.assert_allclose(velocity, np.asarray(universe.field("velocity").values), atol=0.05)


def test_the_truth_itself_has_no_error(universes: list[Universe]) -> None:
    target = torch.randn((1, 9, 8, 8, 8), generator=torch.Generator().manual_seed(1))
    weight = EmulatorLossSettings()
    perfect, nothing = target[:, :6], torch.zeros((1, 6, 8, 8, 8))
    assert loss(perfect, target, weight) < loss(0.9 * perfect, target, weight) < loss(nothing, target, weight)
    found = metrics(perfect, target)
    assert found["displacement_left"] == found["velocity_left"] == 0
    assert found["correlation"] == pytest.approx(1, abs=1e-6)
    assert metrics(nothing, target)["displacement_left"] == pytest.approx(1)


def test_what_is_seen_turns_with_the_box(universes: list[Universe]) -> None:
    """Vectors turn with the axes: seen of a turned state is the turned seen (half a mesh cell apart is no symmetry)."""
    from dataclasses import replace

    universe, symmetry = universes[0], 8 + 0  # axes y and z exchanged
    delta = universe.field("delta_linear")
    [state] = Approximation("2lpt").states(delta, universe.cosmology, [0.0])
    constants = scales([(universe, moments(universe)[0], state)])
    turned_delta = replace(delta, values=turn(torch.from_numpy(np.array(delta.values))[None], symmetry)[0].numpy())
    turned_state = replace(
        state,
        displacement=turn(state.displacement, symmetry, (0,)).contiguous(),
        velocity=turn(state.velocity, symmetry, (0,)).contiguous(),
    )
    ours = seen(turned_state, turned_delta, universe.cosmology, 0.0, constants)
    expected = turn(seen(state, delta, universe.cosmology, 0.0, constants), symmetry, VECTORS)
    torch.testing.assert_close(ours, expected, atol=2e-4, rtol=1e-3)


def test_untrained_it_gives_the_cheap_run(universes: list[Universe], learner: Network) -> None:
    settings, universe = smoke(), universes[3]
    fields, catalogues = settings.predict(learner, universe)
    by_name = {field.name: field for field in fields}
    assert set(by_name) == {"density", "displacement", "velocity", "label"}
    [state] = settings.start.way.states(universe.field("delta_linear"), universe.cosmology, [0.0])
    np.testing.assert_allclose(by_name["displacement"].values, state.displacement.numpy(), atol=1e-5)
    assert float(by_name["density"].values.mean()) == pytest.approx(0, abs=1e-6)
    assert len(catalogues["fof"]) == by_name["label"].values.max()


def test_a_mesh_of_ratio_one_tells_no_halos(universes: list[Universe], learner: Network) -> None:
    fields, catalogues = smoke("start.mesh_ratio=1").predict(learner, universes[3])
    assert {field.name for field in fields} == {"density", "displacement", "velocity"}
    assert not catalogues


@pytest.mark.parametrize(("patch", "tile", "buffer"), [(1, 12, 2), (2, 16, 6)])
def test_tiles_give_what_the_whole_box_gives(universes: list[Universe], patch: int, tile: int, buffer: int) -> None:
    network = ("network.levels=1", "network.filters=4", f"network.patch={patch}")
    whole, tiled = smoke(*network), smoke(*network, f"crop.tile={tile}", f"crop.buffer={buffer}")
    made = whole.learner(CPU)
    for parameter in made.module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    made.constants = dict(whole.samples(universes, CPU).constants)
    universe = universes[3]
    given = (universe.field("delta_linear"), universe.cosmology, [0.0])
    [(ours, velocity)], [(theirs, other)] = (recipe.displaced(made, *given) for recipe in (whole, tiled))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(velocity, other, atol=1e-2)
    with pytest.raises(InputError, match=r"crop\.buffer"):
        smoke("network.levels=2", "crop.tile=12", "crop.buffer=2").displaced(made, *given)


def test_what_was_not_learnt_is_refused(universes: list[Universe], learner: Network) -> None:
    from dataclasses import replace

    settings, universe = smoke(), universes[3]
    delta = universe.field("delta_linear")
    with pytest.raises(InputError, match="z = 1 is not learnt"):
        settings.emulate(learner, delta, universe.cosmology, [1.0])
    with pytest.raises(InputError, match="cells of"):
        settings.emulate(learner, replace(delta, box_size=50.0), universe.cosmology, [0.0])


def test_training_lowers_the_error(universes: list[Universe]) -> None:
    displacement_alone = ("loss.velocity=0", "loss.density=0", "loss.power=0")
    settings = smoke("steps=40", "optimiser.learning_rate=0.01", "network.filters=8", *displacement_alone)
    made, samples = settings.learner(CPU), settings.samples(universes, CPU)
    before = made.validate(samples)
    list(islice(made.fit(samples), 40))
    after = made.validate(samples)
    assert after["loss"] < before["loss"]
    assert after["displacement_left"] < 0.99 * before["displacement_left"]


def test_the_report_of_the_truth_and_of_another_universe(
    universes: list[Universe], learner: Network, tmp_path: Path
) -> None:
    settings, truth = smoke(), universes[3]
    settings.finish(learner, universes)
    perfect = as_prediction(tmp_path / "a.h5", truth, truth)
    report = load_report(dump_report(settings.evaluate(learner, [(truth, perfect)])))
    assert number(report, "off_1").value == number(report, "displacement").value == number(report, "voids").value == 0
    assert number(report, "correlation_1").value == pytest.approx(1, abs=1e-6)
    assert number(report, "halos_20").value == number(report, "mean_density").value == 1
    assert number(report, "off_1").ceiling is not None
    assert number(report, "displacement").baseline > 0.05
    assert {"truth again, 10 steps", "2LPT x t(k)"} <= set(report.figures["wavenumbers"].columns)  # type: ignore[union-attr]
    # the truth of another seed has the right power and nothing else
    wrong = settings.evaluate(learner, [(truth, as_prediction(tmp_path / "b.h5", truth, universes[0]))])
    assert abs(number(wrong, "correlation_1").value) < 0.5
    assert number(wrong, "displacement").value > 5 * number(wrong, "displacement").baseline
    assert settings.held_out(universes) == [truth]


def test_losses_of_a_box_are_those_of_the_painted_density(universes: list[Universe]) -> None:
    from core.analysis.densities.ways import painted

    universe = universes[0]
    [state] = Approximation("2lpt").states(universe.field("delta_linear"), universe.cosmology, [0.0])
    target = aimed_at(universe, moments(universe)[0], state)[None]
    ours, true = densities(torch.zeros((1, 6, *target.shape[-3:])), target)
    np.testing.assert_allclose(true[0, 0], 1 + np.asarray(universe.field("density").values), atol=1e-3)
    np.testing.assert_allclose(ours[0, 0], painted(state.displacement.numpy(), universe.box_size), atol=1e-3)


def test_a_run_makes_universes(universes: list[Universe], command: Any, tmp_path: Path) -> None:
    on = [word for universe in universes for word in ("--on", str(universe.path))]
    code, _, errors = command("train", "emulator", "--config", "smoke", *on, "--runs", "r", "--set", "steps=2")
    assert code == 0, errors
    code, out, errors = command(
        "emulate", "latest", "--runs", "r", "--cells", "16", "--seeds", "7,8", "--out", "made", "--sigma8", "0.9"
    )
    assert code == 0, errors
    made = [open_universe(path) for path in sorted(tmp_path.glob("made/*.h5"))]
    assert len(made) == 2
    assert set(made[0].fields) == {"delta_linear", "density", "displacement", "velocity", "label"}
    assert made[0].box_size == pytest.approx(25)
    assert made[0].provenance["settings"]["start"] == "N-body 2/2"
    assert made[0].provenance["beyond_training"] == ["sigma8 = 0.9"]
    code, out, errors = command("emulate", "latest", "--runs", "r", "--on", str(universes[3].path), "--out", "again")
    assert code == 0, errors
    assert "halos (fof)" in out
    [path] = tmp_path.glob("again/*.h5")
    assert command("emulate", "latest", "--runs", "r", "--on", str(universes[3].path), "--out", "again")[1] == ""
    path.write_bytes(made[0].path.read_bytes())
    code, _, errors = command("emulate", "latest", "--runs", "r", "--on", str(universes[3].path), "--out", "again")
    assert code == 1
    assert "other settings" in errors
    code, _, errors = command("emulate", "latest", "--runs", "r", "--outputs", "1", "--cells", "16", "--out", "x")
    assert code == 1
    assert "not learnt" in errors
    assert not list(tmp_path.glob("x/*"))


def test_an_emulator_is_asked_for(done_run: Any) -> None:
    from core.recipes.emulator.make import open_emulator

    with pytest.raises(UsageError, match="halonet"):
        open_emulator(done_run)


def test_every_moment_of_a_universe_is_learnt_and_told(tmp_path: Path) -> None:
    from core.cosmos.cosmology import preset
    from core.cosmos.simulate import Evolution, Simulation, simulate

    evolution = Evolution(steps=3, mesh_ratio=2, outputs=(1.0, 0.0), minimum_particles=8, device="cpu")
    for seed in (1, 2, 3):
        simulate(tmp_path / f"u{seed}.h5", Simulation(8, 12.5, preset("planck2018"), seed, evolution))
    many = [open_universe(path) for path in sorted(tmp_path.glob("*.h5"))]
    settings = smoke("outputs=every", "network.levels=1")
    samples = settings.samples(many, CPU)
    assert len(samples.training_boxes) == len(samples.validation_boxes) == 2
    early, late = (inputs for inputs, _ in samples.training_boxes)
    # the style tells the moments apart by D, the displacement has grown
    assert early[13, 0, 0, 0] < late[13, 0, 0, 0]
    assert early[0].std() < 0.8 * late[0].std()
    made = settings.learner(CPU)
    made.constants = dict(samples.constants)
    fields, catalogues = settings.predict(made, many[2])
    assert {"displacement", "displacement_z1", "velocity_z1", "label_z1"} <= {field.name for field in fields}
    assert set(catalogues) == {"fof", "fof_z1"}
    middle = settings.emulate(made, many[2].field("delta_linear"), many[2].cosmology, [0.5])[0]
    assert {field.redshift for field in middle} == {0.5}
