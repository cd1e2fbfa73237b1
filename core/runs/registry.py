"""Which recipes there are: the files and folders of core/recipes, and those that other distributions bring.

Another distribution names its recipe in the entry-point group `halodeck.recipes`: mine = "package.module" or
"package.module:Class". A recipe that cannot be imported takes no other with it: it is known by its name and the reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from core.config import resolve
from core.errors import HalodeckError, RunError, UsageError, did_you_mean
from core.runs.recipe import Recipe
from core.runs.run import Run

GROUP = "halodeck.recipes"
_FOLDER = Path(__file__).parent.parent / "recipes"


def names() -> list[str]:
    """Every recipe by name, ours and others'; of two with one name ours counts."""
    return sorted(_sources())


def load(name: str) -> type[Recipe]:
    """The recipe of this name. Raises: UsageError, with a suggestion, or with the reason why it cannot be used."""
    sources = _sources()
    if name not in sources:
        raise UsageError(f"unknown recipe {name!r}", did_you_mean(name, sources))
    try:
        found = sources[name]()
    except HalodeckError:
        raise
    except Exception as error:  # whatever somebody else's module does when it is imported
        raise UsageError(
            f"recipe {name} cannot be used ({type(error).__name__}: {error})", "mend it or remove its distribution"
        ) from error
    if found.name != name:
        raise UsageError(f"recipe {name} calls itself {found.name!r}", "give file, entry point and class one name")
    return found


def every() -> dict[str, type[Recipe] | str]:
    """Every recipe by name; in the place of one that cannot be used, the reason."""
    found: dict[str, type[Recipe] | str] = {}
    for name in names():
        try:
            found[name] = load(name)
        except HalodeckError as error:
            found[name] = str(error)
    return found


def open_recipe(run: Run) -> Recipe:
    """The recipe of a run with its settings, brought up to date where an earlier version wrote them.

    Raises: ConfigError, UsageError; RunError where a newer version wrote them.
    """
    config = run.config()
    kind, version = load(str(config["recipe"])), int(config.get("settings_version", 1))
    if version > kind.version:
        raise RunError(f"the settings of run {run.name} were written by a newer {kind.name}", "update it")
    settings = config["settings"]
    return resolve(kind, kind.migrate(settings, version) if version < kind.version else settings, [])


def _sources() -> dict[str, Callable[[], type[Recipe]]]:
    """How each recipe is loaded, by name."""
    ours = [p.stem for p in _FOLDER.iterdir() if p.suffix == ".py" or (p / "recipe.py").exists()]
    return {
        **{point.name: _of_point(point) for point in _points()},
        **{name: _of_file(name) for name in ours if not name.startswith("_")},
    }


@cache
def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _of_file(name: str) -> Callable[[], type[Recipe]]:
    inside = f"{name}.recipe" if (_FOLDER / name).is_dir() else name
    return lambda: _recipe_in(importlib.import_module(f"core.recipes.{inside}"))


def _of_point(point: EntryPoint) -> Callable[[], type[Recipe]]:
    def load_point() -> type[Recipe]:
        loaded = point.load()
        if isinstance(loaded, ModuleType):
            return _recipe_in(loaded)
        if isinstance(loaded, type) and issubclass(loaded, Recipe):
            return loaded
        raise UsageError(f"{point.value} is no recipe", "name a module, or a subclass of core.runs.recipe.Recipe")

    return load_point


def _recipe_in(module: ModuleType) -> type[Recipe]:
    """The one recipe that a module defines: a subclass of Recipe with a name of its own."""
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, Recipe)
        and item.__module__ == module.__name__
        and "name" in vars(item)
    ]
    if len(found) != 1:
        many = ", ".join(item.__name__ for item in found) or "none"
        raise UsageError(f"{module.__name__} defines {len(found)} recipes ({many})", "define one class with a `name`")
    return found[0]
