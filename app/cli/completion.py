"""What a shell offers after TAB besides the names of options: recipes, their tables and settings, runs, universes.

`halodeck --install-completion` sets it up for bash, zsh, fish and PowerShell. Which values a parameter takes follows
from what it is called in its command, so a new command has them without a word.
"""

from __future__ import annotations

import copy
import inspect
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, get_args, get_origin

import typer
from typer.models import ParameterInfo

from app.cli.options import UNIVERSES
from core.errors import HalodeckError
from core.forms import Ask

Values = Callable[[typer.Context, str], list[str]]

_RECIPE = ("recipe_name", "recipe")
_UNIVERSE = ("on", "universe", "path", "paths", "like")


def completed(signature: inspect.Signature) -> inspect.Signature:
    """A command's signature with what a shell may offer for each parameter."""
    return signature.replace(parameters=[_completed(item) for item in signature.parameters.values()])


def _completed(item: inspect.Parameter) -> inspect.Parameter:
    if get_origin(item.annotation) is not Annotated:
        return item
    kind, *told = get_args(item.annotation)
    info = next((each for each in told if isinstance(each, ParameterInfo)), None)
    ask = next((each for each in told if isinstance(each, Ask)), Ask())
    values = info and not (info.autocompletion or info.shell_complete) and _values(item.name, info, ask)
    if not info or not values:
        return item
    offering = copy.copy(info)  # the same option may stand in several commands

    def offer(ctx: typer.Context, incomplete: str) -> list[str]:
        with suppress(HalodeckError, OSError):  # TAB tells no errors
            return sorted({value for value in values(ctx, incomplete) if value.startswith(incomplete)})
        return []

    offering.autocompletion = offer
    others = [each for each in told if each is not info]
    return item.replace(annotation=Annotated[(kind, offering, *others)])


def _values(name: str, info: ParameterInfo, ask: Ask) -> Values | None:
    """What can be offered for a parameter of this name; None where nothing can."""
    words = set(re.findall(r"[A-Z]+", str(info.metavar or "")))
    if name in _RECIPE:
        words.add("RECIPE")
    said = {"RUN": runs, "NAME": runs, "NETWORK": networks, "RECIPE": recipes}
    if chosen := [values for word, values in said.items() if word in words]:
        return lambda context, incomplete: [each for values in chosen for each in values(context, incomplete)]
    known: dict[str, Values] = {"config": tables, "set_": settings, "color": _colours, "device": _devices}
    if name in known:
        return known[name]
    if ask.choices:
        return lambda context, incomplete: list(ask.choices)
    return universes if name in _UNIVERSE else None


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Names of runs in the folder that is said, "latest", and networks that come along."""
    from core.runs.run import is_run

    folder = Path(context.params.get("runs") or os.environ.get("HALODECK_RUNS") or "runs")
    found = [path.name for path in folder.iterdir() if is_run(path)] if folder.is_dir() else []
    return [*found, "latest", *networks(context, incomplete)]


def networks(context: typer.Context, incomplete: str) -> list[str]:
    """Names of networks that come along."""
    from core.runs.shipped import shipped

    return list(shipped())


def recipes(context: typer.Context, incomplete: str) -> list[str]:
    """Names of recipes."""
    from core.runs.registry import names

    return names()


def tables(context: typer.Context, incomplete: str) -> list[str]:
    """Tables of the recipe that stands in the command."""
    from core.config import tables as tables_of

    return tables_of(_recipe(context))


def settings(context: typer.Context, incomplete: str) -> list[str]:
    """Settings of the recipe that stands in the command, each with its "="."""
    from core.config import describe
    from core.runs.registry import load

    return [f"{path}=" for path, *_ in describe(load(_recipe(context)))]


def universes(context: typer.Context, incomplete: str) -> list[str]:
    """Universes and folders that begin like this; where nothing is written yet also those of the usual folder."""
    return [*_files(incomplete), *(_files(f"{UNIVERSES}/") if not incomplete else ())]


def _files(begin: str) -> Iterator[str]:
    folder, slash, name = begin.rpartition("/")
    for path in Path(folder + slash or ".").iterdir():
        if path.name.startswith(name) and not path.name.startswith(".") and (path.is_dir() or path.suffix == ".h5"):
            yield f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}"


def _recipe(context: typer.Context) -> str:
    # where the option under the cursor still lacks its value, the arguments are not assigned yet
    given = [*map(context.params.get, _RECIPE), *context.args]
    return next((word for word in given if word in recipes(context, "")), "")


def _devices(context: typer.Context, incomplete: str) -> list[str]:
    return ["auto", "cpu", "cuda"]


def _colours(context: typer.Context, incomplete: str) -> list[str]:
    return ["auto", "truecolor", "256", "16", "none"]
