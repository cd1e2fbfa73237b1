"""Tables of halos in HDF5, as of Uchuu, and in parquet: the columns of Rockstar and consistent-trees, or of anybody."""

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos
from test_fuzz_formats import survives
from three_halos import BESIDE, halos

from core.cosmos.formats.catalogues import distinct, read_catalogue
from core.cosmos.formats.recognise import recognise
from core.errors import InputError, ResourceError

ROWS = np.argsort(-halos().masses)
needs_pyarrow = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow, an extra, is not installed")


def columns_of(found: Halos, rows: np.ndarray) -> dict[str, np.ndarray]:
    """As hlists have them; M200b weighs more than Mvir and has no radius."""
    assert found.ids is not None
    assert found.parents is not None
    assert found.velocities is not None
    count = len(rows)
    return {
        **{name: np.full(count, 1 / (1 + found.z)) for name in ("scale", "desc_scale")},
        "id": found.ids[rows],
        "desc_id": np.full(count, -1),
        "pid": found.parents[rows],
        "M200b": 1.1 * found.masses[rows],
        "Mvir": found.masses[rows],
        "Rvir": 1e3 * found.radii[rows],
        **{axis: found.positions[rows, number] for number, axis in enumerate("xyz")},
        **{f"v{axis}": found.velocities[rows, number] for number, axis in enumerate("xyz")},
    }


def write_uchuu(folder: Path, found: Halos, *, files: int = 2, form: str = "group") -> Path:
    """halolist_z1p00_0.h5, ...: convert_ascii_halocat_to_h5.py of uchuutools; form: group, compounds or root."""
    comments = [
        "#scale(0) id(1) desc_scale(2)\n",
        f"#Omega_M = {OMEGA_MATTER}; Omega_L = {1 - OMEGA_MATTER}; h0 = {H}\n",
    ]
    comments += [f"#Full box size = {BOX:.6f} Mpc/h\n"]
    for number, rows in enumerate(np.array_split(np.arange(len(found.masses)), files)):
        with h5py.File(folder / f"halolist_z1p00_{number}.h5", "w") as file:
            file.attrs["Consistent Trees (hlist)_metadata"] = np.bytes_(comments)
            file.attrs.update(TotNhalos=len(rows), redshift=found.z, scale_factor=1 / (1 + found.z))
            columns = columns_of(found, rows)
            if form == "compounds":
                table = np.zeros(len(rows), [(name, values.dtype) for name, values in columns.items()])
                for name, values in columns.items():
                    table[name] = values
                file["HaloCatalogue/halos"] = table
            else:
                group = file if form == "root" else file.create_group("HaloCatalogue")
                group.update(columns)
    return folder / "halolist_z1p00_1.h5" if files > 1 else folder / "halolist_z1p00_0.h5"


def write_parquet(path: Path, columns: dict[str, np.ndarray]) -> Path:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path, write_page_checksum=True)
    return path


