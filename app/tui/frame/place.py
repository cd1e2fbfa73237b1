"""What a place of the workbench says of itself: the key that goes there, its screen and the keys that work in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from textual.screen import Screen

from app.tui.frame.key import Key


@dataclass(frozen=True)
class Place:
    """A screen with a stack of its own; `home` is its class as "module:class", imported when first visited.

    `sections` are the titles of the sections of its keys, `together` those that are on the screen at the same time,
    where one key cannot mean two things.
    """

    id: str
    key: str
    title: str
    home: str
    keys: tuple[Key, ...]
    sections: Mapping[str, str]
    together: tuple[set[str], ...] = ()

    def __call__(self) -> Screen[Any]:
        """Its screen, made anew."""
        module, name = self.home.split(":")
        return getattr(import_module(module), name)()
