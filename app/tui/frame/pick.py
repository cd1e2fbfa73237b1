"""A question with several answers."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.draw.shown import shown
from app.tui.frame.choices import Choices
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.lines import entitle


class PickScreen(ModalScreen[str | None]):
    """One of several; gives back its id, or None."""

    BINDINGS = bindings(KEYS, "pick")
    DEFAULT_CSS = """
    PickScreen { align: center middle; }
    PickScreen > Vertical {
        width: 72; max-width: 92%; height: auto; max-height: 90%; padding: 0 1; border: round $border;
        background: $surface;
    }
    PickScreen Choices, PickScreen Choices:focus {
        height: auto; max-height: 18; border: none; background: $surface; padding: 0;
    }
    """

    def __init__(self, title: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._options = options

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            entitle(box, self._title)
            yield Choices(*(Option(shown(words), id=id) for id, words in self._options), markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_back(self) -> None:
        self.dismiss(None)
