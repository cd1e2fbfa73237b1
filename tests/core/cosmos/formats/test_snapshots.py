"""Snapshots: every format gives the same particles; everything unusable is refused in one line."""

import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import (
    BOX,
    CELLS,
    GIVEN,
    OMEGA_MATTER,
    H,
    Run,
    write_gadget,
    write_hdf5,
    write_ramses,
    write_tipsy,
)

from core.cosmos.box import nearest_image
from core.cosmos.formats.given import Given
from core.cosmos.formats.snapshots import Snapshot, read_snapshot
from core.errors import InputError, UsageError

TIPSY_GIVEN = replace(GIVEN, box_size=BOX, h=H)


def check(snapshot: Snapshot, run: Run) -> None:
    """The same particles, to the precision of single-precision files."""
    found = snapshot.particles
    order, expected = np.argsort(found.ids), np.argsort(run.ids)
    assert found.positions.dtype == np.float32
    assert found.positions.min() >= 0
    assert found.positions.max() < BOX
    misfit = nearest_image(found.positions[order] - run.positions[expected], BOX)
    assert np.abs(misfit).max() < 2e-7 * BOX
    assert found.velocities is not None
    np.testing.assert_allclose(found.velocities[order], run.velocities[expected], atol=1e-4 * run.velocities.std())
    assert found.box_size == pytest.approx(BOX, rel=1e-6)
    assert found.redshift == pytest.approx(run.z)
    assert found.particle_mass == pytest.approx(run.mass, rel=1e-6)
    assert snapshot.cosmology.omega_matter == pytest.approx(OMEGA_MATTER, abs=1e-6)
    assert snapshot.cosmology.h == H
    assert snapshot.cosmology.sigma8 == 0.8


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("unit", "name"), [(1e-3, "kpc/h"), (1.0, "Mpc/h")])
def test_gadget_binary(tmp_path: Path, version: int, order: str, unit: float, name: str) -> None:
    run = Run().shuffled()
    snapshot = read_snapshot(write_gadget(tmp_path / "ics", run, version=version, order=order, unit=unit), GIVEN)
    check(snapshot, run)
    assert snapshot.format == f"gadget{version}"
    assert snapshot.units == f"{name}, from the particle mass"
    np.testing.assert_array_equal(snapshot.particles.ids, run.ids)


def test_gadget_in_double_precision_with_long_ids_and_a_mass_block(tmp_path: Path) -> None:
    run = Run()
    run.ids = run.ids + 2**40
    masses = np.full(len(run.ids), run.mass)
    path = write_gadget(tmp_path / "ics", run, position_type="f8", id_type="u8", masses=masses)
    check(read_snapshot(path, GIVEN), run)


def test_gadget_ids_are_unsigned(tmp_path: Path) -> None:
    run = Run()
    run.ids = run.ids + 3_000_000_000
    assert read_snapshot(write_gadget(tmp_path / "ics", run), GIVEN).particles.ids.min() == 3_000_000_001


def test_gadget_in_several_files(tmp_path: Path) -> None:
    run = Run().shuffled()
    for index, part in enumerate((slice(0, 1000), slice(1000, None))):
        write_gadget(tmp_path / f"snap.{index}", run, files=2, part=part)
    snapshot = read_snapshot(tmp_path / "snap", GIVEN)
    check(snapshot, run)
    assert [path.name for path in snapshot.sources] == ["snap.0", "snap.1"]
    with pytest.raises(InputError, match="one of 2 files of a snapshot: give their common name"):
        read_snapshot(tmp_path / "snap.0", GIVEN)
    (tmp_path / "snap.1").unlink()
    with pytest.raises(InputError, match="one of 2 files"):
        read_snapshot(tmp_path / "snap", GIVEN)
    write_gadget(tmp_path / "snap.1", Run(z=9.0), files=2, part=slice(1000, None))
    with pytest.raises(InputError, match=r"snap\.1 belongs to another snapshot"):
        read_snapshot(tmp_path / "snap", GIVEN)


def test_swift_may_store_physical_numbers(tmp_path: Path) -> None:
    run = Run()
    path = write_hdf5(tmp_path / "snap.hdf5", run, style="swift")
    given = replace(GIVEN, omega_baryon=None)
    with h5py.File(path, "a") as file:
        # as the exponent has it they would be a times as large
        file["PartType1/Velocities"].attrs.update({"Value stored as physical": [1], "a-scale exponent": [1.0]})
    check(read_snapshot(path, given), run)
    with h5py.File(path, "a") as file:
        file["PartType1/Coordinates"].attrs["Value stored as physical"] = [1]
    with pytest.raises(InputError, match="Coordinates are stored as physical: store them as comoving"):
        read_snapshot(path, given)


