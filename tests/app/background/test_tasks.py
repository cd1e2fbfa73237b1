"""Tasks: commands in sessions of their own, told by their folder alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.background import tasks
from app.background import workers as launch
from app.background.tasks import Task
from core import processes
from core.errors import ResourceError
from core.files import write_json


def tell(fraction: float, doing: str) -> str:
    """Code by which a process says how far it is."""
    return f"from app.background.progress import wanted; wanted()({fraction}, {doing!r})"


def wait(root: Path, condition: Callable[[Task], bool]) -> Task:
    deadline = time.monotonic() + 20
    while not condition(task := tasks.all_tasks(root)[-1]):
        assert time.monotonic() < deadline, task
        time.sleep(0.02)
    return task


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(launch, "PROGRAM", ("-c", code))


def test_a_task_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        monkeypatch,
        tell(0.4, "halves") + "; import sys; print('made', sys.argv[1:])",
    )
    task = tasks.start(tmp_path, "make it", ["make", "a b"])
    assert task.line() == "halodeck make 'a b'"
    done = wait(tmp_path, lambda task: not task.alive)
    assert (done.state, done.fraction, done.words, done.title) == ("done", 1.0, "made ['make', 'a b']", "make it")
    assert done.log() == "made ['make', 'a b']"
    assert tasks.clear(done) == "make it is cleared away"
    assert tasks.all_tasks(tmp_path) == []


def test_a_task_that_makes_several_files_names_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "print('u1.h5  7 halos'); print('u2.h5  9 halos'); print('u3.h5  8 halos')")
    tasks.start(tmp_path, "simulate", ["simulate"])
    assert wait(tmp_path, lambda task: not task.alive).words == "u3.h5 8 halos, and 2 more"


def test_progress_and_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, tell(0.42, "seed 1: N-body") + "; import time; time.sleep(60)")
    tasks.start(tmp_path, "long", ["simulate"])
    task = wait(tmp_path, lambda task: task.fraction > 0)
    assert (task.state, task.fraction, task.words) == ("running", 0.42, "seed 1: N-body")
    assert tasks.left_running(tmp_path) == 1
    tasks.cancel(task)
    ended = wait(tmp_path, lambda task: not task.alive)
    assert (ended.state, ended.words) == ("stopped", "ended on request")
    assert tasks.left_running(tmp_path) == 0


def test_a_task_that_does_not_listen_is_killed_when_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignore = "import signal, time; signal.signal(2, signal.SIG_IGN); " + tell(0.1, "deaf") + "; time.sleep(60)"
    program(monkeypatch, ignore)
    tasks.start(tmp_path, "deaf", ["simulate"])
    task = wait(tmp_path, lambda task: task.fraction > 0)
    assert "again" in tasks.cancel(task)
    assert "killed" in tasks.cancel(task)
    assert wait(tmp_path, lambda task: not task.alive).state == "stopped"
    assert tasks.cancel(task) == "deaf has ended"


def test_a_task_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "import sys; print('halodeck: no room: free some', file=sys.stderr); sys.exit(1)")
    tasks.start(tmp_path, "fails", ["import"])
    task = wait(tmp_path, lambda task: not task.alive)
    assert (task.state, task.words) == ("failed", "no room: free some")


def test_a_real_command(tmp_path: Path) -> None:
    tasks.start(tmp_path, "info", ["info", str(tmp_path / "none.h5")])
    task = wait(tmp_path, lambda task: not task.alive)
    assert task.state == "failed"
    assert "does not exist" in task.words


def test_a_task_ends_at_the_first_request_where_the_shell_has_interrupts_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tell(0.1, "works") + "; import time; time.sleep(60)"
    program(monkeypatch, launch.PROGRAM[-1].replace("from app.main import main; main()", work))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        tasks.start(tmp_path, "works", ["simulate"])
    finally:
        signal.signal(signal.SIGINT, before)
    task = wait(tmp_path, lambda task: task.fraction > 0)
    tasks.cancel(task)
    assert wait(tmp_path, lambda task: not task.alive).state == "stopped"


def test_a_task_that_died_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / ".tasks" / "1-simulate"
    path.mkdir(parents=True)
    facts = {"title": "t", "command": ["simulate"], "started": 0.0, "host": processes.host()}
    write_json(path / "task.json", {**facts, "pid": 2**22 + 1, "born": "gone:1"})
    (path / "progress.json").write_text('{"fraction": 0.42, "doing": "N-body"}')
    assert tasks.read_task(path).state == "lost"
    (path / "task.json").write_text("{")
    assert tasks.all_tasks(tmp_path) == []


def test_a_task_of_another_machine_ages(tmp_path: Path) -> None:
    path = tmp_path / ".tasks" / "1-simulate"
    facts = {"title": "t", "command": ["simulate"], "started": 0.0, "host": f"not-{processes.host()}"}
    write_json(path / "task.json", {**facts, "pid": 1, "born": "elsewhere:1"})
    (path / "log").touch()
    assert tasks.read_task(path).alive
    for file in path.iterdir():
        os.utime(file, (0, 0))
    assert tasks.read_task(path).state == "lost"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError):
        tasks.start(tmp_path / "file", "t", ["simulate"])


def test_progress_belongs_to_the_process_it_was_asked_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a task starts in its turn tells nobody, or somebody else."""
    monkeypatch.setenv("HALODECK_PROGRESS", str(tmp_path / "outer"))
    monkeypatch.setattr(launch, "PROGRAM", ("-c", "import os; print(os.environ.get('HALODECK_PROGRESS'))"))
    launch.start([], tmp_path / "log").wait()
    assert (tmp_path / "log").read_text() == "None\n"
    launch.start([], tmp_path / "other", progress=tmp_path / "inner").wait()
    assert (tmp_path / "other").read_text() == f"{tmp_path / 'inner'}\n"


def test_a_task_without_progress_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of version 0.1.0 have none."""
    program(monkeypatch, "print('made')")
    task = tasks.start(tmp_path, "make", ["make"])
    wait(tmp_path, lambda task: not task.alive)
    (task.path / "progress.json").unlink(missing_ok=True)
    assert [(each.state, each.fraction, each.words) for each in tasks.all_tasks(tmp_path)] == [("done", 1.0, "made")]
