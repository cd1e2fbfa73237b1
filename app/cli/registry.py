"""All commands: every file of this folder that has COMMANDS adds its own, and names its group in GROUPS."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

import app.cli
from app.cli.command import Command


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = [item.name for item in pkgutil.iter_modules(app.cli.__path__)]
    return tuple(import_module(f"app.cli.{name}") for name in names if name not in ("registry", "program"))


def commands() -> tuple[Command, ...]:
    """Every command in the order of the help."""
    found = [command for module in _modules() for command in getattr(module, "COMMANDS", ())]
    return tuple(sorted(found, key=lambda command: command.order))


def groups() -> dict[str, str]:
    """What each group of commands is about."""
    return {name: text for module in _modules() for name, text in getattr(module, "GROUPS", {}).items()}


def command(name: str) -> Command:
    """The command of this name."""
    return next(command for command in commands() if command.name == name)
