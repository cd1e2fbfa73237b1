"""What a run is called while its job waits, begins, or is gone."""

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.cluster import queue, slurm
from core.cluster.slurm import Queued
from core.runs import submission
from core.runs.run import Run, create_run


class TestQueued:
    """A run whose job waits, begins, or is gone, as a scheduler tells it."""

    @pytest.fixture
    def run(self, tmp_path: Path) -> Run:
        run = create_run(tmp_path, "halonet", {})
        (run.path / "job.json").write_text('{"job": "7", "site": "here", "submitted": 1.0}')
        return run

    @pytest.fixture
    def squeue(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Queued]:
        jobs: dict[str, Queued] = {}
        monkeypatch.setattr(queue, "look", jobs.get)
        monkeypatch.setattr(queue, "is_gone", lambda job: job not in jobs)
        return jobs

    def test_it_waits_with_a_reason_and_a_time(self, run: Run, squeue: dict[str, Queued]) -> None:
        assert run.status().state == "new"  # submitted since the queue was asked
        squeue["7"] = Queued("7", "PENDING", "Priority", "2026-12-01T08:00:00")
        status = run.status()
        assert (status.state, status.job, status.alive) == ("queued", "7", False)
        assert status.message == "job 7 waits (Priority), expected to start 2026-12-01T08:00:00"

    def test_it_begins(self, run: Run, squeue: dict[str, Queued]) -> None:
        squeue["7"] = Queued("7", "RUNNING", "", "", "n[1-2]")
        assert run.status().message == "job 7 begins on n[1-2]"

    @pytest.mark.parametrize(("word", "told"), [("", "job 7 ended"), ("OUT_OF_MEMORY", "job 7 ended (OUT_OF_MEMORY)")])
    def test_a_job_that_is_gone_says_how_it_ended(
        self, run: Run, squeue: dict[str, Queued], monkeypatch: pytest.MonkeyPatch, word: str, told: str
    ) -> None:
        monkeypatch.setattr(queue, "ended_as", lambda job: word)
        os.utime(run.path / "job.json", (1.0, 1.0))
        status = run.status()
        assert (status.state, status.message) == ("failed", f"{told} before the run began; see job-7.log")
        run.write_status(state="running", step=3, steps=9)
        gone = json.loads((run.path / "status.json").read_text()) | {"host": "elsewhere", "job": "7"}
        (run.path / "status.json").write_text(json.dumps(gone))
        os.utime(run.path / "job.json", (1.0, 1.0))
        assert run.status().state == "lost"
        assert run.status().message.endswith(f"; {told}" if word else "last checkpoint")

    def test_one_that_was_stopped_by_hand_is_stopped_while_its_job_ends(
        self, run: Run, squeue: dict[str, Queued]
    ) -> None:
        run.write_status(state="stopped", step=3, steps=9, again=False)
        squeue["7"] = Queued("7", "RUNNING", "", "", "n1")
        assert run.status().state == "stopped"
        run.write_status(state="stopped", step=3, steps=9, again=True)
        assert run.status().state == "queued"

    def test_a_worker_elsewhere_whose_job_is_gone_is_lost_at_once(self, run: Run, squeue: dict[str, Queued]) -> None:
        told = {"state": "running", "host": "elsewhere", "pid": 1, "born": "x", "job": "7", "updated": time.time()}
        (run.path / "status.json").write_text(json.dumps(told))
        squeue["7"] = Queued("7", "RUNNING", "", "", "elsewhere")
        assert run.status().state == "running"
        del squeue["7"]
        assert run.status().state == "lost"


@pytest.mark.parametrize(
    ("said", "code", "again"),
    [
        ({"state": "done"}, 0, False),
        ({"state": "stopped", "again": True}, 0, True),  # it has made room
        ({"state": "stopped", "again": False}, 130, False),  # by hand
        ({"state": "running"}, 137, True),  # killed
        ({"state": "failed"}, 1, False),
    ],
)
def test_a_job_begins_again_where_its_run_was_only_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, object], code: int, again: bool
) -> None:
    run = create_run(tmp_path, "halonet", {})
    queued: list[str] = []
    monkeypatch.setattr(submission, "allocation", lambda: SimpleNamespace(job="7"))
    monkeypatch.setattr(slurm, "requeue", queued.append)
    monkeypatch.setattr(queue, "look", lambda job: None)
    run.write_status(step=3, steps=9, **said)
    assert submission.requeue(run, code) is again
    assert queued == ["7"] * again
    # what does not get on is not begun for ever
    assert submission.requeue(run, code) is (again and said["state"] == "stopped")
