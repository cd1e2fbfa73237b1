"""A command is declared once: a toy one is found in the help, run, and asked for by a form."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
import typer

from app.cli import registry
from app.cli.command import Command, CommandForm, with_flags
from app.cli.registry import command, commands
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


def test_the_choices_of_the_forms_are_those_of_the_engine() -> None:
    from typing import get_args

    from core.cosmos.cosmology import PRESETS
    from core.cosmos.nbody import Integrator
    from core.cosmos.simulate import SPECTRA, Truth

    choices = {field.path: set(field.choices) for field in command("simulate").fields}
    assert choices["cosmology"] == set(PRESETS)
    assert choices["spectrum"] == set(SPECTRA)
    assert choices["truth"] == set(get_args(Truth))
    assert choices["integrator"] == set(get_args(Integrator))


@pytest.mark.parametrize("name", [item.name for item in commands() if item.form])
def test_every_option_has_its_group(name: str) -> None:
    asked = command(name)
    assert asked.form
    assert {field.group for field in asked.fields} == set(asked.form.groups)
    assert all(field.ask.group == field.group for field in asked.fields)


def test_values_that_cannot_be() -> None:
    problems = command("simulate").problems({"cells": "0", "box": "-1", "outputs": "1,x", "like": "/none.h5"})
    assert set(problems) == {"cells", "box", "outputs", "like"}
    assert set(command("import").problems({"spectral_index": "-1", "redshift": "0"})) == {"initial"}
    assert set(command("ionize").problems({"redshifts": "6-x/3", "seeds": "", "density": "/none"})) == {
        "redshifts",
        "density",
    }


@pytest.mark.parametrize(("device", "good"), [("cuda:1", True), ("auto", True), ("cudda", False), ("cuda:x", False)])
@pytest.mark.parametrize("name", ["simulate", "import", "ionize"])
def test_a_device_that_there_cannot_be(name: str, device: str, good: bool) -> None:
    assert ("device" not in command(name).problems({"device": device})) is good


def test_flags_follow_from_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    def told(count: int = 1, **extra: bool) -> None:
        print(count, extra)

    program = typer.Typer(add_completion=False)
    program.command()(with_flags(told, {"first-crossing": "Also crossings.", "voids": "Also voids."}))
    program(["--voids"], standalone_mode=False)
    assert capsys.readouterr().out == "1 {'first_crossing': False, 'voids': True}\n"
    program(["--help"], standalone_mode=False)
    assert "Also crossings." in capsys.readouterr().out
