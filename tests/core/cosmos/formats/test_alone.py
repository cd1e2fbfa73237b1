"""One evolved snapshot, or a catalogue, by itself: a universe that says what it lacks."""

from pathlib import Path

import numpy as np
import pytest
from snapshot_writers import BOX, CELLS, GIVEN, OMEGA_MATTER, H, write_gadget, write_hdf5, write_rockstar
from three_halos import halos, run_with

from core.analysis.statistics.measure import statistics
from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.recognise import recognise
from core.cosmos.halos import friends_of_friends
from core.cosmos.imports.catalogue import import_catalogue
from core.cosmos.imports.evolved import import_evolved
from core.cosmos.imports.halos import TheirHalos
from core.cosmos.paint import paint
from core.errors import InputError


def test_an_evolved_snapshot(tmp_path: Path) -> None:
    run = run_with(halos())
    run.ids = np.random.default_rng(1).integers(0, 9, len(run.ids))  # of no use, and not needed
    path = write_gadget(tmp_path / "snap", run)
    universe = import_evolved(path, tmp_path / "u.h5", GIVEN, minimum_particles=30)
    assert set(universe.fields) == {"density"}
    expected = paint(run.positions.astype(np.float32), CELLS, BOX)
    np.testing.assert_allclose(universe.field("density").values, expected, atol=1e-3)
    found = universe.catalogue()
    labels = friends_of_friends(run.positions, BOX, 30)
    np.testing.assert_array_equal(found["count"], np.bincount(labels)[1:])
    assert {"mass", "position", "velocity", "mass_200m", "lagrangian_radius"} <= found.columns.keys()
    assert "lagrangian_position" not in found
    assert "initial conditions" in recognise(universe.path).facts["lacks"]
    report = statistics(universe)
    assert {"power", "pdf", "mass_function"} <= report.figures.keys()


def test_another_mesh_and_their_halos(tmp_path: Path) -> None:
    given = halos()
    run = run_with(given)
    snap = write_hdf5(tmp_path / "snap.hdf5", run)
    catalogue = write_rockstar(tmp_path / "halos_0.0.ascii", given, run)
    universe = import_evolved(snap, tmp_path / "u.h5", GIVEN, 24, halos=TheirHalos(catalogue))
    assert universe.cells == 24
    assert universe.halos == {"fof": 3}
    assert universe.catalogue().definition == "rockstar (vir)"
    np.testing.assert_array_equal(universe.catalogue()["count"], [125, 60, 40])
    facts = recognise(universe.path).facts
    assert facts["halos from"].startswith("halos_0.0.ascii")
    assert facts["particles"] == "4096 of dark matter"
    assert facts["source"].startswith("snap.hdf5, hdf5-snapshot, Mpc/h")


def test_a_catalogue_alone(tmp_path: Path) -> None:
    run = run_with(halos())
    path = write_rockstar(tmp_path / "halos_0.0.ascii", halos(), run)
    universe = import_catalogue(
        path, tmp_path / "u.h5", in_cosmology(Given(omega_matter=OMEGA_MATTER, h=H), "wmap5"), 8
    )
    assert universe.halos == {"halos": 3}
    assert universe.cosmology.omega_matter == OMEGA_MATTER
    density = universe.field("halo_density")
    assert density.values.sum() == pytest.approx(0, abs=1e-3)
    assert density.values.max() > 8**3 / 3 / 8 - 1
    assert {"mass_function"} <= statistics(universe).figures.keys()
    assert "matter" in recognise(universe.path).facts["lacks"]


def test_what_is_missing_of_a_catalogue_is_told(tmp_path: Path) -> None:
    path = write_rockstar(tmp_path / "halos_0.0.ascii", halos(), run_with(halos()))
    with pytest.raises(InputError, match="add --omega-baryon, --sigma8, --spectral-index"):
        import_catalogue(path, tmp_path / "u.h5", Given())
