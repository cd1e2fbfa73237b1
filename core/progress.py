"""How long work reports itself: the engine calls, a front end draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Called with the fraction done (0 to 1) and what is being done.

    It may raise `core.errors.Interrupted` to stop the work cleanly.
    """

    def __call__(self, fraction: float, doing: str) -> None: ...


def silent(fraction: float, doing: str) -> None:
    """Report to nobody."""


def part(progress: Progress, start: float, end: float, prefix: str = "") -> Progress:
    """The progress of a stage that spans [start, end] of a longer work."""

    def report(fraction: float, doing: str) -> None:
        progress(start + (end - start) * fraction, f"{prefix}{doing}")

    return report


def each(progress: Progress, items: Sequence[T], doing: Callable[[T], str]) -> Iterator[T]:
    """The items, with the progress of a work that takes as long for each."""
    for number, item in enumerate(items):
        progress(number / len(items), doing(item))
        yield item
