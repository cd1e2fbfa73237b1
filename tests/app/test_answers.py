"""Every command answers machines: one object on standard output, with a schema and keys that are documented."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.answers import SCHEMA, answer_now, answering, as_text, tell
from app.cli.program import program
from app.cli.registry import commands
from app.cli.show import print_json, say
from core.cosmos.universe import Universe
from core.runs.run import Run, create_run

Call = Callable[..., tuple[int, str, str]]


def test_every_command_has_json_and_says_what_its_keys_mean() -> None:
    for item in commands():
        group: Any = typer.main.get_command(program)
        for word in item.name.split():
            group = group.commands[word]
        assert "--json" in {option for parameter in group.params for option in parameter.opts}, item.name
        assert item.answer, f"{item.name} has no answer=... in its COMMANDS"
        assert all(item.answer.values())


def test_one_object_and_nothing_else(command: Call, universes: list[Universe]) -> None:
    small = ("--cells", 8, "--box", 20, "--steps", 2, "--mesh-ratio", 1, "--minimum-particles", 2, "--device", "cpu")
    code, out, err = command("simulate", *small, "--json")
    assert code == 0
    told = json.loads(out)
    [made] = told["universes"]
    assert (told["schema"], told["command"]) == (SCHEMA, "simulate")
    assert Path(made["path"]).is_file()
    assert "simulate: " in err
    assert told["said"] == [f"{made['path']}  {made['halos']['fof']} halos (fof)"]
    again = json.loads(command("info", made["path"], "--json")[1])
    assert again["kind"] == "universe"
    figure = json.loads(command("view", universes[0].path, "--json")[1])["figure"]
    assert figure["kind"] == "Slice"
    assert "halos (fof)" in command("simulate", *small)[1]  # and for people again


def test_a_failing_command_prints_no_object(command: Call, tmp_path: Path) -> None:
    code, out, err = command("info", "nowhere", "--json")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    run = create_run(tmp_path / "runs", "halonet", {})
    code, out, err = command("delete", run.name, "--json")
    assert (code, out) == (2, "")
    assert "--json asks no questions: give --yes" in err
    told = json.loads(command("delete", run.name, "--yes", "--json")[1])
    assert told["run"] == run.name
    assert not run.path.exists()


def test_what_is_no_number_is_null() -> None:
    assert json.loads(as_text({"a": [float("nan"), float("inf"), 1.5], "b": (1, "\x7f")})) == {
        "a": [None, None, 1.5],
        "b": [1, "\x7f"],
    }


def test_a_command_that_serves_answers_before_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    with answering("toy", print_json):
        say("before")
        tell(a=1)
        answer_now()
        told = capsys.readouterr().out
        say("after")
    assert json.loads(told) == {"schema": SCHEMA, "command": "toy", "said": ["before"], "a": 1}
    assert capsys.readouterr().out == "after\n"


def test_watch_tells_the_end(command: Call, done_run: Run) -> None:
    told = json.loads(command("watch", done_run.path, "--json")[1])
    assert (told["state"], told["step"], told["steps"]) == ("done", 12, 12)


def test_what_other_processes_print_is_no_answer() -> None:
    code = (
        "import subprocess, sys\n"
        "from app.cli.answers import answering, tell\n"
        "from app.cli.show import print_json\n"
        "with answering('toy', print_json):\n"
        "    tell(a=1)\n"
        "    print('mine')\n"
        "    subprocess.run([sys.executable, '-c', 'print(1)'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"schema": SCHEMA, "command": "toy", "a": 1}
    assert done.stderr == "1\n"
