"""The commands on infall tables."""

import json
from collections.abc import Callable
from pathlib import Path

import forest_files as files
import pytest

Command = Callable[..., tuple[int, str, str]]


def test_make_train_and_search(command: Command) -> None:
    code, out, _ = command("infall", "make", "--count", 400, "--seed", 3)
    assert code == 0
    assert "table     tables/infall-s3.h5\norigin    drawn by a model\nsubhalos  400" in out
    code, _, err = command("infall", "make", "--count", 400, "--seed", 3)
    assert (code, err.strip()) == (
        1,
        "halodeck: tables/infall-s3.h5 exists: use --force or another --out",
    )
    code, out, err = command("train", "infall", "--on", "tables", "--config", "smoke")
    assert code == 0, err
    assert "accuracy of survival" in out
    code, out, _ = command("info", "tables/infall-s3.h5")
    assert code == 0
    assert "halos infall  400" in out
    code, out, _ = command(
        "infall", "search", "tables/infall-s3.h5", "--trees", "2,4", "--depth", "2", "--folds", 2, "--json"
    )
    assert code == 0
    assert len(json.loads(out)["table"]["rows"]) == 2
    code, _, err = command("view", "tables/infall-s3.h5")
    assert code != 0
    assert "field" in err
    assert "Traceback" not in err


def test_read_trees(command: Command) -> None:
    files.write_tree_dat(Path("tree.dat"), files.small_forest())
    code, out, err = command("infall", "read", "tree.dat", "--particle-mass", 1e9, "--out", "t.h5")
    assert code == 0, err
    assert "cut: grown 3 times or more                  1" in out
    code, _, err = command("infall", "read", "tree.dat", "--out", "u.h5")
    assert code == 1
    assert err.strip() == (
        "halodeck: the trees do not say the mass of a particle: give it with --particle-mass [Msun/h]"
    )
    code, _, err = command("train", "infall", "--on", "t.h5", "--config", "smoke")
    assert code == 1
    assert "2 subhalos have survived in t: at least 10 of each fate are needed" in err


def test_read_trees_that_do_not_say_everything(command: Command) -> None:
    files.write_sublink(Path("tree_extended.0.hdf5"), files.small_forest())
    files.write_times(Path("times.txt"), redshifts=True)
    told = ("--times", "times.txt", "--box-size", 100, "--omega-matter", 0.3, "--h", 0.7, "--particle-mass", 1e9)
    code, out, err = command("infall", "read", "tree_extended.0.hdf5", *told)
    assert code == 0, err
    assert "tables/tree_extended.0.h5" in out
    assert "subhalos                                    4" in out
    code, _, err = command("import", "tree_extended.0.hdf5")
    assert code == 2
    assert "tree_extended.0.hdf5 holds merger trees: give it to `halodeck infall read`" in err


@pytest.mark.parametrize(("options", "words"), [(("--count", 3), "too few"), (("--seed", -1), "is negative")])
def test_wrong_orders(command: Command, options: tuple[str, int], words: str) -> None:
    code, _, err = command("infall", "make", *options)
    assert code == 2
    assert words in err
