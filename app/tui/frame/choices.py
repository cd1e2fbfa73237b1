"""A list to choose from, with the keys of all lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.tui.frame.filter import FilterScreen, has_all
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS

if TYPE_CHECKING:
    from textual.widgets._option_list import OptionListContent


class Choices(OptionList):
    """Options, one of which is taken; some of them, where words are asked for."""

    BINDINGS = bindings(KEYS, "choices")
    words = ""
    """What the options shown have."""
    _all: tuple[Option, ...] = ()

    def filter_by(self, words: str) -> None:
        """Show the options that have all these words, the cursor on the one it was on."""
        if not self.words:
            self._all = tuple(self.options)
        chosen, self.words = self.highlighted_option, words.strip()
        super().set_options(option for option in self._all if has_all(_text(option), self.words))
        self.border_subtitle = f"/{self.words}" if self.words else ""
        if self.options:
            self.highlighted = self.options.index(chosen) if chosen in self.options else 0

    def set_options(self, options: Iterable[OptionListContent]) -> Self:
        """Show these and no longer others, of which nothing is hidden."""
        self.words, self.border_subtitle = "", ""
        return super().set_options(options)

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))


def _text(option: Option) -> str:
    return f"{option.id or ''} {getattr(option.prompt, 'plain', option.prompt)}"
