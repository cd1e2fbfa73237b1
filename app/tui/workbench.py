"""The app: one follower, a stack of screens, and a clean way out whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import App
from textual.command import Provider
from textual.reactive import var
from textual.screen import Screen

from app.draw.colour import Depth
from app.tui import theme
from app.tui.bindings import bindings
from app.tui.follow import Entry, Follower, RunFollowed, RunsFound
from app.tui.palette import Commands
from app.tui.screens.help import HelpScreen
from app.tui.screens.runs import RunsScreen

_WIDTHS = [(0, "-narrow"), (120, "-wide")]
"""Cells from which on a layout is used: panes stacked, panes side by side."""
_PATIENCE = 3.0
"""Seconds for a clean end after a signal."""


class Workbench(App[None], inherit_bindings=False):
    """The workbench on one folder of runs."""

    TITLE = "halodeck"
    CSS_PATH = "workbench.tcss"
    BINDINGS = bindings("everywhere")
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    HORIZONTAL_BREAKPOINTS = _WIDTHS

    entries: var[tuple[Entry, ...]] = var(())
    """All runs, newest first."""

    def __init__(self, root: Path, depth: Depth) -> None:
        plain = depth in ("16", "none")
        super().__init__(ansi_color=plain)
        self.root = root
        self.depth: Depth = depth
        self.problem = ""
        self.last_resort: threading.Timer | None = None
        self.follower = Follower(root, self.post_message)
        self.ansi_theme_dark = theme.ANSI
        self.register_theme(theme.DARK)
        self.register_theme(theme.PLAIN)
        self.theme = (theme.PLAIN if plain else theme.DARK).name
        self._runs_screen = RunsScreen()

    def get_default_screen(self) -> Screen[int | None]:
        return self._runs_screen

    def on_mount(self) -> None:
        # Textual leaves a terminal raw when it is killed
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave, 128 + number)
        self._follow()

    def _leave(self, code: int) -> None:
        """End on a signal. Where the terminal is gone, Textual may wait for ever to write its last words to it."""
        self.last_resort = threading.Timer(_PATIENCE, os._exit, (code,))
        self.last_resort.daemon = True
        self.last_resort.start()
        self.exit(None, code)

    def on_unmount(self) -> None:
        self.follower.stop()

    def on_runs_found(self, message: RunsFound) -> None:
        self.problem = message.problem
        self.entries = message.entries

    def on_run_followed(self, message: RunFollowed) -> None:
        self._runs_screen.follow(message)

    def go_to(self, name: str) -> None:
        """Show a run in the list."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._runs_screen.choose(name)

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        alive = sum(entry.status.alive for entry in self.entries)
        goes = "1 run goes" if alive == 1 else f"{alive} runs go"
        self.exit(message=f"{goes} on; `halodeck` shows them again" if alive else None)

    @work(thread=True, group="follow")
    def _follow(self) -> None:
        self.follower.follow()
