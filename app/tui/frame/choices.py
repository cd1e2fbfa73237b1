"""A list to choose from, with the keys of all lists."""

from __future__ import annotations

from textual.widgets import OptionList

from app.tui.keymap import bindings


class Choices(OptionList):
    """Options, one of which is taken."""

    BINDINGS = bindings("choices")
