"""Settings: typed models, TOML tables, `a.b=value` overrides; every mistake told at once with its path."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ConfigError, HalodeckError, InputError, UsageError, did_you_mean
from core.reading import read_toml

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
"""The tables that come with halodeck, one file a recipe."""


class Settings(BaseModel):
    """A group of settings. The docstring under a field is its help; nothing unknown is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


S = TypeVar("S", bound=Settings)


def resolve(kind: type[S], table: dict[str, Any], overrides: list[str]) -> S:
    """Settings from their defaults, then a table, then overrides "a.b=value".

    What a table leaves out of a group is as in the group's own default, which need not be that of its class.
    Raises: ConfigError with every wrong setting.
    """
    problems: list[str] = []
    merged = table
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals or not path.strip():
            problems.append(f"--set {override}: write it as name=value")
            continue
        merged = _with(merged, path.strip().split("."), _value(text.strip()))
    try:
        result = kind.model_validate(_over(defaults(kind), merged))
    except ValidationError as error:
        problems += [_explain(kind, dict(item)) for item in error.errors(include_url=False)]
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    return result


def read_table(recipe: str, source: str) -> dict[str, Any]:
    """A table of settings from FILE:TABLE, FILE, or the name of a table that comes with the recipe.

    Raises: InputError for an unreadable file, UsageError for an unknown table.
    """
    file, _, table = source.rpartition(":")
    if not file and not source.endswith(".toml"):
        file, table = str(CONFIGS / f"{recipe}.toml"), source
    elif not file or source.endswith(".toml"):
        file, table = source, ""
    try:
        data = read_toml(Path(file))
    except FileNotFoundError:
        raise InputError(f"there is no configuration {file}", "give FILE:TABLE or the name of a table") from None
    except HalodeckError as error:
        raise InputError(f"{file} is not a readable TOML file ({error.problem})", "correct it") from error
    if not table:
        return data
    if not isinstance(data.get(table), dict):
        raise UsageError(f"{file} has no table [{table}]", did_you_mean(table, data))
    return dict(data[table])


def tables(recipe: str) -> list[str]:
    """The names of the tables that come with a recipe."""
    path = CONFIGS / f"{recipe}.toml"
    return list(tomllib.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def defaults(of: type[BaseModel] | BaseModel) -> dict[str, Any]:
    """The default of every setting that has one: a class's, or for a group that is a default the group's values."""
    if isinstance(of, BaseModel):
        return dict(of)
    items = of.model_fields.items()
    return {
        name: item.get_default(call_default_factory=True, validated_data={})
        for name, item in items
        if not item.is_required()
    }


def describe(of: type[BaseModel] | BaseModel, prefix: str = "") -> list[tuple[str, str, Any, str]]:
    """(dotted path, type, default, help) of every setting."""
    rows: list[tuple[str, str, Any, str]] = []
    kind, known = of if isinstance(of, type) else type(of), defaults(of)
    for name, item in kind.model_fields.items():
        default = known.get(name)
        if isinstance(default, BaseModel):
            rows += describe(default, f"{prefix}{name}.")
        else:
            annotation = getattr(item.annotation, "__name__", None)
            kind_name = annotation if annotation in ("int", "float", "bool", "str") else str(item.annotation)
            kind_name = kind_name.replace("typing.", "")
            rows.append((f"{prefix}{name}", kind_name, default, item.description or ""))
    return rows


def renamed(table: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """A copy of a nested table in which the setting at one dotted path has moved to another, where it is there."""
    parts = old.split(".")
    inner: Any = table
    for part in parts:
        if not isinstance(inner, dict) or part not in inner:
            return table
        inner = inner[part]
    return _with(removed(table, old), new.split("."), inner)


def removed(table: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy of a nested table without the setting at a dotted path."""
    first, _, rest = path.partition(".")
    if rest:
        return {**table, first: removed(table[first], rest)} if isinstance(table.get(first), dict) else table
    return {name: value for name, value in table.items() if name != first}


def _over(known: Mapping[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Defaults with the values of a nested table in their place."""
    laid = dict(known)
    for name, value in table.items():
        group = known.get(name)
        laid[name] = _over(dict(group), value) if isinstance(group, BaseModel) and isinstance(value, dict) else value
    return laid


def _with(table: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """A copy of a nested table with one value replaced."""
    inner = table.get(path[0])
    if len(path) > 1:
        value = _with(inner if isinstance(inner, dict) else {}, path[1:], value)
    return {**table, path[0]: value}


def _value(text: str) -> Any:
    """A value as TOML would read it; what TOML cannot read is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _explain(kind: type[BaseModel], error: dict[str, Any]) -> str:
    location = [str(part) for part in error["loc"]]
    path = ".".join(location)
    if error["type"] == "extra_forbidden":
        every = {row[0]: row[0] for row in describe(kind)}
        by_last_name = {name.rpartition(".")[2]: name for name in every}
        remedy = did_you_mean(path, every) if len(location) > 1 else did_you_mean(path, {**every, **by_last_name})
        if path in by_last_name:
            remedy = f"did you mean {by_last_name[path]!r}?"
        return f"{path}: there is no such setting, {remedy}"
    words = f"{path}: {error['msg'].removeprefix('Value error, ')}"
    # what two settings of a group contradict each other in is said in words
    return words if isinstance(error["input"], dict) else f"{words} (got {error['input']!r})"
