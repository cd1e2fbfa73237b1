"""The recipe halo_mass: a run in small, and its report on predictions whose quality is known."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import read_table, resolve, tables
from core.cosmos.box import Array, Field
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import InputError, ResourceError
from core.figures import Curves, Report, Row, Slice, dump_report, load_report
from core.learning.learner import Network
from core.recipes.halo_mass.figures import likelihood, violins
from core.recipes.halo_mass.judged import Shared
from core.recipes.halo_mass.masses import Reading, of_halos, of_particles
from core.recipes.halo_mass.numbers import of_all, of_theory
from core.recipes.halo_mass.particles import drawn, drawn_from_each
from core.recipes.halo_mass.recipe import HaloMass
from core.recipes.halo_mass.subboxes import SubBoxes
from core.runs import registry
from core.runs.run import Run, create_run
from models.cnn import CNN

CPU = torch.device("cpu")


def smoke(*overrides: str) -> HaloMass:
    settings = resolve(registry.load("halo_mass"), read_table("halo_mass", "smoke"), list(overrides))
    assert isinstance(settings, HaloMass)
    return settings


def cubes(settings: HaloMass, universes: list[Universe]) -> SubBoxes:
    samples = settings.samples(universes, CPU)
    assert isinstance(samples, SubBoxes)
    return samples


@pytest.fixture(scope="module")
def finished(universes: list[Universe], tmp_path_factory: pytest.TempPathFactory) -> Run:
    from core.runs.worker import work

    run = create_run(
        tmp_path_factory.mktemp("halo_mass"),
        "halo_mass",
        smoke().model_dump(mode="json"),
        universes=[str(universe.path) for universe in universes],
        device="cpu",
    )
    work(run)
    return run


@pytest.fixture(scope="module")
def learner(universes: list[Universe]) -> Network:
    settings = smoke()
    learner = settings.learner(CPU)
    learner.constants = settings.samples(universes, CPU).constants
    settings.finish(learner, universes)
    return learner


def test_halos_learnt_equally_often(universes: list[Universe]) -> None:
    """Of a large halo no more particles are drawn than of a small one."""
    drawn_by_halo = cubes(smoke("particles.weight=halos"), universes).training_boxes
    at_random = cubes(smoke(), universes).training_boxes
    for (_, even), (_, chance) in zip(drawn_by_halo, at_random, strict=True):
        _, counts = np.unique(even.targets.numpy(), return_counts=True)
        assert np.median(even.targets) < np.median(chance.targets)
        assert np.median(counts) <= 2 * counts.min()


def predicted(truth: Universe, path: Path, of: Callable[[Array], Array]) -> Universe:
    """A prediction whose log10 masses are a function of the true ones; first crossings a tenth too heavy, or none."""
    settings = smoke()
    every = settings.halo_particles(truth)
    some, few = drawn(every, 500, 1), drawn_from_each(every, 4, 1)
    crossing = np.zeros(truth.cells**3)
    crossing[every.ids] = 1.1 * every.mass
    crossing[::3] = 0
    fields = [
        Field(name, crossing.reshape((truth.cells,) * 3), truth.box_size) for name in ("mass_eps", "mass_sheth_tormen")
    ]
    catalogues = {
        "particles": of_particles(truth, some, of(np.log10(some.mass))),
        "halo_mass": of_halos(truth, few, of(np.log10(few.mass)), Reading(0.5, 1.0, 0.0)),
        "halo_mass_eps": of_halos(truth, few, np.log10(few.mass), Reading(0.5, 1.0, 0.0)),
    }
    return write_universe(
        path,
        name=truth.name,
        box_size=truth.box_size,
        cosmology=truth.cosmology,
        fields=fields,
        catalogues=catalogues,
        provenance={},
        kind="prediction",
    )


def values(made: Report) -> dict[str, float | None]:
    return {number.key: number.value for number in made.numbers}


def test_a_run_learns_predicts_and_reports(finished: Run) -> None:
    from core.runs.reports import read_report

    assert finished.status().state == "done"
    made = read_report(finished)
    assert {
        "masses",
        "residuals",
        "violins",
        "likelihood",
        "distributions",
        "information",
        "radius",
        "objects",
        "loss",
    } <= set(made.figures)
    assert np.isfinite([number.value for number in made.numbers if number.key in ("bias", "scatter")]).all()  # type: ignore[arg-type]
    prediction = open_universe(finished.path / "predictions" / "u4.h5")
    particles = prediction.catalogue("particles")
    assert (np.diff(particles["mass"]) <= 0).all()
    assert len(particles) <= 300
    # of the two particles of each halo that are asked for, and of as many as EPS tells most from
    ours, eps = (prediction.catalogue(name)["particles"] for name in ("halo_mass", "halo_mass_eps"))
    assert ours.max() == 2
    assert 2 < eps.max() <= 16
    validations = [event for event in finished.events()[0] if event["event"] == "validation"]
    assert {"loss", "likelihood", "rms", "width"} <= set(validations[-1])
    assert validations[-1]["loss"] > validations[-1]["likelihood"]


@pytest.fixture(scope="module")
def known(universes: list[Universe], learner: Network, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on true masses that are a tenth of a dex too heavy, with Gaussian noise of half a dex."""
    noise, folder = np.random.default_rng(5), tmp_path_factory.mktemp("known")

    def noisy(log_mass: Array) -> Array:
        return log_mass + 0.1 + 0.5 * noise.standard_normal(len(log_mass))

    pairs = [(truth, predicted(truth, folder / f"{truth.name}.h5", noisy)) for truth in universes[2:]]
    return smoke().evaluate(learner, pairs)


