"""Cubes in blocks, as Nyx and Enzo keep them, give the field that the same numbers give as .npy, or are refused."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from grid_writers import BOX, OMEGA_B, OMEGA_M, ORDERS, H, Z, write_enzo, write_nyx
from test_cubes import overdensity, write_npy

from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.given import Given
from core.cosmos.formats.recognise import recognise
from core.cosmos.imports.cube import import_cube
from core.cosmos.paint import paint
from core.errors import InputError, UsageError

GIVEN = Given(sigma8=0.8, spectral_index=0.96)
MATTER = 3e10 * (1 + overdensity().astype(np.float64))
GAS = 5e9 * (1 + overdensity(1).astype(np.float64))
TEMPERATURE = 1e4 * (2 + overdensity(2))


def nyx(path: Path, kind: str = "<f8", first: int = 0) -> Path:
    fields = {"density": GAS, "particle_mass_density": MATTER, "Temp": TEMPERATURE}
    return write_nyx(path / "plt00100", fields, kind, first, finer=2)


def enzo(path: Path, finer: bool = True) -> Path:
    (path / "DD0010").mkdir()
    fields = {"Density": GAS, "Dark_Matter_Density": np.zeros_like(GAS), "Temperature": TEMPERATURE}
    return write_enzo(path / "DD0010" / "output_0010", fields, MATTER, finer)


def as_npy(path: Path, values: np.ndarray) -> np.ndarray:
    given = replace(GIVEN, box_size=BOX, omega_matter=OMEGA_M, omega_baryon=OMEGA_B, h=H, redshift=Z)
    return read_cube(write_npy(path / "same.npy", values), given, "density").field.values


@pytest.mark.parametrize("kind", ORDERS)
def test_nyx(tmp_path: Path, kind: str) -> None:
    path = nyx(tmp_path, kind, first=-3)
    cube = read_cube(path, GIVEN)
    np.testing.assert_allclose(cube.field.values, as_npy(tmp_path, MATTER), atol=1e-6)
    assert (cube.field.name, cube.format) == ("density", "amrex")
    assert (cube.field.box_size, cube.known.redshift) == (pytest.approx(BOX), pytest.approx(Z))
    c = cube.known.cosmology
    assert (c.omega_matter, c.omega_baryon, c.h) == (OMEGA_M, OMEGA_B, H)
    gas = read_cube(path, GIVEN, dataset="density")
    np.testing.assert_allclose(gas.field.values, as_npy(tmp_path, GAS), atol=1e-6)
    warm = read_cube(path, GIVEN, "temperature", dataset="Temp").field
    np.testing.assert_allclose(warm.values, TEMPERATURE, rtol=1e-6)


@pytest.mark.parametrize("finer", [False, True])
def test_enzo(tmp_path: Path, finer: bool) -> None:
    """The dark matter is that of the particles of all grids, not the field of the root grid, which lacks some."""
    path = enzo(tmp_path, finer)
    for given in (path, path.with_name("output_0010.hierarchy")):
        cube = read_cube(given, GIVEN)
        np.testing.assert_allclose(cube.field.values, as_npy(tmp_path, MATTER), atol=1e-6)
    assert (cube.field.name, cube.format) == ("density", "enzo")
    assert cube.repairs[0] == "painted from 512 particles"
    assert (cube.field.box_size, cube.known.redshift) == (BOX, Z)
    c = cube.known.cosmology
    assert (c.omega_matter, c.omega_baryon, c.h) == (OMEGA_M, pytest.approx(OMEGA_B), H)
    gas = read_cube(path, GIVEN, dataset="Density")
    np.testing.assert_allclose(gas.field.values, as_npy(tmp_path, GAS), atol=1e-6)


def test_particles_of_enzo_are_painted_through_the_faces(tmp_path: Path) -> None:
    path = enzo(tmp_path, finer=False)
    places = np.random.default_rng(3).uniform(0, [3 / 8, 1, 1], (192, 3))
    with h5py.File(f"{path}.cpu0000", "a") as first, h5py.File(f"{path}.cpu0001", "a") as last:
        for axis, values in zip("xyz", places.T, strict=True):
            first[f"Grid00000001/particle_position_{axis}"][...] = values
        first["Grid00000001/particle_mass"][...] = 1
        last["Grid00000002/particle_type"] = np.full(320, 2)  # stars are left out
    expected = paint((places * 8 - 0.5) * BOX / 8, 8, BOX)  # centres of cells are nodes there
    np.testing.assert_allclose(read_cube(path, GIVEN).field.values, expected, atol=1e-4)


def test_smoothed_dark_matter_is_read(tmp_path: Path) -> None:
    path = write_enzo(tmp_path / "output", {"Dark_Matter_Density": MATTER})
    with pytest.raises(InputError, match=r"has 0 particles for 8\^3 cells"):
        read_cube(path, GIVEN)
    path.write_text(path.read_text() + "OutputSmoothedDarkMatter = 1\n")
    np.testing.assert_allclose(read_cube(path, GIVEN).field.values, as_npy(tmp_path, MATTER), atol=1e-6)


def test_what_they_are_said_to_be(tmp_path: Path) -> None:
    described = recognise(nyx(tmp_path))
    assert (described.kind, described.holds) == ("amrex", "cube")
    assert described.facts["fields"] == "density, particle_mass_density, Temp"
    assert described.facts["finer levels"] == "2, which are not used"
    assert described.facts["box"] == "70 Mpc/h"
    described = recognise(enzo(tmp_path))
    assert (described.kind, described.holds, described.facts["grids"]) == ("enzo", "cube", "3")
    assert described.facts["finer levels"] == "1, of which the particles alone are used"


def test_which_field(tmp_path: Path) -> None:
    for path in (nyx(tmp_path), enzo(tmp_path)):
        with pytest.raises(UsageError, match=r"has no field 'density_'"):
            read_cube(path, GIVEN, dataset="density_")
        with pytest.raises(InputError, match=r"several fields \(.*ensity, .*\): name one with --dataset"):
            read_cube(path, GIVEN, "temperature")
    path = write_nyx(tmp_path / "plt", {"xmom": GAS, "ymom": GAS})
    with pytest.raises(InputError, match=r"several fields \(xmom, ymom\): name one with --dataset"):
        read_cube(path, GIVEN)


def test_a_plotfile_of_another_code_says_no_units(tmp_path: Path) -> None:
    path = nyx(tmp_path)
    (path / "comoving_a").unlink()
    (path / "job_info").unlink()
    with pytest.raises(InputError, match=r"add --box-size, --omega-matter, --omega-baryon, --h, --redshift$"):
        read_cube(path, GIVEN)


def test_boxes_larger_than_all_that_can_be_seen(tmp_path: Path) -> None:
    path = enzo(tmp_path)
    path.write_text(path.read_text().replace("= 70.0", "= 7e30"))
    with pytest.raises(InputError, match=r"a box of 7e\+30 Mpc/h is larger than all that can be seen"):
        read_cube(path, GIVEN)


def test_a_universe_remembers_all_files(tmp_path: Path) -> None:
    universe = import_cube(nyx(tmp_path), tmp_path / "u.h5", GIVEN)
    names = [Path(source["path"]).name for source in universe.provenance["sources"]]
    assert names == ["Header", "Cell_H", "comoving_a", "job_info", "Cell_D_00000"]
    assert {source["format"] for source in universe.provenance["sources"]} == {"amrex"}


Damage = Callable[[Path], object]


def _changed(name: str, old: bytes, new: bytes) -> Damage:
    def change(path: Path) -> None:
        whole = (path / name).read_bytes()
        assert old in whole
        (path / name).write_bytes(whole.replace(old, new, 1))

    return change


def _cut(name: str, share: float) -> Damage:
    return lambda path: os.truncate(path / name, int((path / name).stat().st_size * share))


def _replaced(name: str, make: Callable[[Path], object]) -> Damage:
    def change(path: Path) -> None:
        (path / name).rename(path.parent / "moved")
        make(path / name)

    return change


CELL_H, DATA = "Level_0/Cell_H", "Level_0/Cell_D_00000"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_cut("Header", 0.5), "Header is cut off or damaged"),
        (_cut(CELL_H, 0.3), "Cell_H is cut off or damaged"),
        (_cut(DATA, 0.9), "Cell_D_00000 is cut off: .* of .* bytes are there"),
        (_changed("Header", b"\n3\n", b"\n999999999999\n"), "Header is cut off or damaged"),
        (_changed("Header", b"((0,0,0) (7,7,7)", b"((0,0,0) (7,7,6)"), r"is not a cube \(8 x 8 x 7 cells\)"),
        (_changed("Header", b"((0,0,0) (7,7,7)", b"((0,0,0) (99999,99999,99999)"), "holds 512 cells of 100000"),
        (_changed("Header", b"Level_0/Cell", b"../out"), "names '../out_H', which is not in it"),
        (_changed(CELL_H, b"Cell_D_00000", b"/etc/passwd"), "names '/etc/passwd', which is not in it"),
        (_changed(CELL_H, b"Cell_D_00000", b"../../Cell_D"), "which is not in it"),
        (_changed(CELL_H, b"Cell_D_00000", b"Cell_D_00001"), "'Cell_D_00001' is missing"),
        (_changed(CELL_H, b"((3,0,0) (7,7,7)", b"((3,0,0) (8,7,7)"), r"cells outside its 8\^3"),
        (_changed(CELL_H, b"((3,0,0) (7,7,7)", b"((3,0,0) (6,7,7)"), r"holds 448 cells of 8\^3"),
        (_changed(CELL_H, b"((3,0,0) (7,7,7)", b"((2,0,0) (6,7,7)"), "holds another box at byte"),
        (_changed(CELL_H, b"1\n1\n3", b"2\n1\n3"), "of version 2: write it with vismf.headerversion = 1"),
        (_changed(DATA, b"8 7 6 5", b"7 8 6 5"), "numbers of an unknown type"),
        (_changed(DATA, b"FAB", b"fab"), "has no box of cells at byte 0"),
        (_changed("comoving_a", b"0.4", b"-0.4"), "comoving_a is cut off or damaged"),
        (_replaced(DATA, os.mkfifo), "Cell_D_00000 is no regular file"),
        (_replaced("Header", lambda path: path.symlink_to(path.parent.parent / "moved")), "which is not in it"),
        (_replaced("Level_0", lambda path: path.symlink_to(path.parent.parent / "moved")), "which is not in it"),
    ],
)
def test_damaged_plotfiles(tmp_path: Path, damage: Damage, words: str) -> None:
    path = nyx(tmp_path)
    damage(path)
    with pytest.raises(InputError, match=words):
        read_cube(path, GIVEN)


PARAMETERS, HIERARCHY, GRIDS = "output_0010", "output_0010.hierarchy", "output_0010.cpu0000"


def _moved(path: Path) -> None:
    with h5py.File(path / GRIDS, "a") as file:
        file["Grid00000001/particle_position_x"][3] = 1.5


def _outward(path: Path) -> None:
    with h5py.File(path / GRIDS, "a") as file:
        del file["Grid00000001/particle_mass"]
        file["Grid00000001/particle_mass"] = h5py.ExternalLink("/etc/passwd", "mass")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_cut(HIERARCHY, 0.5), "hierarchy is cut off or damaged"),
        (_cut(GRIDS, 0.5), "cpu0000 is cut off or damaged"),
        (_changed(PARAMETERS, b"8 8 8", b"8 8 4"), r"no cube \(8 x 8 x 4 cells\)"),
        (_changed(PARAMETERS, b"8 8 8", b"nan 8 8"), "output_0010 is cut off or damaged"),
        (_changed(PARAMETERS, b"8 8 8", b"800000 800000 800000"), "does not lie on the cells of its level"),
        (_changed(PARAMETERS, b"nates  = 1", b"nates  = 0"), "is no cosmological run"),
        (_changed(HIERARCHY, b"GridRightEdge     = 0.375 1", b"GridRightEdge     = 0.25 1"), "does not lie on the"),
        (_changed(HIERARCHY, b"= /scratch/somebody/DD0010/output_0010.cpu0000", b"= .."), "'..', which is not in it"),
        (_changed(HIERARCHY, b"cpu0001", b"cpu0007"), "'output_0010.cpu0007' is missing"),
        (_changed(HIERARCHY, b"ThisLevel = 2", b"ThisLevel = 0"), "hierarchy is cut off or damaged"),
        (_changed(HIERARCHY, b"GridLeftEdge      = 0.125 ", b"GridLeftEdge      = -1 "), "does not lie on the"),
        (_changed(HIERARCHY, b"Grid = 3", b"Grid : 3"), "hierarchy is cut off or damaged"),
        (_changed(HIERARCHY, b"Pointer: Grid[3]->NextGridNextLevel = 0\n", b""), "hierarchy is cut off or damaged"),
        (
            _changed(HIERARCHY, b"Particles   = 191", b"Particles   = 190"),
            "particle_position_x of the 190 particles",
        ),
        (_moved, "particles of grid 1 lie outside the box"),
        (_outward, "particle_mass is an external link"),
        (_replaced(GRIDS, os.mkfifo), "cpu0000 is no regular file"),
        (_replaced(GRIDS, lambda path: path.symlink_to(path.parent.parent / "moved")), "which is not in it"),
    ],
)
def test_damaged_outputs_of_enzo(tmp_path: Path, damage: Damage, words: str) -> None:
    path = enzo(tmp_path)
    damage(path.parent)
    with pytest.raises(InputError, match=words):
        read_cube(path, GIVEN)


def test_cells_twice_and_fields_of_another_shape(tmp_path: Path) -> None:
    path = enzo(tmp_path)
    with h5py.File(f"{path}.cpu0001", "a") as file:
        del file["Grid00000002/Density"]
        file["Grid00000002/Density"] = GAS
    with pytest.raises(InputError, match="Density of grid 2 has the shape 8 x 8 x 8"):
        read_cube(path, GIVEN, dataset="Density")
    blocks = [(0, 0, 0), (0, 0, 0)]
    doubled = write_nyx(tmp_path / "plt", {"density": GAS}, halves=tuple((start, (4, 8, 8)) for start in blocks))
    with pytest.raises(InputError, match="holds some cells twice"):
        read_cube(doubled, GIVEN)
