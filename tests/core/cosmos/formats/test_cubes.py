"""Cubes: .npy, raw floats, HDF5 and 21cmFAST give the same field; everything unusable is refused in one line."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.recognise import recognise
from core.cosmos.imports.cube import import_cube
from core.errors import InputError, UsageError

CELLS = 8
GIVEN = Given(box_size=100.0, omega_matter=0.3, omega_baryon=0.05, h=0.7, sigma8=0.8, spectral_index=0.96, redshift=6.5)


def overdensity(seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).lognormal(sigma=0.4, size=(CELLS,) * 3)
    return (values / values.mean() - 1).astype(np.float32)


def write_npy(path: Path, values: np.ndarray) -> Path:
    with path.open("wb") as file:
        np.save(file, values)
    return path


def write_21cmfast(path: Path, values: np.ndarray, version: int = 4, name: str = "density") -> Path:
    """A box of 21cmFAST: version 3 keeps its parameters at the root, version 4 within the output."""
    with h5py.File(path, "w") as file:
        root = file.create_group("PerturbedField" if name == "density" else "BrightnessTemp")
        inputs = root.create_group("InputParameters") if version == 4 else file
        (root if version == 4 else file).attrs["redshift"] = 6.5
        inputs.create_group("user_params" if version == 3 else "simulation_options").attrs.update(
            BOX_LEN=100.0, HII_DIM=CELLS, N_THREADS="none"
        )
        inputs.create_group("cosmo_params").attrs.update(OMm=0.3, OMb=0.05, hlittle=0.7, SIGMA_8=0.8, POWER_INDEX=0.96)
        (root.create_group("OutputFields") if version == 4 else root)[name] = values
    return path


@pytest.mark.parametrize("kind", ["npy", "fortran", "float64", "raw", "raw64", "big-endian", "hdf5", "flat"])
def test_every_format_gives_the_same_field(tmp_path: Path, kind: str) -> None:
    values, path = overdensity(), tmp_path / "any.name"
    options: dict[str, object] = {}
    if kind == "npy":
        write_npy(path, values)
    elif kind == "fortran":
        write_npy(path, np.asfortranarray(values))
    elif kind == "float64":
        write_npy(path, values.astype(np.float64))
    elif kind == "flat":
        write_npy(path, values.ravel())
        options = {"cells": CELLS}
    elif kind == "hdf5":
        with h5py.File(path, "w") as file:
            file["group/rho"] = values
            file["other"] = np.zeros(5)
    else:
        path.write_bytes(values.astype({"raw": "<f4", "raw64": "<f8", "big-endian": ">f4"}[kind]).tobytes())
        options = {"cells": CELLS}
    cube = read_cube(path, GIVEN, **options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(cube.field.values, values)
    assert cube.field.values.dtype == np.float32
    assert (cube.field.name, cube.field.units, cube.field.frame) == ("density", "overdensity", "eulerian")
    assert (cube.field.box_size, cube.field.redshift) == (100, 6.5)
    assert cube.repairs == ()
    described = recognise(path)
    assert described.holds == "cube"
    if kind.startswith(("raw", "big")):
        told = {"raw": "8^3 float32", "raw64": "8^3 float64", "big-endian": "8^3 float32, big-endian"}
        assert (described.kind, described.facts["could be"]) == ("raw", told[kind])


@pytest.mark.parametrize("version", [3, 4])
def test_21cmfast_says_all(tmp_path: Path, version: int) -> None:
    path = write_21cmfast(tmp_path / "any.name", overdensity(), version)
    assert recognise(path).kind == "21cmfast"
    cube = read_cube(path, Given())
    assert cube.field.box_size == pytest.approx(70)
    assert cube.field.redshift == 6.5
    c = cube.known.cosmology
    assert (c.omega_matter, c.omega_baryon, c.h, c.sigma8, c.spectral_index) == (0.3, 0.05, 0.7, 0.8, 0.96)
    warm = write_21cmfast(tmp_path / "tb", 10 + overdensity(), version, "brightness_temp")
    assert read_cube(warm, Given()).field.name == "brightness_temperature"
    assert read_cube(warm, Given()).field.units == "mK"


def test_what_is_missing_is_told_at_once(tmp_path: Path) -> None:
    path = write_npy(tmp_path / "a", overdensity())
    with pytest.raises(InputError, match=r"add --box-size, --omega-matter, --omega-baryon, --h, .*--redshift$"):
        read_cube(path, Given())
    with pytest.raises(InputError, match=r"add --box-size, --redshift$"):
        read_cube(path, in_cosmology(Given(), "planck2015"))
    known = read_cube(path, in_cosmology(replace(GIVEN, h=0.5, sigma8=None), "planck2015")).known
    assert (known.cosmology.h, known.cosmology.sigma8) == (0.5, 0.8159)
    (tmp_path / "raw").write_bytes(overdensity().tobytes())
    with pytest.raises(InputError, match="of a cube of raw floats give --cells"):
        read_cube(tmp_path / "raw", GIVEN)


def test_what_a_field_is(tmp_path: Path) -> None:
    """An overdensity is known by itself; densities become one, and say so; all else must be named."""
    counts = write_npy(tmp_path / "counts", np.random.default_rng(0).poisson(5, (CELLS,) * 3))
    with pytest.raises(InputError, match=r"is no overdensity \(mean .*\): say what it is with --field"):
        read_cube(counts, GIVEN)
    cube = read_cube(counts, GIVEN, "density")
    assert cube.field.values.mean() == pytest.approx(0, abs=1e-6)
    assert cube.field.values.min() == -1
    assert cube.repairs[0].startswith("density divided by its mean of 4.9")
    warm = write_npy(tmp_path / "tb", 10 + overdensity())
    assert read_cube(warm, GIVEN, "brightness_temperature").field.units == "mK"
    cold = write_npy(tmp_path / "linear", overdensity() * 5)
    with pytest.raises(InputError, match=r"is no density .*: an overdensity has the mean 0"):
        read_cube(cold, GIVEN, "density")
    linear = read_cube(cold, GIVEN, "delta_linear").field
    assert (linear.frame, linear.redshift, linear.units) == ("lagrangian", 0, "overdensity")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((4, 4, 5)), "has the shape 4 x 4 x 5"),
        (np.zeros(12), "of a flat list give --cells"),
        (np.full((4, 4, 4), np.nan), "holds 64 values that are not finite"),
        (np.full((4, 4, 4), 1e300), "values that are not finite"),
        (np.zeros((4, 4, 4)), "is constant"),
        (np.zeros((4, 4, 4), complex), "holds complex128, not real numbers"),
        (np.array([{}]), "cut off, damaged or holds objects"),
    ],
)
def test_what_is_no_field(tmp_path: Path, values: np.ndarray, message: str) -> None:
    path = tmp_path / "a.npy"
    np.save(path, values)
    with pytest.raises(InputError, match=message):
        read_cube(path, GIVEN)


def test_damaged_and_misdescribed(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(overdensity().tobytes())
    with pytest.raises(InputError, match=r"has 2048 bytes, 9\^3 floats have 2916 or 5832"):
        read_cube(raw, GIVEN, cells=9)
    os.truncate(raw, 2000)
    with pytest.raises(InputError, match="it is cut off, or --cells is wrong"):
        read_cube(raw, GIVEN, cells=CELLS)
    raw.write_bytes(np.random.default_rng(0).bytes(2048))
    assert recognise(raw).kind == "unknown"
    with pytest.raises(InputError, match="holds no floats of either byte order"):
        read_cube(raw, GIVEN, cells=CELLS)
    for writer in (write_npy, write_21cmfast):
        path = writer(tmp_path / writer.__name__, overdensity())
        message = "is npy, of one cube" if writer is write_npy else "has no cube 'density': known: PerturbedField/"
        with pytest.raises(UsageError, match=message):
            read_cube(path, GIVEN, dataset="density")
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(InputError, match="cut off"):
            read_cube(path, GIVEN)


def test_which_dataset(tmp_path: Path) -> None:
    path = tmp_path / "many"
    with h5py.File(path, "w") as file:
        file["a/density"], file["b"] = overdensity(), overdensity(1)
    with pytest.raises(InputError, match=r"has several cubes \(a/density, b\): name one with --dataset"):
        read_cube(path, GIVEN)
    np.testing.assert_array_equal(read_cube(path, GIVEN, dataset="/b").field.values, overdensity(1))
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros(5)
    with pytest.raises(InputError, match="has no cube: give another file"):
        read_cube(path, GIVEN)


def test_universe_of_a_cube(tmp_path: Path) -> None:
    path = write_npy(tmp_path / "rho.npy", overdensity() + 1)
    universe = import_cube(path, tmp_path / "u.h5", GIVEN, "density", provenance={"command": "halodeck import"})
    assert list(universe.fields) == ["density"]
    assert (universe.box_size, universe.cells, universe.halos) == (100, CELLS, {})
    np.testing.assert_allclose(universe.field("density").values, overdensity(), atol=1e-6)
    assert universe.provenance["repairs"] == ["density divided by its mean of 1, less 1"]
    assert universe.provenance["sources"][0]["format"] == "npy"
    assert universe.provenance["given"]["redshift"] == 6.5


def test_real_cubes(shared_data: Callable[[str], Path]) -> None:
    given = in_cosmology(Given(box_size=300 * 0.6774, redshift=6.5), "planck2015")
    density = read_cube(shared_data("21cmfast-z6.5/density_z6.5.npy"), given).field
    assert (density.name, density.cells) == ("density", 200)
    assert density.values.std() == pytest.approx(0.4455, abs=1e-4)
    warm = shared_data("21cmfast-z6.5/delta_T_z6.5_esc0.070.npy")
    assert read_cube(warm, given, "brightness_temperature").field.values.max() == pytest.approx(28.68, abs=0.01)
