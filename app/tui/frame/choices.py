"""A list to choose from, with the keys of all lists."""

from __future__ import annotations

from textual.widgets import OptionList

from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS


class Choices(OptionList):
    """Options, one of which is taken."""

    BINDINGS = bindings(KEYS, "choices")
