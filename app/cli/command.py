"""A command, declared once: its signature is its options on the command line and its form in the workbench."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Annotated, Any

import typer

from app.cli.answers import answering
from app.cli.completion import completed
from app.cli.show import print_json
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
    answer: Mapping[str, str] = field(default_factory=dict)
    """The keys of its JSON and their meaning, besides those of every command."""

    @cached_property
    def fields(self) -> tuple[FormField, ...]:
        """The options as a form asks for them, group by group."""
        order = list(self.form.groups) if self.form else []
        found = command_fields(self.function)
        placed = [each if each.group in order else replace(each, group=order[-1] if order else "") for each in found]
        return tuple(sorted(placed, key=lambda each: order.index(each.group) if order else 0))

    def problems(self, values: Mapping[str, str]) -> dict[str, str]:
        """What the values alone tell is wrong, by parameter."""
        found = {each.path: problem_of(each, values.get(each.path, each.default)) for each in self.fields}
        return {path: words for path, words in found.items() if words}

    def called(self, values: Mapping[str, str]) -> str:
        """What it is called as a task."""
        told: dict[str, Any] = {each.path: values.get(each.path, each.default) for each in self.fields}
        return self.form.task.format(**told) if self.form else self.name


JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines; docs/json.md has its keys.")]


def for_typer(command: Command) -> Callable[..., None]:
    """The function of a command with the option --json, and with the values that a shell may offer."""
    function = command.function
    known = completed(inspect.signature(function, eval_str=True))
    more = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JSON)

    @wraps(function)
    def answered(*args: Any, as_json: bool = False, **kwargs: Any) -> None:
        if not as_json:
            function(*args, **kwargs)
            return
        with answering(command.name, print_json):
            function(*args, **kwargs)

    return _with_signature(answered, known.replace(parameters=[*known.parameters.values(), more]))


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

    return _with_signature(flagged, known.replace(parameters=[*given, *more]))


def _with_signature(function: Callable[..., None], signature: inspect.Signature) -> Callable[..., None]:
    """A wrapping function whose parameters are these."""
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {item.name: item.annotation for item in signature.parameters.values()}
    del function.__wrapped__  # type: ignore[attr-defined]  # Typer would ask the function below for its types
    return function
