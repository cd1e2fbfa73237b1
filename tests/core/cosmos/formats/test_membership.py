"""Which particles are in which halo of somebody's catalogue: by ids, by order, by nearest radius, or refused."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_catalogues import write_hbt, write_velociraptor
from snapshot_writers import BOX, GIVEN, Halos, Run, write_ahf, write_gadget, write_groups, write_rockstar
from test_binary_catalogues import write_bin, write_group_tab
from three_halos import BESIDE, COUNTS, MEAN_DENSITY, halos, particles, run_with, write_csv

from core.cosmos.box import lattice, nearest_image
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.members import read_members
from core.cosmos.formats.membership import assign, nearest_radius
from core.cosmos.imports.halos import TheirHalos
from core.cosmos.imports.pair import import_pair
from core.errors import InputError


def expected_labels() -> np.ndarray:
    labels = np.zeros(16**3, np.int32)
    for label, row in enumerate((1, 2, 0), 1):
        labels[halos().members[row]] = label
    return labels


def write_listed(folder: Path, form: str, found: Halos, run: Run) -> Path:
    """A catalogue with the ids of its members, in the file or beside it."""
    if form == "subfind":
        return write_groups(folder / "tab", found, ids=run.ids[np.concatenate(found.members)])
    if form == "ahf":
        return write_ahf(folder / "snap.AHF_halos", found, run)
    if form == "rockstar":
        return write_rockstar(folder / "halos_0.0.ascii", found, run)
    if form == "group-tab":
        return write_group_tab(folder, found, files=min(2, len(found.masses)), ids=run.ids)
    if form == "velociraptor":
        return write_velociraptor(folder / "stf", found, run.ids)
    if form == "hbt":
        return write_hbt(folder, found, run.ids)
    if form == "rockstar-bin":
        for block in range(len(found.masses)):
            write_bin(folder / f"halos_0.{block}.bin", found, slice(block, block + 1), ids=run.ids)
    return folder / "halos_0.0.bin"


def write_members(path: Path, found: Halos, run: Run) -> Path:
    """A list of one's own."""
    assert found.ids is not None
    halo = np.repeat(found.ids, [len(members) for members in found.members])
    particle = run.ids[np.concatenate(found.members)]
    if path.suffix == ".csv":
        lines = [f"{p},{h}" for p, h in zip(particle, halo, strict=True)]
        path.write_text("\n".join(["particle, Halo", *lines]) + "\n")
    elif path.suffix == ".npz":
        np.savez(path, halo=halo, particle=particle.astype(np.uint64))
    else:
        with h5py.File(path, "w") as file:
            file.update({"halo": halo, "particle": particle})
    return path


SOURCES = {
    "rockstar": "the ids in halos_0.0.particles",
    "ahf": "the ids in snap.AHF_particles",
    "subfind": "the ids of members in the catalogue",
    "group-tab": "the ids in group_ids_004.0",
    "rockstar-bin": "the ids behind the halos of the catalogue",
    "velociraptor": "the ids in stf.catalog_particles.0",
    "hbt": "the ids bound to the subhalos of the catalogue",
}


@pytest.mark.parametrize("form", SOURCES)
def test_members_by_id(tmp_path: Path, form: str) -> None:
    found = halos()
    run = run_with(found)
    run.ids = run.ids + 2**40
    path = write_listed(tmp_path, form, found, run)
    order = np.random.default_rng(0).permutation(len(run.ids))
    run.ids, run.positions = run.ids[order], run.positions[order]
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    np.testing.assert_array_equal(given.labels, expected_labels()[order])
    assert given.repairs == ()
    assert given.source == SOURCES[form]


def test_members_by_the_order_of_the_snapshot(tmp_path: Path) -> None:
    path = write_groups(tmp_path / "tab", halos())
    given = assign(path, read_catalogue(path, BESIDE), particles(run_with(halos())))
    np.testing.assert_array_equal(given.labels, expected_labels())
    assert "order of the snapshot" in given.source


def test_ids_of_32_bits(tmp_path: Path) -> None:
    run = run_with(halos())
    path = write_group_tab(tmp_path, halos(), ids=run.ids, bits=32)
    np.testing.assert_array_equal(assign(path, read_catalogue(path, BESIDE), particles(run)).labels, expected_labels())


@pytest.mark.parametrize("ending", ["csv", "npz", "hdf5"])
def test_a_list_of_ones_own(tmp_path: Path, ending: str) -> None:
    """It goes before what the catalogue lists; ids may be beyond 2^63."""
    found = halos()
    run = run_with(found)
    run.ids = run.ids.astype(np.uint64) + np.uint64(2**63)
    beside = write_members(tmp_path / f"who.{ending}", found, run)
    run.ids = run.ids.view(np.int64)
    path = write_rockstar(tmp_path / "halos.ascii", found, run_with(found))
    given = assign(path, read_catalogue(path), particles(run), beside=beside)
    np.testing.assert_array_equal(given.labels, expected_labels())
    assert given.source == f"the ids in who.{ending}"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "halo,mass\n1,2\n", "is no list of members"),
        ("a.csv", "halo,particle\n1\n", "is cut off or damaged"),
        ("a.csv", "halo,particle\n1,2.5\n", "'2.5' is no whole number"),
        ("a.csv", "halo,particle\n", "lists no members"),
        ("a.npz", "PK", "is cut off or damaged"),
        ("a.hdf5", "\x89HDF\r\n\x1a\n", "is cut off or damaged"),
    ],
)
def test_no_list_of_members(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=message):
        read_members(tmp_path / name)


