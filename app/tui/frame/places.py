"""The places of the workbench: where each is, the key that goes there, and its screen, imported when first visited."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.tui.frame.screen import Frame


@dataclass(frozen=True)
class Place:
    """A screen with a stack of its own; `home` is its class as "module:class"."""

    id: str
    key: str
    title: str
    home: str

    def __call__(self) -> Frame:
        """Its screen, made anew."""
        module, name = self.home.split(":")
        return getattr(import_module(module), name)()


PLACES: tuple[Place, ...] = (
    Place("data", "1", "data", "app.tui.screens.data.screen:DataScreen"),
    Place("slices", "2", "slices", "app.tui.screens.slices.screen:SlicesScreen"),
    Place("statistics", "3", "statistics", "app.tui.screens.statistics.screen:StatisticsScreen"),
    Place("launch", "4", "launch", "app.tui.screens.launch.screen:LaunchScreen"),
    Place("runs", "5", "runs", "app.tui.screens.runs.screen:RunsScreen"),
    Place("network", "6", "network", "app.tui.screens.network.screen:NetworkScreen"),
)
START = "runs"
