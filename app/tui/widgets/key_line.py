"""The keys below a screen: as many as there is room for, those that work everywhere always."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from app.tui.bindings import keys_of


class KeyLine(Footer):
    """A footer whose last hints of the screen give way to help, palette and quit."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._width = 0

    def compose(self) -> ComposeResult:
        self._width = self.app.size.width
        everywhere = {key.action for key in keys_of("everywhere")}
        keys = [widget for widget in super().compose() if isinstance(widget, FooterKey)]
        own = [key for key in keys if key.action not in everywhere]
        room = self._width - sum(_width(key) for key in keys if key not in own)
        kept = 0
        while kept < len(own) and sum(_width(key) for key in own[: kept + 1]) <= room + 1:
            kept += 1
        yield from (key for key in keys if key not in own[kept:])

    def on_resize(self, event: events.Resize) -> None:
        if self.app.size.width != self._width:
            self.call_after_refresh(self.recompose)


def _width(key: FooterKey) -> int:
    """Cells of a key, its word, and the blanks behind both."""
    return cell_len(key.key_display) + cell_len(key.description) + 2
