"""One's own particles, linear cubes that are evolved, and displacement fields."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import BOX, CELLS, GIVEN, OMEGA_MATTER, H, Run, linear_density, linear_displacement

from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.cube import evolve_cube
from core.cosmos.imports.displacements import import_displacements
from core.cosmos.imports.evolved import import_evolved
from core.cosmos.imports.linear import linear_field
from core.cosmos.simulate import Evolution
from core.cosmos.universe import Universe
from core.errors import InputError


def arrays(run: Run) -> dict[str, object]:
    numbers = {"box_size": BOX, "redshift": run.z, "omega_matter": OMEGA_MATTER, "h": H}
    return {"position": run.positions, "velocity": run.velocities, "id": run.ids, **numbers}


def npz(path: Path, run: Run, **changes: object) -> Path:
    np.savez(path, **{k: v for k, v in (arrays(run) | changes).items() if v is not None})  # type: ignore[arg-type]
    return path


def as_hdf5(path: Path, run: Run, **changes: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, value in (arrays(run) | changes).items():
            if isinstance(value, np.ndarray):
                file[name] = value
            elif value is not None:
                file.attrs[name] = value
    return path


@pytest.mark.parametrize("write", [npz, as_hdf5])
def test_own_particles(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "mine.npz", Run().shuffled())
    found = linear_field(read_snapshot(path, GIVEN))
    np.testing.assert_allclose(found.delta.values, linear_density(), atol=2e-3 * linear_density().std())
    facts = recognise(path).facts
    assert facts["dark matter particles"] == "4096 = 16^3"
    assert facts["box"] == "50 Mpc/h"
    # without velocities and ids too: they lie in the order of the lattice
    path = write(tmp_path / "bare.npz", Run(), velocity=None, id=None)
    snapshot = read_snapshot(path, GIVEN)
    assert not snapshot.numbered
    assert "velocity" not in import_evolved(path, tmp_path / "u.h5", GIVEN).catalogue()


@pytest.mark.parametrize("write", [npz, as_hdf5])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": np.ones((3, 9))}, r"position has the shape \(3, 9\): write it as numbers \(N, 3\)"),
        ({"velocity": np.ones((7, 3))}, r"velocity has the shape \(7, 3\)"),
        ({"id": np.ones(CELLS**3)}, "id is float64"),
        ({"velocities": np.ones((CELLS**3, 3))}, "holds 'velocities': did you mean 'velocity'"),
        ({"box_size": np.ones(3)}, "box_size is no number"),
        ({"box_size": None}, "add --box-size"),
        ({"position": Run().positions * 1e3, "box_size": 1e3 * BOX}, "is it in kpc/h"),
        ({"position": Run().positions * 1e3}, "the unit of the box is wrong"),
    ],
)
def test_particles_that_are_none(
    tmp_path: Path, write: Callable[..., Path], changes: dict[str, object], words: str
) -> None:
    path = write(tmp_path / "mine.npz", Run(), **changes)
    with pytest.raises(InputError, match=words):
        read_snapshot(path, GIVEN)


def test_damaged_particles(tmp_path: Path) -> None:
    path = npz(tmp_path / "mine.npz", Run())
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:5000] + b"\xff" * 64 + whole[5064:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cut off, damaged or holds objects"):
            read_snapshot(path, GIVEN)
    np.savez(path, position=np.array([object()]))
    with pytest.raises(InputError, match="holds objects"):
        read_snapshot(path, GIVEN)


def test_a_linear_cube_is_evolved(tmp_path: Path, universes: list[Universe]) -> None:
    """As the simulation evolved it."""
    u = universes[0]
    np.save(tmp_path / "delta.npy", np.asarray(u.field("delta_linear").values))
    given = in_cosmology(Given(box_size=u.box_size), "planck2018")
    evolution = Evolution(steps=5, mesh_ratio=2, minimum_particles=8, device="cpu")
    made = evolve_cube(tmp_path / "delta.npy", tmp_path / "u.h5", given, evolution)
    np.testing.assert_allclose(made.field("density").values, u.field("density").values, atol=1e-3)
    np.testing.assert_array_equal(made.catalogue()["count"], u.catalogue()["count"])


DISPLACED = replace(GIVEN, box_size=BOX, omega_matter=OMEGA_MATTER, h=H)


@pytest.mark.parametrize(("unit", "scale", "last"), [(None, 1, False), ("kpc/h", 1e3, False), ("Mpc/h", 1, True)])
def test_a_pair_of_displacements(tmp_path: Path, unit: str | None, scale: float, last: bool) -> None:
    psi = linear_displacement().T.reshape(3, CELLS, CELLS, CELLS).astype(np.float32) * scale
    for name, values in (("lin.npy", psi), ("dis.npy", 1.1 * psi)):
        np.save(tmp_path / name, np.moveaxis(values, 0, -1) if last else values)
    given = replace(DISPLACED, length_unit=unit)
    universe = import_displacements(tmp_path / "lin.npy", tmp_path / "u.h5", given, tmp_path / "dis.npy", 2)
    np.testing.assert_allclose(universe.field("delta_linear").values, linear_density(), atol=1e-4)
    np.testing.assert_allclose(universe.field("displacement").values, 1.1 * psi / scale, atol=1e-5)
    assert "velocity" not in universe.fields
    assert {"density", "label"} <= universe.fields.keys()
    assert recognise(universe.path).facts["lacks"] == "velocities"


def test_one_displacement_by_itself(tmp_path: Path, universes: list[Universe]) -> None:
    psi = 0.05 * linear_displacement().T.reshape(3, CELLS, CELLS, CELLS)
    np.save(tmp_path / "dis.npy", psi)
    universe = import_displacements(tmp_path / "dis.npy", tmp_path / "u.h5", replace(DISPLACED, redshift=19.0), None, 2)
    assert universe.fields["displacement"].redshift == 19
    assert "second order" in universe.provenance["linear_field"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones((3, 4, 4, 5)), "a displacement is"),
        (np.full((3, 8, 8, 8), np.nan), "not numbers"),
        (np.ones((3, 8, 8, 8)) * 900, "correct --length-unit"),
    ],
)
def test_what_is_no_displacement(tmp_path: Path, values: np.ndarray, words: str) -> None:
    np.save(tmp_path / "dis.npy", values)
    with pytest.raises(InputError, match=words):
        import_displacements(tmp_path / "dis.npy", tmp_path / "u.h5", replace(DISPLACED, redshift=9.0))


def test_displacements_of_two_runs(tmp_path: Path) -> None:
    psi = linear_displacement().T.reshape(3, CELLS, CELLS, CELLS)
    np.save(tmp_path / "lin.npy", psi)
    np.save(tmp_path / "dis.npy", np.roll(psi, 5, axis=1))
    with pytest.raises(InputError, match="did not move as"):
        import_displacements(tmp_path / "lin.npy", tmp_path / "u.h5", DISPLACED, tmp_path / "dis.npy")
