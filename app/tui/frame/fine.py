"""An app that draws images as finely as its terminal shows them and the link to it carries."""

from __future__ import annotations

from textual.driver import Driver
from textual.reactive import var

from app.draw.blocks import BLOCKS
from app.draw.colour import Depth
from app.tui.frame.link import MOST, Link, measured
from app.tui.frame.preferences import Preferences
from app.tui.frame.themed import ThemedApp


class FineApp(ThemedApp, inherit_bindings=False):
    """Knows what a cell is divided into, and how many bytes a frame may have."""

    blocks: var[str] = var("auto")
    """What a cell of an image is divided into; "auto" is found out when something is drawn."""
    sharper: var[int] = var(0)
    """How often the link has turned out to carry larger frames."""

    def __init__(self, depth: Depth, preferences: Preferences | None = None, blocks: str = "auto") -> None:
        super().__init__(depth, preferences)
        chosen = self.preferences.blocks if blocks == "auto" else blocks
        self.set_reactive(FineApp.blocks, chosen if chosen in BLOCKS else "auto")

    def get_driver_class(self) -> type[Driver]:
        """The driver of this terminal, which measures its link."""
        return measured(super().get_driver_class())

    @property
    def frame(self) -> float:
        """Bytes that a frame may have on the way to this terminal."""
        link = getattr(self._driver, "link", None)
        return link.frame if isinstance(link, Link) else MOST

    def divide(self, blocks: str) -> None:
        """Divide the cells of images so, from now on and in the next session."""
        self.blocks = blocks
        self.keep(blocks="" if blocks == "auto" else blocks)

    def on_faster(self) -> None:
        self.sharper += 1
