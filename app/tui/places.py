"""The places there are: each folder of screens/ says in its place.py what it is."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from app.tui import screens
from app.tui.frame.place import Place


def _found() -> tuple[Place, ...]:
    places = [
        import_module(f"{screens.__name__}.{folder.name}.place").PLACE for folder in iter_modules(screens.__path__)
    ]
    return tuple(sorted(places, key=lambda place: place.key))


PLACES: tuple[Place, ...] = _found()
"""In the order of their keys."""
