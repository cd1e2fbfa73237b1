"""The rate of a link, and what a frame may have on it."""

from __future__ import annotations

from typing import Any

from textual.events import CursorPosition
from textual.message import Message

from app.tui.frame.link import EVERY, LARGE, LEAST, MOST, QUESTION, SLOW, Faster, Link, measured


def test_a_frame_takes_a_second_of_what_the_link_carries() -> None:
    link = Link()
    assert link.frame == SLOW
    assert not link.asks(LARGE - 1, 0.0)
    assert link.asks(60_000, 0.0)
    assert link.answered(1.5)
    assert link.frame == 40_000
    assert not link.answered(1.6)  # no answer of ours
    # nothing is asked again at once
    assert not link.asks(60_000, EVERY - 0.1)
    assert link.asks(60_000, EVERY + 0.1)
    link.answered(EVERY + 0.1001)
    assert link.frame == MOST
    assert link.asks(60_000, 3 * EVERY)
    link.answered(10 * EVERY)
    assert link.frame == LEAST


def test_a_terminal_that_says_nothing_is_taken_for_a_slow_one() -> None:
    link = Link()
    assert link.frame == SLOW
    assert link.asks(60_000, 0.0)
    assert link.frame == SLOW


class Terminal:
    """A driver that keeps what it sends and what is told of it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.told: list[Message] = []

    def write(self, data: str) -> None:
        self.sent.append(data)

    def process_message(self, message: Message) -> None:
        self.told.append(message)


def test_a_fast_answer_is_told_once() -> None:
    """What was drawn for a slow link is drawn finer then; a slow answer changes nothing."""
    terminal: Any = Terminal
    driver: Any = measured(terminal)()  # type: ignore[call-arg]
    driver.write("x" * LARGE)
    assert driver.sent[-1].endswith(QUESTION)
    driver.process_message(CursorPosition(1, 1))
    assert [type(each) for each in driver.told] == [Faster]
    driver.process_message(CursorPosition(1, 1))  # one that somebody else asked for
    assert len(driver.told) == 2
    assert driver.link.frame == MOST
