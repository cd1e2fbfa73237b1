"""Every bad input ends in one line that says what to do; nothing half-written is left."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from core.cosmos.universe import Universe, open_universe
from core.runs.run import Run

Command = Callable[..., tuple[int, str, str]]

PROGRAM = [sys.executable, "-P", "-c", "from app.main import main; main()"]
PROGRESS = re.compile(r"^\w+( \S+)?: +\d+ %")


def complaint(err: str) -> str:
    """The one line on standard error that is not progress."""
    [line] = [line for line in err.splitlines() if not PROGRESS.match(line)]
    assert line.startswith("halodeck: ")
    assert "Traceback" not in err
    return line


@pytest.fixture
def bad(tmp_path: Path, universes: list[Universe], done_run: Run) -> Path:
    """A folder of things that can be wrong: the tests run beside it."""
    folder = tmp_path / "bad"
    folder.mkdir()
    whole = universes[0].path.read_bytes()
    (folder / "empty.h5").touch()
    (folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
    (folder / "beginning.h5").write_bytes(whole[:600])
    (folder / "text.h5").write_text("no universe\n" * 100)
    (folder / "folder").mkdir()
    (folder / "u1.h5").write_bytes(whole)
    for name, value in (("nan.h5", np.nan), ("constant.h5", None)):
        (folder / name).write_bytes(whole)
        info = universes[0].fields["delta_linear"]
        values = np.memmap(folder / name, info.dtype, "r+", info.offset, info.shape)
        values[...] = 0.25 if value is None else values
        values[0, 0, 0] = 0.25 if value is None else value
        values.flush()
    (folder / "nobody").mkdir()
    for universe in universes:
        shutil.copy(universe.path, folder / "folder")
    shutil.copytree(done_run.path, folder / "runs" / "halonet-001")
    other = folder / "runs" / "halonet-002"
    shutil.copytree(done_run.path, other)
    config = (other / "config.toml").read_text()
    (other / "config.toml").write_text(config.replace("filters = 2", "filters = 3"))
    broken = folder / "runs" / "halonet-003"
    shutil.copytree(done_run.path, broken)
    (broken / "model.pt").write_bytes((broken / "model.pt").read_bytes()[:500])
    (broken / "report" / "report.json").write_text("{")
    unknown = folder / "runs" / "halonet-004"
    shutil.copytree(done_run.path, unknown)
    (unknown / "config.toml").write_text(config.replace('recipe = "halonet"', 'recipe = "hallonet"'))
    (folder / "runs" / "halonet-005").mkdir()
    (folder / "runs" / "halonet-005" / "config.toml").write_text("recipe = ")
    return folder


TRAIN = "train halonet --config smoke --on bad/folder"
RUNS = "--runs bad/runs"
LONG = "a" * 300


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        # universes
        ("train halonet --on nowhere", 1, "nowhere does not exist: make universes with `halodeck simulate`"),
        ("train halonet --on bad/nobody", 1, "bad/nobody holds no universes"),
        ("train halonet --on bad/empty.h5", 1, "empty.h5 is (empty|not a halodeck universe)"),
        ("train halonet --on bad/cut.h5", 1, "cut.h5 is cut off.*: make or copy it again"),
        ("train halonet --on bad/beginning.h5", 1, "beginning.h5 is cut off"),
        ("train halonet --on bad/text.h5", 1, "not a halodeck universe: bring it in with `halodeck import`"),
        (f"train halonet --on {LONG}", 1, "File name too long"),
        ("train halonet --config smoke --on bad/u1.h5", 1, "1 universe leaves none to train on .*: give at least 3"),
        (f"{TRAIN} --on bad/runs/halonet-001/predictions", 1, "is a prediction without delta_linear"),
        ("info nowhere", 1, "nowhere does not exist"),
        ("info bad/cut.h5", 1, "cut off"),
        ("view nowhere", 1, "nowhere does not exist: check the path"),
        ("stats bad/u1.h5 nowhere", 1, "nowhere does not exist"),
        ("stats bad/empty.h5", 1, "empty.h5 is"),
        ("import nowhere", 1, "nowhere does not exist"),
        ("import bad/empty.h5", 1, "empty"),
        ("import bad/text.h5", 1, "is no snapshot: these are read: ramses, gadget1"),
        ("predict halonet-001 bad/cut.h5 --runs bad/runs", 1, "cut off"),
        ("predict halonet-001 bad/nan.h5 --runs bad/runs", 1, "nan.h5 holds 1 value that is not finite"),
        ("predict halonet-001 bad/constant.h5 --runs bad/runs", 1, "constant.h5 is constant"),
        # names
        ("train halonett", 2, "unknown recipe 'halonett': did you mean 'halonet'"),
        ("recipes halonett", 2, "did you mean 'halonet'"),
        (
            "report halonet-01 --runs bad/runs",
            1,
            "there is no run 'halonet-01' in bad/runs: did you mean 'halonet-001'",
        ),
        ("watch nobody", 1, "there is no run 'nobody' in runs: there are none yet"),
        ("resume latest", 1, "there is no run 'latest'"),
        ("view bad/u1.h5 --field densty", 2, "has no field 'densty': did you mean 'density'"),
        ("stats bad/u1.h5 --field velocity", 2, "velocity is not a density-like field"),
        ("simulate --cosmology planck", 2, "planck"),
        ("view bad/u1.h5 --axis w", 2, "unknown axis 'w': known: x, y, z"),
        ("--color pink recipes", 2, "unknown --color 'pink'"),
        # settings
        (f"{TRAIN} --set optimizer.learning_rate=1", 2, "there is no such setting, did you mean"),
        (
            f"{TRAIN} --set optimiser.learning_rate=-1 --set steps=x",
            2,
            "optimiser.learning_rate: .*; steps: |steps: .*",
        ),
        (f"{TRAIN} --set steps", 2, "--set steps: write it as name=value"),
        ("train halonet --on bad/folder --config smok", 2, r"no table \[smok\]: did you mean 'smoke'"),
        ("train halonet --on bad/folder --config bad/no.toml:a", 1, "there is no configuration bad/no.toml"),
        ("train halonet --on bad/folder --config bad/text.h5:a", 1, "not a readable TOML file"),
        (f"{TRAIN} --set crop.tile=16 --set crop.buffer=8", 1, "leaves nothing of a crop.tile"),
        (f"{TRAIN} --set network.levels=6", 1, "6 levels cannot halve"),
        # devices
        (f"{TRAIN} --device gpu", 2, "unknown device 'gpu': use auto, cpu, cuda"),
        (f"{TRAIN} --device cuda:99", 1, "device cuda:99 is not available here"),
        ("simulate --cells 8 --device tpu", 2, "unknown device 'tpu'"),
        # places
        (f"{TRAIN} --runs /proc/runs", 1, "/proc/runs"),
        (f"{TRAIN} --runs bad/text.h5", 1, "bad/text.h5: File exists"),
        (f"{TRAIN} --runs bad/text.h5/runs", 1, "Not a directory"),
        ("simulate --cells 8 --out /proc/here", 1, "/proc/here"),
        ("simulate --cells 8 --out bad/text.h5", 1, "bad/text.h5"),
        ("simulate --cells 8 --out bad/text.h5/inside", 1, "Not a directory"),
        (f"simulate --cells 8 --out {LONG}", 1, "File name too long"),
        ("report halonet-001 --runs bad/runs --save /proc/here", 1, "/proc/here"),
        ("view bad/u1.h5 --save /proc/x.png", 1, "/proc/x.png"),
        ("view bad/u1.h5 --save bad/text.h5/x.png", 1, "bad/text.h5"),
        ("view bad/u1.h5 --save x.xyz", 2, "cannot save a figure as 'x.xyz'"),
        # numbers
        ("simulate --cells 7", 2, "7 cells per side cannot be simulated: give an even number"),
        ("simulate --cells 100000", 1, "GiB are free: .* would fit"),
        ("simulate --cells 8 --box 0", 2, "a box of 0 Mpc/h"),
        ("simulate --cells 8 --box nan", 2, "a box of nan Mpc/h"),
        ("simulate --cells 8 --seeds x", 2, "--seeds 'x' cannot be read: write 7, 1-10 or 1,4,9"),
        ("simulate --cells 8 --seeds 5-1", 2, "holds no seed"),
        ("simulate --cells 8 --outputs x", 2, "--outputs 'x' cannot be read"),
        ("simulate --cells 8 --outputs nan", 2, "outputs at z = nan"),
        ("simulate --cells 8 --steps 0", 2, "0 steps"),
        ("simulate --cells 8 --mesh-ratio 9", 2, "a mesh ratio of 9"),
        ("view bad/u1.h5 --slice 16", 2, "there is no plane 16 in 16 cells: choose 0 to 15"),
        ("view bad/u1.h5 --thickness 0", 2, "a slab of 0 planes"),
        ("view bad/u1.h5 --width=-5", 2, "'--width'.* .see `halodeck view --help`"),
        ("watch latest --runs bad/runs --interval=-1", 2, "'--interval'"),
        # usage
        ("simulat", 2, "No such command 'simulat'.*simulate.*`halodeck --help`"),
        ("simulate --cels 8", 2, "No such option.*--cels.*`halodeck simulate --help`"),
        ("simulate --cells many", 2, "--cells"),
        ("predict halonet-001", 2, "(?i)missing argument.*universe"),
        ("", 2, "the workbench needs a terminal"),
        # runs
        (f"report halonet-003 {RUNS}", 1, "report.json is damaged .*: make it again"),
        (f"report halonet-003 --again {RUNS}", 1, "model.pt cannot be read: delete it"),
        (f"report halonet-002 --again {RUNS}", 1, "the saved weights belong to another network"),
        (f"predict halonet-004 bad/u1.h5 {RUNS}", 2, "unknown recipe 'hallonet': did you mean 'halonet'"),
        (f"report halonet-005 {RUNS}", 1, "has no weights yet: go on with `halodeck resume halonet-005`"),
        (f"stop halonet-001 {RUNS}", 1, "is done: there is no worker to ask"),
        (f"pause halonet-001 {RUNS}", 1, "is done: there is no worker to ask"),
        (f"delete halonet-001 {RUNS}", 1, "nothing was done"),
    ],
)
def test_bad_input(
    command: Command, bad: Path, line: str, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    before = everything(bad.parent)
    ended, _, err = command(*line.split())
    assert re.search(words, complaint(err)), err
    assert ended == code
    assert everything(bad.parent) == before


def everything(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_nan_in_training_is_told_and_the_run_says_so(command: Command, bad: Path) -> None:
    (bad / "nan.h5").replace(bad / "folder" / "u1.h5")
    code, _, err = command(*TRAIN.split())
    assert code == 1
    assert "u1.h5 holds 1 value that is not finite" in complaint(err)
    assert Run(Path("runs/halonet-001")).status().state == "failed"
    assert not Path("runs/halonet-001/checkpoint.pt").exists()


def test_a_run_that_cannot_even_start_says_so(command: Command, bad: Path) -> None:
    code, _, err = command("resume", "halonet-005", "--runs", bad / "runs")
    assert code == 1
    assert "config.toml is damaged" in complaint(err)
    assert Run(bad / "runs" / "halonet-005").status().state == "failed"


def halodeck(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, **options)


def test_a_process_of_its_own(tmp_path: Path) -> None:
    result = halodeck("view", "nowhere.h5", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "halodeck: nowhere.h5 does not exist: check the path\n"
    result = halodeck("--version", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("halodeck ")


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    shell = f'"{sys.executable}" -P -c "from app.main import main; main()" recipes halonet | head -1'
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=tmp_path)
    assert result.stdout.strip()
    assert result.stderr == ""


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command whose folder `disk` has 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=64k tmpfs "{disk}" && "$@"; code=$?; ls -A "{disk}"; exit $code'
    prefix = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script, "-"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no private mounts")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*prefix, *PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=tmp_path)

    return run


def test_a_full_disk_in_simulate(tiny_disk: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    result = tiny_disk("simulate", "--cells", 16, "--steps", 2, "--mesh-ratio", 1, "--out", "disk")
    assert result.returncode == 1
    assert "no space left for disk/planck2018-16-L64-s0001.h5: free some room" in complaint(result.stderr)
    assert result.stdout == ""  # `ls` found nothing left


def test_a_full_disk_in_training(
    tiny_disk: Callable[..., subprocess.CompletedProcess[str]], universes: list[Universe]
) -> None:
    on = universes[0].path.parent
    result = tiny_disk("train", "halonet", "--config", "smoke", "--on", on, "--runs", "disk", "--device", "cpu")
    assert result.returncode == 1
    assert "no space left for disk/halonet-001/checkpoint.pt" in complaint(result.stderr)


def test_no_permission(bad: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write everywhere")
    result = halodeck("simulate", "--cells", 8, "--out", closed, cwd=tmp_path)
    assert result.returncode == 1
    assert "no permission for" in complaint(result.stderr)


def test_ctrl_c(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.cosmos.simulate.simulate", interrupted)
    code, _, err = command("simulate", "--cells", "8")
    assert code == 130
    assert complaint(err) == "halodeck: interrupted; nothing half-written is left"


def test_out_of_memory(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*arguments: Any, **options: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("core.cosmos.simulate.simulate", greedy)
    code, _, err = command("simulate", "--cells", "8")
    assert code == 1
    assert complaint(err).startswith("halodeck: out of memory: use fewer cells")


def test_another_package_called_core(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "__file__", "/elsewhere/core/__init__.py")
    code, _, err = command("recipes")
    assert code == 1
    assert "the package 'core' in /elsewhere is not halodeck's" in complaint(err)


def test_a_folder_called_core_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise RuntimeError('the wrong core')")
    assert halodeck("recipes", cwd=tmp_path).returncode == 0


def test_what_the_tests_call_bad_is_bad_for_one_reason(bad: Path) -> None:
    for name in ("u1.h5", "nan.h5", "constant.h5"):
        assert open_universe(bad / name).cells == 16
