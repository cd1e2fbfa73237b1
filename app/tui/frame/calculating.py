"""What network and statistics have in common: figures made by a helper process, anew for another choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.tui.frame.calculator import Calculator
from app.tui.frame.screen import FramedScreen


class CalculatingScreen(FramedScreen):
    """A place that asks a helper process about the chosen run and universes; `read` turns answers into figures."""

    def __init__(self, read: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__()
        self._calculator = Calculator(self.post_message, read)
        self._busy, self._problem = "", ""

    def on_mount(self) -> None:
        self.query_one("#empty").display = False
        self.watch(self.app, "selection", self._selected, init=False)
        self._arrange()

    def on_unmount(self) -> None:
        self._calculator.cancel()

    def _selected(self) -> None:
        """Another run has been chosen, or other universes marked."""
        raise NotImplementedError

    def _arrange(self) -> None:
        """Lay out what there is in the room there is."""
        raise NotImplementedError
