"""Accretion events: read from every format, of known fates, with bad input refused in one line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import forest_files as files
import numpy as np
import pytest

from core.cosmos.formats.trees import read_trees
from core.cosmos.formats.trees_given import Told
from core.cosmos.infall.events import Cuts, infall_columns, make_table
from core.cosmos.infall.examples import orbits_of
from core.cosmos.infall.table import CATALOGUE, FEATURES, age, described, origin, radius_200b
from core.errors import InputError


@pytest.fixture
def tree_dat(tmp_path: Path) -> Path:
    path = tmp_path / "tree_0_0_0.dat"
    files.write_tree_dat(path, files.small_forest())
    return path


def test_the_fates_of_a_known_forest(tree_dat: Path) -> None:
    trees = read_trees([tree_dat])
    columns, removed = infall_columns(trees, 1e12)
    assert removed == {
        "events found": 8,
        "first seen inside their host": 1,
        "host not seen before": 0,
        "inside another halo when they fall in": 1,
        "lighter than the least mass": 1,
        "heavier than their host": 0,
        "grown 3 times or more": 1,
        "outside their host today": 0,
        "with features that are not known": 0,
    }
    # survivor, merger, stripped and group, all accreted at a = 0.5
    np.testing.assert_allclose(columns["scale_factor"], 0.5)
    order = np.argsort(columns["sub_mass"])
    assert columns["sub_mass"][order].tolist() == [1.2e12, 1.6e12, 2e12, 3e12]
    assert columns["survived"][order].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(columns["final_mass"][order], [np.nan, np.nan, 8e11, 1.7e12])
    # the stripped one keeps a tenth of 1.2e12 up to a = 0.7, the merger is last seen then
    duration = float(age(np.array(0.7), trees.cosmology) - age(np.array(0.5), trees.cosmology))
    np.testing.assert_allclose(columns["merge_time"][order], [duration, duration, np.nan, np.nan])
    radius = radius_200b(np.array(1.4e13), trees.cosmology)
    np.testing.assert_allclose(columns["final_distance"][order][2:], [0.35 / radius, 0.3 / radius], rtol=1e-6)
    assert columns["sub_subhalos"][order].tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(columns["sub_largest_subhalo"][order], [0, 0, 0, 1.2e12])


def test_features_by_hand(tree_dat: Path) -> None:
    trees = read_trees([tree_dat])
    columns, _ = infall_columns(trees, 1e12)
    row = int(np.flatnonzero(columns["sub_mass"] == 2e12)[0])
    # 1 Mpc/h from the host along x, moving with (-300, 100, 0) km/s and the expansion
    hubble = 100 * np.sqrt(0.3 / 0.5**3 + 0.7)
    moving = np.array([-300 + hubble * 0.5, 100, 0])
    assert columns["mass_ratio"][row] == pytest.approx(2e12 / 9e12)
    assert columns["distance"][row] == pytest.approx(1.0)
    assert columns["velocity"][row] == pytest.approx(np.linalg.norm(moving))
    assert columns["impact_angle"][row] == pytest.approx(100 / np.linalg.norm(moving))
    assert columns["sub_concentration"][row] == pytest.approx(columns["sub_radius"][row] / 0.05)
    assert columns["sub_triaxiality"][row] == pytest.approx((1 - 0.64) / (1 - 0.36))
    # neighbours outside others at a = 0.5: three of 1.6, 1.2 and 1.0 1e12 and one of 5e11 within 1 Mpc/h;
    # the group is 2.3 away, the lonely halo 2
    assert columns["density_1"][row] * 4 / 3 * np.pi == pytest.approx(1.6e12 + 1.2e12 + 1e12 + 5e11)
    assert columns["density_2"][row] * 4 / 3 * np.pi * 8 == pytest.approx(4.3e12 + 6e11)
    assert columns["density_4"][row] * 4 / 3 * np.pi * 64 == pytest.approx(4.9e12 + 3e12)
    assert columns["tidal_force"][row] == pytest.approx(1.6e12 / 0.1**3)


def test_interactions(tmp_path: Path) -> None:
    forest = files.small_forest()
    lost = [halo for halo in forest.halos if halo.mass in (1.5e12, 1e12) and halo.snapshot in (3, 4)]
    hosts = {halo.snapshot: halo.id for halo in forest.halos if halo.velocity[0] == 250.0 and halo.mass >= 1.7e12}
    [first] = [halo for halo in lost if halo.mass == 1.5e12]
    first.host = hosts[3]
    path = tmp_path / "tree.dat"
    files.write_tree_dat(path, forest)
    columns, _ = infall_columns(trees := read_trees([path]), 1e12)
    row = int(np.flatnonzero(columns["sub_mass"] == 2e12)[0])
    assert columns["became_subsubhalo"].sum() == columns["became_subsubhalo"][row] == 1
    assert columns["stayed_subsubhalo"][row] == 0
    spent = age(np.array(0.8), trees.cosmology) - age(np.array(0.7), trees.cosmology)
    assert columns["subsubhalo_time"][row] == pytest.approx(spent)


FORMS = (
    "hlist",
    "rockstar",
    "galacticus",
    "galacticus in physical units",
    "sublink",
    "lhalo",
    "millennium",
    "big-endian",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_events(form: str, tree_dat: Path, tmp_path: Path) -> None:
    expected, cuts = infall_columns(read_trees([tree_dat]), 1e12)
    forest = files.small_forest()
    if form == "hlist":
        paths = files.write_hlists(tmp_path, forest)
    elif form == "rockstar":
        paths = files.write_rockstar(tmp_path, forest)
    elif form == "sublink":
        paths = [tmp_path / "tree_extended.0.hdf5"]
        files.write_sublink(paths[0], forest)
    elif form == "lhalo":
        paths = [tmp_path / "trees_sf1_099.0.hdf5"]
        files.write_lhalo(paths[0], [forest])
    elif form in ("millennium", "big-endian"):
        paths = [tmp_path / "trees_063.0"]
        files.write_millennium(paths[0], [forest], ">" if form == "big-endian" else "<")
    else:
        paths = [tmp_path / "trees.hdf5"]
        files.write_galacticus(paths[0], forest, physical="physical" in form)
    files.write_times(tmp_path / "times", redshifts=form == "sublink")
    no_times = Told(0.3, 0.7, 100.0, 1e9, None)
    told = {"lhalo": no_times} | dict.fromkeys((*FORMS[-2:], "sublink"), replace(no_times, times=tmp_path / "times"))
    trees = read_trees(paths, told.get(form))
    own = form in ("rockstar", "lhalo", "millennium", "big-endian")
    assert trees.raw.particle_mass == (1e9 if own else None)
    found, removed = infall_columns(trees, 1e12)
    assert removed == cuts
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-4, err_msg=name)
    rarely = (
        ("triaxiality",) if "galacticus" in form else ("triaxiality", "spin", "concentration") if form in told else ()
    )
    assert expected.keys() - found.keys() == {f"{whose}_{name}" for whose in ("sub", "host") for name in rarely}


def test_a_table_of_the_events(tree_dat: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not say the mass of a particle: give it with --particle-mass"):
        make_table(tmp_path / "t.h5", read_trees([tree_dat]), Cuts(), {})
    universe = make_table(tmp_path / "t.h5", read_trees([tree_dat]), Cuts(particle_mass=1e9), {})
    table = universe.catalogue(CATALOGUE)
    assert len(table) == 4
    assert table["mass"].tolist() == sorted(table["mass"], reverse=True)
    assert set(FEATURES) <= set(table.columns)
    assert universe.provenance["cuts"]["grown 3 times or more"] == 1
    with pytest.raises(InputError, match=r"no accretion event is left .*lighter than the least mass: 6"):
        make_table(tmp_path / "t2.h5", read_trees([tree_dat]), Cuts(particle_mass=1e12), {})


def _edit(path: Path, change: Callable[[str], str]) -> Path:
    path.write_text(change(path.read_text()))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-40], "is cut off: its last row is not whole"),
        (
            lambda text: text[: text.rindex("\n", 0, len(text) // 2) + 1],
            "the [12] progenitors of halo .* are not there: it is cut off",
        ),
        (lambda text: text.replace("\n1\n", "\n2\n"), "is cut off: it holds 1 of 2 trees"),
        (lambda text: text.replace(" pid(5)", " mpid(5)"), "has no host ids"),
        (lambda text: text.replace("#Omega_M = 0.300000; ", "#"), "does not say its omega_matter"),
        (
            lambda text: text.replace("0.7000 103 0.8 104", "0.7000 103 0.8 101"),
            "103 descends into 101, which is not later",
        ),
        (
            lambda text: text.replace("0.7000 103 0.8 104", "0.7000 103 0.8 999"),
            "103 has the descendant 999, which is not there",
        ),
        (lambda text: text.replace("0.7000 103 0.8 104", "0.7000 102 0.8 104"), "halo 102 appears twice"),
        (lambda text: text.replace(" 1 102 102 1.8", " 1 103 103 1.8"), "109 and its host 103 are of different times"),
        (lambda text: text.replace(" 1 102 102 1.8", " 1 777 777 1.8"), "109 lies in 777, which is not there"),
        (lambda text: text.replace("0.7000 103", "0.7x00 103"), "is cut off or damaged"),
    ],
)
def test_damaged_trees(change: Callable[[str], str], words: str, tree_dat: Path) -> None:
    before = tree_dat.read_text()
    after = _edit(tree_dat, change)
    assert after.read_text() != before
    with pytest.raises(InputError, match=words):
        list(read_trees([after]))


def test_hosts_in_a_circle(tmp_path: Path) -> None:
    forest = files.small_forest()
    a, b = (halo for halo in forest.halos if halo.snapshot == 2 and halo.mass in (1.8e12, 4e11))
    a.host, b.host = b.id, a.id
    files.write_tree_dat(tmp_path / "tree.dat", forest)
    with pytest.raises(InputError, match="lies in a circle of hosts"):
        list(read_trees([tmp_path / "tree.dat"]))


def test_a_snapshot_that_is_missing(tmp_path: Path) -> None:
    paths = files.write_hlists(tmp_path, files.small_forest())
    with pytest.raises(
        InputError, match="which is not there: it is cut off, or the files of some snapshots are missing"
    ):
        list(read_trees([path for path in paths if "0.70" not in path.name]))


def test_a_snapshot_without_halos(tmp_path: Path) -> None:
    paths = files.write_hlists(tmp_path, files.small_forest())
    empty = tmp_path / "hlist_0.30000.list"
    empty.write_text("\n".join(files.HEAD) + "\n")
    assert len(read_trees([empty, *paths])) == len(read_trees(paths))


def test_files_that_are_no_trees(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("halos\n")
    (tmp_path / "empty").touch()
    for name, words in (("notes.txt", "is no merger tree"), ("empty", "is empty"), ("gone", "does not exist")):
        with pytest.raises(InputError, match=words):
            read_trees([tmp_path / name])
    files.write_galacticus(tmp_path / "t.hdf5", files.small_forest())
    data = (tmp_path / "t.hdf5").read_bytes()
    (tmp_path / "cut.hdf5").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="is cut off or damaged"):
        read_trees([tmp_path / "cut.hdf5"])
    with pytest.raises(InputError, match="holds whole trees by itself"):
        read_trees([tmp_path / "t.hdf5"] * 2)


def test_galacticus_without_hosts(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "t.hdf5"
    files.write_galacticus(path, files.small_forest())
    with h5py.File(path, "a") as file:
        del file["forestHalos/hostIndex"]
    with pytest.raises(InputError, match=r"has no host ids \(hostIndex\)"):
        read_trees([path])


@pytest.mark.parametrize(
    ("name", "particle_mass", "events", "rows", "features"),
    [
        ("treeUNIT.hdf5", 1.2e9, 256, 132, 22),
        ("splitForests-milliMillennium-tree2000024000000.hdf5", None, 93, 58, 18),
    ],
)
def test_real_forests(
    name: str,
    particle_mass: float | None,
    events: int,
    rows: int,
    features: int,
    shared_data: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    trees = read_trees([shared_data(f"merger-trees/{name}")])
    universe = make_table(tmp_path / "t.h5", trees, Cuts(20, particle_mass), {})
    table = universe.catalogue(CATALOGUE)
    cuts = dict(universe.provenance["cuts"])
    assert len(table) == rows
    assert cuts.pop("events found") == events == rows + sum(cuts.values())
    known = [feature for feature in FEATURES if feature in table]
    assert len(known) == features
    assert all(np.isfinite(table[feature]).all() for feature in known)
    # the last snapshot before the entry sees the subhalo near the edge of its host
    assert 0.5 < np.median(table["distance"] / table["host_radius"]) < 2
    assert 0.5 < np.mean(table["survived"] == 0) < 0.8
    assert (table["mass_ratio"] < 1).all()
    assert (table["impact_angle"] <= 1).all()


def test_one_snapshot_is_no_tree(shared_data: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="holds one snapshot, which is not enough for a tree: give the files of all"):
        read_trees([shared_data("merger-trees/dummy_halocat_0.07812.list")])


def test_one_hlist_of_a_forest_is_no_tree(tmp_path: Path) -> None:
    paths = files.write_hlists(tmp_path, files.small_forest())
    with pytest.raises(InputError, match="not enough for a tree"):
        read_trees(paths[-1:])


def test_a_tree_beside_its_hlists(tree_dat: Path, tmp_path: Path) -> None:
    """One of the two is read, the other named."""
    alone = read_trees([tree_dat])
    both = read_trees([tree_dat, *files.write_hlists(tmp_path, files.small_forest())[:2]])
    assert len(both) == len(alone)
    assert both.raw.remarks[-1].endswith("left out: the trees hold the same halos")
    assert "hlist_" in both.raw.remarks[-1]


def test_the_softening_is_given_or_said_to_be_unknown(tree_dat: Path, tmp_path: Path) -> None:
    trees = read_trees([tree_dat])
    unknown = make_table(tmp_path / "a.h5", trees, Cuts(particle_mass=1e9), {}).provenance
    assert unknown["settings"]["softening"] == 0
    assert "--softening" in unknown["remarks"]["softening"]
    given = make_table(tmp_path / "b.h5", trees, Cuts(particle_mass=1e9, softening=0.002), {}).provenance
    assert given["settings"]["softening"] == 0.002
    assert "softening" not in given["remarks"]


def test_one_orbit_of_each_fate_comes_with_the_table(tree_dat: Path, tmp_path: Path) -> None:
    universe = make_table(tmp_path / "t.h5", read_trees([tree_dat]), Cuts(10, 1e11), {})
    assert origin(universe) == "read"
    assert described(universe)["origin"] == "read from a simulation"
    survivor, merger = orbits_of(universe)
    assert (survivor.survived, merger.survived) == (True, False)
    assert survivor.scale_factor[0] == pytest.approx(0.5)
    assert survivor.scale_factor[-1] == 1
    distance = np.linalg.norm(survivor.position[-1]) / survivor.host_radius[-1]
    assert np.isclose(universe.catalogue("infall")["final_distance"], distance, rtol=1e-5).any()
    assert merger.scale_factor[-1] == pytest.approx(0.7)
    assert merger.mass[-1] >= 0.1 * merger.mass[0]  # the last that keeps a tenth
