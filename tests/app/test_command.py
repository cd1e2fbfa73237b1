"""A command is declared once: a toy one is found in the help, run, and asked for by a form."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
import typer

from app.cli import registry
from app.cli.command import Command, CommandForm
from app.cli.registry import command
from core.errors import UsageError
from core.forms import Ask, command_words


def even(text: str) -> int:
    if int(text) % 2:
        raise UsageError("odd", "give an even number")
    return int(text)


def toy(
    source: Annotated[Path, typer.Argument(help="What is read."), Ask("files", exists=True)],
    count: Annotated[int, typer.Option(help="How many [Mpc/h]."), Ask("numbers", parse=even)] = 2,
    kind: Annotated[str, typer.Option(help="Which."), Ask("numbers", ("a", "b"))] = "a",
) -> None:
    """A toy."""


TOY = Command("toy box", toy, 99, CommandForm("play", "{count} of {source}", {"numbers": "N.", "files": "F."}))


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("app.cli.toys")
    module.COMMANDS, module.GROUPS = (TOY,), {"toy": "Toys."}  # type: ignore[attr-defined]
    known = registry._modules()
    monkeypatch.setattr(registry, "_modules", lambda: (*known, module))


@pytest.mark.usefixtures("toys")
def test_a_command_is_one_record(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert registry.command("toy box") is TOY
    monkeypatch.delitem(sys.modules, "app.cli.program", raising=False)
    from app.cli.program import program

    with pytest.raises(SystemExit):
        program(["toy", "box", "--help"])
    assert "How many [Mpc/h]." in capsys.readouterr().out


def test_a_form_follows_from_the_signature(tmp_path: Path) -> None:
    fields = {field.path: field for field in TOY.fields}
    assert list(fields) == ["count", "kind", "source"]
    assert fields["kind"].choices == ("a", "b")
    assert fields["count"].unit == "Mpc/h"
    assert TOY.called({"source": "x"}) == "2 of x"
    assert TOY.problems({"source": str(tmp_path)}) == {}
    assert TOY.problems({"source": "/none", "count": "3", "kind": "c"}) == {
        "source": "/none does not exist",
        "count": "give an even number",
        "kind": "must be one of a, b",
    }
    assert TOY.problems({"count": "0"})["count"] == "must be above 0"


def test_names_are_told_apart() -> None:
    names = [command.name for command in registry.commands()]
    assert len(names) == len(set(names))
    assert {"simulate", "infall make", "ionize", "demo"} <= set(names)


def read(files: Annotated[list[Path], typer.Argument(help="Files."), Ask("files", exists=True)]) -> None:
    """Another toy."""


def test_texts_of_a_form_become_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    many = Command("read", read, 99, CommandForm("read", "read {files}", {"files": "F."}))
    assert command_words(many.fields, {"files": "'a b' ~/c"}) == ["a b", str(tmp_path / "c")]
    assert command_words(many.fields, {"files": "a 'b"}) == ["a", "'b"]  # a quote that is still being written
    assert many.problems({"files": "~ /none"}) == {"files": "/none does not exist"}
    assert command_words(TOY.fields, {"source": "~/x", "count": "", "kind": "b"}) == [
        str(tmp_path / "x"),
        "--kind",
        "b",
    ]
    assert TOY.problems({"source": "~", "count": "nan"})["count"] == "is no whole number"
    box = command("simulate")
    assert box.problems({"box": "nan"}) == {"box": "is no number"}
