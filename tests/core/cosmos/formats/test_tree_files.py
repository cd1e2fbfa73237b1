"""Merger trees that do not say everything: SubLink and LHaloTree, their units, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import forest_files as files
import h5py
import numpy as np
import pytest

from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.trees import read_trees
from core.cosmos.formats.trees_given import Told
from core.errors import InputError

TOLD = Told(0.3, 0.7, 100.0, 1e9, Path("times"))
NAMES = {"sublink": "tree_extended.0.hdf5", "lhalotree": "trees_sf1_099.0.hdf5", "millennium": "trees_063.0"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One file of each format, and the times of the snapshots."""
    monkeypatch.chdir(tmp_path)
    forest = files.small_forest()
    files.write_sublink(Path(NAMES["sublink"]), forest)
    files.write_lhalo(Path(NAMES["lhalotree"]), [forest])
    files.write_millennium(Path(NAMES["millennium"]), [forest])
    files.write_times(Path("times"))
    return tmp_path


def told_for(form: str) -> Told:
    return replace(TOLD, times=None) if form == "lhalotree" else TOLD


@pytest.mark.parametrize("form", NAMES)
def test_units_links_and_facts(form: str) -> None:
    [trees] = read_trees([Path(NAMES[form])], told_for(form))
    forest = files.small_forest()
    halos = [forest.halos[row] for row in trees.row]
    at = {halo.id: k for k, halo in enumerate(halos)}
    np.testing.assert_allclose(trees.scale_factor, [files.TIMES[halo.snapshot] for halo in halos], rtol=1e-9)
    np.testing.assert_allclose(trees.mass, [halo.mass for halo in halos], rtol=1e-6)
    np.testing.assert_allclose(trees.position, [halo.position for halo in halos], atol=1e-5)
    np.testing.assert_allclose(trees.velocity, [halo.velocity for halo in halos])
    assert trees.descendant.tolist() == [at.get(halo.descendant, files.NONE) for halo in halos]
    assert trees.host.tolist() == [at.get(halo.host, files.NONE) for halo in halos]
    found = recognise(Path(NAMES[form]))
    assert (found.kind, found.holds) == ("sublink" if form == "sublink" else "lhalotree", "trees")
    assert found.facts["halos"] == str(len(halos))
    assert found.facts["merger trees"] == "read by `halodeck infall read`"


def test_trees_of_several_files() -> None:
    """Links are within each tree, files follow each other; rows of both are kept apart."""
    forests = [files.small_forest() for _ in range(3)]
    for name, write in (("a.hdf5", files.write_lhalo), ("a", files.write_millennium)):
        write(Path(name), forests[:2])
        write(Path(f"b{name}"), forests[2:])
        told = replace(TOLD, times=None) if name.endswith("hdf5") else TOLD
        parts = list(read_trees([Path(name), Path(f"b{name}")], told, together=1))
        assert [len(part) for part in parts] == [len(forests[0].halos)] * 3
        assert sorted(np.concatenate([part.row for part in parts])) == list(range(3 * len(forests[0].halos)))
        for part in parts[1:]:
            np.testing.assert_array_equal(part.host, parts[0].host)
            np.testing.assert_array_equal(part.descendant, parts[0].descendant)