def test_lists_that_do_not_fit(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", halo=[1.5], particle=[1])
    with pytest.raises(InputError, match="halo is no column of whole numbers"):
        read_members(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", halo=[1, 2], particle=[1])
    with pytest.raises(InputError, match="2 halos for 1 particles"):
        read_members(tmp_path / "a.npz")
    run = run_with(halos())
    path = write_csv(tmp_path / "a.csv", halos())
    beside = write_members(tmp_path / "b.npz", halos(), run)
    with pytest.raises(InputError, match="names halos by id, the catalogue has none: give it a column `id`"):
        assign(path, read_catalogue(path, BESIDE), particles(run), beside=beside)


def test_ids_of_another_catalogue(tmp_path: Path) -> None:
    run = run_with(halos())
    path = write_group_tab(tmp_path, halos(), ids=run.ids)
    beside = tmp_path / "group_ids_004.1"
    whole = beside.read_bytes()
    for damaged, message in (
        (whole[:-4], "is cut off or damaged"),
        (whole[:8] + struct.pack("<i", 59) + whole[12:-8], "list 224 members, the groups have 225"),
    ):
        beside.write_bytes(damaged)
        with pytest.raises(InputError, match=message):
            assign(path, read_catalogue(path, BESIDE), particles(run))
    beside.unlink()
    with pytest.raises(InputError, match=r"group_ids_004\.1 is missing"):
        assign(path, read_catalogue(path, BESIDE), particles(run))
    path = write_bin(tmp_path / "halos_0.0.bin", halos(), slice(3), ids=run.ids)
    whole = path.read_bytes()
    count = struct.pack("<q", COUNTS[1]) + struct.pack("<q", 0)
    assert whole.count(count) == 1
    path.write_bytes(whole.replace(count, struct.pack("<q", COUNTS[1] + 1) + struct.pack("<q", 0)))
    with pytest.raises(InputError, match="its halos do not share its 225 particles out"):
        assign(path, read_catalogue(path, BESIDE), particles(run))


@pytest.mark.parametrize("form", ["rockstar-bin", "velociraptor", "hbt"])
def test_particles_of_subhalos_are_their_hosts(tmp_path: Path, form: str) -> None:
    """These list them with the subhalo alone; here the fourth lies in the fifth, that in the second, and one
    more in the third.

    All masses are without subhalos, as HBT+ has them: the proof takes them so.
    """
    found = halos()
    run = run_with(found)
    whole, third = found.members[1:]
    expected = np.zeros(16**3, np.int32)
    for label, row in enumerate((1, 0, 2), 1):
        expected[found.members[row]] = label
    inside = Halos(
        np.append(found.positions, found.positions[[1, 1, 2]] + [[0.2], [0.1], [0.1]], axis=0) % BOX,
        np.array([40, 50, 35, 30, 45, 25]) * run.mass,
        np.append(found.radii, [0.3, 0.5, 0.3]),
        [found.members[0], whole[75:], third[25:], whole[:30], whole[30:75], third[:25]],
        parents=np.array([-1, -1, -1, 1001 if form == "hbt" else 1004, 1001, 1002]),
    )
    path = write_listed(tmp_path, form, inside, run)
    given = assign(path, read_catalogue(path), particles(run))
    np.testing.assert_array_equal(given.labels, expected)
    assert given.repairs[0].startswith("3 ")


@pytest.mark.parametrize(("form", "name"), [("velociraptor", "Offset"), ("hbt", "SubhaloParticles")])
def test_members_of_other_halos(tmp_path: Path, form: str, name: str) -> None:
    run = run_with(halos())
    path = write_listed(tmp_path, form, halos(), run)
    part = tmp_path / ("stf.catalog_groups.0" if form == "velociraptor" else "004/SubSnap_004.0.hdf5")
    with h5py.File(part, "a") as file:
        values = file[name][:1]
        del file[name]
        file.create_dataset(name, data=values, dtype=values.dtype if name == "Offset" else h5py.vlen_dtype(np.int64))
    with pytest.raises(InputError, match=r"its members are those of 2|the particles in them do not belong together"):
        assign(path, read_catalogue(path), particles(run))


def test_members_by_nearest_radius(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    path = write_csv(tmp_path / "a", found)
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    np.testing.assert_array_equal(given.labels, expected_labels())
    assert "nearest in units of its radius (200 times the mean density" in given.source


def test_nearest_radius_against_all_pairs() -> None:
    random = np.random.default_rng(3)
    positions, centres, radii = random.random((500, 3)) * 10, random.random((20, 3)) * 10, 1 + random.random(20)
    ratio = np.linalg.norm(nearest_image(positions[:, None] - centres, 10.0), axis=2) / radii
    expected = np.where(ratio.min(axis=1) < 1, ratio.argmin(axis=1) + 1, 0)
    np.testing.assert_array_equal(nearest_radius(positions, centres, radii, 10.0), expected)
    assert np.count_nonzero(expected) > 50


def test_members_that_cannot_be(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    path = write_ahf(tmp_path / "a_halos", found, run)
    other = replace(particles(run), ids=run.ids + 100)
    with pytest.raises(InputError, match="100 of 225 members are not in the snapshot"):
        assign(path, read_catalogue(path, BESIDE), other)
    shuffled = replace(particles(run), ids=np.random.default_rng(0).permutation(run.ids))
    with pytest.raises(InputError, match=r"members of its halos lie .* radii away"):
        assign(path, read_catalogue(path, BESIDE), shuffled)
    listed = tmp_path / "a_particles"
    os.truncate(listed, listed.stat().st_size // 2)
    with pytest.raises(InputError, match=r"a_particles is cut off"):
        assign(path, read_catalogue(path, BESIDE), particles(run))
    csv = write_csv(tmp_path / "far.csv", halos(positions=np.full((3, 3), 15.0)))
    lonely = replace(particles(run), positions=np.full((16**3, 3), 40, np.float32))
    with pytest.raises(InputError, match="3 of its 3 halos do not hold the particles of their mass"):
        assign(csv, read_catalogue(csv, BESIDE), lonely)


def test_members_of_two_halos_and_halos_without(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    found.members[0] = np.append(found.members[0], found.members[1][:7])
    found.members[2] = found.members[2][:0]
    path = write_ahf(tmp_path / "a_halos", found, run)
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    assert given.repairs == (
        "7 particles of several halos given to the heaviest",
        "1 halos without particles left out",
    )
    np.testing.assert_array_equal(np.bincount(given.labels)[1:], [125, 40])
    np.testing.assert_array_equal(given.catalogue["id"], [1001, 1000])


@pytest.mark.parametrize(
    ("form", "offset"),
    [("rockstar", 0.0), ("rockstar", 0.5 * BOX / 16), ("group-tab", 0.0), ("rockstar-bin", 0.0), ("list", 0.0)],
)
def test_their_halos_in_a_universe(tmp_path: Path, form: str, offset: float) -> None:
    """Ours are replaced: catalogue and labels agree, and lie where the lattice's first node is at the corner."""
    from test_imports import later

    initial = write_gadget(tmp_path / "ics", Run(offset=offset).shuffled(1))
    run = later(offset)
    clump = np.flatnonzero((np.abs(lattice(16, BOX) / (BOX / 16) - 8) <= 2).all(axis=1))
    run.velocities[:] = run.velocities[clump[0]]
    mass = 125 * run.mass
    found = Halos(np.array([[25.0, 26.0, 24.0]]) + offset, np.array([1.1 * mass]), np.array([1.8]), [clump])
    if form == "list":
        path, members = write_rockstar(tmp_path / "mine.list", found), write_members(tmp_path / "m.csv", found, run)
    else:
        path, members = write_listed(tmp_path, form, found, run), None
    final = write_gadget(tmp_path / "snap", run.shuffled(2))
    universe = import_pair(initial, final, tmp_path / "u.h5", GIVEN, halos=TheirHalos(path, members=members))
    catalogue = universe.catalogue()
    label = universe.field("label").values
    np.testing.assert_array_equal(np.flatnonzero(label), clump)
    told = universe.provenance["halos"]
    assert told["labels"] == SOURCES.get(form, "the ids in m.csv")
    names = [Path(source["path"]).name for source in told["sources"]]
    assert names == [path.name] + (["m.csv"] if members else [])
    if form != "rockstar":
        return
    assert catalogue.definition == "rockstar (vir)"
    assert catalogue["count"][0] == 125
    assert catalogue["mass"][0] == pytest.approx(1.1 * mass)
    np.testing.assert_allclose(catalogue["position"][0], [25, 26, 24], atol=1e-4)
    np.testing.assert_allclose(catalogue["lagrangian_position"][0], [25, 25, 25], atol=1e-4)
    np.testing.assert_allclose(catalogue["velocity"][0], [100, -200, 300])
    assert 4 / 3 * np.pi * catalogue["lagrangian_radius"][0] ** 3 * MEAN_DENSITY == pytest.approx(1.1 * mass, rel=1e-3)
    inside = universe.field("delta_linear").values[label == 1].mean()
    assert catalogue["overdensity"][0] == pytest.approx(inside, rel=1e-3)
    # what is measured of particles is what it is for our own halos
    assert "mass_corrected" not in catalogue
    assert catalogue["mass_200m"][0] >= 125 * run.mass * 0.999
    per_volume = 200 * MEAN_DENSITY * 4 / 3 * np.pi
    assert catalogue["mass_200m"][0] == pytest.approx(per_volume * catalogue["radius_200m"][0] ** 3, rel=1e-3)
    assert catalogue.units["mass_200m"] == "Msun/h"
