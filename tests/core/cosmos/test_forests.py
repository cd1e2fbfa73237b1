"""Forests a few at a time: the events are those of all at once, bit for bit; too large a forest is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import forest_files as files
import numpy as np
import pytest

from core.cosmos.formats.trees import read_trees
from core.cosmos.infall.events import infall_columns
from core.errors import InputError, ResourceError

COUNT = 5


def write_trees(folder: Path, forest: files.Forest) -> list[Path]:
    """Two tree_*.dat: what is left of each branch today is a tree of its own, its hosts in another, or another file."""
    halos = {halo.id: halo for halo in forest.halos}

    def root(halo: files.Halo) -> int:
        return root(halos[halo.descendant]) if halo.descendant in halos else halo.id

    trees: dict[int, list[files.Halo]] = {}
    for halo in sorted(forest.halos, key=lambda halo: -halo.snapshot):
        trees.setdefault(root(halo), []).append(halo)
    paths = [folder / "tree_0_0_0.dat", folder / "tree_0_0_1.dat"]
    for path, mine in zip(paths, (list(trees.items())[::2], list(trees.items())[1::2]), strict=True):
        lines = [*files.HEAD, str(len(mine))]
        for number, members in mine:
            lines += [f"#tree {number}", *(files.hlist_row(halo, forest) for halo in members)]
        path.write_text("\n".join(lines) + "\n")
    return paths


def write_galacticus(folder: Path, forest: files.Forest) -> list[Path]:
    import h5py

    path = folder / "trees.hdf5"
    files.write_galacticus(path, forest)
    with h5py.File(path, "a") as file:
        file["forestIndex/firstNode"] = np.arange(COUNT) * (len(forest.halos) // COUNT)
    return [path]


@pytest.mark.parametrize("write", [write_trees, files.write_hlists, files.write_rockstar, write_galacticus])
def test_parts_give_what_all_give(write: Callable[[Path, files.Forest], list[Path]], tmp_path: Path) -> None:
    paths = write(tmp_path, files.several(COUNT))
    whole = read_trees(paths)
    parts = read_trees(paths[::-1] if len(paths) > 2 else paths, together=1)
    assert (len(whole.counts), len(parts)) == (1, len(whole))
    assert sum(map(len, parts)) == len(whole)
    # the halo that lies in no other and in which none lies is a forest of its own
    assert np.count_nonzero(parts.counts) == (COUNT if write is write_galacticus else 2 * COUNT)
    expected, cuts = infall_columns(whole, 1e12)
    found, removed = infall_columns(parts, 1e12)
    assert removed == cuts
    assert list(found) == list(expected)
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    # neighbours of other forests are felt
    alone, _ = infall_columns(read_trees(write(tmp_path, files.small_forest())), 1e12)
    assert found["density_4"].max() > alone["density_4"].max()


def test_identifiers_that_appear_in_two_files(tmp_path: Path) -> None:
    first, _ = write_trees(tmp_path, files.several(2))
    again = tmp_path / "again.dat"
    again.write_bytes(first.read_bytes())
    with pytest.raises(InputError, match="appears twice: give each file once"):
        read_trees([first, again], together=1)


def test_one_of_two_files(tmp_path: Path) -> None:
    first, _ = write_trees(tmp_path, files.several(2))
    with pytest.raises(InputError, match="which is not there: it is cut off, or files are missing: give all"):
        list(read_trees([first], together=1))


def test_a_forest_beyond_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forests = read_trees(files.write_hlists(tmp_path, files.small_forest()))
    monkeypatch.setattr("core.cosmos.forests.free_memory", lambda: 1000)
    with pytest.raises(ResourceError, match=r"has 64 halos, which need .* GiB of memory, 0\.0 are free: use a machine"):
        list(forests)
