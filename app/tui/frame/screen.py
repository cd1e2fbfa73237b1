"""What all screens of the workbench have in common: the top line, the keys below, and actions that may fail."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable

from app.tui.frame.ask import AskScreen
from app.tui.frame.bench import Bench, bench_of
from app.tui.frame.figure_view import FigureView
from app.tui.frame.follow import RunFollowed
from app.tui.frame.key_line import KeyLine
from app.tui.frame.noted import Noted
from app.tui.frame.save import screen_text
from app.tui.frame.top_line import TopLine
from app.tui.frame.wording import folder, shortened
from core.errors import HalodeckError

_NO_UNIVERSES = """[b]There are no universes in the folder $folder yet.[/b]

Press [b $accent]$data[/], and there [b $accent]$new[/] to simulate some or [b $accent]$bring[/] to bring in a file,
or leave with [b]q[/b] and type

  [b $accent]halodeck simulate[/]          a small universe in seconds
  [b $accent]halodeck import SNAPSHOT[/]   anybody's"""


class FramedScreen(Screen[int | None]):
    """A full screen between the top line and the keys."""

    subject = ""
    """What the screen is about, for the top line."""
    SECTIONS: ClassVar[tuple[str, ...]] = ()
    """The sections of the help that are about this screen; its place's if there are none."""

    @property
    def bench(self) -> Bench:
        """The app."""
        return bench_of(self)

    def compose(self) -> ComposeResult:
        top = TopLine(self.bench.root, self.bench.places, self.bench.current_mode, self.subject)
        top.count(self.bench.entries)
        yield top
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The widgets of the screen."""
        yield from ()

    def on_mount(self) -> None:
        self.watch(self.app, "entries", self.count, init=False)
        self.watch(self.app, "gpu", self.query_one(TopLine).name_gpu)

    @on(events.ScreenResume)
    def keep_styles(self, event: events.ScreenResume) -> None:
        """A screen that was hidden looks as it did: whatever changed the style of it or of all has been seen to."""
        event.refresh_styles = False

    def count(self) -> None:
        """The list of runs has changed."""
        self.query_one(TopLine).count(self.bench.entries)

    def look(self) -> dict[str, Any]:
        """How this place looks at things, as JSON, for the next session: `bench.remembered` gives it back."""
        return {}

    def choose(self, what: str | Path) -> None:
        """Go to one of the things shown here: a run by its name, a file by its path."""

    def follow(self, message: RunFollowed) -> None:
        """A run that is followed has gone on."""

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

    def noted(self) -> Noted | None:
        """What the notebook gets: value, figure, and the command that makes it again; None where there is nothing."""
        what, text = self.copied()
        if what == "command":
            return Noted(shortened(text), "", tuple(shlex.split(text)))
        return Noted(f"{self.bench.current_mode}: {what}", text)

    @work(thread=True, group="action")
    def attempt(self, action: Callable[[], str]) -> None:
        """Do something that may take time or fail, in a thread; what it says becomes a notification."""
        try:
            self.notify(action(), markup=False)
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)

    def ask_to_save(self, title: str, name: str, words: str, save: Callable[[Path], str]) -> None:
        """Ask for the name of a file, and let `save` write it in a thread; what it says is told."""

        def named(answer: str | None) -> None:
            if answer:
                self.attempt(lambda: save(Path(answer).expanduser()))

        self.app.push_screen(AskScreen(title, name, words, path=True), named)
