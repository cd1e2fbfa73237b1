"""Where work is to be done is said plainly, and what contradicts itself is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.cluster.allocation import allocation
from core.cosmos.universe import Universe
from core.runs.run import Run

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def train(command: Command, universes: list[Universe]) -> Command:
    """`train("--nodes", "2")` is what `halodeck train halonet --nodes 2` says."""
    return lambda *words: command("train", "halonet", "--config", "smoke", "--on", universes[0].path.parent, *words)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--submit", "leonard"), "unknown site 'leonard': did you mean 'leonardo'?"),
        (("--submit", "here", "--time", "tomorrow"), "--time 'tomorrow' is no time: write 90 (minutes)"),
        (("--submit", "here", "--detach"), "--submit and --detach are two ways"),
        (("--nodes", "2"), "--nodes is for jobs: say where: --submit SITE"),
        (("--time", "90"), "--time is for jobs"),
        (("--dry-run",), "--dry-run is for jobs"),
        (("--submit", "here", "--gpus", "2", "--ranks", "3"), "2 GPUs and 3 processes a node"),
        (("--config", "smok", "--submit", "here", "--dry-run"), "has no table [smok]: did you mean 'smoke'?"),
    ],
)
def test_what_contradicts_itself_is_refused(train: Command, words: tuple[str, ...], complaint: str) -> None:
    code, _, err = train(*words)
    assert code == 2
    assert complaint in err
    assert not Path("runs").exists()


def test_a_dry_run_prints_the_script_and_makes_nothing(train: Command) -> None:
    code, out, _ = train("--submit", "here", "--nodes", "2", "--time", "90", "--dry-run")
    assert code == 0
    assert out.startswith("#!/bin/bash\n#SBATCH --job-name=halonet-NNN\n")
    assert "#SBATCH --time=90\n" in out
    assert not Path("runs").exists()


def test_without_a_scheduler_a_job_is_refused_and_the_run_is_kept(
    train: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = train("--submit", "here")
    assert code == 1
    assert "there is no sbatch on this machine: use a login node of the cluster" in err
    assert Run(Path("runs/halonet-001")).status().state == "new"


def test_a_detached_worker_inside_a_job_is_refused(train: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    allocation.cache_clear()
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    try:
        code, _, err = train("--detach")
    finally:
        allocation.cache_clear()
    assert code == 2
    assert "--detach inside a job would leave the worker outside of it" in err


def test_forests_are_not_shared(command: Command, tmp_path: Path) -> None:
    command("infall", "make", "--count", "600", "--seed", "1", "--out", "drawn.h5")
    code, _, err = command("train", "infall", "--config", "smoke", "--on", "drawn.h5", "--ranks", "2")
    assert code == 2
    assert "infall grows trees, which one process does: leave --gpus or --ranks out" in err


def test_two_processes_of_this_machine_train_a_run(train: Command) -> None:
    code, _, err = train("--ranks", "2", "--set", "steps=2", "--device", "cpu")
    run = Run(Path("runs/halonet-001"))
    assert code == 0, err
    assert run.status().state == "done"
    assert run.config()["ranks"] == 2
    assert run.report_path.exists()
    assert not (run.path / "ranks").exists()
