"""Halo catalogues: every format gives the same halos; everything unusable is refused in one line."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos, write_ahf, write_groups, write_rockstar
from three_halos import BESIDE, CENTRES, COUNTS, WRITERS, halos, write_csv

from core.cosmos.formats.catalogues import distinct, read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.units import factor
from core.errors import InputError, UsageError


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_gives_the_same_halos(tmp_path: Path, form: str) -> None:
    expected = halos()
    path = WRITERS[form](tmp_path / "any.name", expected)
    described = recognise(path)
    assert described.kind == form
    assert described.holds == "halos"
    assert described.facts["rows" if form == "csv" else "halos"] == "3"
    found = read_catalogue(path, BESIDE)
    order = [1, 2, 0]
    assert found.header.format == form
    assert found.header.box_size == pytest.approx(BOX)
    assert found.repairs == ()
    np.testing.assert_array_equal(found.rows, order)
    np.testing.assert_allclose(found.catalogue["mass"], expected.masses[order], rtol=1e-5)
    np.testing.assert_allclose(found.catalogue["position"], expected.positions[order], atol=1e-4)
    if form in ("rockstar", "ahf"):
        np.testing.assert_allclose(found.catalogue["radius"], expected.radii[order], rtol=1e-3)
        np.testing.assert_allclose(found.catalogue["velocity"], expected.velocities, rtol=1e-6)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found.catalogue["id"], expected.ids[order])  # type: ignore[index]
    if form != "csv":
        np.testing.assert_array_equal(found.catalogue["count"], np.array(COUNTS)[order])


def test_what_headers_know(tmp_path: Path) -> None:
    """Rockstar's and SUBFIND's say all that is needed; AHF's nothing."""
    header = read_catalogue(write_rockstar(tmp_path / "a", halos(z=1.0))).header
    assert header.redshift == pytest.approx(1)
    assert (header.box_size, header.omega_matter, header.h) == (BOX, OMEGA_MATTER, H)
    path = write_groups(tmp_path / "groups", halos())
    with pytest.raises(InputError, match="does not state its unit of length: give --length-unit"):
        read_catalogue(path)
    assert read_catalogue(path, Given(length_unit="kpc/h")).header.box_size == BOX
    with h5py.File(path, "r+") as file:
        file["Header"].attrs["UnitLength_in_cm"] = 3.08567758e21
    assert read_catalogue(path).header.box_size == BOX
    with pytest.raises(InputError, match="add --box-size, --redshift"):
        read_catalogue(write_ahf(tmp_path / "b_halos", halos()))


def test_catalogues_of_another_run_or_moment(tmp_path: Path) -> None:
    path = write_rockstar(tmp_path / "a", halos(z=1.0))
    for given, message in (
        (Given(redshift=0.0), "has redshift = 1, not 0"),
        (Given(box_size=51), "has box_size = 50, not 51"),
        (Given(omega_matter=0.31), "has omega_matter = 0.3, not 0.31"),
    ):
        with pytest.raises(InputError, match=message):
            read_catalogue(path, given)


def test_groups_in_several_files(tmp_path: Path) -> None:
    expected = halos()
    for index, rows in enumerate((slice(0, 2), slice(2, None), slice(3, None))):
        write_groups(tmp_path / f"fof_tab_004.{index}.hdf5", expected, files=3, rows=rows)
    found = read_catalogue(tmp_path / "fof_tab_004", BESIDE)
    np.testing.assert_array_equal(found.catalogue["count"], sorted(COUNTS, reverse=True))
    assert recognise(tmp_path / "fof_tab_004").facts["halos"] == "3"
    (tmp_path / "fof_tab_004.2.hdf5").unlink()
    with pytest.raises(InputError, match=r"fof_tab_004\.2\.hdf5 is missing, one of 3 files"):
        read_catalogue(tmp_path / "fof_tab_004", BESIDE)


