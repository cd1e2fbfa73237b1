"""One action of the workbench and its keys; what Textual needs of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Key:
    """One action and its keys (comma-separated) in a section of the help, which says where they work.

    `hint` is its word in the footer, none if it is not shown there.
    """

    id: str
    key: str
    action: str
    description: str
    where: str
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
        return signs(self.key)


def signs(keys: str) -> str:
    """Keys (comma-separated) as people write them: "h ←", "esc", "^p"."""
    return " ".join(_SIGNS.get(name, name) for name in (name.replace("ctrl+", "^") for name in keys.split(",")))


_SIGNS = {
    "slash": "/", "question_mark": "?", "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓",
    "full_stop": ".", "comma": ",", "greater_than_sign": ">", "less_than_sign": "<", "plus": "+", "minus": "-",
    "equals_sign": "=", "percent_sign": "%", "exclamation_mark": "!", "asterisk": "*", "number_sign": "#",
    "colon": ":", "left_square_bracket": "[", "right_square_bracket": "]", "alt+left": "alt+←", "alt+right": "alt+→",
    "shift+left": "⇧←", "shift+right": "⇧→", "shift+up": "⇧↑", "shift+down": "⇧↓",
    "ampersand": "&", "apostrophe": "'", "at": "@", "shift+tab": "⇧tab",
}  # fmt: skip


def bindings(keys: Iterable[Key], *sections: str) -> list[BindingType]:
    """Textual's bindings for the keys of some sections."""
    return [
        Binding(key.key, key.action, key.hint or key.description, show=key.shown, priority=key.first, id=key.id)
        for key in keys
        if key.where in sections
    ]