def test_noise_is_reported_as_just_that_noise(known: Report) -> None:
    found = values(known)
    assert found["bias"] == pytest.approx(0.1, abs=0.05)
    assert found["scatter"] == pytest.approx(0.5, rel=0.1)
    assert found["noise"] == pytest.approx(0.5, rel=0.25)
    assert found["never_eps"] == pytest.approx(1 / 3, abs=0.05)
    assert found["halo_bias"] == pytest.approx(0.1, abs=0.1)
    assert found["halo_scatter"] == pytest.approx(0.25, rel=0.35)  # the median of up to four


def test_theory_is_judged_where_it_tells_a_mass(known: Report) -> None:
    numbers = {number.key: number for number in known.numbers}
    bias, information = numbers["bias"], numbers["information_eps"]
    assert bias.baseline == pytest.approx(np.log10(1.1), abs=1e-5)
    assert information.baseline is not None
    assert information.value is not None
    assert information.baseline > information.value > 0
    assert numbers["halo_scatter"].baseline == pytest.approx(0, abs=1e-6)


def test_the_paper_s_information_is_beside_its_own_range_of_masses(known: Report) -> None:
    numbers = {number.key: number for number in known.numbers}
    information = numbers["information"]
    assert information.paper is None
    assert "paper: 0.370 from 10^11 to 10^13.4 Msun/h" in information.note
    # the noise was half a dex
    assert re.search(r"as noise of 0\.[4-6]\d dex leaves", information.note)
    assert numbers["never_eps"].paper is None
    same = {n.key: n.paper for n in of_all(Shared(None, None), "averaged", True)}
    assert same == {"information": 0.240, "noise": 0.9}
    theory = of_theory("eps", "EPS", Shared(None, None), Shared(None, None), np.ones(3, dtype=bool), "density", True)
    assert [number.paper for number in theory] == [0.409, 0.257, 0.30]