def test_columns_of_a_csv(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", halos(), "M_fof,X,Y,Z")
    with pytest.raises(
        InputError, match=r"no column for mass \(its columns: m_fof, x, y, z\): say which with --columns"
    ):
        read_catalogue(path, BESIDE)
    with pytest.raises(InputError, match="does not state one unit for its mass column"):
        read_catalogue(path, BESIDE, {"mass": "M_fof"})
    with pytest.raises(InputError, match="has no column 'm_fov': did you mean 'm_fof'"):
        read_catalogue(path, BESIDE, {"mass": "M_fov"})
    with pytest.raises(UsageError, match="unknown column 'masse': did you mean 'mass'"):
        read_catalogue(path, BESIDE, {"masse": "M_fof"})
    named = {"mass": "M_fof [Msun]", "x": "X [Mpc]", "y": "Y [Mpc]"}
    with pytest.raises(InputError, match="one unit for its position columns"):
        read_catalogue(path, BESIDE, named)
    found = read_catalogue(path, BESIDE, named | {"z": "Z [Mpc]"}).catalogue
    np.testing.assert_allclose(found["mass"][0], halos().masses[1] * H, rtol=1e-5)
    np.testing.assert_allclose(found["position"][2], CENTRES[0] * H, rtol=1e-5)
    with pytest.raises(InputError, match="is in Mpc and does not say its h: give --h"):
        read_catalogue(path, replace(BESIDE, h=None), named | {"z": "Z [Mpc]", "mass": "M_fof [Msun/h]"})
    with pytest.raises(InputError, match="'lightyears', which is no unit known here"):
        read_catalogue(path, BESIDE, named | {axis: f"{axis} [lightyears]" for axis in "xyz"})


def test_units() -> None:
    path = Path("a")
    assert factor(path, "kpc/h", None) == 1e-3
    assert factor(path, "kpc", 0.5) == pytest.approx(5e-4)
    assert factor(path, "1e10 Msun/h", None) == 1e10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h.positions.__setitem__((0, 1), np.nan), "position that is not a number"),
        (lambda h: h.masses.__setitem__(0, np.nan), "mass that is not a number"),
        (lambda h: h.positions.__imul__(1000), "halos lie from 6 to 998 boxes of 50 Mpc/h"),
        (lambda h: h.ids.__setitem__(0, 1001), "1 halo ids occur more than once"),
        (lambda h: h.masses.__setitem__(slice(None), 0), "holds no halo with a mass"),
        (lambda h: h.masses.__imul__(1e5), "its halos weigh .* times the matter of the box"),
        (lambda h: h.radii.__imul__(1e-3), "times denser than the mean: the unit of mass or length is wrong"),
    ],
)
def test_what_cannot_be_halos(tmp_path: Path, change: Callable[[Halos], object], message: str) -> None:
    wrong = halos()
    change(wrong)
    with pytest.raises(InputError, match=message):
        read_catalogue(write_rockstar(tmp_path / "a", wrong))


def test_repairs_are_told(tmp_path: Path) -> None:
    worn = halos()
    worn.masses[0] = 0
    worn.positions[1, 0] -= 0.5
    found = read_catalogue(write_rockstar(tmp_path / "a", worn))
    assert found.repairs == ("1 halos without mass left out", "1 halos beyond the box folded into it")
    assert len(found.catalogue) == 2
    np.testing.assert_allclose(found.catalogue["position"][0], [49.8, 10.0, 49.9], atol=1e-4)


def test_wrong_unit_of_ahf(tmp_path: Path) -> None:
    path = write_ahf(tmp_path / "a_halos", halos(), unit=1.0)
    many = halos(
        positions=np.tile(CENTRES, (4, 1)), masses=np.tile(halos().masses, 4), radii=np.tile(halos().radii, 4),
        members=halos().members * 4, velocities=None, ids=None, parents=None,
    )  # fmt: skip
    assert read_catalogue(path, replace(BESIDE, length_unit="Mpc/h")).catalogue["position"][0, 1] == 10
    with pytest.raises(InputError, match=r"fill less than 0\.01 of a box of 50 Mpc/h"):
        read_catalogue(write_ahf(tmp_path / "b_halos", many, unit=1.0), BESIDE)


