"""What has happened in a run so far: one track of values for each metric, in plain arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_NOT_METRICS = ("time", "event", "step")
_MESSAGES = 50
_LARGEST = 2**53
"""Steps from here on are no longer told apart on an axis, and no worker gets there."""


@dataclass
class Track:
    """Values over rising steps."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, step: int, value: float) -> None:
        """Append a value; a step that comes again replaces itself and all after it."""
        self.cut(step)
        self.steps.append(step)
        self.values.append(value)

    def cut(self, step: int) -> None:
        """Forget everything from a step on."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()

    def copy(self) -> Track:
        return Track(self.steps[:], self.values[:])


@dataclass
class History:
    """Training and validation tracks by metric, and the last messages."""

    train: dict[str, Track] = field(default_factory=dict)
    validation: dict[str, Track] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def add(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in events in the order of writing; a run that was resumed goes back some steps."""
        for event in events:
            kind, step = event.get("event"), event.get("step")
            if kind == "message":
                self.messages = [*self.messages[1 - _MESSAGES :], str(event.get("text", ""))]
            elif kind in ("step", "validation") and isinstance(step, int) and abs(step) < _LARGEST:
                if kind == "step":
                    for track in self.validation.values():
                        track.cut(step + 1)
                tracks = self.train if kind == "step" else self.validation
                for name, value in event.items():
                    if name not in _NOT_METRICS and (number := _number(value)) is not None:
                        tracks.setdefault(name, Track()).add(step, number)

    def metrics(self) -> list[str]:
        """The names of all metrics: the loss first, then what validation measures, then the rest."""
        return sorted({**self.validation, **self.train}, key=lambda name: (name != "loss", name not in self.validation))

    def copy(self) -> History:
        return History(
            {name: track.copy() for name, track in self.train.items()},
            {name: track.copy() for name, track in self.validation.items()},
            list(self.messages),
        )


def _number(value: Any) -> float | None:
    """A value as a number, be it infinite; None for anything else."""
    try:
        return float(value) if isinstance(value, (int, float)) else None
    except OverflowError:
        return None
