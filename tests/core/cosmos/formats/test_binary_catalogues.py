"""Catalogues in binary: Rockstar's blocks and the group_tab of GADGET-3, and formats that are known by name alone."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos
from three_halos import BESIDE, COUNTS, halos

from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.readers.rockstar_bin import MAGIC
from core.cosmos.formats.recognise import recognise
from core.errors import InputError

ROWS = np.argsort(-halos().masses)


def write_bin(path: Path, found: Halos, rows: slice, revision: int = 1, ids: np.ndarray | None = None) -> Path:
    """One block, from the C structs of Rockstar's halo.h and io_internal.h; members where their `ids` are given."""
    count = len(found.masses[rows])
    members = [] if ids is None else [ids[members] for members in found.members[rows]]
    starts = np.cumsum([0, *map(len, members), *[0] * count])
    cosmology = (1.0, OMEGA_MATTER, 1 - OMEGA_MATTER, H, *[0.0] * 6)
    head = struct.pack("<Qqq10fqqffqi", MAGIC, 3, 0, *cosmology, count, starts[-1], BOX, 1e10, 1, revision)
    body = b""
    for start, number in zip(starts, range(len(found.masses))[rows], strict=False):
        x = found.positions[number]
        floats = [*x, 1.0, 2.0, 3.0, *([0.0] * 3 if revision else []), 0.0, 0.0, 0.0]
        floats += [found.masses[number], found.radii[number] * 1e3, *[0.0] * 24]
        floats += [0.0] * (9 if revision else 2)
        record = struct.pack(f"<q{len(floats)}f", 100 + number, *floats)
        record += b"\0" * (-len(record) % 8)
        record += struct.pack("<6q3f", len(found.members[number]), 0, start, 0, 0, 0, 0.0, 0.0, 0.0)
        record += struct.pack("<i5f", 0, *[0.0] * 5) if revision > 1 else b""
        body += record + b"\0" * (-len(record) % 8)
    body += b"".join(listed.astype("<i8").tobytes() for listed in members)
    path.write_bytes(head.ljust(256, b"\0") + body)
    return path


@pytest.mark.parametrize("revision", [0, 1, 2])
def test_blocks_of_rockstar(tmp_path: Path, revision: int) -> None:
    found = halos()
    first = write_bin(tmp_path / "halos_0.0.bin", found, slice(0, 2), revision)
    second = write_bin(tmp_path / "halos_0.1.bin", found, slice(2, 3), revision)
    for path in (first, second):
        catalogue = read_catalogue(path).catalogue
        np.testing.assert_allclose(catalogue["mass"], found.masses[ROWS], rtol=1e-6)
        np.testing.assert_allclose(catalogue["position"], found.positions[ROWS], rtol=1e-5)
        np.testing.assert_allclose(catalogue["radius"], found.radii[ROWS], rtol=1e-6)
        np.testing.assert_allclose(catalogue["velocity"], [[1, 2, 3]] * 3)
        np.testing.assert_array_equal(catalogue["count"], np.array(COUNTS)[ROWS])
        np.testing.assert_array_equal(catalogue["id"], 100 + ROWS)
        assert (catalogue.box_size, catalogue.redshift) == (BOX, 0.0)
    assert recognise(first).facts["halos"] == "3"


def test_blocks_that_cannot_be(tmp_path: Path) -> None:
    first = write_bin(tmp_path / "halos_0.0.bin", halos(), slice(0, 2))
    third = write_bin(tmp_path / "halos_0.2.bin", halos(), slice(2, 3))
    with pytest.raises(InputError, match=r"halos_0\.1\.bin is missing"):
        read_catalogue(first)
    third.unlink()
    whole = first.read_bytes()
    first.write_bytes(whole[:-8])
    with pytest.raises(InputError, match="bytes, its header says"):
        read_catalogue(first)


def write_group_tab(
    folder: Path, found: Halos, unit: float = 1e-3, files: int = 2, ids: np.ndarray | None = None, bits: int = 64
) -> Path:
    """Groups in several files, as Pylians3 reads them; where the particles' `ids` are given, those of members too."""
    groups, counts = len(found.masses), np.array([len(members) for members in found.members])
    starts = np.cumsum(counts) - counts
    for number, rows in enumerate(np.array_split(np.arange(groups), files)):
        listed = int(counts[rows].sum())
        data = struct.pack("<iiiqi", len(rows), groups, listed, counts.sum(), files)
        if ids is not None:
            beside = data + struct.pack("<i", starts[rows[0]] if len(rows) else 0)
            beside += b"".join(ids[found.members[row]].astype(f"<i{bits // 8}").tobytes() for row in rows)
            (folder / f"group_ids_004.{number}").write_bytes(beside)
        for values, kind in (
            (counts[rows], "i4"),
            (starts[rows], "i4"),
            (found.masses[rows] / 1e10, "f4"),
            (found.positions[rows] / unit, "f4"),
            (np.ones((len(rows), 3)), "f4"),
            (np.eye(6)[[1] * len(rows)] * counts[rows, None], "i4"),
            (np.zeros((len(rows), 6)), "f4"),
        ):
            data += np.asarray(values).astype(f"<{kind}").tobytes()
        (folder / f"group_tab_004.{number}").write_bytes(data)
    return folder / "group_tab_004.0"


@pytest.mark.parametrize("unit", [1e-3, 1.0])
def test_group_tab(tmp_path: Path, unit: float) -> None:
    path = write_group_tab(tmp_path, halos(), unit)
    catalogue = read_catalogue(path, replace(BESIDE, redshift=1.0)).catalogue
    np.testing.assert_allclose(catalogue["mass"], halos().masses[ROWS], rtol=1e-6)
    np.testing.assert_allclose(catalogue["position"], halos().positions[ROWS], rtol=1e-5)
    np.testing.assert_allclose(catalogue["velocity"], 2.0)
    assert catalogue.definition == "group-tab (fof)"
    with pytest.raises(InputError, match="add --box-size, --redshift"):
        read_catalogue(path, Given())


def test_group_tab_that_cannot_be(tmp_path: Path) -> None:
    path = write_group_tab(tmp_path, halos())
    with pytest.raises(InputError, match="fill no box of 9 Mpc/h"):
        read_catalogue(path, replace(BESIDE, box_size=9.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    with pytest.raises(InputError, match="is cut off or damaged"):
        read_catalogue(path, BESIDE)
    path.write_bytes(whole)
    (tmp_path / "group_tab_004.1").unlink()
    with pytest.raises(InputError, match=r"group_tab_004\.1 is missing, one of 2 files"):
        read_catalogue(path, BESIDE)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"HACC01L\0", "HACC"),
        (b"#ASDF 1.0.0\n", "Abacus"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x80\x02}", "pickle"),
    ],
)
def test_what_is_known_by_name_alone(tmp_path: Path, start: bytes, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(start + b"\0" * 99)
    found = recognise(path)
    assert name in found.kind
    assert "npz" in found.facts["not read"] or "CSV" in found.facts["not read"]


def test_folders_that_are_known_by_name_alone(tmp_path: Path) -> None:
    folder = tmp_path / "fastpm"
    (folder / "Header").mkdir(parents=True)
    (folder / "Header" / "attr-v2").write_text("")
    assert "bigfile" in recognise(folder).kind
