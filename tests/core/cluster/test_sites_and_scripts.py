"""Sites are read or refused by name; scripts say what was asked for, and no text of others becomes a command."""

import shlex
import subprocess
from pathlib import Path

import pytest

from core.cluster.allocation import allocation
from core.cluster.array import array_script, without_options
from core.cluster.script import Size, directives, launched, run_script, runs_script
from core.cluster.sites import Site, checked_time, own_sites, site, sites
from core.errors import ConfigError, HalodeckError, InputError, UsageError


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write_sites(text: str) -> None:
    own_sites().parent.mkdir(parents=True)
    own_sites().write_text(text)


def test_own_sites_stand_beside_the_examples_and_build_on_them() -> None:
    write_sites('[mine]\nlike = "leonardo"\naccount = "AIFAC_1"\n[here]\npartition = "gpu"\n')
    found = sites()
    assert {"mine", "here", "leonardo", "perlmutter"} <= set(found)
    assert (found["mine"].account, found["mine"].partition) == ("AIFAC_1", "boost_usr_prod")
    assert site("here").partition == "gpu"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ('[mine]\nacount = "x"\n', ConfigError, "site mine: acount: there is no such setting, did you mean 'account'"),
        ('[mine]\ntime = "tomorrow"\n', ConfigError, "site mine: time: is no time"),
        (
            '[mine]\nlike = "leonrdo"\n',
            InputError,
            "is like 'leonrdo', which is no other site: did you mean 'leonardo'",
        ),
        ('[mine]\nlike = "mine"\n', InputError, "which is no other site"),
        ('[a]\nlike = "b"\n[b]\nlike = "a"\n', InputError, "which is no other site"),
        ('mine = "x"\n', InputError, "mine is no table"),
        ("[mine\n", InputError, "is not readable"),
        ('[mine]\naccount = "a\\n#SBATCH --uid=0"\n', ConfigError, "site mine: account: holds a line break"),
    ],
)
def test_what_is_wrong_with_sites_is_said(text: str, kind: type[HalodeckError], words: str) -> None:
    write_sites(text)
    with pytest.raises(kind) as caught:
        site("mine")
    assert words in str(caught.value)


def test_an_unknown_site_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown site 'leonard': did you mean 'leonardo'"):
        site("leonard")


@pytest.mark.parametrize("text", ["90", "1:30:00", "12:00", "2-12", "1-0:30", "0:30:00"])
def test_times_of_slurm(text: str) -> None:
    assert checked_time(text) == text


@pytest.mark.parametrize("text", ["", "0", "00:00", "1h", "-5", "1:2:3:4", "10;rm", "1:30:00\n", "1-"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        checked_time(text)


def test_a_script_says_what_was_asked_for() -> None:
    wanted = Site(
        account="a1", partition="gpu", gpus="--gres=gpu:{gpus}", cores_per_rank=8, setup=("module load cuda",)
    )
    text = run_script("halonet-001", Path("/runs/halonet-001"), wanted, Size(2, 4, 4, "8:00:00"))
    for line in ("--nodes=2", "--time=8:00:00", "--account=a1", "--gres=gpu:4", "--cpus-per-task=32", "--requeue"):
        assert f"#SBATCH {line}\n" in text
    assert "--nnodes=2" in text
    assert "--nproc-per-node=4" in text
    assert text.index("module load cuda") < text.index("srun")
    assert "torch.distributed.run" not in run_script("x", Path("/runs/x"), wanted, Size())


@pytest.mark.parametrize("name", ["two words", "$(touch gone)", "it's", "`touch gone`", 'a"b'])
def test_no_name_becomes_a_command(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    size = Size(2, 0, 1)
    wanted = Site(launcher="echo", head="127.0.0.1")
    for text in (
        run_script("x", folder, wanted, size),
        array_script("x", folder, ["simulate", "--out", str(folder)], wanted, size, 3, 0),
    ):
        script = tmp_path / "job.sh"
        script.write_text(text)
        assert subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True).stderr == ""
        environment = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1", "PATH": "/usr/bin:/bin"}
        told = subprocess.run(["bash", str(script)], env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert str(folder) in told.stdout
        assert not (tmp_path / "gone").exists()


def test_a_folder_with_a_line_break_is_refused() -> None:
    with pytest.raises(UsageError, match="plain name"):
        directives("x", Site(), Size(), Path("/runs/a\nb/job.log"))


def test_a_part_sign_in_a_folder_stays_one() -> None:
    assert "#SBATCH --output=/runs/50%%/job-%j.log" in directives("x", Site(), Size(), Path("/runs/50%/job-%j.log"))


def test_one_process_needs_no_launcher() -> None:
    assert launched(["resume", "x"], Size(), Path("notes"))[-2:] == ["resume", "x"]
    assert "torch.distributed.run" in shlex.join(launched(["resume", "x"], Size(1, 0, 2), Path("notes")))


def test_options_are_taken_from_a_command_line() -> None:
    words = ["simulate", "--seeds", "1-9", "--submit", "here", "--time=10", "--dry-run", "--out", "u"]
    left = without_options(words, {"--submit": 1, "--time": 1, "--dry-run": 0})
    assert left == ["simulate", "--seeds", "1-9", "--out", "u"]


def test_an_array_of_runs_takes_each_from_its_list(tmp_path: Path) -> None:
    runs = [tmp_path / "a run", tmp_path / "b"]
    for run in runs:
        run.mkdir()
    script = tmp_path / "job.sh"
    script.write_text(runs_script("sweep-001", tmp_path, runs, Site(launcher="echo"), Size(1, 0, 2), 3))
    text = script.read_text()
    assert "#SBATCH --array=0-1%3\n" in text
    assert "--signal=B:USR1@120" in text
    environment = {"SLURM_JOB_ID": "9", "SLURM_ARRAY_TASK_ID": "0", "PATH": "/usr/bin:/bin"}
    told = subprocess.run(["bash", str(script)], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert f"--log-dir={runs[0]}/ranks" in told.stdout
    assert f"resume {runs[0]}" in told.stdout


def test_a_task_of_an_array_has_its_name_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("JOB_ID", "12"), ("ARRAY_JOB_ID", "10"), ("ARRAY_TASK_ID", "2"), ("RESTART_COUNT", "1")):
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("SLURM_JOB_END_TIME", "1")
    allocation.cache_clear()
    try:
        here = allocation()
        assert here is not None
        assert (here.job, here.start) == ("10_2", "12.1")
    finally:
        allocation.cache_clear()
