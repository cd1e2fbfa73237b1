import fcntl
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core import processes
from core.errors import HalodeckError, ResourceError, RunError
from core.files import begun
from core.runs.lock import delete_run, held
from core.runs.requests import Request
from core.runs.run import Notes, Run, age, create_run
from core.runs.status import SILENCE, Status


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(tmp_path, "halonet", {"steps": 5}, universes=[], device="cpu")


def put_status(run: Run, **changes: Any) -> None:
    """A status.json as this process would write it, with changes."""
    run.write_status(state="running", step=3, steps=10, values={"loss": 0.5})
    path = run.path / "status.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_numbers_go_up_and_are_never_reused_below_the_highest(tmp_path: Path) -> None:
    names = [create_run(tmp_path, "halonet", {}).name for _ in range(2)]
    (tmp_path / "halonet-007").mkdir()
    (tmp_path / "halonet-x").mkdir()
    (tmp_path / "other-099").mkdir()
    names.append(create_run(tmp_path, "halonet", {}).name)
    assert names == ["halonet-001", "halonet-002", "halonet-008"]


def test_runs_created_at_once_differ(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: create_run(tmp_path / "new", "halonet", {}), range(24)))
    assert len({run.path for run in runs}) == 24
    assert all(run.recipe == "halonet" for run in runs)


def test_configuration_round_trip(tmp_path: Path) -> None:
    before = time.time()
    settings = {"a": 1, "unset": None, "inner": {"b": [1.5, 2.0], "unset": None}, "text": 'quote " and µ'}
    run = create_run(tmp_path, "halonet", settings, universes=["/a/b.h5"], device="cpu")
    config = run.config()
    assert config["settings"] == {"a": 1, "inner": {"b": [1.5, 2.0]}, "text": 'quote " and µ'}
    assert config["universes"] == ["/a/b.h5"]
    assert before <= run.created <= time.time()
    assert age(run.created).startswith("20")


def test_no_run_folder_without_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, text: str) -> None:
        raise ResourceError(f"no space left for {path}")

    monkeypatch.setattr("core.runs.run.write_text", refuse)
    with pytest.raises(ResourceError, match="no space left"):
        create_run(tmp_path, "halonet", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root", ["/proc/runs", "file", "file/runs"])
def test_no_place_for_runs(tmp_path: Path, root: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError):
        create_run(tmp_path / root, "halonet", {})


def test_events_from_an_offset(run: Run) -> None:
    assert run.events() == ([], 0)
    run.emit("state", state="running")
    run.emit("step", step=1, loss=0.5)
    first, offset = run.events()
    assert [event["event"] for event in first] == ["state", "step"]
    assert abs(first[0]["time"] - time.time()) < 60
    assert run.events(offset) == ([], offset)
    run.emit("step", step=2, loss=0.25)
    later, end = run.events(offset)
    assert [event["step"] for event in later] == [2]
    assert end == (run.path / "events.jsonl").stat().st_size
    assert [event["step"] for event in run.steps()[0]] == [1, 2]


def test_a_torn_last_line_is_not_yet_written(run: Run) -> None:
    run.emit("step", step=1)
    path = run.path / "events.jsonl"
    whole = path.stat().st_size
    with path.open("a") as file:
        file.write('{"event": "step", "st')
    events, offset = run.events()
    assert [event["step"] for event in events] == [1]
    assert offset == whole
    with path.open("a") as file:
        file.write('ep": 2}\n')
    assert [event["step"] for event in run.events(offset)[0]] == [2]


def test_a_line_torn_by_a_kill_is_closed_by_the_next_worker(run: Run) -> None:
    run.emit("step", step=1)
    with (run.path / "events.jsonl").open("a") as file:
        file.write('{"event": "step", "st')
    _, offset = run.events()
    run.emit("step", step=2)
    assert [event["step"] for event in run.events()[0]] == [1, 2]
    assert [event["step"] for event in run.events(offset)[0]] == [2]


def test_broken_lines_are_passed_over(run: Run) -> None:
    run.emit("step", step=1)
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(b'nonsense\n[1, 2]\n\xff\xfe\n{"no": "event"}\n')
    run.emit("step", step=2)
    assert [event["step"] for event in run.steps()[0]] == [1, 2]


def test_events_are_read_block_by_block_and_what_is_no_line_is_passed_over(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.run._BLOCK", 100)
    path = run.path / "events.jsonl"
    for step in range(1, 9):
        run.emit("step", step=step)
        path.write_bytes(path.read_bytes() + 333 * b"\0" * (step == 4) + b"\n" * (step == 4) + b'{"ev' * (step == 8))
    events, offset = run.events()
    assert [event["step"] for event in events] == list(range(1, 9))
    assert offset == path.stat().st_size - 4


def test_requests(run: Run) -> None:
    with pytest.raises(RunError, match="is new: there is no worker to ask"):
        run.request("stop")
    put_status(run)
    assert run.take_request() is None
    run.request("pause")
    run.request("stop")
    assert run.take_request() == "stop"
    assert run.take_request() is None
    (run.path / "control").write_text("explode")
    assert run.take_request() is None


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        (("stop", "pause"), "stop"),
        (("pause", "stop", "resume"), "stop"),
        (("pause", "resume"), "resume"),
        (("resume", "pause"), "pause"),
    ],
)
def test_no_request_is_lost_to_a_later_one(run: Run, asked: tuple[Request, ...], counts: Request) -> None:
    put_status(run)
    for request in asked:
        run.request(request)
    assert run.take_request() == counts
    assert run.take_request() is None


