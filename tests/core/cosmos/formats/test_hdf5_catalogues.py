"""VELOCIraptor, SOAP, HBT+: masses, places and cosmology in the units that their files state, and what is refused."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_catalogues import write_hbt, write_soap, write_velociraptor
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos
from three_halos import COUNTS, halos

from core.cosmos.formats.catalogues import distinct, read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.recognise import recognise
from core.errors import InputError

WRITERS: dict[str, Callable[[Path, Halos], Path]] = {
    "velociraptor": lambda folder, found: write_velociraptor(folder / "stf", found),
    "velociraptor-physical": lambda folder, found: write_velociraptor(folder / "stf", found, comoving=False),
    "soap": lambda folder, found: write_soap(folder / "halo_properties_0077.hdf5", found),
    "hbt": write_hbt,
}
ROWS = np.argsort(-halos().masses)
PARTED = ["velociraptor", "hbt"]
"""In several files."""


def parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize("form", WRITERS)
def test_units_and_cosmology(tmp_path: Path, form: str) -> None:
    expected = halos(z=1.0)
    path = WRITERS[form](tmp_path, expected)
    described = recognise(path)
    assert (described.kind, described.holds) == (form.split("-")[0], "halos")
    assert described.facts["halos"] == "3"
    assert described.facts["box"] == "50 Mpc/h"
    found = read_catalogue(path)
    assert found.header.redshift == pytest.approx(1, abs=1e-12)
    assert found.header.box_size == pytest.approx(BOX, rel=1e-12)
    assert found.header.omega_matter == pytest.approx(OMEGA_MATTER)
    assert found.header.h == (None if form == "hbt" else pytest.approx(H))
    assert found.repairs == ()
    # single precision, in the file or in the catalogue
    np.testing.assert_allclose(found.catalogue["mass"], expected.masses[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["position"], expected.positions[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["radius"], expected.radii[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["velocity"], [[100, -200, 300]] * 3, rtol=2e-7)
    np.testing.assert_array_equal(found.catalogue["count"], np.array(COUNTS)[ROWS])
    np.testing.assert_array_equal(found.catalogue["id"], np.array([1000, 1001, 1002])[ROWS])
    assert "200c" in found.catalogue.definition


@pytest.mark.parametrize("form", WRITERS)
def test_subhalos(tmp_path: Path, form: str) -> None:
    inside = halos()
    assert inside.parents is not None
    inside.parents[2] = 1001
    found = distinct(read_catalogue(WRITERS[form](tmp_path, inside)))
    np.testing.assert_array_equal(found.catalogue["id"], [1001, 1000])
    assert found.repairs == ("1 subhalos left out, by the catalogue's parents",)
    assert found.hosts is not None
    np.testing.assert_array_equal(found.hosts, [0, 1, 1])


@pytest.mark.parametrize("form", WRITERS)
def test_what_weighs_nothing_is_left_out(tmp_path: Path, form: str) -> None:
    """Satellites in SOAP, traces of subhalos in HBT+."""
    worn = halos()
    if form == "hbt":
        worn.members[0] = worn.members[0][:1]
    else:
        worn.masses[0] = 0
    found = read_catalogue(WRITERS[form](tmp_path, worn))
    assert found.repairs == ("1 halos without mass left out",)
    np.testing.assert_array_equal(found.catalogue["id"], [1001, 1002])


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("factor", "message"), [(1e3, "times denser than the mean|times the matter"), (1e-3, "times denser")]
)
def test_wrong_units(tmp_path: Path, form: str, factor: float, message: str) -> None:
    path = WRITERS[form](tmp_path, halos())
    for part in parts(path):
        with h5py.File(part, "a") as file:
            if form == "hbt":
                file["Units/MassInMsunh"] = [1e10 * factor]
            elif form == "soap":
                told = file["SO/200_crit/TotalMass"].attrs
                name = "Conversion factor to CGS (not including cosmological corrections)"
                told[name] = told[name] * factor
            else:
                file.attrs["Mass_unit_to_solarmass"] = 1e10 * factor
    with pytest.raises(InputError, match=message):
        read_catalogue(path)


@pytest.mark.parametrize("form", WRITERS)
def test_damaged(tmp_path: Path, form: str) -> None:
    path = WRITERS[form](tmp_path, halos())
    last = parts(path)[-1]
    os.truncate(last, last.stat().st_size // 2)
    with pytest.raises(InputError, match=f"{last} is cut off or damaged"):
        read_catalogue(path)


@pytest.mark.parametrize("form", PARTED)
def test_parts_that_do_not_belong_together(tmp_path: Path, form: str) -> None:
    path = WRITERS[form](tmp_path, halos())
    first, second = parts(path)
    with pytest.raises(InputError, match="one of 2 files of a snapshot: give their common name"):
        read_catalogue(first)
    whole = second.read_bytes()
    second.unlink()
    with pytest.raises(InputError, match="is missing, one of 2 files"):
        read_catalogue(path)
    WRITERS[form](tmp_path, halos(z=1.0))
    second.write_bytes(whole)
    with pytest.raises(InputError, match=r"has redshift = 1\.0, .* has 0\.0"):
        read_catalogue(path)
    WRITERS[form](tmp_path, halos())
    with h5py.File(second, "a") as file:
        name = "NumberOfSubhalosInAllFiles" if form == "hbt" else "Total_num_of_groups"
        with h5py.File(first, "a") as other:
            other[name][0] = 4
        assert file[name][0] == 3
    with pytest.raises(InputError, match="the header says 4 halos in all, 3 are there"):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("form", "name", "message"),
    [
        ("velociraptor", "Mass_200crit", "has 3 halos, but 2 of mass"),
        ("velociraptor", "Xcminpot", "has 3 halos, but 2 of x"),
        ("soap", "SO/200_crit/TotalMass", "holds no masses"),
        ("soap", "InputHalos/HaloCentre", "is no halo catalogue"),
        ("hbt", "Subhalos", "is cut off or damaged"),
    ],
)
def test_what_lacks(tmp_path: Path, form: str, name: str, message: str) -> None:
    path = WRITERS[form](tmp_path, halos())
    with h5py.File(parts(path)[-1], "a") as file:
        del file[name]
    with pytest.raises(InputError, match=message):
        read_catalogue(path)


def test_what_files_do_not_say_is_asked_for(tmp_path: Path) -> None:
    path = write_hbt(tmp_path, halos())
    (tmp_path / "Parameters.log").unlink()
    with pytest.raises(InputError, match="add --box-size"):
        read_catalogue(path)
    assert read_catalogue(path, Given(box_size=BOX)).header.box_size == BOX
    (tmp_path / "Parameters.log").write_text("BoxSize large\n")
    with pytest.raises(InputError, match="BoxSize is no number"):
        read_catalogue(path)
    path = write_velociraptor(tmp_path / "stf", halos(), files=1)
    with h5py.File(parts(path)[0], "a") as file:
        file.attrs["Cosmological_Sim"] = 0
    with pytest.raises(InputError, match="is of no cosmological run"):
        read_catalogue(path)


def test_the_ordered_file_of_hbt(tmp_path: Path) -> None:
    """A group of datasets in the place of the compounds, in one file."""
    first = write_hbt(tmp_path, halos(), files=1)
    path = tmp_path / "004" / "OrderedSubSnap_004.hdf5"
    with h5py.File(parts(first)[0]) as file, h5py.File(path, "w") as ordered:
        file.copy("Cosmology", ordered)
        for name in file["Subhalos"].dtype.names:
            ordered[f"Subhalos/{name}"] = file["Subhalos"][name]
    found = read_catalogue(path)
    np.testing.assert_allclose(found.catalogue["mass"], halos().masses[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["position"], halos().positions[ROWS], rtol=2e-7)


def test_soap_of_2023(tmp_path: Path) -> None:
    """Centres and hosts under the name of VELOCIraptor, lengths without a word on what is stored."""
    inside = halos()
    assert inside.parents is not None
    inside.parents[2] = 1001
    path = write_soap(tmp_path / "soap.hdf5", inside)
    with h5py.File(path, "a") as file:
        file.move("InputHalos/HaloCentre", "VR/CentreOfPotential")
        del file["InputHalos"], file["SOAP"], file["VR/CentreOfPotential"].attrs["Value stored as physical"]
        file["VR/ID"], file["VR/HostHaloID"] = inside.ids, inside.parents
    found = distinct(read_catalogue(path))
    np.testing.assert_array_equal(found.catalogue["id"], [1001, 1000])
    np.testing.assert_allclose(found.catalogue["position"], inside.positions[[1, 0]], rtol=2e-7)
