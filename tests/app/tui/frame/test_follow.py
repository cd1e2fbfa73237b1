"""The follower and the history: what changes on disk becomes messages, each byte read once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from textual.message import Message

from app.tui.frame import follow
from app.tui.frame.follow import Follower, RunFollowed, RunsFound
from core.runs import measured
from core.runs.history import History
from core.runs.run import Run, create_run


@pytest.fixture
def posted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Follower, list[Message]]:
    monkeypatch.setattr(follow, "EVERY", 0.0)
    messages: list[Message] = []
    return Follower(tmp_path / "runs", messages.append), messages


def test_an_idle_folder_posts_nothing(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    run = create_run(follower.root, "halonet", {})
    run.write_status(state="running", step=1, steps=9)
    run.emit("step", step=1, loss=0.5)
    follower.choose(run)
    follower.look()
    assert [type(message) for message in messages] == [RunsFound, RunFollowed]
    follower.look()
    follower.look()
    assert len(messages) == 2


def test_only_new_bytes_are_read(posted: tuple[Follower, list[Message]], monkeypatch: pytest.MonkeyPatch) -> None:
    follower, messages = posted
    run = create_run(follower.root, "halonet", {})
    run.emit("step", step=1, loss=0.5)
    offsets: list[int] = []
    read = Run.events

    def counted(self: Run, offset: int = 0) -> tuple[list[dict[str, object]], int]:
        offsets.append(offset)
        return read(self, offset)

    follower.choose(run)
    follower.look()
    monkeypatch.setattr(Run, "events", counted)
    size = (run.path / "events.jsonl").stat().st_size
    run.emit("step", step=2, loss=0.4)
    follower._look_at(run)
    assert offsets == [size]
    last = messages[-1]
    assert isinstance(last, RunFollowed)
    assert list(last.history.train["loss"].steps) == [1, 2]
    assert list(last.history.train["loss"].values) == [0.5, 0.4]


def test_half_a_line_waits_for_its_other_half(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    run = create_run(follower.root, "halonet", {})
    line = json.dumps({"event": "step", "step": 1, "loss": 0.5}) + "\n"
    events = run.path / "events.jsonl"
    events.write_text(line[:20])
    follower.choose(run)
    follower.look()
    assert isinstance(messages[-1], RunFollowed)
    assert not messages[-1].history.train
    events.write_text(line)
    follower.look()
    assert isinstance(messages[-1], RunFollowed)
    assert list(messages[-1].history.train["loss"].values) == [0.5]


def test_a_new_run_of_the_same_name_starts_anew(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    for loss in (0.5, 0.25):
        run = create_run(follower.root, "halonet", {})
        run.emit("step", step=7, loss=loss)
        follower.choose(run)
        follower.look()
        assert isinstance(messages[-1], RunFollowed)
        assert list(messages[-1].history.train["loss"].values) == [loss]
        shutil.rmtree(run.path)


def test_broken_runs_are_listed_with_what_is_wrong(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    for name, text in {"damaged-001": "recipe = [", "other-001": "title = 'not a run'", "bytes-001": "\udcff"}.items():
        (follower.root / name).mkdir(parents=True)
        (follower.root / name / "config.toml").write_bytes(text.encode(errors="surrogateescape"))
    (follower.root / "no-run").mkdir()
    (follower.root / "lost-001").mkdir()
    (follower.root / "lost-001" / "status.json").write_text('{"state": "runn')
    shutil.copytree(create_run(follower.root, "halonet", {}).path, follower.root / "status-001")
    (follower.root / "status-001" / "status.json").write_text("[]")
    shutil.rmtree(follower.root / "halonet-001")
    good = create_run(follower.root, "infall", {})
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    found = messages[-1].entries
    problems = {entry.name: entry.problem for entry in found if entry.problem}
    assert set(problems) == {"damaged-001", "other-001", "bytes-001", "lost-001"}
    assert all("config.toml" in problem for problem in problems.values())
    states = {entry.name: entry.state for entry in found}
    assert states == {good.name: "new", "status-001": "failed", **dict.fromkeys(problems, "broken")}


def test_a_folder_that_vanishes_is_told_and_may_come_back(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert messages[-1].problem == ""
    create_run(follower.root, "halonet", {})
    follower.look()
    follower.root.rename(follower.root.with_name("elsewhere"))
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert messages[-1].entries == ()
    assert "is gone" in messages[-1].problem
    follower.root.with_name("elsewhere").rename(follower.root)
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert [entry.name for entry in messages[-1].entries] == ["halonet-001"]  # type: ignore[var-annotated]


def test_a_dead_worker_is_noticed_without_a_change_on_disk(
    posted: tuple[Follower, list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, messages = posted
    run = create_run(follower.root, "halonet", {})
    run.write_status(state="running", step=1, steps=9)
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert messages[-1].entries[0].state == "running"
    monkeypatch.setattr("core.runs.status._breathes", lambda *said: False)
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert messages[-1].entries[0].state == "lost"


def test_the_last_validation_is_found_in_the_tail(posted: tuple[Follower, list[Message]]) -> None:
    follower, messages = posted
    run = create_run(follower.root, "halonet", {})
    run.emit("validation", step=1, loss=0.9)
    run.emit("validation", step=2, loss=0.7, dice=0.8)
    follower.look()
    assert isinstance(messages[-1], RunsFound)
    assert messages[-1].entries[0].validated == {"loss": 0.7, "dice": 0.8}
    # later steps push it out of the tail: it is remembered
    with (run.path / "events.jsonl").open("a") as file:
        file.writelines(json.dumps({"event": "step", "step": step, "loss": 0.5}) + "\n" for step in range(3, 2000))
    assert (run.path / "events.jsonl").stat().st_size > measured._TAIL
    follower.look()
    follower._list()
    assert follower._seen[run.path][1].validated["loss"] == 0.7


def test_a_resumed_run_goes_back_some_steps() -> None:
    history = History()
    history.add({"event": "step", "step": step, "loss": 1.0} for step in (1, 2, 3, 4))
    history.add([{"event": "validation", "step": 2, "loss": 2.0}, {"event": "validation", "step": 4, "loss": 2.0}])
    history.add([{"event": "step", "step": 3, "loss": 0.5}])
    assert list(history.train["loss"].steps) == [1, 2, 3]
    assert list(history.train["loss"].values) == [1.0, 1.0, 0.5]
    assert list(history.validation["loss"].steps) == [2]


def test_only_numbers_become_metrics_and_the_loss_comes_first() -> None:
    history = History()
    history.add(
        [
            {"time": 1.0, "event": "step", "step": 1, "rate": 0.1, "loss": 0.5, "note": "x"},
            {"time": 1.0, "event": "step", "step": "2", "loss": 0.4},
            {"time": 1.0, "event": "validation", "step": 1, "dice": 0.7, "loss": 0.6},
            {"time": 1.0, "event": "message", "text": "hello"},
            {"time": 1.0, "event": "state", "state": "done"},
        ]
    )
    assert history.metrics() == ["loss", "dice", "rate"]
    assert list(history.train["loss"].steps) == [1]
    assert history.messages == ["hello"]
    copy = history.copy()
    history.add([{"event": "step", "step": 2, "loss": 0.4}])
    assert list(copy.train["loss"].steps) == [1]
