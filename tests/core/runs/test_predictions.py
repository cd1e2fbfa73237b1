"""A prediction belongs to one universe, whatever their files are called."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.analysis.views.panels import panels
from core.cosmos.cosmology import preset
from core.cosmos.identity import identity, is_of
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError
from core.runs.job import open_model
from core.runs.predictions import kept, predictions
from core.runs.reports import predict
from core.runs.run import Run


@pytest.fixture
def namesake(tmp_path: Path) -> Universe:
    """Called u4, as one of the four universes is, but with another seed."""
    evolution = Evolution(steps=5, mesh_ratio=2, minimum_particles=8, device="cpu")
    path = tmp_path / "other" / "u4.h5"
    simulate(path, Simulation(16, 25.0, preset("planck2018"), 99, evolution))
    return replace(open_universe(path), name="u4")


def test_an_identity_is_that_of_the_content(universes: list[Universe], namesake: Universe, tmp_path: Path) -> None:
    ids = [identity(universe) for universe in (*universes, namesake)]
    assert len(set(ids)) == 5
    assert identity(open_universe(Path(shutil.copy(universes[0].path, tmp_path / "copy.h5")))) == ids[0]
    nameless = [replace(universe, provenance={}) for universe in universes[:2]]
    assert identity(nameless[0]) != identity(nameless[1])
    assert identity(nameless[0]) == identity(replace(nameless[0], name="x", path=universes[0].path))


def test_a_universe_made_again_is_the_same(universes: list[Universe], tmp_path: Path) -> None:
    evolution = Evolution(steps=5, mesh_ratio=2, minimum_particles=8, device="cpu")
    simulate(tmp_path / "again.h5", Simulation(16, 25.0, preset("planck2018"), 2, evolution))
    assert identity(open_universe(tmp_path / "again.h5")) == identity(universes[1])


def test_namesakes_are_kept_apart(done_run: Run, universes: list[Universe], namesake: Universe, tmp_path: Path) -> None:
    run = Run(shutil.copytree(done_run.path, tmp_path / "runs" / "halonet-001"))
    model = open_model(run)
    first = predict(run, model, universes[3])
    second = predict(run, model, namesake)
    assert first.path != second.path
    assert predict(run, model, universes[3]).path == first.path
    assert (kept(run, universes[3]), kept(run, namesake)) == (first.path, second.path)
    assert predictions(run.path.parent, namesake) == [second.path]
    assert (is_of(first, universes[3]), is_of(first, namesake)) == (True, False)
    with pytest.raises(InputError, match="was not predicted for"):
        panels(universes[3], "delta_linear", second)


def test_predictions_that_do_not_say_so_go_by_their_source(done_run: Run, universes: list[Universe]) -> None:
    made = open_universe(done_run.path / "predictions" / "u4.h5")
    old = replace(made, provenance={name: made.provenance[name] for name in made.provenance if name != "universe"})
    assert is_of(old, universes[3])
    assert not is_of(old, universes[0])
    assert not is_of(old, replace(universes[3], cells=32))
