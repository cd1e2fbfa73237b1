"""Files that make their reader spin, crash or wait for ever: the helper is given up, and this process goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from spinning import SPINS

from app.background import describing
from app.background.describing import Describer
from core.cosmos.universe import Universe, open_universe
from core.errors import HalodeckError, InputError, Interrupted
from core.reading import before_hdf5


@pytest.fixture(scope="module")
def helped() -> Iterator[Describer]:
    found = Describer(30.0, SPINS)
    yield found
    found.close()


@pytest.fixture
def describer(helped: Describer) -> Describer:
    helped._limit = 30.0
    return helped


@pytest.fixture
def hasty(helped: Describer) -> Describer:
    """The same, warm and for files that never answer."""
    helped._limit = 30.0
    helped.describe(Path("/"))
    helped._limit = 0.3
    return helped


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    np.save(tmp_path / "cube.npy", np.random.default_rng(1).random((4, 4, 4), np.float32))
    return tmp_path / "cube.npy"


def test_it_says_what_recognise_says(describer: Describer, cube: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.cosmos.formats.recognise import recognise

    monkeypatch.chdir(cube.parent)
    for path in (cube, Path("cube.npy"), cube.parent):
        assert describer.describe(path) == recognise(path)
    Path("cut.npy").write_bytes(cube.read_bytes()[:90])
    for name in ("cut.npy", "nowhere.h5"):
        with pytest.raises(HalodeckError) as ours:
            recognise(Path(name))
        with pytest.raises(InputError) as theirs:
            describer.describe(Path(name))
        assert str(theirs.value) == str(ours.value)


def pid_of(describer: Describer) -> int:
    assert describer._process
    return describer._process.pid


def ended(pid: int) -> None:
    """Wait until a process is gone."""
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_helper_for_many_files(describer: Describer, cube: Path) -> None:
    describer.describe(cube)
    before = pid_of(describer)
    describer.describe(cube.parent)
    assert pid_of(describer) == before


def test_a_helper_that_nobody_asks_leaves_and_comes_back(cube: Path) -> None:
    hurried = "import sys; from app.background.describing import serve; serve(float(sys.argv[1]), 0.1)"
    describer = Describer(30.0, ("-P", "-c", hurried))
    for _ in range(2):
        assert describer.describe(cube).kind == "npy"
        assert describer._process
        assert describer._process.wait(60) == 0  # nobody has asked it for a tenth of a second
    describer.close()


@pytest.mark.parametrize(("name", "words"), [("spins.h5", "does not answer within 0.3 s"), ("crashes.h5", "code -6")])
def test_the_helper_is_given_up_and_the_next_file_described(
    hasty: Describer, cube: Path, name: str, words: str
) -> None:
    before = pid_of(hasty)
    path = cube.with_name(name)
    path.write_bytes(b"x")
    with pytest.raises(InputError, match=words):
        hasty.describe(path)
    ended(before)
    hasty._limit = 30.0
    assert hasty.describe(cube).kind == "npy"


def test_a_helper_that_waits_for_a_disk(describer: Describer, cube: Path) -> None:
    describer.describe(cube)
    os.kill(pid_of(describer), signal.SIGSTOP)
    describer._limit = 0.3
    with pytest.raises(InputError, match="does not answer"):
        describer.describe(cube)
    describer._limit = 30.0
    assert describer.describe(cube).kind == "npy"


def test_a_spinning_helper_ends_by_itself_when_nobody_is_left_to_kill_it() -> None:
    helper = subprocess.Popen(
        [sys.executable, *SPINS, "-0.9"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    helper.communicate(b'{"path": "/spins.h5"}\n')
    assert helper.returncode == -signal.SIGALRM


def test_what_is_no_longer_wanted_is_given_up(cube: Path) -> None:
    describer = Describer(60.0, SPINS)
    path = cube.with_name("spins.h5")
    path.write_bytes(b"x")
    looks = 0

    def unwanted() -> bool:
        nonlocal looks
        looks += 1
        return looks > 1

    with pytest.raises(Interrupted):
        describer.describe(path, unwanted)
    assert describer._process is None


def test_no_universe_is_opened_before_the_helper_has_come_back(
    universes: list[Universe], describer: Describer, tmp_path: Path
) -> None:
    spins = tmp_path / "spins.h5"
    spins.write_bytes(universes[0].path.read_bytes())
    before_hdf5.append(describer.prove)
    try:
        assert open_universe(universes[0].path).name == universes[0].name
        describer._limit = 0.3
        with pytest.raises(InputError, match="does not answer within"):
            open_universe(spins)
    finally:
        before_hdf5.clear()


def test_info_says_so(
    command: Callable[..., tuple[int, str, str]], hasty: Describer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "describer", lambda: hasty)
    (tmp_path / "spins.h5").write_bytes(b"x")
    code, _, err = command("info", "spins.h5")
    assert code == 1
    assert err == ("halodeck: spins.h5 does not answer within 0.3 s (its HDF5 may be damaged): copy or make it again\n")
