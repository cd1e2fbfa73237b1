"""How the workbench was left in a folder of runs: place, universes, run, and how each place looked at them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.tui.frame.selection import Selection
from core.errors import HalodeckError
from core.files import write_json
from core.patience import within
from core.reading import read_json
from core.typed import typed

_MOST = 50
"""Folders of runs that are remembered."""
_PATIENCE = 0.2
"""Seconds for a file to say that it is still there."""


@dataclass(frozen=True)
class Left:
    """How it was left; `looks` is what each place says of itself."""

    place: str = ""
    marked: tuple[str, ...] = ()
    universe: str = ""
    run: str = ""
    looks: dict[str, Any] = field(default_factory=dict)

    @property
    def selection(self) -> Selection:
        """What was selected, as far as it is still there."""
        paths = [Path(path) for path in dict.fromkeys((*self.marked, self.universe)) if path]
        there = within(lambda: [path for path in paths if path.is_file()], _PATIENCE) or []
        marked = tuple(path for path in there if str(path) in self.marked)
        return Selection(marked, self.run, next((path for path in there if str(path) == self.universe), None))


def left(place: str, selection: Selection, looks: Mapping[str, Any]) -> Left:
    """How it is left now."""
    universe = str(selection.universe.absolute()) if selection.universe else ""
    return Left(place, tuple(str(path.absolute()) for path in selection.universes), universe, selection.run, {**looks})


def memory_path() -> Path:
    """`halodeck/last.json` in the user's folder for the state of programs."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "halodeck" / "last.json"


def recall(path: Path | None, root: Path) -> Left:
    """How the workbench on this folder of runs was left; what cannot be read is forgotten."""
    try:
        return typed(Left, _all(path).get(str(root.absolute()), {}))
    except ValueError:
        return Left()


def remember(path: Path | None, root: Path, now: Left) -> None:
    """Write down how it is left; what cannot be written is forgotten, for a session ends whatever happens."""
    if path is None:
        return
    known = {name: value for name, value in _all(path).items() if name != str(root.absolute())}
    kept = dict(list(known.items())[-_MOST + 1 :])
    try:
        write_json(path, {**kept, str(root.absolute()): asdict(now)})
    except HalodeckError:
        return


def _all(path: Path | None) -> dict[str, Any]:
    try:
        found = read_json(path) if path else {}
    except (FileNotFoundError, HalodeckError):
        return {}
    return found if isinstance(found, dict) else {}