@pytest.mark.parametrize("style", ["gadget", "gadget-units", "arepo", "swift"])
def test_hdf5(tmp_path: Path, style: str) -> None:
    run = Run().shuffled()
    given = GIVEN if style != "swift" else replace(GIVEN, omega_baryon=None)
    snapshot = read_snapshot(write_hdf5(tmp_path / "snap.hdf5", run, style=style), given)
    check(snapshot, run)
    assert snapshot.format == "hdf5-snapshot"
    assert snapshot.cosmology.omega_baryon == 0.05
    assert (
        snapshot.units
        == {
            "gadget": "Mpc/h, from the particle mass",
            "gadget-units": "kpc/h, stated in the file",
            "arepo": "kpc/h, stated in the file",
            "swift": "0.7 Mpc/h, stated in the file",
        }[style]
    )


def with_gas(path: Path, run: Run, fraction: float) -> Path:
    """An HDF5 snapshot with as many gas particles as dark ones, 0.1 Mpc/h beside them."""
    write_hdf5(path, run)
    with h5py.File(path, "r+") as file:
        file["Header"].attrs.update(NumPart_ThisFile=[len(run.ids)] * 2 + [0] * 4)
        file["Header"].attrs["MassTable"] = [run.mass * fraction / 1e10, run.mass * (1 - fraction) / 1e10, 0, 0, 0, 0]
        for name, values in (("Coordinates", run.positions + 0.1), ("Velocities", run.velocities)):
            file[f"PartType0/{name}"] = values
        file["PartType0/ParticleIDs"] = run.ids + len(run.ids)
    return path


def test_dark_matter_of_a_run_with_gas(tmp_path: Path) -> None:
    """Gas is left out, but it counts in the mass that proves the units; the dark matter stands for all matter."""
    run = Run()
    snapshot = read_snapshot(with_gas(tmp_path / "snap.hdf5", run, 0.16), GIVEN)
    check(snapshot, run)
    assert snapshot.matter is None


def test_total_matter_on_request(tmp_path: Path) -> None:
    run = Run()
    path = with_gas(tmp_path / "snap.hdf5", run, 0.16)
    snapshot = read_snapshot(path, GIVEN, total_matter=True)
    check(snapshot, run)
    assert snapshot.matter is not None
    assert snapshot.matter.positions.shape == (2 * CELLS**3, 3)
    assert snapshot.matter.shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.unique(snapshot.matter.shares.round(8)) * CELLS**3, [0.16, 0.84], rtol=1e-3)
    light = snapshot.matter.positions[snapshot.matter.shares < 0.5 / CELLS**3]
    assert np.abs(nearest_image(light - (run.positions + 0.1), BOX)).max() < 1e-4


def test_big_endian_files_with_long_ids(tmp_path: Path) -> None:
    run = Run().shuffled()
    run.ids = run.ids + 2**45
    for index, part in enumerate((slice(0, 1000), slice(1000, None))):
        write_gadget(tmp_path / f"snap.{index}", run, files=2, part=part, order=">", id_type="u8", version=2)
    snapshot = read_snapshot(tmp_path / "snap", GIVEN)
    check(snapshot, run)
    np.testing.assert_array_equal(snapshot.particles.ids, run.ids)


def test_ramses(tmp_path: Path) -> None:
    """Written from the format's description: no output of RAMSES itself was at hand."""
    run = Run().shuffled()
    folder = write_ramses(tmp_path, run)
    snapshot = read_snapshot(folder, replace(GIVEN, omega_baryon=None))
    check(snapshot, run)
    assert snapshot.format == "ramses"
    assert snapshot.cosmology.omega_baryon == 0.05
    assert [path.name for path in snapshot.sources] == ["info_00007.txt", "part_00007.out00001", "part_00007.out00002"]
    os.truncate(folder / "part_00007.out00002", 5000)
    with pytest.raises(InputError, match="out00002 is cut off or big-endian"):
        read_snapshot(folder, GIVEN)
    (folder / "part_00007.out00002").unlink()
    with pytest.raises(InputError, match=r"out00002 cannot be read \(No such file"):
        read_snapshot(folder, GIVEN)
    info = folder / "info_00007.txt"
    info.write_text(info.read_text().replace("H0 ", "H1 "))
    with pytest.raises(InputError, match=r"info_00007\.txt lacks H0"):
        read_snapshot(folder, GIVEN)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="is no cosmological run"):
        read_snapshot(write_ramses(tmp_path / "other", run, h0=1.0), GIVEN)


