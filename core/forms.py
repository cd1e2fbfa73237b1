"""What a form asks for: fields described from a Settings model or from the options of a command.

Values are texts as a user would write them on the command line, so what stands in a form is what the equivalent
command says. The empty text means "not given".
"""

from __future__ import annotations

import inspect
import json
import math
import re
import shlex
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from core.config import Settings

FieldKind = Literal["text", "int", "float", "bool", "choice", "list", "path"]
KINDS: dict[str, str] = {
    "text": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "choice": "one of",
    "list": "a list",
    "path": "a path",
}


@dataclass(frozen=True)
class Ask:
    """What a form makes of an option of a command; it stands beside the option in the command's signature."""

    group: str = ""
    choices: tuple[str, ...] = ()
    others: bool = False
    """Whether something else than the choices may be given."""
    parse: Callable[[str], object] | None = None
    """Reads the text. Raises: UsageError for what cannot be read."""
    exists: bool = False
    """A path at which something must be."""
    signed: bool = False
    """A number that may be zero or less."""


@dataclass(frozen=True)
class FormField:
    """One thing that is asked for."""

    path: str
    """Dotted path in the settings, or the name of a parameter."""
    kind: FieldKind
    default: str
    help: str
    choices: tuple[str, ...] = ()
    bounds: str = ""
    option: str = ""
    """How a command gives it, e.g. --box-size; empty for an argument by position."""
    required: bool = False
    group: str = ""
    ask: Ask = Ask(signed=True)

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def unit(self) -> str:
        """The unit in brackets that its help names: "[Mpc/h]" gives "Mpc/h"."""
        found = re.search(r"\[([^\]=]+)\]", self.help)
        return found[1] if found else ""

    @property
    def what(self) -> str:
        """Its type for people: "a whole number, 1 to 8"."""
        if self.kind == "choice":
            return f"one of {', '.join(filter(None, self.choices))}"
        return ", ".join(part for part in (KINDS[self.kind], self.bounds, self.unit) if part)


# settings


def settings_fields(of: type[Settings] | Settings, prefix: str = "") -> tuple[FormField, ...]:
    """Every setting of a model, the ungrouped first; the default of a recipe is the paper's value."""
    from core.config import Settings, defaults

    own: list[FormField] = []
    grouped: list[FormField] = []
    kind, known = of if isinstance(of, type) else type(of), defaults(of)
    for name, item in kind.model_fields.items():
        default = known.get(name)
        if isinstance(default, Settings):
            grouped += settings_fields(default, f"{prefix}{name}.")
            continue
        what, choices = _kind_of(item.annotation)
        own.append(
            FormField(
                f"{prefix}{name}",
                what,
                written(default),
                " ".join((item.description or "").split()),
                choices,
                _bounds(item.metadata),
                "--set",
                group=prefix.rstrip("."),
            )
        )
    return (*own, *grouped)


def settings_groups(of: type[Settings] | Settings, prefix: str = "") -> dict[str, str]:
    """What each group of settings is about, from the docstring under its field or else that of its class."""
    from core.config import Settings, defaults

    about: dict[str, str] = {}
    kind, known = of if isinstance(of, type) else type(of), defaults(of)
    for name, item in kind.model_fields.items():
        default = known.get(name)
        if isinstance(default, Settings):
            about[f"{prefix}{name}"] = " ".join((item.description or type(default).__doc__ or "").split())
            about |= settings_groups(default, f"{prefix}{name}.")
    return about


def settings_values(settings: Settings, prefix: str = "") -> dict[str, str]:
    """Every setting as text, by its dotted path."""
    from core.config import Settings

    values: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Settings):
            values |= settings_values(value, f"{prefix}{name}.")
        else:
            values[f"{prefix}{name}"] = written(value)
    return values


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings as a run keeps them, as texts by their dotted names."""
    told: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            told |= flat(value, f"{prefix}{name}.")
        else:
            told[f"{prefix}{name}"] = written(value)
    return told


def settings_problems(kind: type[Settings], table: dict[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a table and the texts that replace some of it, by path; "" holds what belongs to no field."""
    from core.config import resolve

    try:
        resolve(kind, table, overrides(changes))
    except ConfigError as error:
        known = sorted((field.path for field in settings_fields(kind)), key=len, reverse=True)
        problems: dict[str, str] = {}
        for problem in error.problems:
            location, _, words = problem.partition(": ")
            path = next((path for path in known if f"{location}.".startswith(f"{path}.")), "")
            problems.setdefault(path, words if path else problem)
        return problems
    return {}


def overrides(changes: Mapping[str, str]) -> list[str]:
    """Changed texts as --set takes them."""
    return [f"{path}={text}" for path, text in changes.items()]


