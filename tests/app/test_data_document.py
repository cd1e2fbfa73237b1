"""What docs/data.md shows of one's own particles is run as it stands: written by numpy and h5py, then imported."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.formats.registry import readers
from core.cosmos.universe import open_universe

Command = Callable[..., tuple[int, str, str]]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_there_is_a_block_for_each_way() -> None:
    assert ["np.savez" in block for block in BLOCKS] == [True, False]


@pytest.mark.parametrize(("block", "name"), [(BLOCKS[0], "mine.npz"), (BLOCKS[1], "mine.hdf5")])
def test_own_particles_as_shown(command: Command, block: str, name: str) -> None:
    exec(compile(block, str(DOCUMENT), "exec"), {})
    (line,) = re.findall(r"```sh\nhalodeck (import mine.*?)\n```", TEXT)
    words = shlex.split(line.replace("mine.npz", name))
    code, out, err = command(*words, "--steps", "2", "--out", "u.h5", "--device", "cpu")
    assert code == 0, err
    assert "field delta_linear" in out
    universe = open_universe(Path("u.h5"))
    assert (universe.box_size, universe.cells) == (25, 16)
    # a wave of s = 0.05 sin(k x) along each axis
    moved = np.asarray(universe.field("delta_linear").values)
    assert moved.std() > 0


def test_every_format_has_a_row() -> None:
    rows = " ".join(re.findall(r"^\| ([^|]*) \|", TEXT, re.MULTILINE)).lower()
    told = {"hdf5-snapshot": "hdf5", "particles-npz": "own particles", "particles-hdf5": "own particles"}
    told |= {
        "rockstar-bin": "rockstar binary",
        "group-tab": "group_tab",
        "pksc": ".pksc",
        "npy": ".npy",
        "raw": "raw floats",
    }
    told |= {"gadget1": "gadget-1", "gadget2": "gadget-2", "merger-trees": "galacticus"}
    for reader in readers():
        for name in reader.names:
            assert told.get(name, name) in rows, name
