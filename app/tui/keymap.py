"""Every key of the workbench, once: each place and the frame name theirs, and here is what holds for all of them.

A key is remapped by its id, in the user's preferences: [keymap] "runs.pause" = "f5".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from app.tui.frame import keys as frame
from app.tui.frame.key import Key
from app.tui.places import PLACES

SECTIONS: dict[str, str] = {id: title for place in PLACES for id, title in place.sections.items()} | frame.SECTIONS
"""The sections of the help and their titles."""

TOGETHER: tuple[set[str], ...] = (*(group for place in PLACES for group in place.together), *frame.TOGETHER)
"""What is on the screen at the same time, where one key cannot mean two things."""

KEYS: tuple[Key, ...] = (
    *(key for place in PLACES for key in place.keys),
    *frame.KEYS,
    *(
        Key(f"go.{place.id}", place.key, f"go('{place.id}')", f"go to {place.title}", "everywhere", first=True)
        for place in PLACES
    ),
    *frame.EVERYWHERE,
)


def remapped(keymap: Mapping[str, str]) -> list[Key]:
    """The table with a user's keys."""
    return [replace(key, key=keymap[key.id]) if key.id in keymap else key for key in KEYS]


def clash(id: str, keys: str, keymap: Mapping[str, str] = MappingProxyType({})) -> str:
    """The action that already has one of these keys where the action `id` works; empty if there is none."""
    table = remapped(keymap)
    where = next(key.where for key in table if key.id == id)
    for key in table:
        meet = "everywhere" in (where, key.where) or where == key.where
        meet |= any({where, key.where} <= group for group in TOGETHER)
        if key.id != id and meet and set(keys.split(",")) & set(key.key.split(",")):
            return key.id
    return ""


def usable(wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The keys of a user's keymap that can be used, and why the others cannot, a line each."""
    problems = []
    known = {key.id for key in KEYS}
    keymap: dict[str, str] = {}
    for id, keys in wanted.items():
        if id not in known:
            problems.append(f"the keymap names an unknown action {id!r}; the help lists them")
        elif not keys.strip(", "):
            problems.append(f"the keymap leaves {id} without a key, which is ignored")
        elif other := clash(id, keys, keymap):
            problems.append(f"the keymap gives {keys!r} to {id}, but it is taken by {other}: ignored")
        else:
            keymap[id] = keys
    return keymap, problems
