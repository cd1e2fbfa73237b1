"""Snapshots of FastPM and MP-Gadget, and what is refused of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from snapshot_writers import CELLS, GIVEN, OMEGA_MATTER, Run, linear_density, write_bigfile
from test_snapshots import check

from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.linear import linear_field
from core.errors import InputError


@pytest.mark.parametrize("code", ["mp-gadget", "genic", "fastpm"])
@pytest.mark.parametrize("peculiar", [True, False])
def test_particles(code: str, peculiar: bool, tmp_path: Path) -> None:
    run = Run().shuffled()
    path = write_bigfile(tmp_path / "PART_000", run, code=code, peculiar=peculiar, files=3)
    snapshot = read_snapshot(path, GIVEN)
    check(snapshot, run)
    # the constants of nature in the file are not ours; its box is
    assert snapshot.particles.box_size == 50.0
    assert snapshot.particles.redshift == pytest.approx(49, abs=1e-12)
    assert snapshot.units == f"{'Mpc/h' if code == 'fastpm' else 'kpc/h'}, stated in the file"
    np.testing.assert_array_equal(snapshot.particles.ids, run.ids)
    assert path / "1" / "Position" / "000002" in snapshot.sources
    found = recognise(path)
    assert (found.kind, found.holds) == ("bigfile", "particles")
    assert found.facts["dark matter particles"] == f"{CELLS**3} = {CELLS}^3"


@pytest.mark.parametrize("code", ["genic", "fastpm"])
def test_the_linear_field(code: str, tmp_path: Path) -> None:
    linear = linear_field(read_snapshot(write_bigfile(tmp_path / "ics", Run().shuffled(), code=code, order=">"), GIVEN))
    misfit = linear.delta.values - linear_density()
    assert misfit.std() < 1e-4 * linear_density().std()


def test_dark_energy_and_all_matter(tmp_path: Path) -> None:
    fluid = {"OmegaLambda": ("f8", [0.0]), "OmegaFld": ("f8", [0.7]), "W0_Fld": ("f8", [-0.9]), "WA_Fld": ("f8", [0.1])}
    path = write_bigfile(tmp_path / "ics", Run(), header=fluid)
    snapshot = read_snapshot(path, GIVEN, total_matter=True)
    assert (snapshot.cosmology.w0, snapshot.cosmology.wa) == (-0.9, 0.1)
    assert snapshot.matter is not None
    assert len(snapshot.matter.positions) == CELLS**3


def _changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: (path / name).write_bytes(change((path / name).read_bytes()))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_changed("1/Position/000001", lambda data: data[:-1]), "000001 is cut off or damaged: 49,151 of 49,152 bytes"),
        (_changed("1/Velocity/000000", lambda data: b"\x77" + data[1:]), "000000 is damaged: its checksum"),
        (lambda path: (path / "1/ID/000001").unlink(), "000001 cannot be read"),
        (_changed("1/ID/header", lambda text: text.replace(b"NFILE: 2", b"NFILE: 3")), "tells of 2 of 3 files"),
        (_changed("1/ID/header", lambda text: text.replace(b"<u8", b"O")), "header is damaged: type 'O'"),
        (_changed("1/ID/header", lambda text: text.replace(b"000001", b"../../")), "tells of 1 of 2 files"),
        (_changed("1/Velocity/header", lambda text: text.replace(b"NMEMB: 3", b"NMEMB: 2")), "has 2 numbers a"),
        (_changed("1/ID/header", lambda text: text.replace(b"2048 :", b"2047 :", 1)), "ID has 4095 of 4096 particles"),
        (_changed("Header/attr-v2", lambda text: text[: len(text) // 2]), "attr-v2 is cut off or damaged"),
        (_changed("Header/attr-v2", lambda text: text.replace(b" <f8 1 ", b" <f8 x ", 1)), "attr-v2 is damaged"),
    ],
)
def test_damaged(damage: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    path = write_bigfile(tmp_path / "ics", Run())
    damage(path)
    with pytest.raises(InputError, match=words):
        read_snapshot(path, GIVEN)


@pytest.mark.parametrize(
    ("name", "kind", "values", "words"),
    [
        ("TotNumPart", "i8", [0, 8 * CELLS**3, 0, 0, 0, 0], "samples of the particles cannot be used"),
        ("TotNumPart", "i8", [0, CELLS**3, 9, 0, 0, 0], "says 9 particles of type 2, the folder holds 0"),
        ("MassTable", "f8", [0] * 6, "holds no masses of type 1"),
        ("MassTable", "f8", [0, 1, 0, 0, 0, 0], "times the mean matter density"),
        ("OmegaK", "f8", [0.1], "is curved"),
        ("HubbleParam", "f8", [0.0], "does not say all that is needed: add --h"),
        ("UnitLength_in_cm", "f8", [3.085678e24], "holds .* times the mean matter density"),
    ],
)
def test_headers_that_do_not_fit(name: str, kind: str, values: list[float], words: str, tmp_path: Path) -> None:
    path = write_bigfile(tmp_path / "ics", Run(), header={name: (kind, values)})
    with pytest.raises(InputError, match=words):
        read_snapshot(path, GIVEN)


def test_neutrinos(tmp_path: Path) -> None:
    run = Run()
    path = write_bigfile(tmp_path / "ics", run, code="genic")
    other = write_bigfile(tmp_path / "nu", run)
    (other / "1").rename(path / "2")
    text = (path / "Header" / "attr-v2").read_text()
    for name, kind, values in (
        ("MassTable", "f8", [0, 0.9 * run.mass / 1e10, 0.1 * run.mass / 1e10, 0, 0, 0]),
        ("TotNumPart", "i8", [0, CELLS**3, CELLS**3, 0, 0, 0]),
    ):
        lines = [line for line in text.splitlines() if not line.startswith(name)]
        text = "\n".join([*lines, f"{name} <{kind} 6 {np.array(values, f'<{kind}').tobytes().hex()}"]) + "\n"
    (path / "Header" / "attr-v2").write_text(text)
    with pytest.raises(InputError, match=rf"has massive neutrinos \(Omega_nu = {0.1 * OMEGA_MATTER:g}"):
        read_snapshot(path, GIVEN)