def written(value: Any) -> str:
    """A value as a user would write it: true, 0.01, adamw, [0.9, 0.5]; None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_in_list(item) for item in value)}]"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


# commands


def command_fields(command: Callable[..., Any]) -> tuple[FormField, ...]:
    """The arguments and options of a command, from its signature."""
    hints = typing.get_type_hints(command, include_extras=True)
    fields = []
    for name, parameter in inspect.signature(command).parameters.items():
        annotation, *metadata = typing.get_args(hints[name])
        about = metadata[0]
        if getattr(about, "hidden", False):
            continue  # for machines
        what, choices = _kind_of(annotation)
        # the one nearest to the parameter counts, not that of an annotation which it shares
        ask = next((item for item in reversed(metadata) if isinstance(item, Ask)), Ask(signed=True))
        positional = type(about).__name__ == "ArgumentInfo"
        declared = [word for word in about.param_decls or () if word.startswith("--")]
        option = "" if positional else (declared or [f"--{name.rstrip('_').replace('_', '-')}"])[0]
        required = parameter.default is inspect.Parameter.empty
        default = "" if required else written(parameter.default)
        low = "" if about.min is None else f"{about.min:g} or more"
        help_text = " ".join((about.help or "").split())
        if ask.choices:
            what, choices = what if ask.others else "choice", ask.choices if default else ("", *ask.choices)
        fields.append(FormField(name, what, default, help_text, choices, low, option, required, ask.group, ask))
    return tuple(fields)


def problem_of(field: FormField, text: str) -> str:
    """What is wrong with the text for a field of a command, as far as the text alone can tell; "" when nothing."""
    if not text:
        return "must be given" if field.required else ""
    if field.kind in ("int", "float"):
        try:
            number = int(text) if field.kind == "int" else float(text)
        except ValueError:
            return f"is no {KINDS[field.kind].removeprefix('a ')}"
        if field.bounds and number < float(field.bounds.split()[0]):
            return f"must be {field.bounds}"
        if not math.isfinite(number):
            return "is no number"
        if number <= 0 and not field.ask.signed and not field.bounds:
            return "must be above 0"
    for path in (words_of(text) if field.kind == "list" else [at_home(text)]) if field.ask.exists else ():
        if not Path(path).exists():
            return f"{path} does not exist"
    if field.ask.parse:
        try:
            field.ask.parse(text)
        except UsageError as error:
            return error.remedy
    if field.kind in ("choice", "bool") and text not in field.choices:
        return f"must be one of {', '.join(field.choices)}"
    return ""


def command_words(fields: tuple[FormField, ...], values: Mapping[str, str]) -> list[str]:
    """The arguments of the command that says what a form says; defaults are left out."""
    arguments: list[str] = []
    options: list[str] = []
    for field in fields:
        text = values.get(field.path, field.default)
        if not field.option:
            arguments += (words_of(text) if field.kind == "list" else [at_home(text)]) if text else []
        elif text in ("", field.default):
            continue
        elif field.kind == "bool":
            options.append(field.option)
        else:
            options += [field.option, at_home(text) if field.kind == "path" else text]
    return [*arguments, *options]


def words_of(text: str) -> list[str]:
    """Words between blanks, quoted where they hold some; a quote that is not closed is a letter."""
    try:
        return [at_home(word) for word in shlex.split(text)]
    except ValueError:
        return text.split()


def at_home(text: str) -> str:
    """A path as a shell would give it: ~ is the home folder."""
    return str(Path(text).expanduser()) if text.startswith("~") else text


def _kind_of(annotation: Any) -> tuple[FieldKind, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice", tuple(map(str, typing.get_args(annotation)))
    if origin in (typing.Union, types.UnionType):
        known = [item for item in typing.get_args(annotation) if item is not type(None)]
        return _kind_of(known[0]) if len(known) == 1 else ("text", ())
    if origin in (tuple, list):
        return "list", ()
    if isinstance(annotation, type):
        if annotation is bool:
            return "bool", ("false", "true")
        for kind, name in ((int, "int"), (float, "float"), (Path, "path")):
            if issubclass(annotation, kind):
                return typing.cast(FieldKind, name), ()
    return "text", ()


def _bounds(metadata: list[Any]) -> str:
    """ "1 to 8", "0 or more", "above 0, below 1"."""
    low = high = ""
    for item in metadata:
        for name, words in (("ge", "{:g} or more"), ("gt", "above {:g}"), ("le", "up to {:g}"), ("lt", "below {:g}")):
            if (value := getattr(item, name, None)) is not None:
                low, high = (words.format(value), high) if name[0] == "g" else (low, words.format(value))
    if low.endswith("or more") and high.startswith("up to"):
        return f"{low.removesuffix(' or more')} to {high.removeprefix('up to ')}"
    return ", ".join(part for part in (low, high) if part)


def _in_list(value: Any) -> str:
    from core.config import Settings

    if isinstance(value, Settings):
        inside = value.model_dump(mode="json", exclude_none=True)
        return f"{{ {', '.join(f'{name} = {_in_list(item)}' for name, item in inside.items())} }}"
    return json.dumps(value) if isinstance(value, str) else written(value)
