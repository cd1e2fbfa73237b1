"""Forms described from settings and commands: every field, its help, and what is wrong with a text."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from pydantic import Field as Setting

from app.cli.bring import import_
from app.cli.simulate import simulate
from core.config import Settings, describe, read_table, resolve, tables
from core.forms import (
    command_fields,
    command_words,
    overrides,
    problem_of,
    settings_fields,
    settings_groups,
    settings_problems,
    settings_values,
    written,
)
from core.runs import registry


class Inner(Settings):
    """How it turns."""

    rate: float = Setting(0.5, gt=0, lt=1)
    """How fast [km/s]."""
    kind: Literal["x", "y"] = "x"


class Outer(Settings):
    steps: int = Setting(10, ge=1, le=99)
    """How long,
    in steps."""
    names: tuple[str, ...] = ("a", "b")
    inner: Inner = Inner()
    stages: tuple[Inner, ...] = (Inner(kind="y"),)
    flag: bool = False
    limit: int | None = None


class Wide(Settings):
    inner: Inner = Inner(rate=0.75)
    """How it turns here."""


def test_fields_of_settings() -> None:
    fields = {field.path: field for field in settings_fields(Outer)}
    assert list(fields) == ["steps", "names", "stages", "flag", "limit", "inner.rate", "inner.kind"]
    steps, rate, kind = fields["steps"], fields["inner.rate"], fields["inner.kind"]
    assert (steps.kind, steps.default, steps.help) == ("int", "10", "How long, in steps.")
    assert steps.what == "a whole number, 1 to 99"
    assert (rate.name, rate.group, rate.unit) == ("rate", "inner", "km/s")
    assert rate.what == "a number, above 0, below 1, km/s"
    assert (kind.kind, kind.choices, kind.what) == ("choice", ("x", "y"), "one of x, y")
    assert fields["flag"].choices == ("false", "true")
    assert (fields["limit"].kind, fields["limit"].default) == ("int", "")
    assert settings_groups(Outer) == {"inner": "How it turns."}


def test_a_field_may_say_more_than_the_class_of_its_group() -> None:
    assert settings_groups(Wide) == {"inner": "How it turns here."}
    assert [field.default for field in settings_fields(Wide)] == ["0.75", "x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (3, "3"), (0.005, "0.005"), (1e-5, "1e-05"), (1 / 3, repr(1 / 3)), ("sgd", "sgd")],
)
def test_values_are_written_as_one_would_type_them(value: object, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize("name", registry.names())
def test_every_setting_of_every_recipe_is_a_field_whose_text_gives_the_value_back(name: str) -> None:
    kind = registry.load(name)
    fields = settings_fields(kind)
    assert {field.path for field in fields} == {path for path, *_ in describe(kind)}
    assert all(field.help for field in fields)
    for table in [{}, *(read_table(name, table) for table in tables(name))]:
        settings = resolve(kind, table, [])
        texts = {path: text for path, text in settings_values(settings).items() if text}
        assert resolve(kind, {}, overrides(texts)) == settings


def test_problems_stand_at_their_fields() -> None:
    changes = {"steps": "many", "inner.rate": "2", "names": "[1]", "inner.kind": "y", "stages": "[{rate = 3}]"}
    problems = settings_problems(Outer, {"stepz": 1}, changes)
    assert set(problems) == {"steps", "inner.rate", "names", "stages", ""}
    assert "less than 1" in problems["inner.rate"]
    assert "stepz" in problems[""]
    assert settings_problems(Outer, {}, {"steps": "20"}) == {}


def example(
    source: Annotated[Path, typer.Argument(help="From where.")],
    cells: Annotated[int, typer.Option(help="How many.", min=2)] = 64,
    slice_: Annotated[float | None, typer.Option("--slice", help="Where [Mpc/h].")] = None,
    mesh_ratio: Annotated[float, typer.Option(help="How fine.")] = 2.0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite.")] = False,
) -> None: ...


def test_fields_of_a_command() -> None:
    fields = {field.path: field for field in command_fields(example)}
    assert [field.option for field in fields.values()] == ["", "--cells", "--slice", "--mesh-ratio", "--force"]
    assert [field.kind for field in fields.values()] == ["path", "int", "float", "float", "bool"]
    assert [field.default for field in fields.values()] == ["", "64", "", "2", "false"]
    assert fields["source"].required
    assert fields["cells"].bounds == "2 or more"
    assert problem_of(fields["source"], "") == "must be given"
    assert problem_of(fields["cells"], "1") == "must be 2 or more"
    assert problem_of(fields["cells"], "1.5") == "is no whole number"
    assert problem_of(fields["slice_"], "x") == "is no number"
    assert problem_of(fields["force"], "perhaps") == "must be one of false, true"
    assert not any(
        problem_of(fields[name], text) for name, text in {"cells": "3", "slice_": "-1e3", "source": "a"}.items()
    )


def test_a_form_and_its_command_say_the_same() -> None:
    fields = command_fields(example)
    values = {"source": "a b.h5", "cells": "64", "slice_": "3", "force": "true"}
    assert command_words(fields, values) == ["a b.h5", "--slice", "3", "--force"]
    assert command_words(fields, {"source": "a", "mesh_ratio": "3"}) == ["a", "--mesh-ratio", "3"]


@pytest.mark.parametrize("command", [simulate, import_])
def test_real_commands_can_be_described(command: object) -> None:
    fields = command_fields(command)  # type: ignore[arg-type]
    assert all(field.help for field in fields)
    assert sum(field.required for field in fields) == (command is import_)
