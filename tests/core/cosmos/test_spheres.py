"""Peak Patch halos of others on a linear field: the cells they had, wherever the file puts its cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.box import Catalogue, Field, wrap
from core.cosmos.cosmology import PRESETS
from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.readers.pksc import write_pksc
from core.cosmos.formats.spheres import centre_of_cells
from core.cosmos.imports.cube import import_cube
from core.cosmos.initial import linear_field
from core.cosmos.peakpatch.search import label_field, peak_patch
from core.cosmos.power import linear_power
from core.errors import InputError, UsageError
from core.protohalos.truth import true_halos

CELLS, BOX = 48, 48.0
PLANCK = PRESETS["planck2015"]
GIVEN = in_cosmology(Given(box_size=BOX), "planck2015")


@pytest.fixture(scope="module")
def delta() -> Field:
    return linear_field(CELLS, BOX, linear_power(PLANCK), seed=4)


@pytest.fixture(scope="module")
def halos(delta: Field) -> Catalogue:
    return peak_patch(delta, PLANCK)


def moved(halos: Catalogue, by: float) -> Catalogue:
    places = {n: wrap(halos[n] + np.float32(by), BOX) for n in ("position", "lagrangian_position")}
    return replace(halos, columns=halos.columns | places)


def written(folder: Path, delta: Field, halos: Catalogue) -> tuple[Path, Path]:
    np.save(folder / "delta.npy", np.ascontiguousarray(delta.values))
    write_pksc(folder / "halos.pksc", halos, PLANCK)
    return folder / "delta.npy", folder / "halos.pksc"


@pytest.mark.parametrize("place", [0.0, 0.5])
def test_the_cells_of_halos(tmp_path: Path, delta: Field, halos: Catalogue, place: float) -> None:
    """A file that counts from nodes, as ours, or from centres of cells, as the original code."""
    cube, catalogue = written(tmp_path, delta, moved(halos, place * BOX / CELLS))
    universe = import_cube(cube, tmp_path / "u.h5", GIVEN, "delta_linear", halos=catalogue)
    label, found = universe.field("label_peakpatch").values, universe.catalogue("peakpatch")
    expected = label_field(halos, CELLS)
    # single precision may turn a cell on the very edge of a sphere
    assert np.mean(label != expected) < 1e-4
    assert len(found) == len(halos) == label.max()
    np.testing.assert_allclose(found["mass"], halos["mass"], rtol=1e-5)
    np.testing.assert_allclose(found["lagrangian_position"], halos["lagrangian_position"], atol=1e-4)
    # cells of a sphere whose overlaps are cut are denser than all of it: never far below the collapse threshold
    assert 1.5 < np.median(found["overdensity"]) < 3
    told = universe.provenance["halos"]["repairs"]
    assert told == ([] if place == 0 else ["moved by -0.5, -0.5, -0.5 Mpc/h: from centres of cells to the lattice"])
    assert universe.field("label_peakpatch").redshift == 0
    truth = true_halos(universe, minimum_cells=27)
    assert len(truth.halos) == len(halos)
    assert truth.mask.mean() == pytest.approx(0.30, abs=0.05)


def test_where_the_centres_of_cells_are() -> None:
    rng = np.random.default_rng(1)
    nodes = rng.integers(0, 64, (200, 3)) * 0.75
    np.testing.assert_allclose(centre_of_cells(nodes, 0.75), 0)
    np.testing.assert_allclose(centre_of_cells(nodes + np.array([0.375, 0, 0.15]), 0.75), [0.5, 0, 0.2])
    # peaks of another grid do not tell: the convention of the codes that write them
    np.testing.assert_allclose(centre_of_cells(rng.uniform(0, 48, (200, 3)), 0.75), 0.5)


def test_halos_without_cells_are_left_out(tmp_path: Path, delta: Field, halos: Catalogue) -> None:
    """A sphere far smaller than a cell; of many peaks a stray one does not decide where the cells are."""
    radius, place = halos["lagrangian_radius"].copy(), halos["lagrangian_position"].copy()
    radius[-1] = 1e-3
    place[-1] = 0.5
    smaller = replace(halos, columns=halos.columns | {"lagrangian_radius": radius, "lagrangian_position": place})
    cube, catalogue = written(tmp_path, delta, smaller)
    universe = import_cube(cube, tmp_path / "u.h5", GIVEN, "delta_linear", halos=catalogue)
    assert universe.halos["peakpatch"] == universe.field("label_peakpatch").values.max() == len(halos) - 1
    assert universe.provenance["halos"]["repairs"] == ["1 halos without cells left out"]


def test_halos_of_another_field(tmp_path: Path, delta: Field, halos: Catalogue) -> None:
    other = linear_field(CELLS, BOX, linear_power(PLANCK), seed=5)
    cases = [
        (other, halos, "give the halos of this field"),
        (replace(delta, values=delta.values.transpose(2, 1, 0)), halos, "x is the fastest axis of the cube"),
        (delta, moved(halos, 7.0), "give the halos of this field"),
    ]
    for field, catalogue, remedy in cases:
        cube, path = written(tmp_path, field, catalogue)
        with pytest.raises(InputError, match=f"mean linear overdensity of .*, not above 0.84.*{remedy}"):
            import_cube(cube, tmp_path / "u.h5", GIVEN, "delta_linear", halos=path)


def test_what_has_no_spheres(tmp_path: Path, delta: Field, halos: Catalogue) -> None:
    cube, path = written(tmp_path, delta, halos)
    (tmp_path / "halos.csv").write_text("mass,x,y,z\n1e13,1,2,3\n")
    with pytest.raises(UsageError, match=r"holds no Peak Patch spheres: give a \.pksc"):
        import_cube(cube, tmp_path / "u.h5", GIVEN, "delta_linear", halos=tmp_path / "halos.csv")
    with pytest.raises(UsageError, match="lies in a linear field, not in neutral_fraction"):
        import_cube(cube, tmp_path / "u.h5", replace(GIVEN, redshift=6.0), "neutral_fraction", halos=path)
    with pytest.raises(InputError, match="halos up to"):  # lengths without h, read with it
        import_cube(cube, tmp_path / "u.h5", replace(GIVEN, length_unit="Mpc/h"), "delta_linear", halos=path)
