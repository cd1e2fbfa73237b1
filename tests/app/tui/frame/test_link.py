"""The rate of a link, and what a frame may have on it."""

from __future__ import annotations

from app.tui.frame.link import EVERY, LARGE, LEAST, MOST, PATIENCE, SLOW, Link


def test_a_frame_takes_a_second_of_what_the_link_carries() -> None:
    link = Link()
    assert link.frame(0.0) == MOST
    assert not link.asks(LARGE - 1, 0.0)
    assert link.asks(60_000, 0.0)
    assert link.answered(1.5)
    assert link.frame(9.0) == 40_000
    assert not link.answered(1.6)  # no answer of ours
    # nothing is asked again at once
    assert not link.asks(60_000, EVERY - 0.1)
    assert link.asks(60_000, EVERY + 0.1)
    link.answered(EVERY + 0.1001)
    assert link.frame(9.0) == MOST
    assert link.asks(60_000, 3 * EVERY)
    link.answered(10 * EVERY)
    assert link.frame(99.0) == LEAST


def test_a_terminal_that_says_nothing_is_taken_for_a_slow_one() -> None:
    link = Link()
    assert link.asks(60_000, 0.0)
    assert link.frame(PATIENCE / 2) == MOST
    assert link.frame(2 * PATIENCE) == SLOW