def test_a_network_and_theories_that_say_nothing(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    """Priors that are too strong leave one mass for all; large cells may never cross."""
    truth, settings = universes[3], smoke()
    some = drawn(settings.halo_particles(truth), 300, 1)
    nothing = np.zeros((truth.cells,) * 3)
    nothing[0, 0, 0] = 1e13
    prediction = write_universe(
        tmp_path / "p.h5",
        name=truth.name,
        box_size=truth.box_size,
        cosmology=truth.cosmology,
        fields=[Field(f"mass_{theory}", nothing, truth.box_size) for theory in ("eps", "sheth_tormen")],
        catalogues={
            "particles": of_particles(truth, some[some.ids > 0], np.full(np.count_nonzero(some.ids > 0), 13.0))
        },
        provenance={},
        kind="prediction",
    )
    made = settings.evaluate(learner, [(truth, prediction)])
    found = values(made)
    assert found["information"] is None
    assert found["correlation"] is None
    assert found["never_eps"] == 1
    assert "objects" not in made.figures
    masses = made.figures["masses"]
    assert isinstance(masses, Row)
    assert len(masses.figures) == 1


def test_figures(known: Report) -> None:
    assert dump_report(load_report(dump_report(known))) == dump_report(known)
    residuals, masses = known.figures["residuals"], known.figures["masses"]
    assert isinstance(residuals, Curves)
    network, eps, *_ = residuals.series
    assert np.nanmedian(network.y) == pytest.approx(0.1, abs=0.1)
    assert np.nanmax(np.abs(eps.y - np.log10(1.1))) < 1e-5
    assert isinstance(masses, Row)
    for panel in masses.figures:
        assert isinstance(panel, Slice)
        x0, x1, y0, y1 = panel.extent
        # a density in both axes; a few predictions lie outside
        assert panel.values.sum() * (x1 - x0) * (y1 - y0) / panel.values.size == pytest.approx(1)
    eps_panel = masses.figures[1]
    assert isinstance(eps_panel, Slice)
    rows, columns = np.nonzero(eps_panel.values)
    x0, x1, y0, y1 = eps_panel.extent
    cells = eps_panel.values.shape[0]
    offset = (y0 + (rows + 0.5) * (y1 - y0) / cells) - (x0 + (columns + 0.5) * (x1 - x0) / cells)
    assert np.abs(offset - np.log10(1.1)).max() < (x1 - x0 + y1 - y0) / 2 / cells


def test_the_likelihood_is_that_of_its_particles() -> None:
    """Masses drawn from the Cauchy distribution itself, by the inverse of its integral between the bounds."""
    generator = np.random.default_rng(4)
    told = generator.uniform(-1, 1, 400_000)
    width = 0.26
    low, high = np.arctan((-1 - told) / width), np.arctan((1 - told) / width)
    true = told + width * np.tan(low + (high - low) * generator.uniform(size=len(told)))
    row = likelihood(true, told, width)
    assert len(row.figures) == 5
    for panel in row.figures:
        assert isinstance(panel, Curves)
        particles, learnt = panel.series
        # the peak is rounded by what is told between -0.1 and 0.1 of the slice
        assert np.abs(particles.y - learnt.y).max() < 0.12
        assert np.sum(learnt.y) * 0.1 == pytest.approx(1, abs=0.03)
    wrong = likelihood(generator.permutation(true), told, width).figures[0]
    assert isinstance(wrong, Curves)
    assert np.abs(wrong.series[0].y - wrong.series[1].y).max() > 0.5


def test_violins_hold_their_shares() -> None:
    generator = np.random.default_rng(6)
    true = generator.uniform(12, 14.4, 200_000)
    panel = violins({"network": (true, true + 0.2 + 0.4 * generator.standard_normal(len(true)))}, 12, 14.4).figures[0]
    assert isinstance(panel, Slice)
    lines = panel.contours[0]
    residual = np.linspace(-2.5, 2.5, 101)[:-1] + 0.025
    column = lines.values[:, 40]
    for level, sigmas in zip(lines.levels, (-1.96, -0.994, 0, 0.994, 1.96), strict=True):
        assert np.interp(level, column, residual) == pytest.approx(0.2 + 0.4 * sigmas, abs=0.04)


@pytest.mark.parametrize("kind", ["density", "averaged", "potential", "evolved"])
def test_every_input_trains_and_predicts(universes: list[Universe], kind: str) -> None:
    settings = smoke(
        f"input.kind={kind}", "steps=2", "particles.test=40", "particles.each_halo=0", "input.mesh_ratio=2"
    )
    samples, learner = settings.samples(universes, CPU), settings.learner(CPU)
    losses = [step.values["loss"] for step in learner.fit(samples)]
    assert np.isfinite(losses).all()
    settings.finish(learner, universes)
    fields, catalogues = settings.predict(learner, universes[3])
    assert [field.name for field in fields] == ["mass_eps", "mass_sheth_tormen"]
    assert set(catalogues) == {"particles"}
    assert len(catalogues["particles"]) == 40


@pytest.mark.parametrize(
    ("inputs", "channels"), [("density+context", 28), ("density+displacement", 4), ("density+nbody", 7)]
)
def test_more_is_seen_beside_the_density(universes: list[Universe], inputs: str, channels: int) -> None:
    settings = smoke(f"inputs={inputs}", "steps=1", "particles.test=40", "particles.each_halo=0", "input.augment=true")
    samples, learner = cubes(settings, universes), settings.learner(CPU)
    assert len(list(learner.fit(samples))) == 1
    fields, _ = samples.training_boxes[0]
    assert fields.shape == (channels, 16, 16, 16)
    # the density is that which is seen alone; all is of order one
    assert torch.equal(fields[:1], cubes(smoke(), universes).training_boxes[0][0])
    assert (fields.std(dim=(1, 2, 3)) < 3).all()
    assert torch.equal(settings.seen.fields(universes[0], learner.constants, CPU), fields)
    _, catalogues = settings.predict(learner, universes[3])
    assert np.isfinite(catalogues["particles"]["mass"]).all()


def test_inputs_are_scaled_by_the_training_universes(universes: list[Universe]) -> None:
    samples = cubes(smoke(), universes)
    values = torch.cat([fields.reshape(-1) for fields, _ in samples.training_boxes])
    assert float(values.mean()) == pytest.approx(0, abs=1e-5)
    assert float(values.std()) == pytest.approx(1, abs=1e-3)
    targets = torch.cat([centres.targets for _, centres in samples.training_boxes])
    assert -1 <= float(targets.min()) <= float(targets.max()) <= 1
    assert abs(len(targets) - 400) <= 2
    # in proportion to the particles of each universe
    counts = [len(smoke().halo_particles(universe)) for universe in universes[:2]]
    assert len(samples.training_boxes[0][1]) == pytest.approx(400 * counts[0] / sum(counts), abs=1)


def test_runs_with_other_seeds_are_judged_on_the_same_particles(universes: list[Universe], learner: Network) -> None:
    one = smoke().predict(learner, universes[3])[1]["particles"]
    other = smoke("seed=5").predict(learner, universes[3])[1]["particles"]
    assert np.array_equal(one["id"], other["id"])
    chosen = [[c.targets for _, c in cubes(smoke(f"seed={s}"), universes).training_boxes] for s in (1, 5)]
    assert not torch.equal(chosen[0][0], chosen[1][0])


def test_the_scale_is_learnt_within_its_bounds(universes: list[Universe]) -> None:
    settings = smoke()
    learner = settings.learner(CPU)
    assert isinstance(learner.module, CNN)
    steps = learner.fit(settings.samples(universes, CPU))
    next(steps)
    learnt = float(learner.module.scale.detach())
    assert 0 < abs(learnt - 0.2) < 0.01
    with torch.no_grad():
        learner.module.scale.fill_(5.0)
    next(steps)
    assert float(learner.module.scale.detach()) == 2.0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["split.test=3"], "4 universes leave none to train on .*: give at least 5"),
        (["input.kind=evolved", "inputs=density+nbody"], "lie on the initial lattice, .* set inputs=density"),
        (["input.side=8"], "input.side of 8 cells has no middle: make it odd"),
        (["loss.likelihood=bins"], "is told by a network that sees boxes: set sees=boxes"),
        (["log_mass.low=15"], "log_mass.low of 15 is not below log_mass.high of 15"),
        (["log_mass.low=16", "log_mass.high=17"], r"no halos of 10\^16 to 10\^17"),
    ],
)
def test_settings_that_do_not_fit(universes: list[Universe], overrides: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        smoke(*overrides).samples(universes, CPU)


def test_universes_that_do_not_fit(universes: list[Universe], learner: Network, finished: Run) -> None:
    smoke().check(universes)
    prediction = open_universe(finished.path / "predictions" / "u4.h5")
    with pytest.raises(InputError, match="is a prediction without delta_linear: give a universe"):
        smoke().check([*universes, prediction])
    with pytest.raises(InputError, match="has no halos to learn from: simulate it"):
        smoke().check([*universes, replace(universes[0], halos={})])
    with pytest.raises(InputError, match=r"cells of 1\.5625, 3\.125 Mpc/h: train on one cell size"):
        smoke().check([*universes, replace(universes[0], box_size=50.0)])
    with pytest.raises(InputError, match=r"cells of 3\.125 Mpc/h, the network was trained on 1\.5625"):
        smoke().predict(learner, replace(universes[0], box_size=50.0))


def test_training_that_does_not_fit_is_refused(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.learning.memory.free_on", lambda device: 2**20)
    with pytest.raises(ResourceError, match=r"needs about .* GiB, cpu has 0\.00098 GiB free: particles.batch=\d+ fits"):
        smoke("particles.batch=60").samples(universes, CPU)
    monkeypatch.setattr("core.learning.memory.free_on", lambda device: 2**10)
    with pytest.raises(ResourceError, match=r"choose a smaller input\.side or fewer universes"):
        smoke("input.side=15").samples(universes, CPU)
    with pytest.raises(InputError, match=r"input\.side=33 is larger than .* of 16\^3 cells: set input\.side=15"):
        smoke("input.side=33").check(universes)


def test_one_setting_leaves_the_paper_s_others() -> None:
    optimiser = resolve(HaloMass, {}, ["optimiser.learning_rate=0.001"]).optimiser
    assert (optimiser.name, optimiser.learning_rate) == ("amsgrad", 0.001)
    assert HaloMass().optimiser.learning_rate == 5e-5


@pytest.mark.parametrize("table", tables("halo_mass"))
def test_every_table_makes_settings(table: str) -> None:
    resolve(registry.load("halo_mass"), read_table("halo_mass", table), [])
