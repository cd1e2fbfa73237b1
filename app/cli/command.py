"""A command, declared once: its signature is its options on the command line and its form in the workbench."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Annotated, Any

import typer

from core.forms import FormField, command_fields, problem_of


@dataclass(frozen=True)
class CommandForm:
    """What makes a form of a command: its title, what its groups of options are about, and those folded at first."""

    title: str
    task: str
    """What the started command is called in the list of tasks, with {options} in it."""
    groups: Mapping[str, str]
    folded: tuple[str, ...] = ()
    first: str = ""
    """The option that takes the chosen file."""
    out: str = ""
    """Where --out is in a workbench with another folder of universes: {universes}, {stem} of the chosen file."""


@dataclass(frozen=True)
class Command:
    """A function of the command line; one with a form can be started from the workbench too."""

    name: str
    """As it is typed; "infall make" belongs to the group infall."""
    function: Callable[..., None]
    order: int = 50
    """Its place in `halodeck --help`."""
    form: CommandForm | None = None

    @cached_property
    def fields(self) -> tuple[FormField, ...]:
        """The options as a form asks for them, group by group."""
        order = list(self.form.groups) if self.form else []
        found = command_fields(self.function)
        placed = [
            field if field.group in order else replace(field, group=order[-1] if order else "") for field in found
        ]
        return tuple(sorted(placed, key=lambda field: order.index(field.group) if order else 0))

    def problems(self, values: Mapping[str, str]) -> dict[str, str]:
        """What the values alone tell is wrong, by parameter."""
        found = {field.path: problem_of(field, values.get(field.path, field.default)) for field in self.fields}
        return {path: words for path, words in found.items() if words}

    def called(self, values: Mapping[str, str]) -> str:
        """What it is called as a task."""
        told: dict[str, Any] = {field.path: values.get(field.path, field.default) for field in self.fields}
        return self.form.task.format(**told) if self.form else self.name


def with_flags(function: Callable[..., None], flags: Mapping[str, str]) -> Callable[..., None]:
    """A function that takes **flags, with an option of its own for each of them: name and help."""
    added = {
        name.replace("-", "_"): Annotated[bool, typer.Option(f"--{name}", help=text)] for name, text in flags.items()
    }
    known = inspect.signature(function, eval_str=True)
    given = [item for item in known.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=hint)
        for name, hint in added.items()
    ]

    @wraps(function)
    def flagged(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    flagged.__signature__ = known.replace(parameters=[*given, *more])  # type: ignore[attr-defined]
    flagged.__annotations__ = {item.name: item.annotation for item in [*given, *more]}
    del flagged.__wrapped__  # Typer would ask the function below for its types
    return flagged
