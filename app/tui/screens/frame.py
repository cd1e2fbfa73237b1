"""What all screens of the workbench have in common: the top line, the keys below, and actions that may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer

from app.tui.widgets.top_line import TopLine
from core.errors import HalodeckError

if TYPE_CHECKING:
    from app.tui.workbench import Workbench


class Frame(Screen[int | None]):
    """A full screen between the top line and the keys."""

    subject = ""
    """What the screen is about, for the top line."""

    @property
    def bench(self) -> Workbench:
        """The app."""
        return cast("Workbench", self.app)

    def compose(self) -> ComposeResult:
        top = TopLine(self.bench.root, self.subject)
        top.count(self.bench.entries)
        yield top
        yield from self.body()
        yield Footer(compact=True, show_command_palette=False)

    def body(self) -> ComposeResult:
        """The widgets of the screen."""
        yield from ()

    def on_mount(self) -> None:
        self.watch(self.bench, "entries", self.count, init=False)

    def count(self) -> None:
        """The list of runs has changed."""
        self.query_one(TopLine).count(self.bench.entries)

    @work(thread=True, group="action")
    def attempt(self, action: Callable[[], str]) -> None:
        """Do something that may take time or fail, in a thread; what it says becomes a notification."""
        try:
            self.notify(action(), markup=False)
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)
