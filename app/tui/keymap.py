"""Every key of the workbench, once: dispatch, footer, help and command palette are made from this table.

A key is remapped by its id, in the user's settings: [keymap] "runs.pause" = "f5".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from textual.binding import Binding, BindingType

from app.tui.frame.key import Key, Where
from app.tui.frame.places import PLACES
from app.tui.screens.data import keys as data
from app.tui.screens.launch import keys as launch
from app.tui.screens.network import keys as network
from app.tui.screens.runs import keys as runs
from app.tui.screens.slices import keys as slices
from app.tui.screens.statistics import keys as statistics

__all__ = ["KEYS", "TITLES", "TOGETHER", "Key", "Where", "bindings", "clash", "keys_of", "remapped"]

TITLES: dict[Where, str] = {
    "runs": "Runs",
    "list": "In the list of runs",
    "curves": "Curves of the chosen run",
    "figures": "Figures of a run",
    "figure": "One figure",
    "confirm": "A question",
    "ask": "A line to be written",
    "data": "Data: files, import, simulation",
    "slices": "Slices through universes",
    "statistics": "Statistics of universes",
    "launch": "Launch of a run",
    "network": "Network of a run",
    "tree": "In the tree of files",
    "tasks": "In the list of tasks",
    "form": "In a form",
    "edit": "While a value is edited",
    "command": "A command to be started",
    "pick": "A choice",
    "choices": "In a list of choices",
    "help": "This help",
    "everywhere": "Everywhere",
}

TOGETHER: tuple[set[Where], ...] = (
    {"runs", "list", "curves"},
    {"data", "tree", "tasks"},
    {"launch", "form"},
    {"launch", "choices"},
    {"command", "form"},
    {"pick", "choices"},
)
"""What is on the screen at the same time, where one key cannot mean two things."""

KEYS: tuple[Key, ...] = (
    *runs.KEYS,
    *data.KEYS,
    *launch.KEYS,
    *slices.KEYS,
    *statistics.KEYS,
    *network.KEYS,
    Key("confirm.yes", "y", "answer(True)", "yes, do it", "confirm", "yes"),
    Key("confirm.no", "n,escape", "answer(False)", "no, leave it", "confirm", "no"),
    Key("ask.back", "escape", "back", "leave it as it was", "ask", "leave it"),
    Key("help.back", "escape", "back", "close the help", "help", "close"),
    Key("help.down", "down", "page(1)", "a line down", "help"),
    Key("help.up", "up", "page(-1)", "a line up", "help"),
    Key("help.page_down", "pagedown", "page(15)", "a page down", "help"),
    Key("help.page_up", "pageup", "page(-15)", "a page up", "help"),
    *(
        Key(f"go.{place.id}", place.key, f"go('{place.id}')", f"go to {place.title}", "everywhere", first=True)
        for place in PLACES
    ),
    Key("help", "question_mark", "help", "all keys", "everywhere", "help"),
    Key("save", "S", "save", "save the screen as SVG, PNG or text", "everywhere"),
    Key("copy", "y", "copy", "copy what is chosen to the clipboard, over SSH too (OSC 52)", "everywhere"),
    Key("theme", "T", "theme", "next theme: dark, light, colour-blind safe, the terminal's own", "everywhere"),
    Key("palette", "ctrl+p", "command_palette", "find an action or a run by name", "everywhere", "palette"),
    Key("how_to_quit", "ctrl+c", "help_quit", "say how to leave; a running worker hears nothing of it", "everywhere"),
    Key("quit", "q,ctrl+q", "quit", "leave the workbench; runs go on", "everywhere", "quit"),
)


def keys_of(*places: Where) -> list[Key]:
    """The keys that work in some places, in the order of the table."""
    return [key for key in KEYS if key.where in places]


def remapped(keymap: Mapping[str, str]) -> list[Key]:
    """The table with a user's keys."""
    return [replace(key, key=keymap.get(key.id, key.key)) for key in KEYS]


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


def bindings(*places: Where) -> list[BindingType]:
    """Textual's bindings for some places."""
    return [
        Binding(key.key, key.action, key.hint or key.description, show=key.shown, priority=key.first, id=key.id)
        for key in keys_of(*places)
    ]