@pytest.mark.parametrize("order", "<>")
def test_tipsy(tmp_path: Path, order: str) -> None:
    run = Run()
    run.ids = run.ids - 1
    (tmp_path / "other.param").write_text("dKpcUnit = 7\ndMsolUnit = 3\nbDoublePos = 1\n")
    snapshot = read_snapshot(write_tipsy(tmp_path / "ics", run, order=order), TIPSY_GIVEN)
    check(snapshot, run)
    assert not snapshot.numbered


def test_a_config_file_that_lies_around_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pynbody reads config.ini of the current folder on import: it must not see another program's."""
    import subprocess
    import sys

    (tmp_path / "config.ini").write_text("this is = no [ini file\nof pynbody's\n")
    path = write_gadget(tmp_path / "ics", Run())
    code = (
        "import sys; from pathlib import Path\n"
        "from core.cosmos.formats.given import Given\n"
        "from core.cosmos.formats.snapshots import read_snapshot\n"
        "given = Given(omega_baryon=.05, sigma8=.8, spectral_index=.96)\n"
        "print(len(read_snapshot(Path(sys.argv[1]), given).particles))"
    )
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    done = subprocess.run([sys.executable, "-c", code, path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (str(CELLS**3), "")


def test_what_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"add --omega-baryon, --sigma8, --spectral-index$"):
        read_snapshot(write_gadget(tmp_path / "ics", Run()))
    with pytest.raises(InputError, match=r"add --box-size, --omega-baryon, --h, --sigma8, --spectral-index$"):
        read_snapshot(write_tipsy(tmp_path / "tipsy", Run()))
    broken = Run()
    write_gadget(tmp_path / "ics", broken)
    data = bytearray((tmp_path / "ics").read_bytes())
    time = 4 + 24 + 48  # after the marker, six counts and six masses
    data[time : time + 8] = np.float64(0.5).tobytes()
    (tmp_path / "ics").write_bytes(data)
    with pytest.raises(InputError, match=r"add --redshift$"):
        read_snapshot(tmp_path / "ics", GIVEN)
    assert read_snapshot(tmp_path / "ics", replace(GIVEN, redshift=49.0)).particles.redshift == 49


def test_options_go_before_the_header(tmp_path: Path) -> None:
    path = write_gadget(tmp_path / "ics", Run(), omega_matter=0.5)
    with pytest.raises(InputError, match="in no unit of length do the particles weigh as much"):
        read_snapshot(path, GIVEN)
    check(read_snapshot(path, replace(GIVEN, omega_matter=OMEGA_MATTER)), Run())
    path = write_gadget(tmp_path / "ics", Run())
    assert read_snapshot(path, replace(GIVEN, box_size=BOX)).units == "kpc/h, from --box-size"
    assert read_snapshot(path, replace(GIVEN, length_unit="kpc/h")).units == "--length-unit"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Given(length_unit="Mpc/h"), r"a box of 50000 Mpc/h \(--length-unit\) holds 1e-09 times the mean"),
        (Given(box_size=25.0), "the header's box of 50000 is not 25 Mpc/h in kpc/h"),
        (Given(box_size=25.0, length_unit="kpc/h"), "correct --length-unit, --box-size or --omega-matter"),
        (Given(omega_matter=0.25), "in no unit of length"),
    ],
)
def test_wrong_units_are_refused(tmp_path: Path, given: Given, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_snapshot(write_gadget(tmp_path / "ics", Run()), replace(GIVEN, **given.stated()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Given(length_unit="Mcp/h"), "unknown --length-unit 'Mcp/h': did you mean 'Mpc/h'"),
        (Given(sigma8=-1.0), "--sigma8 -1 is impossible"),
        (Given(omega_matter=31.0), "--omega-matter 31 is impossible"),
    ],
)
def test_impossible_options(tmp_path: Path, given: Given, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_snapshot(write_gadget(tmp_path / "ics", Run()), given)


def test_no_file_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        read_snapshot(tmp_path / "nowhere", GIVEN)
    with pytest.raises(InputError, match="is a folder: name the snapshot in it"):
        read_snapshot(tmp_path, GIVEN)
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="is empty"):
        read_snapshot(tmp_path / "empty", GIVEN)
    (tmp_path / "text").write_text("no snapshot, but long enough to be looked at")
    with pytest.raises(InputError, match=r"is no snapshot: these are read: ramses, bigfile, gadget1, gadget2"):
        read_snapshot(tmp_path / "text", GIVEN)
    path = write_gadget(tmp_path / "ics", Run())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="no permission to read"):
        read_snapshot(path, GIVEN)


