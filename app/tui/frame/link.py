"""How fast the terminal takes what is sent, measured on the way: after a large frame it is asked where its cursor is.

Its answer comes when all before the question has arrived and been drawn. Until then, and for good where none comes, the
terminal is taken for one at the end of a slow line; while little is sent, nothing is asked.
"""

from __future__ import annotations

import time
from typing import Any

from textual import events
from textual.driver import Driver
from textual.message import Message

SECONDS = 1.0
"""That a frame may take."""
LEAST, SLOW, MOST = 16_000, 80_000, 400_000
"""Bytes of a frame: the least, where no answer comes or before anything has been measured, and the most."""
LARGE = 20_000
"""Bytes of a frame that tells how fast the way is, not only how long."""
EVERY = 5.0
"""Seconds between two questions."""
QUESTION = "\x1b[6n"


class Faster(Message):
    """The link carries much larger frames than was known: what was drawn for a slow one can be finer."""


class Link:
    """The way to the terminal."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Bytes a second."""
        self._asked: tuple[float, int] | None = None
        self._last = -EVERY

    @property
    def frame(self) -> float:
        """Bytes that a frame may have."""
        if self.rate is None:
            return SLOW
        return min(MOST, max(LEAST, self.rate * SECONDS))

    def asks(self, size: int, now: float) -> bool:
        """Whether a question follows these bytes, which are sent now."""
        if size < LARGE or now - self._last < EVERY:
            return False
        self._asked, self._last = (now, size), now
        return True

    def answered(self, now: float) -> bool:
        """Take an answer; whether it was one to a question of ours."""
        if self._asked is None:
            return False
        (then, size), self._asked = self._asked, None
        self.rate = size / max(now - then, 1e-6)
        return True


def measured(driver: type[Driver]) -> type[Driver]:
    """A driver that keeps an eye on its link."""

    class Measured(driver):  # type: ignore[valid-type, misc]
        def __init__(self, *of: Any, **how: Any) -> None:
            self.link = Link()
            super().__init__(*of, **how)

        def write(self, data: str) -> None:
            super().write(data + QUESTION if self.link.asks(len(data), time.monotonic()) else data)

        def process_message(self, message: Message) -> None:
            before = self.link.frame
            if not (isinstance(message, events.CursorPosition) and self.link.answered(time.monotonic())):
                super().process_message(message)
            elif self.link.frame > 2 * before:
                super().process_message(Faster())

    return Measured