def test_a_storm_of_requests_is_heard_whole(run: Run) -> None:
    put_status(run)
    taken: list[Request | None] = []
    with ThreadPoolExecutor(9) as pool:
        storm = [pool.submit(run.request, "stop" if number == 50 else "pause") for number in range(100)]
        while not all(asking.done() for asking in storm):
            taken.append(run.take_request())
    taken.append(run.take_request())
    assert [asking.exception() for asking in storm] == [None] * 100
    assert taken.count("stop") == 1


def test_a_request_while_another_process_writes_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put_status(run)
    run.request("stop")
    monkeypatch.setattr("core.runs.requests._PATIENCE", 0.05)
    with (run.path / "control").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run.take_request() is None  # not now
        run.request("pause")  # a process that was stopped while it wrote holds nobody up
    assert run.take_request() == "stop"


def test_a_new_run(run: Run) -> None:
    assert run.status() == Status("new", message="not started")
    assert not run.status().alive


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_living_worker(run: Run, state: str) -> None:
    put_status(run, state=state, speed=0.5, updated=0.0)
    status = run.status()
    assert status.state == state
    assert status.alive
    assert (status.step, status.steps, status.values) == (3, 10, {"loss": 0.5})
    assert status.pid == os.getpid()
    assert status.remaining == (14.0 if state == "running" else None)


@pytest.mark.parametrize("state", ["done", "failed", "stopped"])
def test_an_ended_run_needs_no_worker(run: Run, state: str) -> None:
    put_status(run, state=state, pid=2**22 + 1, message="said")
    assert run.status().state == state
    assert run.status().message == "said"
    assert not run.status().alive


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lost_when_the_process_is_gone(run: Run) -> None:
    put_status(run, pid=dead_pid())
    assert run.status().state == "lost"
    assert "resume it from its last checkpoint" in run.status().message
    assert run.status().step == 3


def test_lost_when_the_process_number_was_given_again(run: Run) -> None:
    boot, ticks = processes.own_birth().split(":")
    put_status(run, born=f"{boot}:{int(ticks) - 100}")
    assert run.status().state == "lost"


