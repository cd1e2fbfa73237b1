"""Questions to what may never answer."""

import threading
from collections.abc import Iterator

import pytest

from core.patience import Patient, within


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What holds the silent ones up."""
    event = threading.Event()
    yield event
    event.set()


def test_answers_and_what_is_silent(held: threading.Event) -> None:
    def ask(number: int) -> int:
        if number % 3 == 0:
            held.wait()
        return number * number

    patient = Patient(ask, 0.05)
    assert patient.ask(range(8)) == {n: n * n for n in range(8) if n % 3}
    before = threading.active_count()
    assert patient.ask(range(8)) == {n: n * n for n in range(8) if n % 3}
    assert threading.active_count() <= before  # what is silent is not asked again


def test_what_was_silent_answers_later(held: threading.Event) -> None:
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        if len(asked) == 1:
            held.wait()
        return name

    patient, before = Patient(ask, 0.05), set(threading.enumerate())
    assert patient.ask(["a"]) == {}
    [thread] = set(threading.enumerate()) - before
    held.set()
    thread.join()
    assert patient.ask(["a"]) == {"a": "a"}
    assert asked == ["a", "a"]


def test_many_silent_ones_wait_at_the_same_time(held: threading.Event) -> None:
    together = threading.Barrier(20)

    def ask(number: int) -> None:
        together.wait(60)  # goes on only when all are asked at once
        held.wait()

    assert Patient(ask, 0.05).ask(range(20)) == {}
    assert together.n_waiting == 0


def test_errors_and_nothing_to_ask() -> None:
    with pytest.raises(FileNotFoundError):
        within(lambda: open("/nowhere/at/all"))  # noqa: PTH123, SIM115
    assert Patient[int, int](lambda number: number).ask([]) == {}
    assert within(lambda: 3) == 3


def test_nothing_waits_for_what_is_silent(held: threading.Event) -> None:
    assert within(held.wait, 0.01) is None
    assert all(t.daemon for t in threading.enumerate() if t is not threading.main_thread() and "_work" in t.name)
