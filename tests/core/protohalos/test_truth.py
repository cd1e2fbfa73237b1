from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.cosmology import preset
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import InputError
from core.protohalos.truth import TruthSource, sources, true_halos


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    """A universe with N-body and Peak Patch halos."""
    path = tmp_path_factory.mktemp("both") / "u.h5"
    evolution = Evolution(steps=4, mesh_ratio=2, minimum_particles=8, device="cpu")
    simulate(path, Simulation(24, 40.0, preset("planck2018"), 3, evolution, truth="both"))
    return open_universe(path)


@pytest.mark.parametrize(
    ("source", "label", "name"), [("nbody", "label", "fof"), ("peakpatch", "label_peakpatch", "peakpatch")]
)
@pytest.mark.parametrize("minimum", [8, 40])
def test_each_truth(both: Universe, source: TruthSource, label: str, name: str, minimum: int) -> None:
    truth = true_halos(both, source, minimum)
    every = both.catalogue(name)
    counted = every["mass"] >= 0.999 * minimum * both.particle_mass
    assert 0 < len(truth.halos) == np.count_nonzero(counted)
    np.testing.assert_array_equal(truth.halos["mass"], every["mass"][counted])
    assert truth.halos.definition == every.definition
    held = np.asarray(both.field(label).values)
    np.testing.assert_array_equal(truth.mask, (held > 0) & (held <= len(truth.halos)))
    assert truth.label.max() == len(truth.halos)


def test_sources_of_a_universe(both: Universe, universes: list[Universe]) -> None:
    assert sources(both) == ["nbody", "peakpatch"]
    assert sources(universes[0]) == ["nbody"]
    assert sources(replace(both, halos={"peakpatch": 1})) == ["peakpatch"]
    np.testing.assert_array_equal(true_halos(both).label, true_halos(both, "nbody").label)
    alone = replace(both, halos={"peakpatch": both.halos["peakpatch"]})
    np.testing.assert_array_equal(true_halos(alone).label, true_halos(both, "peakpatch").label)


def test_what_is_missing(universes: list[Universe], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no peakpatch halos to learn from: simulate it with `--truth both`"):
        true_halos(universes[0], "peakpatch")
    with pytest.raises(InputError, match="has no halos to learn from"):
        true_halos(replace(universes[0], halos={}))


def test_a_recipe_on_peak_patch_halos(both: Universe, tmp_path: Path) -> None:
    import torch

    from core.config import read_table, resolve
    from core.recipes.halonet.recipe import HaloNet

    settings = resolve(HaloNet, read_table("halonet", "smoke"), ["truth=peakpatch"])
    universes, cpu = [both] * 4, torch.device("cpu")
    settings.check(universes)
    learner = settings.learner(cpu)
    for _ in learner.fit(settings.samples(universes, cpu)):
        pass
    settings.finish(learner, universes)
    fields, catalogues = settings.predict(learner, both)
    prediction = write_universe(
        tmp_path / "p.h5",
        name=both.name,
        box_size=both.box_size,
        cosmology=both.cosmology,
        fields=fields,
        catalogues=catalogues,
        provenance={},
        kind="prediction",
    )
    report = settings.evaluate(learner, [(both, prediction)])
    values = {number.key: number.value for number in report.numbers}
    assert values["halos_true"] == len(true_halos(both, "peakpatch", settings.minimum_cells).halos)
    assert values["halos_true"] != len(true_halos(both, "nbody", settings.minimum_cells).halos)
    assert report.facts["true halos"] == "peak patch"
    # Peak Patch halos are where second-order theory puts them
    assert values["moved_correlation"] == pytest.approx(1, abs=0.02)