def test_lost_when_only_a_zombie_is_left(run: Run) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    put_status(run, pid=process.pid, born=processes.birth(process.pid))
    assert run.status().state == "running"
    assert process.stdin
    process.stdin.close()
    deadline = time.monotonic() + 20
    while processes.birth(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        assert run.status().state == "lost"
    finally:
        process.wait()


@pytest.mark.parametrize("missing", ["pid", "born"])
def test_lost_when_nobody_says_who_works(run: Run, missing: str) -> None:
    put_status(run, **{missing: "nobody"})
    assert run.status().state == "lost"


def test_another_host_is_judged_by_its_heartbeat(run: Run) -> None:
    other = f"not-{processes.host()}"
    put_status(run, host=other, pid=dead_pid())
    for ago in (0.5 * SILENCE, -0.5 * SILENCE):  # the clock of its disk may go before ours
        os.utime(run.path / "status.json", (time.time() - ago, time.time() - ago))
        assert run.status().state == "running"
    os.utime(run.path / "status.json", (time.time() - 1.5 * SILENCE, time.time() - 1.5 * SILENCE))
    assert run.status().state == "lost"


def test_an_unreadable_status(run: Run) -> None:
    (run.path / "status.json").write_text('{"state": ')
    assert run.status().state == "failed"
    assert "resuming the run writes it anew" in run.status().message


def test_unknown_words_in_a_status_are_ignored(run: Run) -> None:
    put_status(run, state="done", mood="good")
    assert run.status().state == "done"


def test_delete_only_what_no_worker_uses(run: Run) -> None:
    put_status(run)
    with pytest.raises(RunError, match="is running: stop it first"):
        delete_run(run)
    put_status(run, pid=dead_pid())
    delete_run(run)
    assert not run.path.exists()
    with pytest.raises(ResourceError, match="does not exist"):
        delete_run(run)


def test_delete_only_what_nobody_holds(run: Run) -> None:
    with held(run), pytest.raises(RunError, match="another worker has run halonet-001"):
        delete_run(run)
    delete_run(run)
    assert not run.path.exists()


def test_a_live_worker_whose_clock_is_wrong_keeps_its_run(run: Run) -> None:
    other = f"not-{processes.host()}"
    put_status(run, host=other, updated=time.time() - 3600)
    assert run.status().state == "running"  # by the clock of the folder
    with pytest.raises(RunError, match="is running: stop it first"):
        delete_run(run)


def test_a_run_of_another_machine_where_our_clock_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    other = f"not-{processes.host()}"
    put_status(run, host=other)
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr("core.runs.run.time.time", lambda: now + 3600)
        assert run.status().state == "lost"
        with pytest.raises(RunError, match=f"is at work on {other}, whose clock differs: stop it there"):
            delete_run(run)
    os.utime(run.path / "status.json", (0, 0))
    delete_run(run)
    assert not run.path.exists()


def test_what_a_worker_writes_brings_no_deleted_run_back(run: Run) -> None:
    delete_run(run)
    words = (
        lambda: run.write_status(state="running"),
        lambda: run.emit("step", step=1),
        lambda: run.write_notes(Notes("gone")),
    )
    for say in words:
        with pytest.raises(ResourceError, match="does not exist"):
            say()
    assert not run.path.exists()


def test_the_last_word_on_a_full_disk(run: Run) -> None:
    put_status(run)
    begun(run.path / "status.json").symlink_to("/dev/full")
    run.write_status(state="failed", step=3, steps=10, message="no space left")
    assert (run.status().state, run.status().message) == ("failed", "no space left")


@pytest.mark.parametrize("text", ["recipe = ", "\udcff", 'recipe = "halonet"\n'])
def test_a_damaged_configuration(run: Run, text: str) -> None:
    (run.path / "config.toml").write_text(text, errors="surrogateescape")
    with pytest.raises(RunError, match=r"config\.toml (is damaged|is not a run's .*lacks created, settings)"):
        run.config()


def test_a_vanished_run(tmp_path: Path) -> None:
    gone = Run(tmp_path / "gone")
    with pytest.raises(HalodeckError, match="does not exist"):
        gone.config()
    with pytest.raises(HalodeckError, match="does not exist"):
        gone.emit("state", state="running")
    assert gone.status().state == "new"
    assert gone.log_tail() == ""


def test_no_space_left_for_events(run: Run) -> None:
    (run.path / "events.jsonl").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match="no space left"):
        run.emit("step", step=1)


def test_the_end_of_the_log(run: Run) -> None:
    (run.path / "worker.log").write_text("".join(f"line {number}\n" for number in range(5000)) + "last \xe9")
    assert run.log_tail(3).splitlines() == ["line 4998", "line 4999", "last \xe9"]
    assert len(run.log_tail().splitlines()) == 20
    assert run.report_path == run.path / "report" / "report.json"


def test_notes_round_trip(run: Run) -> None:
    assert run.notes() == Notes()
    run.write_notes(Notes("a wider net", ("paper", "", "base", "paper")))
    assert run.notes() == Notes("a wider net", ("paper", "base"))
    assert Run(run.path).notes() == run.notes()


@pytest.mark.parametrize("text", ["{", "[]", '{"text": 3}', '{"text": "x", "tags": 3}'])
def test_damaged_notes(run: Run, text: str) -> None:
    (run.path / "notes.json").write_text(text)
    with pytest.raises(RunError, match=r"notes\.json of run .* is damaged"):
        run.notes()
