"""The top line of every screen: the places as tabs, the subject of the screen, the machine and its runs."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from textual import events
from textual.content import Content

from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.lines import Lines
from app.tui.frame.place import Place
from app.tui.frame.wording import folder
from core.runs.listing import Entry

_PROGRAM = Content.styled("halodeck  ", "b $primary")
_DOT = Content.styled(" · ", "dim")
_GAP = 2


class TopLine(Lines):
    """What fits of: program, tabs, subject, host, GPU, runs and their folder."""

    def __init__(self, root: Path, places: Sequence[Place], place: str, subject: str = "") -> None:
        super().__init__(id="top")
        self._root = root
        self._places = places
        self._place = place
        self._subject = subject
        self._gpu = ""
        self._entries: Sequence[Entry] = ()
        self._tab_ends: list[int] = []

    def count(self, entries: Sequence[Entry]) -> None:
        """Count the runs."""
        self._entries = entries
        self._arrange()

    def name_gpu(self, name: str) -> None:
        """Show the name of the GPU, or that there is none."""
        self._gpu = name
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def on_click(self, event: events.Click) -> None:
        """A tab goes to its place."""
        x = event.x - self.styles.padding.left
        for place, end in zip(self._places, self._tab_ends, strict=True):
            if x < end:
                bench_of(self).go(place.id)
                return

    def _arrange(self) -> None:
        """Give the room to the most telling parts first, then put them in order: tabs left, facts right."""
        room = self.size.width
        if not room:
            return
        running = sum(entry.state == "running" for entry in self._entries)
        runs = f"{len(self._entries)} run{'' if len(self._entries) == 1 else 's'}"
        facts = {
            "subject": Content.styled(shown(self._subject), "b"),
            "host": Content(socket.gethostname()),
            "gpu": Content(self._gpu),
            "runs": Content.from_markup(f"{runs}, [$success]{running} running[/]" if running else runs),
            "folder": Content(shown(folder(self._root))),
        }
        few, all_names = self._tabs(names=False), self._tabs(names=True)
        short = Content.from_markup(f"{len(self._entries)} [$success]{running} ●[/]")
        left_over = room - _width(all_names) - _GAP
        if running and short.cell_length <= left_over < facts["runs"].cell_length:
            facts["runs"] = short  # the names of the places tell more than the word
        extra = {part: fact.cell_length + len(_DOT) if fact else 0 for part, fact in facts.items()}
        extra |= {"tabs": _width(all_names) - _width(few), "program": len(_PROGRAM)}
        room -= _width(few) + _GAP - len(_DOT)
        chosen: set[str] = set()
        for part in ("runs", "subject", "tabs", "program", "gpu", "host", "folder"):
            if extra[part] <= room:
                room -= extra[part]
                chosen.add(part)
        tabs = all_names if "tabs" in chosen else few
        start = _PROGRAM if "program" in chosen else Content()
        self._tab_ends = [len(start) + _width(tabs[: number + 1]) + 1 for number in range(len(tabs))]
        left = Content.assemble(start, Content(" ").join(tabs))
        right = _DOT.join(fact for part, fact in facts.items() if part in chosen and fact)
        gap = self.size.width - left.cell_length - right.cell_length
        self.show(Content.assemble(left, " " * max(1, gap), right))

    def _tabs(self, names: bool) -> list[Content]:
        """The places, each with its key; all their names, or only that of this one."""
        tabs = []
        for place in self._places:
            if place.id == self._place:
                tabs.append(Content.styled(f"{place.key} {place.title}", "b $primary reverse"))
            else:
                tabs.append(Content.assemble((place.key, "b $primary"), f" {place.title}" if names else ""))
        return tabs


def _width(tabs: Sequence[Content]) -> int:
    """Cells of some tabs, a blank between each two."""
    return sum(tab.cell_length for tab in tabs) + len(tabs) - 1
