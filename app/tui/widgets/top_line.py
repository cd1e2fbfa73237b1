"""The top line of every screen: where this is, how many runs there are, and what is shown."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from app.tui.follow import Entry
from app.tui.widgets.lines import Lines
from app.tui.wording import folder


class TopLine(Lines):
    """Program, subject of the screen, host, runs and their folder."""

    def __init__(self, root: Path, subject: str = "") -> None:
        super().__init__(id="top")
        self._root = root
        self._subject = subject

    def count(self, entries: Sequence[Entry]) -> None:
        """Count the runs."""
        running = sum(entry.state == "running" for entry in entries)
        runs = f"{len(entries)} run{'' if len(entries) == 1 else 's'}"
        parts = ["[b $primary]halodeck[/]"]
        if self._subject:
            parts.append("[b]$subject[/b]")
        parts.append(f"{socket.gethostname()}")
        parts.append(f"{runs}, [$success]{running} running[/]" if running else runs)
        line = Content.from_markup("  ·  ".join(parts), subject=self._subject)
        self.show(Content.assemble(line, "  ·  ", Content(folder(self._root))))
