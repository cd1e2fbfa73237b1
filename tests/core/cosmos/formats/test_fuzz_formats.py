"""Damaged files of every format: any bytes give halos, particles, a field, or a refusal in one line; never a traceback.

Each example takes a good file and overwrites, drops or inserts some of its bytes.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snapshot_writers import (
    BOX,
    GIVEN,
    H,
    Run,
    write_gadget,
    write_hdf5,
    write_ramses,
    write_tipsy,
)
from test_cubes import CELLS, overdensity, write_npy
from test_hdf5_catalogues import WRITERS as HDF5_WRITERS
from test_membership import write_listed, write_members
from three_halos import BESIDE, WRITERS, halos

from core.cosmos.box import Particles
from core.cosmos.formats import cubes
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.membership import assign
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.errors import HalodeckError

FEW = settings(
    max_examples=100, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip

Damage = tuple[float, bytes, int]
"""Where in a file (a fraction of its head), the bytes put there, how many of the old they replace."""

damages = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8), st.integers(0, 12)), min_size=1, max_size=3
)
heads = st.sampled_from([64, 400, 10**9])
"""Half of what matters is in the first bytes."""


def spoil(data: bytes, damage: list[Damage], head: int) -> bytes:
    for place, new, old in damage:
        at = int(place * min(head, len(data)))
        data = data[:at] + new + data[at + old :]
    return data


def survives(damaged: Path, *reads: Callable[[], object]) -> None:
    """Read with one file damaged in many ways: any other error than ours, or a warning, fails the test."""
    whole = damaged.read_bytes()

    @FEW
    @given(damages, heads)
    def check(damage: list[Damage], head: int) -> None:
        damaged.write_bytes(spoil(whole, damage, head))
        for read in reads:
            with suppress(HalodeckError):
                read()

    check()


SNAPSHOT_GIVEN = replace(GIVEN, box_size=BOX, h=H)


@pytest.mark.parametrize("form", ["gadget1", "gadget2", "big-endian", "tipsy", "hdf5"])
def test_snapshots(tmp_path: Path, form: str) -> None:
    path = tmp_path / "snap"
    if form == "tipsy":
        write_tipsy(path, Run())
    elif form == "hdf5":
        write_hdf5(path, Run())
    else:
        write_gadget(path, Run(), version=2 if form == "gadget2" else 1, order=">" if form == "big-endian" else "<")
    survives(path, lambda: recognise(path), lambda: read_snapshot(path, SNAPSHOT_GIVEN))


@pytest.mark.parametrize("name", ["info_00007.txt", "part_00007.out00001"])
def test_ramses(tmp_path: Path, name: str) -> None:
    folder = write_ramses(tmp_path, Run())
    survives(folder / name, lambda: recognise(folder), lambda: read_snapshot(folder, SNAPSHOT_GIVEN))


@pytest.mark.parametrize("form", WRITERS)
def test_catalogues(tmp_path: Path, form: str) -> None:
    path = WRITERS[form](tmp_path / "cat", halos())
    survives(path, lambda: recognise(path), lambda: read_catalogue(path, BESIDE))


@pytest.mark.parametrize("form", HDF5_WRITERS)
def test_catalogues_in_hdf5(tmp_path: Path, form: str) -> None:
    path = HDF5_WRITERS[form](tmp_path, halos())
    last = sorted(path.parent.glob(f"{path.name}*"))[-1]
    survives(last, lambda: recognise(path), lambda: read_catalogue(path, BESIDE))


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("ahf", "snap.AHF_particles"),
        ("rockstar", "halos_0.0.particles"),
        ("group-tab", "group_ids_004.1"),
        ("rockstar-bin", "halos_0.1.bin"),
        ("velociraptor", "stf.catalog_groups.1"),
        ("hbt", "004/SubSnap_004.1.hdf5"),
        ("list", "a.csv"),
        ("list", "a.npz"),
    ],
)
def test_member_lists(tmp_path: Path, form: str, name: str) -> None:
    run, found = Run(), halos()
    path = write_listed(tmp_path, "ahf" if form == "list" else form, found, run)
    beside = write_members(tmp_path / name, found, run) if form == "list" else None
    catalogue = read_catalogue(path, BESIDE)
    particles = Particles(run.positions.astype(np.float32), run.ids, BOX, 0.0, run.mass)
    survives(tmp_path / name, lambda: assign(path, catalogue, particles, beside=beside))


@pytest.mark.parametrize("form", ["npy", "raw"])
def test_cubes(tmp_path: Path, form: str) -> None:
    path = tmp_path / "cube"
    write_npy(path, overdensity()) if form == "npy" else path.write_bytes(overdensity().tobytes())
    survives(
        path,
        lambda: recognise(path),
        lambda: cubes.read_cube(path, replace(SNAPSHOT_GIVEN, omega_matter=0.3, redshift=1.0), cells=CELLS),
    )