def _h5(change: Callable[[h5py.File], None]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with h5py.File(path, "a") as file:
            change(file)

    return edit


def _replaced(name: str, values: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def change(file: h5py.File) -> None:
        new = values(file[name][...])
        del file[name]
        file[name] = new

    return _h5(change)


def _without(name: str) -> Callable[[Path], None]:
    return _h5(lambda file: file.__delitem__(name))


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(change(path.read_bytes())), None)[1]


@pytest.mark.parametrize(
    ("form", "damage", "words"),
    [
        ("sublink", _without("SubhaloMass"), "has no SubhaloMass: give the file with all columns"),
        ("sublink", _replaced("SubhaloVel", lambda v: v[:-1]), "velocity has another number of halos"),
        ("sublink", _replaced("DescendantID", lambda v: v[:, None]), "descendant_id has another number of"),
        ("sublink", _replaced("SnapNum", lambda v: v + 1.5), "halos of snapshot 7"),
        ("sublink", _replaced("SnapNum", lambda v: v + 1), "halos of snapshot 7, but times of 7 snapshots are known"),
        ("sublink", _replaced("SubhaloPos", lambda v: v * 2), "outside a box of 100 Mpc/h"),
        ("sublink", _replaced("SubhaloID", lambda v: v // 2), "appears twice"),
        ("sublink", _replaced("FirstSubhaloInFOFGroupID", lambda v: v + 10**6), "which is not there"),
        ("lhalotree", _without("Tree0"), "lacks Tree0"),
        ("lhalotree", _without("Header/Redshifts"), "has no Header/Redshifts"),
        ("lhalotree", _without("Tree0/SubhaloMassType"), "Tree0 has no SubhaloMassType"),
        ("lhalotree", _replaced("Tree0/SnapNum", lambda v: v[:-1]), "halos in SnapNum: copy it again"),
        ("lhalotree", _replaced("Tree0/Descendant", lambda v: v + 50), r"links out of itself \(Descendant\)"),
        ("lhalotree", _replaced("Tree0/SubhaloPos", lambda v: v / 0), "outside a box|not finite"),
        ("millennium", _bytes(lambda data: data[:-104]), "is cut off: .* bytes are there"),
        ("millennium", _bytes(lambda data: data + b"\0"), "is cut off: .* bytes are there"),
        ("millennium", _bytes(lambda data: data[:8]), "is no merger tree"),
    ],
)
def test_damaged(form: str, damage: Callable[[Path], None], words: str) -> None:
    path = Path(NAMES[form])
    with np.errstate(divide="ignore", invalid="ignore"):
        damage(path)
    with pytest.raises(InputError, match=words):
        list(read_trees([path], told_for(form)))


@pytest.mark.parametrize("form", ["sublink", "lhalotree"])
def test_cut_hdf5(form: str) -> None:
    path = Path(NAMES[form])
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match="is cut off or damaged"):
        list(read_trees([path], told_for(form)))


def test_what_is_not_said_is_asked_for() -> None:
    for form, needed in (
        ("sublink", "--omega-matter, --h, --box-size .*, --times, a file with the redshift"),
        ("lhalotree", "--omega-matter, --h, --box-size"),
        ("millennium", "--omega-matter, --h, --box-size .*, --particle-mass .*, --times"),
    ):
        with pytest.raises(InputError, match=f"does not say all that is needed: give {needed}"):
            read_trees([Path(NAMES[form])])


def test_what_is_said_is_not_overwritten() -> None:
    files.write_tree_dat(Path("tree.dat"), files.small_forest())
    for told, words in (
        (Told(omega_matter=0.31), "omega_matter = 0.3, not 0.31: leave --omega-matter out"),
        (Told(box_size=1e5), "box_size = 100, not 100000: leave --box-size out"),
        (Told(times=Path("times")), "has its own scale factors: leave --times out"),
    ):
        with pytest.raises(InputError, match=words):
            read_trees([Path("tree.dat")], told)
    assert len(read_trees([Path("tree.dat")], Told(0.3, 0.7, 100.0)))
    with pytest.raises(InputError, match="has its own redshifts: leave --times out"):
        read_trees([Path(NAMES["lhalotree"])], TOLD)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.1\n0.5x\n", "is no list of numbers"),
        ("0 0.1\n2 0.5\n", "'2 0.5' in the place of snapshot 1"),
        ("0 0.1 9\n1 0.5 1\n", "'0 0.1 9' in the place"),
        ("0.5\n0.6\n0.4\n", "neither rises nor falls"),
        ("1\n2\n", "not in"),
    ],
)
def test_times_that_cannot_be(text: str, words: str) -> None:
    Path("times").write_text(text)
    with pytest.raises(InputError, match=words):
        read_trees([Path(NAMES["sublink"])], TOLD)


def test_mixed_files() -> None:
    with pytest.raises(InputError, match=r"trees_063\.0 is of another kind than tree_extended"):
        read_trees([Path(NAMES["sublink"]), Path(NAMES["millennium"])], TOLD)
    files.write_lhalo(Path("b.hdf5"), [files.small_forest()])
    _replaced("Header/Redshifts", lambda z: z + 0.1)(Path("b.hdf5"))
    with pytest.raises(InputError, match=r"b\.hdf5 is of another simulation"):
        read_trees([Path(NAMES["lhalotree"]), Path("b.hdf5")], told_for("lhalotree"))


def test_the_table_of_links_alone() -> None:
    with h5py.File("tree.0.hdf5", "w") as file:
        file["Tree"] = np.zeros(3, [("SubhaloID", "i8"), ("DescendantID", "i8")])
    assert recognise(Path("tree.0.hdf5")).kind == "sublink"
    with pytest.raises(InputError, match=r"has links alone, no positions: give tree_extended"):
        read_trees([Path("tree.0.hdf5")], TOLD)
