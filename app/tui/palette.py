"""The command palette: every action that works now, and every run, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from app.tui.bindings import KEYS

if TYPE_CHECKING:
    from app.tui.workbench import Workbench

Command = tuple[str, str, Callable[[], object]]


class Commands(Provider):
    """Actions of the present screen from the binding table, then the runs."""

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
        for key in KEYS:
            if key.id in active and key.action != "command_palette":
                yield key.description, f"key {key.signs}", partial(bench.run_action, key.action, active[key.id])
        for entry in bench.entries:
            yield f"go to {entry.name}", f"{entry.recipe} {entry.state}", partial(bench.go_to, entry.name)
