"""Runs as jobs of a real SLURM: two nodes learn what one process does, through every kind of interruption."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest
import torch
from identical import datasets, of
from local_slurm import LocalSlurm

from core.cluster.array import campaigns
from core.cosmos.universe import Universe
from core.runs.launch_spec import LaunchSpec
from core.runs.run import Run

long = pytest.mark.skipif("HALODECK_LONG" not in os.environ, reason="takes minutes: make test-slurm")
SETTINGS = ("steps=60", "checkpoint_every=7", "validate_every=20")


def new_run(folder: Path, universes: list[Universe], *settings: str) -> Run:
    """A run of two batches a step."""
    on = tuple(universe.path for universe in universes)
    return LaunchSpec("halonet", on, "smoke", (*SETTINGS, *settings), "cpu", folder, ranks=2).create()


def learnt(run: Run) -> tuple[dict[int, float], str]:
    """The losses of a run, of the last time that each was told, and a checksum of all that it learnt."""
    state = torch.load(run.path / "checkpoint.pt", weights_only=True)["state"]
    told = {event["step"]: event["loss"] for event in run.events()[0] if event["event"] == "validation"}
    return told, of(state)


@pytest.fixture(scope="module")
def expected(
    cluster: LocalSlurm, universes: list[Universe], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[int, float], str]:
    """What one process learns that nobody interrupts."""
    run = new_run(tmp_path_factory.mktemp("alone"), universes)
    cluster.run("halodeck", "resume", str(run.path))
    return learnt(run)


def submitted(cluster: LocalSlurm, run: Run) -> str:
    cluster.run("halodeck", "resume", str(run.path), "--submit", "two", "--nodes", "2", "--time", "10")
    return run.job()


def at_step(cluster: LocalSlurm, run: Run, step: int) -> None:
    cluster.wait(lambda: run.status().state == "running" and run.status().step >= step)


def done(cluster: LocalSlurm, run: Run) -> None:
    cluster.wait(lambda: run.status().state in ("done", "failed"))
    assert run.status().state == "done", run.status().message


def preempt(cluster: LocalSlurm) -> None:
    """Have a job of higher priority take both nodes for a moment."""
    cluster.run("sbatch", "--partition=high", "--nodes=2", "--output=/dev/null", "--wrap=sleep 1")


def test_two_nodes_learn_what_one_process_does_through_preemption(
    cluster: LocalSlurm, universes: list[Universe], tmp_path: Path, expected: object
) -> None:
    run = new_run(tmp_path, universes)
    job = submitted(cluster, run)
    at_step(cluster, run, 10)
    assert run.status().job == job
    preempt(cluster)
    cluster.wait(lambda: not run.status().alive)
    stopped = run.status()
    assert stopped.again
    # it has made room after a step of its choice, not lost those since the last checkpoint
    assert torch.load(run.path / "checkpoint.pt", weights_only=True)["state"]["step"] == stopped.step
    assert "queued" in cluster.run("halodeck", "runs", "--runs", str(tmp_path))
    cluster.start_now(job)
    done(cluster, run)
    assert learnt(run) == expected
    cluster.wait(lambda: cluster.state(job) == "COMPLETED")


def test_a_waiting_run_can_be_held_released_and_taken_back(
    cluster: LocalSlurm, universes: list[Universe], tmp_path: Path
) -> None:
    cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    for name in ("n1", "n2"):
        cluster.run("scontrol", "update", f"NodeName={name}", "State=DRAIN", "Reason=test")
    try:
        run = new_run(tmp_path, universes)
        job = submitted(cluster, run)
        told = cluster.run("halodeck", "runs", "--json", "--runs", str(tmp_path))
        assert '"state": "queued"' in told
        assert f"job {job} waits" in told
        assert "stays in the queue" in cluster.run("halodeck", "pause", str(run.path))
        cluster.wait(lambda: "JobHeld" in cluster.run("squeue", "--noheader", f"--jobs={job}", "--format=%r"))
        assert "starts when its turn comes" in cluster.run("halodeck", "resume", str(run.path))
        cluster.wait(lambda: "JobHeld" not in cluster.run("squeue", "--noheader", f"--jobs={job}", "--format=%r"))
        assert "out of the queue" in cluster.run("halodeck", "stop", str(run.path))
        cluster.wait(lambda: cluster.state(job) == "CANCELLED")
        submitted(cluster, run)
        cluster.run("halodeck", "delete", str(run.path), "--yes")
        assert not run.path.exists()
        cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    finally:
        for name in ("n1", "n2"):
            cluster.run("scontrol", "update", f"NodeName={name}", "State=RESUME")


@long
@pytest.mark.parametrize("what", ["requeue", "rank", "launcher", "node"])
def test_whatever_is_killed_the_run_goes_on(
    cluster: LocalSlurm, universes: list[Universe], tmp_path: Path, expected: object, what: str
) -> None:
    run = new_run(tmp_path, universes)
    job = submitted(cluster, run)
    at_step(cluster, run, 10)
    if what == "requeue":
        cluster.run("scontrol", "requeue", job)
    elif what == "node":
        os.kill(int((cluster.folder / "slurmd-n2.pid").read_text()), signal.SIGKILL)
        for process in processes(run):
            process.kill()  # with the machine its processes are gone
    else:
        ranks = [process for process in processes(run) if "torch.distributed.run" not in process.cmdline()]
        victim = ranks[0] if what == "rank" else ranks[0].parent()
        assert victim is not None
        victim.kill()
    cluster.wait(lambda: not run.status().alive)
    if what == "node":
        cluster.start_node("n2")
    if what != "rank":
        cluster.start_now(job)
    done(cluster, run)
    assert learnt(run) == expected


def processes(run: Run) -> list[psutil.Process]:
    """The launchers and ranks that are at work on a run."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "resume" in words and str(run.path) in words and "srun" not in words[0]:
            found.append(process)
    return found


