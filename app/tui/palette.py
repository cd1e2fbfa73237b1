"""The command palette: every action that works now, every run and every universe, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from app.tui.bindings import TITLES

if TYPE_CHECKING:
    from app.tui.workbench import Workbench

_MOST_FILES = 500
Command = tuple[str, str, Callable[[], object]]


class Commands(Provider):
    """Actions of the present screen from the binding table, then the runs, then the universes."""

    async def startup(self) -> None:
        """Look for universes once each time the palette opens."""
        self._files = await asyncio.to_thread(_universes, cast("Workbench", self.app).universes)

    async def discover(self) -> Hits:
        for name, help_text, action in self._commands():
            yield DiscoveryHit(name, action, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, action in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), action, help=help_text)

    def _commands(self) -> Iterator[Command]:
        bench = cast("Workbench", self.app)
        active = {item.binding.id: item.node for item in self.screen.active_bindings.values()}
        for key in bench.keys_of(*TITLES):
            if key.id.startswith("go."):  # while the palette is open these keys are digits
                yield key.description, f"key {key.signs}", partial(bench.go, key.id.removeprefix("go."))
            elif key.id in active and key.action != "command_palette":
                yield key.description, f"key {key.signs}", partial(bench.run_action, key.action, active[key.id])
        for entry in bench.entries:
            yield f"go to {entry.name}", f"{entry.recipe} {entry.state}", partial(bench.go_to, entry.name)
        for path in self._files:
            yield f"show {path.relative_to(bench.universes)}", f"slices of {path}", partial(bench.show_universe, path)


def _universes(folder: Path) -> list[Path]:
    """The files below a folder that may be universes, as far as they can be read."""
    try:
        return sorted(folder.rglob("*.h5"))[:_MOST_FILES]
    except OSError:
        return []
