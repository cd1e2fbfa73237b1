"""All keys: those of the present place first, filtered by words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from app.tui.frame.bench import bench_of
from app.tui.frame.key import Key, bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.line import Line

_WIDTH_FOR_IDS = 100


class HelpScreen(ModalScreen[None]):
    """The keys of all places: sections and their titles, in this order."""

    BINDINGS = bindings(KEYS, "help")

    def __init__(self, sections: Mapping[str, str]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as box:
            box.border_title = "Keys"
            yield Line(placeholder="words of an action, its key or its id", id="wanted")
            with VerticalScroll(can_focus=False):
                yield Static(id="keys")

    def on_mount(self) -> None:
        self._list("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list(event.value)

    def action_back(self) -> None:
        self.dismiss()

    def action_page(self, by: int) -> None:
        """Scroll by a share of the page; the filter keeps the focus."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=by, animate=False)

    def _list(self, wanted: str) -> None:
        words = wanted.lower().split()
        table = bench_of(self).keys_of()
        found = [key for key in table if all(word in _words_of(key) for word in words)]
        with_ids = self.app.size.width >= _WIDTH_FOR_IDS
        self.query_one("#keys", Static).update(keys_table(self._sections, found, with_ids))


def keys_table(sections: Mapping[str, str], keys: Sequence[Key], with_ids: bool) -> RenderableType:
    """Keys, what they do and, if wanted, the ids they are remapped by; by place."""
    width = max((len(key.signs) for key in keys), default=0) + 2
    parts: list[RenderableType] = []
    for section, title in sections.items():
        inside = [key for key in keys if key.where == section]
        if not inside:
            continue
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=True)
        table.add_column(width=width, no_wrap=True)
        table.add_column(ratio=1)
        if with_ids:
            table.add_column(justify="right", no_wrap=True)
        for key in inside:
            cells = Text(f"  {key.signs}", style="yellow"), Text(key.description), Text(key.id, style="dim")
            table.add_row(*(cells if with_ids else cells[:2]))
        parts += [Text(title, style="bold cyan"), table, Text()]
    return Group(*parts[:-1]) if parts else Text("no such key")


def _words_of(key: Key) -> str:
    """What the filter looks at."""
    return f"{key.signs} {key.id} {key.description}".lower()
