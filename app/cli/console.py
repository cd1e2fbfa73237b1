"""Rich's console with its own colours and movements of the cursor, and none that come with the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console
from rich.segment import Segment

from app.cli.terminal import unguarded
from app.draw.shown import shown


class GuardedConsole(Console):
    """A console on a standard stream."""

    def __init__(self, stream: TextIO, **options: Any) -> None:
        super().__init__(file=unguarded(stream), **options)

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(
            part if part.control else Segment(shown(part.text, lines=True), part.style) for part in buffer
        )
