"""One action of the workbench and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal[
    "everywhere",
    "data",
    "slices",
    "statistics",
    "launch",
    "runs",
    "network",
    "list",
    "curves",
    "figures",
    "figure",
    "confirm",
    "ask",
    "help",
    "tree",
    "tasks",
    "pick",
    "choices",
    "form",
    "edit",
    "command",
]


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


_SIGNS = {
    "slash": "/", "question_mark": "?", "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓",
    "full_stop": ".", "comma": ",", "greater_than_sign": ">", "less_than_sign": "<", "plus": "+", "minus": "-",
    "equals_sign": "=", "shift+left": "⇧←", "shift+right": "⇧→", "shift+up": "⇧↑", "shift+down": "⇧↓",
    "shift+tab": "⇧tab",
}  # fmt: skip
