"""Lists of runs: foreign, damaged and silent folders are lines of their own and hide no other."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ResourceError, RunError
from core.runs import listing
from core.runs.history import History
from core.runs.listing import SILENT, all_runs, entries, open_run
from core.runs.run import Run, create_run


def test_runs_newest_first_without_the_broken(tmp_path: Path) -> None:
    runs = [create_run(tmp_path, "halonet", {}) for _ in range(3)]
    for name, text in {
        "broken-001": "recipe = ",
        "binary-001": "\udcff",
        "partial-001": 'recipe = "halonet"\n',
        "odd-001": 'recipe = "halonet"\ncreated = [1]\n[settings]\n',
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(text, errors="surrogateescape")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a-file").write_text("")
    (tmp_path / "lost-001").mkdir()
    (tmp_path / "lost-001" / "status.json").write_text('{"state": "runn')
    assert [run.name for run in all_runs(tmp_path)] == [run.name for run in reversed(runs)]
    problems = {entry.name: entry.problem for entry in entries(tmp_path) if entry.state == "broken"}
    assert sorted(problems) == ["binary-001", "broken-001", "lost-001", "odd-001", "partial-001"]
    assert all("config.toml" in words and "delete the run" in words for words in problems.values())
    assert all_runs(tmp_path / "nowhere") == []


def test_open_by_name_path_and_latest(tmp_path: Path) -> None:
    first, second = create_run(tmp_path, "halonet", {}), create_run(tmp_path, "halonet", {})
    assert open_run(tmp_path, "halonet-001") == first
    assert open_run(tmp_path / "nowhere", str(first.path)) == first
    assert open_run(tmp_path, "latest") == second
    with pytest.raises(RunError, match="did you mean 'halonet-00"):
        open_run(tmp_path, "halonet-003")
    with pytest.raises(RunError, match="there are none yet"):
        open_run(tmp_path / "nowhere", "latest")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 << 30)


def unread(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, sparse, unread], ids=["fifo", "folder", "sparse", "device"])
@pytest.mark.parametrize("name", ["config.toml", "status.json", "events.jsonl", "notes.json", "worker.log"])
def test_what_is_no_file_of_a_run(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    run, good = create_run(tmp_path, "halonet", {}), create_run(tmp_path, "halonet", {})
    (run.path / name).unlink(missing_ok=True)
    make(run.path / name)
    found = {entry.name: entry for entry in entries(tmp_path)}
    assert found[good.name].state == "new"
    words = {"config.toml": found[run.name].problem, "status.json": found[run.name].status.message}
    words["notes.json"] = found[run.name].notes.text
    if name in words:
        assert "is no regular file" in words[name] or "bytes, of" in words[name]


STATUS = {"state": "done", "step": 3, "steps": 10, "values": {"loss": 0.5}, "speed": 2.0, "updated": 1.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("step", value) for value in ("1e999", "[]", "null", '"3"', "1" * 30, "1" * 5000, "NaN")),
        *(("values", value) for value in ("3", "[1]", '{"loss": "x"}', '{"loss": {}}')),
        *(("speed", value) for value in ("NaN", "1e999", "{}")),
        *(("state", value) for value in ("[]", "{}", "3", '"dancing"', "null")),
        *(("updated", value) for value in ("NaN", "[]", '"now"')),
        ("message", "[1]"),
        ("host", "3"),
    ],
)
def test_a_status_of_other_types(tmp_path: Path, name: str, value: str) -> None:
    run = create_run(tmp_path, "halonet", {})
    words = {key: json.dumps(item) for key, item in STATUS.items()} | {name: value}
    (run.path / "status.json").write_text("{" + ", ".join(f'"{key}": {item}' for key, item in words.items()) + "}")
    [entry] = entries(tmp_path)
    assert entry.state == "failed"
    assert "resuming the run writes it anew" in entry.status.message


def test_a_loss_that_diverged_is_no_damage(tmp_path: Path) -> None:
    run = create_run(tmp_path, "halonet", {})
    run.write_status(state="done", step=3, steps=3, values={"loss": float("nan")})
    assert run.status().state == "done"


@pytest.mark.parametrize(
    "changes",
    [
        {"created": "nan"},
        {"created": "1e300"},
        {"created": '"today"'},
        {"universes": "[1, 2]"},
        {"universes": "3"},
        {"device": "[]"},
        {"recipe": "7"},
        {"settings_version": '"new"'},
        {"held_out": "[0]"},
        {"held_out": "[-1]", "universes": '["a.h5"]'},
        {"universe_ids": "[[]]"},
        {"deep": "[" * 200_000 + "]" * 200_000},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_configuration_of_other_types(tmp_path: Path, changes: dict[str, str]) -> None:
    good = create_run(tmp_path, "halonet", {})
    words = {"recipe": '"halonet"', "created": "1.0"} | changes
    (tmp_path / "foreign").mkdir()
    lines = [f"{name} = {value}" for name, value in words.items()]
    (tmp_path / "foreign" / "config.toml").write_text("\n".join([*lines, "[settings]"]))
    assert [(entry.name, entry.state) for entry in entries(tmp_path)] == [(good.name, "new"), ("foreign", "broken")]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"text": "\\ud800", "tags": []}'], ids=["deep", "surrogate"])
def test_notes_that_no_terminal_takes(tmp_path: Path, text: str) -> None:
    run = create_run(tmp_path, "halonet", {})
    (run.path / "notes.json").write_text(text)
    [entry] = entries(tmp_path)
    entry.notes.text.encode()
    assert entry.state == "new"


def test_events_of_other_types(tmp_path: Path) -> None:
    run = create_run(tmp_path, "halonet", {})
    values = ("1e999", "1" * 400, "[]", '"x"', "null", "NaN")
    lines = [f'{{"event": "step", "step": {step}, "loss": {loss}}}' for step in values for loss in values]
    lines += ['{"event": [], "step": 1}', "[" * 200_000, '{"event": "message", "text": "\\udc00"}']
    lines += [f'{{"event": "step", "step": 7, "loss": {loss}}}' for loss in values]
    (run.path / "events.jsonl").write_text("\n".join(lines) + "\n")
    history = listing_history(run)
    assert list(history.train["loss"].steps) == [7]
    assert [text.encode() for text in history.messages] == [b"?"]


def listing_history(run: Run) -> History:
    history = History()
    history.add(run.events()[0])
    return history


def test_whatever_one_run_does_the_others_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = create_run(tmp_path, "halonet", {}), create_run(tmp_path, "halonet", {})
    status = Run.status

    def broken(run: Run) -> object:
        if run == bad:
            raise ZeroDivisionError("what nobody thought of")
        return status(run)

    monkeypatch.setattr(Run, "status", broken)
    assert {entry.name: entry.state for entry in entries(tmp_path)} == {good.name: "new", bad.name: "broken"}
    assert all_runs(tmp_path) == [good]


def test_silent_runs_hide_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [create_run(tmp_path, "halonet", {}) for _ in range(5)]
    silent, answers = {runs[1], runs[3]}, threading.Event()
    config = Run.config

    def held(run: Run) -> dict[str, object]:
        if run in silent:
            answers.wait()
        return config(run)

    monkeypatch.setattr(Run, "config", held)
    try:
        states = {entry.run: entry.state for entry in entries(tmp_path, limit=0.05)}
        assert states == {run: SILENT if run in silent else "new" for run in runs}
    finally:
        answers.set()


def test_a_silent_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(listing, "children", lambda root: answers.wait())
    try:
        with pytest.raises(ResourceError, match="does not answer within"):
            entries(tmp_path, limit=0.01)
    finally:
        answers.set()