@pytest.mark.parametrize("form", ["group", "compounds", "root"])
def test_uchuu(tmp_path: Path, form: str) -> None:
    expected = halos(z=1.0)
    path = write_uchuu(tmp_path, expected, form=form)
    described = recognise(path)
    assert (described.kind, described.holds, described.facts["halos"]) == ("uchuu", "halos", "3")
    found = read_catalogue(path)
    header = found.header
    assert (header.box_size, header.redshift, header.omega_matter, header.h) == (BOX, 1.0, OMEGA_MATTER, H)
    np.testing.assert_array_equal(found.catalogue["mass"], expected.masses[ROWS])
    np.testing.assert_allclose(found.catalogue["position"], expected.positions[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["radius"], expected.radii[ROWS], rtol=2e-7)
    np.testing.assert_array_equal(found.catalogue["velocity"], expected.velocities)
    np.testing.assert_array_equal(found.catalogue["id"], np.array([1000, 1001, 1002])[ROWS])
    assert found.catalogue.definition == "uchuu (vir)"


def test_a_mass_of_ones_choice(tmp_path: Path) -> None:
    found = read_catalogue(write_uchuu(tmp_path, halos()), columns={"mass": "M200b"})
    np.testing.assert_array_equal(found.catalogue["mass"], 1.1 * halos().masses[ROWS])
    assert "radius" not in found.catalogue
    found = read_catalogue(tmp_path / "halolist_z1p00_0.h5", columns={"mass": "M200b [Msun]"})
    np.testing.assert_allclose(found.catalogue["mass"], 1.1 * H * halos().masses[ROWS])


def test_uchuu_subhalos(tmp_path: Path) -> None:
    inside = halos()
    assert inside.parents is not None
    inside.parents[2] = 1001
    found = distinct(read_catalogue(write_uchuu(tmp_path, inside)))
    np.testing.assert_array_equal(found.catalogue["id"], [1001, 1000])


def test_uchuu_that_cannot_be(tmp_path: Path) -> None:
    path = write_uchuu(tmp_path, halos(), files=3)
    survives(path, lambda: recognise(path), lambda: read_catalogue(path))
    path.unlink()
    with pytest.raises(InputError, match=r"halolist_z1p00_1\.h5 is missing beside .*z1p00_0\.h5"):
        read_catalogue(tmp_path / "halolist_z1p00_0.h5")
    with h5py.File(write_uchuu(tmp_path, halos(), files=3), "a") as file:
        file.attrs["redshift"] = 0.5
    with pytest.raises(InputError, match=r"has redshift = 0\.0, .*_1\.h5 has 0\.5"):
        read_catalogue(path)
    with h5py.File(write_uchuu(tmp_path, halos(), files=3), "a") as file:
        file.attrs["TotNhalos"] = 4
    with pytest.raises(InputError, match="the header says 4 halos, the file holds 1"):
        read_catalogue(path)
    wrong = halos()
    wrong.radii *= 1e3
    with pytest.raises(InputError, match="times denser than the mean"):
        read_catalogue(write_uchuu(tmp_path, wrong, files=3))


@needs_pyarrow
def test_parquet(tmp_path: Path) -> None:
    expected = halos(z=1.0)
    path = write_parquet(tmp_path / "halos.parquet", columns_of(expected, np.arange(3)))
    described = recognise(path)
    assert (described.kind, described.holds, described.facts["halos"]) == ("parquet", "halos", "3")
    with pytest.raises(InputError, match="add --box-size"):
        read_catalogue(path)
    found = read_catalogue(path, replace(BESIDE, redshift=1.0))
    assert found.header.redshift == 1.0
    np.testing.assert_array_equal(found.catalogue["mass"], expected.masses[ROWS])
    np.testing.assert_allclose(found.catalogue["position"], expected.positions[ROWS], rtol=2e-7)
    np.testing.assert_allclose(found.catalogue["radius"], expected.radii[ROWS], rtol=2e-7)
    np.testing.assert_array_equal(found.catalogue["id"], np.array([1000, 1001, 1002])[ROWS])
    assert found.catalogue.definition == "parquet (vir)"


@needs_pyarrow
def test_parquet_of_ones_own(tmp_path: Path) -> None:
    """Units stand in the names, or are said."""
    columns = columns_of(halos(), np.arange(3))
    plain = {name: columns[name] for name in ("Mvir", "x", "y", "z")}
    path = write_parquet(tmp_path / "a", plain)
    with pytest.raises(InputError, match="no column for mass"):
        read_catalogue(path, BESIDE)
    named = {"mass": "Mvir [Msun]", **{axis: f"{axis} [Mpc]" for axis in "xyz"}}
    found = read_catalogue(path, BESIDE, named)
    np.testing.assert_allclose(found.catalogue["mass"], H * halos().masses[ROWS])
    path = write_parquet(tmp_path / "b", {"mass [Msun/h]": plain["Mvir"], **{f"{a} [Mpc/h]": plain[a] for a in "xyz"}})
    np.testing.assert_array_equal(read_catalogue(path, BESIDE).catalogue["mass"], halos().masses[ROWS])
    for name, values, message in (
        ("Mvir", np.array(["a", "b", "c"]), "is no column of numbers"),
        ("id", np.array([1, 2, np.nan]), "id is not whole everywhere"),
    ):
        path = write_parquet(tmp_path / "c", columns | {name: values})
        with pytest.raises(InputError, match=message):
            read_catalogue(path, BESIDE)


@needs_pyarrow
def test_damaged_parquet(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a", columns_of(halos(), np.arange(3)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is cut off or damaged"):
        recognise(path)
    path.write_bytes(whole)
    survives(path, lambda: recognise(path), lambda: read_catalogue(path, BESIDE))


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 99)
    assert recognise(path).facts["not read"] == "it needs pyarrow, install it with: pip install 'halodeck[parquet]'"
    with pytest.raises(ResourceError, match=r"reading a\.parquet needs pyarrow: install it with: pip install"):
        read_catalogue(path, BESIDE)
