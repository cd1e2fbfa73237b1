"""A list to choose from, with the keys of all lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Self

from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.tui.frame.filter import FilterScreen, has_all, tell_filter
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS

if TYPE_CHECKING:
    from textual.widgets._option_list import OptionListContent


class Choices(OptionList):
    """Options, one of which is taken; some of them, where words are asked for."""

    BINDINGS = bindings(KEYS, "choices")
    words, hint = "", "words"
    """What the options shown have."""
    _all: tuple[Option, ...] = ()
    more: Mapping[str, str] = {}
    """What else words are looked for in, by the id of an option."""

    class Filtered(Message):
        """Other words are asked for."""

        def __init__(self, words: str) -> None:
            self.words = words
            super().__init__()

    def filter_by(self, words: str) -> None:
        """Show the options that have all these words, the cursor on the one it was on."""
        if not self.words:
            self._all = tuple(self.options)
        chosen, self.words = self.highlighted_option, words.strip()
        super().set_options(option for option in self._all if has_all(self._text(option), self.words))
        tell_filter(self, self.words, self.option_count, len(self._all))
        if self.options:
            self.highlighted = self.options.index(chosen) if chosen in self.options else 0
        self.post_message(self.Filtered(self.words))

    def set_options(self, options: Iterable[OptionListContent]) -> Self:
        """Show these and no longer others, of which nothing is hidden."""
        self.words = ""
        tell_filter(self, "", 0, 0)
        return super().set_options(options)

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))

    def _text(self, option: Option) -> str:
        id = option.id or ""
        return f"{id} {getattr(option.prompt, 'plain', option.prompt)} {self.more.get(id, '')}"
