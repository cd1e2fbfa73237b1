"""What the statistics say: what is compared, every choice with its key, and what is under the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from app.tui.frame.key import Key
from app.tui.screens.statistics.readout import choice

if TYPE_CHECKING:
    from core.figures import Report

_NAMES = {"universe": "universes", "log": "y axis", "log_x": "x axis", "closer": "x range"}
_BANDS = {"jackknife": "as titled", "poisson": "Poisson"}


def place(paths: Sequence[Path], report: Report | None, busy: str, problem: str) -> Content:
    """Which universes, which field and box; what is going on, or wrong."""
    names = ", ".join(path.stem for path in paths[:2]) + (f" and {len(paths) - 2} more" if len(paths) > 2 else "")
    facts = report.facts if report else {}
    words = "".join(f"  ·  {facts[name]}" for name in ("field", "box") if name in facts)
    said = busy or (problem if report else "")
    warning = Content.from_markup("  [$warning]$said[/]", said=said) if said else Content()
    return Content.assemble(Content.from_markup("[b]$names[/b]", names=names), warning, words)


def choices(chosen: Mapping[str, str], keys: Sequence[Key]) -> list[Content]:
    """A line for each choice, by the id of its key."""
    signs = {key.id.removeprefix("statistics."): key.signs.split()[0] for key in keys}
    return [choice(signs[id], _NAMES.get(id, id), value) for id, value in chosen.items()]


def bands(kind: str) -> str:
    """The error bands in a word: the title of a figure says more."""
    return _BANDS.get(kind, kind)


def axis(log: bool) -> str:
    """How an axis is divided."""
    return "logarithmic" if log else "linear"