@pytest.mark.parametrize("writer", [write_gadget, write_hdf5, write_tipsy])
@pytest.mark.parametrize("keep", [0.01, 0.3, 0.7])
def test_cut_off(tmp_path: Path, writer: object, keep: float) -> None:
    path = writer(tmp_path / "snap", Run())  # type: ignore[operator]
    os.truncate(path, int(path.stat().st_size * keep))
    with pytest.raises(InputError, match="cut off"):
        read_snapshot(path, TIPSY_GIVEN)


def test_a_header_that_lies_about_its_particles(tmp_path: Path) -> None:
    path = write_gadget(tmp_path / "ics", Run(), stated=4000)
    with pytest.raises(InputError, match="the header says 4000 particles, the block POS holds 4096"):
        read_snapshot(path, GIVEN)
    path = write_hdf5(tmp_path / "ics.hdf5", Run(), stated=4000)
    with pytest.raises(InputError, match="the header says 4000 particles of type 1, the file holds 4096"):
        read_snapshot(path, GIVEN)
    path = write_tipsy(tmp_path / "tipsy", Run())
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(InputError, match="its header says"):
        read_snapshot(path, TIPSY_GIVEN)
    path = write_gadget(tmp_path / "ics", Run(), stated=0)
    with pytest.raises(InputError, match="holds no particles"):
        read_snapshot(path, GIVEN)


def test_positions_that_cannot_be(tmp_path: Path) -> None:
    run = Run()
    run.positions[7, 1] = np.nan
    with pytest.raises(InputError, match="positions that are not numbers"):
        read_snapshot(write_gadget(tmp_path / "ics", run), GIVEN)
    run = Run()
    run.velocities[7, 1] = np.inf
    with pytest.raises(InputError, match="velocities that are not numbers"):
        read_snapshot(write_gadget(tmp_path / "ics", run), GIVEN)
    run = Run()
    run.positions *= 2
    with pytest.raises(InputError, match=r"to 2 boxes of 50 Mpc/h: the unit of the box is wrong"):
        read_snapshot(write_gadget(tmp_path / "ics", run), GIVEN)
    run.positions /= 2000
    with pytest.raises(InputError, match=r"fill only 0\.00094 of a box"):
        read_snapshot(write_gadget(tmp_path / "ics", run), GIVEN)


def test_particles_that_cannot_be_used(tmp_path: Path) -> None:
    run = Run()
    masses = np.full(len(run.ids), run.mass)
    masses[:100] /= 8
    with pytest.raises(InputError, match="different masses: zoom simulations"):
        read_snapshot(write_gadget(tmp_path / "ics", run, masses=masses), GIVEN)
    with pytest.raises(InputError, match="masses add up to 17, not to an omega_matter"):
        read_snapshot(write_tipsy(tmp_path / "tipsy", run, mass_sum=17.0), TIPSY_GIVEN)
    path = write_gadget(tmp_path / "ics", run)
    path.write_bytes(path.read_bytes().replace(np.float64(1 - OMEGA_MATTER).tobytes(), np.float64(0).tobytes(), 1))
    with pytest.raises(InputError, match=r"Omega_m \+ Omega_Lambda = 0\.3, but halodeck's universes are flat"):
        read_snapshot(path, GIVEN)


def test_hdf5_in_several_files(tmp_path: Path) -> None:
    run = Run().shuffled()
    for index, part in enumerate((slice(0, 1000), slice(1000, None))):
        write_hdf5(tmp_path / f"snap_000.{index}.hdf5", run, files=2, part=part)
    check(read_snapshot(tmp_path / "snap_000", GIVEN), run)
    with pytest.raises(InputError, match="one of 2 files"):
        read_snapshot(tmp_path / "snap_000.0.hdf5", GIVEN)
