"""What screens and widgets know of the app that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from textual.dom import DOMNode

from app.draw.colour import Depth
from app.tui.frame.follow import Follower
from app.tui.frame.key import Key
from app.tui.frame.place import Place
from app.tui.frame.preferences import Preferences
from app.tui.frame.selection import Selection
from core.runs.listing import Entry


class Bench(Protocol):
    """The workbench as its screens see it; that it is one is checked where it is made."""

    root: Path
    """The folder of the runs."""
    universes: Path
    """The folder of the universes."""
    depth: Depth
    preferences: Preferences
    blocks: str
    """What a cell of an image is divided into: halves, a finer mosaic, or auto."""
    follower: Follower
    places: Sequence[Place]
    entries: tuple[Entry, ...]
    """All runs, newest first."""
    looked: bool
    """Whether the folder of the runs has been read yet."""
    problem: str
    """What is wrong with the folder of the runs."""
    selection: Selection
    """The universes and the run that every place works with."""

    @property
    def frame(self) -> float:
        """Bytes that a frame may have on the way to this terminal."""
        ...

    @property
    def current_mode(self) -> str:
        """The place that is shown."""
        ...

    def keys_of(self, *sections: str) -> list[Key]:
        """The keys of some sections, or of all, as the user has mapped them."""
        ...

    def signs_of(self, id: str) -> str:
        """The keys of one action as people write them."""
        ...

    def go(self, place: str) -> None:
        """Go to a place as it was left; where one is there already, to its first screen."""
        ...

    def go_to(self, place: str, what: str | Path) -> None:
        """Go to the first screen of a place, and there to a run or a file."""
        ...

    def act(self, place: str, action: str) -> None:
        """Go to the first screen of a place and do one of its actions."""
        ...

    def wear(self, theme: str) -> None:
        """Put on a theme, from now on."""
        ...

    def divide(self, blocks: str) -> None:
        """Divide the cells of images so, from now on and in the next session."""
        ...

    def open_file(self, path: Path) -> object:
        """Show slices of a universe or prediction; what any other file is stands in data."""
        ...

    def remembered(self, place: str) -> dict[str, Any]:
        """How a place looked at things when the workbench was left in this folder; it may hold anything."""
        ...

    def keep(self, **changes: Any) -> None:
        """Change preferences for this session and the next ones."""
        ...


def bench_of(node: DOMNode) -> Bench:
    """The workbench that a screen or widget is in."""
    return cast(Bench, node.app)