@pytest.mark.parametrize("form", ["rockstar", "ahf", "subfind", "csv"])
@pytest.mark.parametrize("cut", [3, 0.6])
def test_cut_off(tmp_path: Path, form: str, cut: float) -> None:
    path = WRITERS[form](tmp_path / "a", halos())
    size = path.stat().st_size
    os.truncate(path, size - cut if cut > 1 else int(size * cut))  # type: ignore[arg-type]
    if form == "csv" and cut == 3:
        return  # a number less exact by a digit cannot be seen
    with pytest.raises(InputError, match=r"cut off|no halo catalogue|does not say how many"):
        read_catalogue(path, BESIDE)


def test_empty_and_lying(tmp_path: Path) -> None:
    nobody = Halos(np.zeros((0, 3)), np.zeros(0), np.zeros(0), [])
    for form in ("rockstar", "ahf", "subfind"):
        with pytest.raises(InputError, match=r"holds no halos|no halo catalogue"):
            read_catalogue(WRITERS[form](tmp_path / form, nobody), BESIDE)
    path = write_groups(tmp_path / "lying", halos())
    with h5py.File(path, "r+") as file:
        file["Header"].attrs["Ngroups_ThisFile"] = 5
    for read in (recognise, read_catalogue):
        with pytest.raises(InputError, match="the header says 5 groups, the file holds 3"):
            read(path)
    with h5py.File(path, "r+") as file:
        file["Header"].attrs.update(Ngroups_ThisFile=3, Ngroups_Total=4)
    with pytest.raises(InputError, match="the header says 4 groups in all, 3 are there"):
        read_catalogue(path)
    path = write_rockstar(tmp_path / "word", halos())
    path.write_text(path.read_text().replace(" -1\n", " -1\nno number at all of the many that there should be\n", 1))
    with pytest.raises(InputError, match="cut off or damaged"):
        read_catalogue(path)


def test_distinct_halos(tmp_path: Path) -> None:
    """By parents; without them by place."""
    inside = halos()
    inside.positions[0] = inside.positions[1] + [0.1, -0.1, -49.8]
    inside.parents[0] = inside.ids[1]  # type: ignore[index]
    named = distinct(read_catalogue(write_rockstar(tmp_path / "a", inside, parents=True)))
    assert named.repairs == ("1 subhalos left out, by the catalogue's parents",)
    found = distinct(read_catalogue(write_rockstar(tmp_path / "b", inside)))
    assert found.repairs == ("1 halos with their centre in a heavier one left out: the catalogue names no parents",)
    ahf = distinct(read_catalogue(write_ahf(tmp_path / "c_halos", inside), BESIDE))
    for catalogue in (named, found, ahf):
        np.testing.assert_array_equal(catalogue.catalogue["id"], [1001, 1002])
        np.testing.assert_array_equal(catalogue.rows, [1, 2])


def test_a_real_hlist(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("merger-trees/dummy_halocat_0.07812.list")
    assert recognise(path).kind == "hlist"
    found = read_catalogue(path)
    assert len(found.catalogue) == 436
    assert found.header.redshift == pytest.approx(1 / 0.07812 - 1)
    assert (found.header.box_size, found.header.omega_matter, found.header.h) == (250, 0.307115, 0.68)
    table = np.loadtxt(path)
    order = np.argsort(-table[:, 10], kind="stable")
    np.testing.assert_allclose(found.catalogue["mass"], table[order, 10])
    np.testing.assert_allclose(found.catalogue["position"], table[order, 17:20], rtol=1e-6)
    np.testing.assert_allclose(found.catalogue["radius"], table[order, 11] / 1e3, rtol=1e-6)
    subhalos = np.count_nonzero(table[:, 5] >= 0)
    assert len(distinct(found).catalogue) == 436 - subhalos
