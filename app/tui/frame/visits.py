"""Where the user was, to go back there and forward again, as in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from app.tui.frame.selection import Selection

_MOST = 50


@dataclass(frozen=True)
class Visit:
    """A place, and what was selected when it was left."""

    place: str
    selection: Selection


class Visits:
    """The visits before this one and, after going back, those that came after it."""

    def __init__(self) -> None:
        self._before: list[Visit] = []
        self._after: list[Visit] = []

    def leave(self, now: Visit) -> None:
        """Go on to somewhere else."""
        self._before = [*self._before, now][-_MOST:]
        self._after = []

    def back(self, now: Visit) -> Visit | None:
        """The visit before; None where there is none."""
        return _turn(self._before, self._after, now)

    def on(self, now: Visit) -> Visit | None:
        """The visit that one has come back from."""
        return _turn(self._after, self._before, now)


def _turn(source: list[Visit], target: list[Visit], now: Visit) -> Visit | None:
    if not source:
        return None
    target.append(now)
    return source.pop()
