"""What all screens of the workbench have in common: the top line, the keys below, and actions that may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable

from app.tui.frame.figure_view import FigureView
from app.tui.frame.key_line import KeyLine
from app.tui.frame.save import screen_text
from app.tui.frame.top_line import TopLine
from app.tui.frame.wording import folder
from app.tui.keymap import Where
from core.errors import HalodeckError

if TYPE_CHECKING:
    from app.tui.workbench import Workbench

_NO_UNIVERSES = """[b]There are no universes in the folder $folder yet.[/b]

Press [b $accent]$data[/], and there [b $accent]$new[/] to simulate some or [b $accent]$bring[/] to bring in a file,
or leave with [b]q[/b] and type

  [b $accent]halodeck simulate[/]          a small universe in seconds
  [b $accent]halodeck import SNAPSHOT[/]   anybody's"""


class Frame(Screen[int | None]):
    """A full screen between the top line and the keys."""

    subject = ""
    """What the screen is about, for the top line."""
    SECTIONS: ClassVar[tuple[Where, ...]] = ()
    """The sections of the help that are about this screen; its place's if there are none."""

    @property
    def bench(self) -> Workbench:
        """The app."""
        return cast("Workbench", self.app)

    def compose(self) -> ComposeResult:
        top = TopLine(self.bench.root, self.bench.current_mode, self.subject)
        top.count(self.bench.entries)
        yield top
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The widgets of the screen."""
        yield from ()

    def on_mount(self) -> None:
        self.watch(self.bench, "entries", self.count, init=False)
        self.watch(self.bench, "gpu", self.query_one(TopLine).name_gpu)

    @on(events.ScreenResume)
    def keep_styles(self, event: events.ScreenResume) -> None:
        """A screen that was hidden looks as it did: whatever changed the style of it or of all has been seen to."""
        event.refresh_styles = False

    def count(self) -> None:
        """The list of runs has changed."""
        self.query_one(TopLine).count(self.bench.entries)

    def without_universes(self) -> Content:
        """What is said where there are none."""
        ids = {"data": "go.data", "new": "data.simulate", "bring": "data.import"}
        signs = {name: self.bench.signs_of(id) for name, id in ids.items()}
        return Content.from_markup(_NO_UNIVERSES, folder=folder(self.bench.universes), **signs)

    def copied(self) -> tuple[str, str]:
        """What the copy key takes, in a word and in full: the focused figure or table as text, or else the screen."""
        focused = self.focused
        if isinstance(focused, FigureView):
            return "figure", focused.text()
        if isinstance(focused, DataTable):
            rows = [[column.label for column in focused.ordered_columns]]
            rows += [focused.get_row_at(row) for row in range(focused.row_count)]
            return "table", "\n".join("\t".join(str(cell).strip() for cell in row) for row in rows)
        return "screen", screen_text(self)

    @work(thread=True, group="action")
    def attempt(self, action: Callable[[], str]) -> None:
        """Do something that may take time or fail, in a thread; what it says becomes a notification."""
        try:
            self.notify(action(), markup=False)
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)
