"""All keys, from the one table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from app.tui.bindings import TITLES, bindings, keys_of

_KEYS_WIDTH = 18


class HelpScreen(ModalScreen[None]):
    """The keys of all screens."""

    BINDINGS = bindings("help")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            yield Static(keys_table())

    def action_back(self) -> None:
        self.dismiss()

    action_help = action_back


def keys_table() -> Group:
    """Keys and what they do, by place."""
    parts: list[RenderableType] = []
    for place, title in TITLES.items():
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(width=_KEYS_WIDTH, no_wrap=True)
        table.add_column()
        for key in keys_of(place):
            table.add_row(Text(f"  {key.signs}", style="yellow"), Text(key.description))
        parts += [Text(title, style="bold cyan"), table, Text()]
    return Group(*parts[:-1])
