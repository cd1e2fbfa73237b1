"""Every key of the workbench, once: dispatch, footer, help and command palette are made from this table.

A key is remapped by its id: `App.set_keymap({"runs.pause": "f5"})`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal["everywhere", "runs", "list", "curves", "figures", "figure", "confirm", "help"]


@dataclass(frozen=True)
class Key:
    """One action and its keys (comma-separated); `hint` is its word in the footer, none if it is not shown there."""

    id: str
    key: str
    action: str
    description: str
    where: Where
    hint: str = ""
    first: bool = False
    """Asked before the focused widget: over a slow line the keys typed after it arrive together with it."""

    @property
    def shown(self) -> bool:
        """Whether the footer shows it; hints for the curves stand above the curves."""
        return bool(self.hint) and self.where != "curves"

    @property
    def signs(self) -> str:
        """The keys as people write them: "f enter", "esc", "^p"."""
        names = (name.replace("ctrl+", "^") for name in self.key.split(","))
        return " ".join(_SIGNS.get(name, name) for name in names)


_SIGNS = {"slash": "/", "question_mark": "?", "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓"}
TITLES: dict[Where, str] = {
    "runs": "Runs",
    "list": "In the list of runs",
    "curves": "Curves of the chosen run",
    "figures": "Figures of a run",
    "figure": "One figure",
    "confirm": "A question",
    "help": "This help",
    "everywhere": "Everywhere",
}

KEYS: tuple[Key, ...] = (
    Key(
        "runs.figures",
        "f,enter",
        "figures",
        "open the report of the chosen run: numbers and figures",
        "runs",
        "figures",
    ),
    Key("runs.pause", "p", "pause", "pause the chosen run after its current step", "runs", "pause"),
    Key(
        "runs.resume",
        "r",
        "resume",
        "go on: a paused run, or a stopped or lost one from its checkpoint",
        "runs",
        "resume",
    ),
    Key("runs.stop", "s", "stop", "stop the chosen run after its current step and keep a checkpoint", "runs", "stop"),
    Key("runs.delete", "d", "delete", "delete the folder of the chosen run, after a question", "runs", "delete"),
    Key(
        "runs.filter",
        "slash",
        "filter",
        "show only runs whose name, recipe or state has these words",
        "runs",
        "filter",
        first=True,
    ),
    Key("runs.clear", "escape", "clear", "close the filter and show all runs", "runs"),
    Key("list.next", "j,down", "cursor_down", "next run", "list"),
    Key("list.previous", "k,up", "cursor_up", "previous run", "list"),
    Key("list.first", "g,home", "scroll_top", "first run", "list"),
    Key("list.last", "G,end", "scroll_bottom", "last run", "list"),
    Key("curves.metric", "m", "metric(1)", "next metric", "curves", "metric"),
    Key("curves.metric_back", "M", "metric(-1)", "previous metric", "curves"),
    Key("curves.log", "l", "log", "logarithmic or linear axis", "curves", "log"),
    Key("curves.smooth", "w", "smooth", "smoothed or raw training values", "curves", "smooth"),
    Key("figures.open", "f,enter", "open", "show the chosen figure on the full screen", "figures", "full screen"),
    Key("figures.reload", "r", "reload", "read the report again", "figures", "reload"),
    Key("figures.back", "escape,backspace", "back", "back to the runs", "figures", "back"),
    Key("figure.next", "right,n", "turn(1)", "next figure", "figure", "next"),
    Key("figure.previous", "left,b", "turn(-1)", "previous figure", "figure", "previous"),
    Key("figure.back", "escape,f,enter", "back", "back to the report", "figure", "back"),
    Key("confirm.yes", "y", "answer(True)", "yes, do it", "confirm", "yes"),
    Key("confirm.no", "n,escape", "answer(False)", "no, leave it", "confirm", "no"),
    Key("help.back", "escape", "back", "close the help", "help", "close"),
    Key("help", "question_mark", "help", "all keys", "everywhere", "help"),
    Key("palette", "ctrl+p", "command_palette", "find an action or a run by name", "everywhere", "palette"),
    Key("how_to_quit", "ctrl+c", "help_quit", "say how to leave; a running worker hears nothing of it", "everywhere"),
    Key("quit", "q,ctrl+q", "quit", "leave the workbench; runs go on", "everywhere", "quit"),
)


def keys_of(*places: Where) -> list[Key]:
    """The keys that work in some places, in the order of the table."""
    return [key for key in KEYS if key.where in places]


def bindings(*places: Where) -> list[BindingType]:
    """Textual's bindings for some places."""
    return [
        Binding(key.key, key.action, key.hint or key.description, show=key.shown, priority=key.first, id=key.id)
        for key in keys_of(*places)
    ]
