"""What headers say of the universe: dark energy, radiation, neutrinos, curvature, redshifts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from snapshot_writers import CELLS, GIVEN, OMEGA_MATTER, Run, linear_density, write_gadget, write_hdf5
from test_imports import later

from core.cosmos.cosmology import growth
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.evolved import import_evolved
from core.cosmos.imports.linear import linear_field
from core.cosmos.imports.pair import import_pair
from core.errors import InputError, UsageError


def swift(path: Path, **cosmology: float) -> Path:
    write_hdf5(path, Run(), style="swift")
    with h5py.File(path, "r+") as file:
        for name, value in cosmology.items():
            file["Cosmology"].attrs[name] = [value]
    return path


@pytest.mark.parametrize(
    ("stated", "numbers"),
    [({"w_0": -0.7}, (-0.7, 0.0)), ({"w_a": 0.5}, (-1.0, 0.5)), ({"w_0": -0.9, "w_a": -0.3}, (-0.9, -0.3))],
)
def test_dark_energy_grows_as_it_does(tmp_path: Path, stated: dict[str, float], numbers: tuple[float, float]) -> None:
    snapshot = read_snapshot(swift(tmp_path / "ics.hdf5", **stated), GIVEN)
    assert (snapshot.cosmology.w0, snapshot.cosmology.wa) == numbers
    ratio = growth(OMEGA_MATTER).first(1 / 50) / growth(OMEGA_MATTER, *numbers).first(1 / 50)
    found = linear_field(snapshot).delta.values
    np.testing.assert_allclose(found, ratio * linear_density(), atol=3e-3 * linear_density().std())
    assert "w" in "".join(recognise(tmp_path / "ics.hdf5").facts)


def test_radiation_is_used(tmp_path: Path) -> None:
    snapshot = read_snapshot(swift(tmp_path / "ics.hdf5", Omega_r=9e-5), GIVEN)
    assert snapshot.cosmology.omega_radiation == 9e-5
    ratio = growth(OMEGA_MATTER).first(1 / 50) / growth(OMEGA_MATTER, omega_radiation=9e-5).first(1 / 50)
    assert abs(ratio - 1) > 5e-3
    found = linear_field(snapshot).delta.values
    np.testing.assert_allclose(found, ratio * linear_density(), atol=3e-3 * linear_density().std())


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"Omega_nu_0": 0.0014}, r"has massive neutrinos \(Omega_nu = 0\.0014\)"),
        ({"Omega_k": 0.01}, r"is curved \(Omega_k = 0\.01\)"),
    ],
)
def test_what_our_growth_leaves_out_is_refused(tmp_path: Path, stated: dict[str, float], words: str) -> None:
    path = swift(tmp_path / "ics.hdf5", **stated)
    with pytest.raises(InputError, match=f"{words}: give --omega-matter"):
        read_snapshot(path, GIVEN)
    assert read_snapshot(path, replace(GIVEN, omega_matter=OMEGA_MATTER)).cosmology.is_plain


def test_dark_energy_by_option(tmp_path: Path) -> None:
    path = write_gadget(tmp_path / "ics", Run())
    assert read_snapshot(path, replace(GIVEN, w0=-0.8, wa=0.1)).cosmology.w0 == -0.8
    with pytest.raises(UsageError, match="dark energy would rule"):
        read_snapshot(path, replace(GIVEN, w0=0.5))


def headless(path: Path, run: Run, **header: Any) -> Path:
    """A snapshot whose header has no Redshift."""
    write_hdf5(path, run)
    with h5py.File(path, "r+") as file:
        for name in ("Redshift", "Time"):
            file["Header"].attrs.pop(name, None)
        file["Header"].attrs.update(header)
    return path


def test_the_time_is_a_redshift(tmp_path: Path) -> None:
    path = headless(tmp_path / "ics.hdf5", Run(), Time=1 / 50)
    assert read_snapshot(path, GIVEN).particles.redshift == pytest.approx(49)


def test_each_of_two_files_has_its_option(tmp_path: Path) -> None:
    initial, final = headless(tmp_path / "ics.hdf5", Run()), headless(tmp_path / "snap.hdf5", later())
    with pytest.raises(InputError, match=r"ics\.hdf5 does not say all that is needed: add --redshift$"):
        import_pair(initial, final, tmp_path / "u.h5", GIVEN)
    with pytest.raises(InputError, match=r"snap\.hdf5 does not say all that is needed: add --redshift-final"):
        import_pair(initial, final, tmp_path / "u.h5", replace(GIVEN, redshift=49.0))
    universe = import_pair(initial, final, tmp_path / "u.h5", replace(GIVEN, redshift=49.0, redshift_final=0.0))
    assert universe.fields["displacement"].redshift == 0
    assert universe.provenance["initial_redshift"] == 49


def test_a_stated_redshift_is_not_overwritten(tmp_path: Path) -> None:
    path = write_gadget(tmp_path / "ics", Run())
    with pytest.raises(InputError, match="is of z = 49, not 20: leave --redshift out, or correct the file"):
        read_snapshot(path, replace(GIVEN, redshift=20.0))
    initial, final = path, write_gadget(tmp_path / "snap", later())
    with pytest.raises(InputError, match="is of z = 0, not 1: leave --redshift-final out"):
        import_pair(initial, final, tmp_path / "u.h5", replace(GIVEN, redshift_final=1.0))


def test_two_snapshots_of_different_dark_energy(tmp_path: Path) -> None:
    initial, final = swift(tmp_path / "ics.hdf5", w_0=-0.7), write_hdf5(tmp_path / "snap.hdf5", later(), style="swift")
    with pytest.raises(InputError, match=r"ics\.hdf5 has w0 = -0\.7, .*snap\.hdf5 has -1"):
        import_pair(initial, final, tmp_path / "u.h5", GIVEN)


def test_gas_and_stars_are_said(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "snap.hdf5", Run(z=0.0))
    with h5py.File(path, "r+") as file:
        file["PartType0/Coordinates"] = np.ones((7, 3))
        file["PartType0/Masses"] = np.full(7, 1e-9)
        file["Header"].attrs["NumPart_ThisFile"] = [7, CELLS**3, 0, 0, 0, 0]
    universe = import_evolved(path, tmp_path / "u.h5", GIVEN)
    assert recognise(universe.path).facts["particles"] == f"{CELLS**3} of dark matter, 7 others left out"
    universe = import_evolved(path, tmp_path / "v.h5", GIVEN, total_matter=True)
    assert "7 others in the density alone" in recognise(universe.path).facts["particles"]
