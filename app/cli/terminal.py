"""Standard output and error behind a guard: whoever prints foreign text, no escape sequence of it gets through."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from app.draw.shown import shown


class _Guarded:
    """A stream on which nothing but text and line ends can be written."""

    def __init__(self, own: TextIO) -> None:
        self.own = own

    def write(self, text: str) -> int:
        self.own.write(shown(text, lines=True))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)


def guard() -> None:
    """Guard standard output and error from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, _Guarded):
            setattr(sys, name, _Guarded(stream))


def unguarded(stream: TextIO) -> TextIO:
    """The stream itself, for colours and movements of the cursor that are halodeck's own."""
    return cast(_Guarded, stream).own if isinstance(stream, _Guarded) else stream