@long
def test_fifty_preemptions_lose_no_step(
    cluster: LocalSlurm, universes: list[Universe], tmp_path: Path, expected: object
) -> None:
    draw, run = random.Random(1), new_run(tmp_path, universes, "steps=600")
    whole = new_run(tmp_path / "alone", universes, "steps=600")
    cluster.run("halodeck", "resume", str(whole.path))
    job, lost = submitted(cluster, run), 0
    for _ in range(50):
        cluster.wait(lambda: run.status().state in ("running", "done"))
        time.sleep(draw.uniform(0, 4))  # also while it starts
        reached = run.status().step
        if run.status().state == "done":
            break
        preempt(cluster)
        cluster.wait(lambda: cluster.state(job) in ("PENDING", "COMPLETED"))
        kept = run.path / "checkpoint.pt"
        lost += kept.exists() and torch.load(kept, weights_only=True)["state"]["step"] < reached
        cluster.start_now(job)
    done(cluster, run)
    assert learnt(run) == learnt(whole)
    assert lost == 0


@pytest.mark.parametrize("preempted", [False, pytest.param(True, marks=long)])
def test_an_array_makes_every_universe(cluster: LocalSlurm, tmp_path: Path, preempted: bool) -> None:
    seeds = 12 if preempted else 3
    what = ("simulate", "--cells", "16", "--box", "25", "--steps", "5", "--minimum-particles", "8")
    array = (*what, "--seeds", f"1-{seeds}", "--out", "made")
    cluster.run("halodeck", *array, "--submit", "two", "--parallel", "2", folder=tmp_path)
    [campaign] = campaigns(tmp_path / "made")
    if preempted:
        for _ in range(3):
            cluster.wait(lambda: "RUNNING" in cluster.run("squeue", "--noheader", "--format=%T"))
            preempt(cluster)
            time.sleep(3)
        cluster.wait(lambda: cluster.run("squeue", "--noheader", "--states=RUNNING") == "")
        for number in range(seeds):
            if cluster.state(f"{campaign.job}_{number}") == "PENDING":
                cluster.start_now(f"{campaign.job}_{number}")
    cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    told = json.loads(cluster.run("halodeck", "campaign", "made", "--json", folder=tmp_path))
    assert [task["state"] for task in told["campaigns"][0]["tasks"]] == ["done"] * seeds
    cluster.run("halodeck", *what, "--seeds", "2-3", "--out", "alone", folder=tmp_path)
    for alone in (tmp_path / "alone").glob("*.h5"):
        assert dict(datasets(alone)) == dict(datasets(tmp_path / "made" / alone.name))


def test_a_task_that_fails_is_missing_and_says_why(cluster: LocalSlurm, tmp_path: Path) -> None:
    bad = ("--cells", "16", "--box", "25", "--seeds", "1-2", "--spectrum", "eh98", "--device", "cuda", "--out", "made")
    cluster.run("halodeck", "simulate", *bad, "--submit", "two", folder=tmp_path)
    cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    told = cluster.run("halodeck", "campaign", "made", folder=tmp_path)
    assert "device cuda is not available here" in told


def test_two_nodes_predict_what_one_process_does(cluster: LocalSlurm, done_run: Run, tmp_path: Path) -> None:
    universes = tmp_path / "universes"
    what = ("--cells", "32", "--box", "50", "--steps", "3", "--minimum-particles", "8", "--out", str(universes))
    cluster.run("halodeck", "simulate", *what)
    [universe] = universes.glob("*.h5")
    shutil.copytree(done_run.path, tmp_path / "runs" / "tiled")
    run = Run(tmp_path / "runs" / "tiled")
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace("tile = 0", "tile = 16").replace("buffer = 0", "buffer = 4"))
    shutil.rmtree(run.path / "predictions")
    cluster.run("halodeck", "predict", str(run.path), str(universe))
    [alone] = (run.path / "predictions").glob("*.h5")
    expected = dict(datasets(alone))
    alone.unlink()
    cluster.run("halodeck", "predict", str(run.path), str(universe), "--submit", "two", "--nodes", "2")
    cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    assert alone.exists(), "\n".join(path.read_text() for path in run.path.glob("job-*.log"))
    assert dict(datasets(alone)) == expected
    assert not list((run.path / "predictions").glob(".tiles-*"))


@long
def test_a_sweep_is_an_array_whose_tasks_are_requeued_and_resumed(
    cluster: LocalSlurm, universes: list[Universe], tmp_path: Path
) -> None:
    on = [word for universe in universes for word in ("--on", str(universe.path))]
    settings = [word for each in (*SETTINGS, "seed=1..2") for word in ("--set", each)]
    runs = ("--runs", str(tmp_path))
    where = ("--submit", "two", "--nodes", "2", "--time", "10", "--parallel", "1")
    cluster.run("halodeck", "sweep", "halonet", "--config", "smoke", *on, *settings, "--device", "cpu", *runs, *where)
    first, second = (Run(tmp_path / f"halonet-00{number}") for number in (1, 2))
    assert first.job().endswith("_0")
    assert second.job().endswith("_1")
    at_step(cluster, first, 10)
    assert '"state": "queued"' in cluster.run("halodeck", "runs", "--json", *runs)  # one at a time
    preempt(cluster)
    done(cluster, first)
    done(cluster, second)
    assert first.status().job == first.job()
    alone = tmp_path / "alone"
    other = new_run(alone, universes, "seed=2")
    cluster.run("halodeck", "resume", str(other.path))
    assert learnt(second) == learnt(other)
