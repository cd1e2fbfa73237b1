"""How the workbench writes numbers, times and states: few letters, the same everywhere."""

from __future__ import annotations

import math
import os
from pathlib import Path

from core.runs.run import Notes

# a sign and a colour for each state; the sign alone must tell them apart
STATES: dict[str, tuple[str, str]] = {
    "new": ("○", "white"),
    "queued": ("◔", "white"),
    "running": ("●", "green"),
    "paused": ("◐", "yellow"),
    "done": ("✓", "cyan"),
    "stopped": ("■", "yellow"),
    "failed": ("✗", "red"),
    "lost": ("?", "red"),
    "broken": ("!", "red"),
    "not answering": ("…", "red"),
}


def number(value: float | None) -> str:
    """Four significant digits, of counts all: "0.3125", "2108258", "1.5e-05", "-" for an unknown number."""
    if value is None or math.isnan(value):
        return "-"
    return str(int(value)) if abs(value) < 1e9 and value == int(value) else f"{value:.4g}"


def speed(steps_per_second: float | None) -> str:
    """Steps a second, or seconds a step where that reads better: "12.5/s", "3.2 s"."""
    if not steps_per_second or not math.isfinite(steps_per_second):
        return "-"
    return f"{steps_per_second:.3g}/s" if steps_per_second >= 1 else f"{1 / steps_per_second:.3g} s"


def pace(steps_per_second: float | None) -> str:
    """The same in a sentence: "12.5 steps/s", "3.2 s a step"."""
    words = speed(steps_per_second)
    return words.replace("/s", " steps/s") if "/" in words else f"{words} a step"


def duration(seconds: float | None) -> str:
    """A time span in its one or two largest units: "45 s", "12 min", "3 h 20", "5 d"."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 60:
        return f"{max(0, int(seconds))} s"
    if seconds < 3600:
        return f"{int(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds / 3600)} h {int(seconds / 60) % 60:02d}"
    return f"{int(seconds / 86400)} d"


def steps(step: int, total: int) -> str:
    """How far a run is: "120/500"; the step alone when nobody knows the end."""
    return f"{step}/{total}" if total else str(step)


def folder(path: Path) -> str:
    """A path with the home folder as "~"."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def gigabytes(size: int) -> str:
    """Bytes in units of 10^9, two significant digits or whole: "0.4", "5.1", "144"."""
    value = size / 1e9
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def notes_line(notes: Notes) -> str:
    """Notes in a line: the text, then the tags as "#word"."""
    return " ".join([*notes.text.split(), *(f"#{tag}" for tag in notes.tags)])


def shortened(text: str, most: int = 60) -> str:
    """The first line of a text, cut with "..." where it is longer than that or goes on."""
    first = text.strip().split("\n")[0]
    return first if first == text.strip() and len(first) <= most else f"{first[: most - 4]} ..."


def nearby(path: Path) -> str:
    """A path as short as it can be written from here, for a command."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
