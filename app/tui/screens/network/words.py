"""What network says: which network is looked at, and the commands that show the same."""

from __future__ import annotations

import shlex
from pathlib import Path

from textual.content import Content

from app.tui.frame.wording import nearby


def place(title: str, busy: str, note: str, universe: Path | None) -> Content:
    """Which network; what is going on; its size; the universe that activations are of."""
    going_on = Content.from_markup("  [$warning]$busy[/]", busy=busy) if busy else Content()
    rest = (f"  ·  {note}" if note else "") + (f"  ·  input {universe.stem}" if universe else "")
    return Content.assemble(Content.from_markup("[b]$title[/b]", title=title), going_on, rest)


def filters_command(run: str, layer: str, channel: int, source: int | None) -> str:
    """The command for the filters of a layer, all input channels at once or one."""
    words = [*_inspect(run, layer, channel), "--filters"]
    return shlex.join(words + (["--source", str(source)] if source is not None else []))


def activations_command(run: str, layer: str, channel: int, universe: Path | None, depth: float) -> str:
    """The command for the activations of a layer, in a plane at this share of the box."""
    words = _inspect(run, layer, channel)
    words += ["--universe", nearby(universe)] if universe else []
    return shlex.join(words + (["--depth", f"{depth:g}"] if depth != 0.5 else []))


def _inspect(run: str, layer: str, channel: int) -> list[str]:
    return ["halodeck", "inspect", run, "--layer", layer, *(["--channel", str(channel)] if channel else [])]
