"""Questions to things that may never answer, such as folders on a network disk that is gone, with a limit of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

PATIENCE = 3.0
"""Seconds that a folder or a run may take to answer: a slow disk takes some tenths, a dead one for ever."""


class _Question(Generic[V]):
    """One question, its answer once there is one, and when it was asked."""

    def __init__(self) -> None:
        self.taken = threading.Lock()
        self.ended = threading.Event()
        self.asked = 0.0
        self.answer: tuple[V, ...] = ()
        self.error: BaseException | None = None


class Patient(Generic[K, V]):
    """Asks about many things and waits for none of them longer than the limit.

    A thread asks about one after the other; what does not answer is left to it, and the others have threads of their
    own. All are daemons: nothing waits for them at the end. What was silent is not asked again before it has answered.
    """

    def __init__(self, ask: Callable[[K], V], limit: float = PATIENCE) -> None:
        self._ask, self._limit = ask, limit
        self._silent: dict[K, _Question[V]] = {}

    def ask(self, keys: Iterable[K]) -> dict[K, V]:
        """The answers; what is silent has none. Raises: what the asking raised."""
        questions: dict[K, _Question[V]] = {}
        new: dict[K, _Question[V]] = {}
        for key in keys:
            old = self._silent.get(key)
            if old and not old.ended.is_set():
                questions[key] = old
            else:
                questions[key] = new[key] = _Question()
        if new:
            _start(self._work, new)
            self._wait(new)
        asked = self._silent | questions
        self._silent = {key: question for key, question in asked.items() if not question.ended.is_set()}
        answers: dict[K, V] = {}
        for key, question in questions.items():
            if key not in self._silent:
                if question.error:
                    raise question.error
                answers[key] = question.answer[0]
        return answers

    def _wait(self, new: dict[K, _Question[V]]) -> None:
        for question in new.values():
            if question.ended.wait(self._limit):
                continue
            # the thread is held up: each of the others has one of its own, and all have the same time
            for key, other in new.items():
                if not other.asked:
                    _start(self._work, {key: other})
            deadline = time.monotonic() + self._limit
            for other in new.values():
                if other is not question:
                    other.ended.wait(max(0.0, deadline - time.monotonic()))
            return

    def _work(self, questions: dict[K, _Question[V]]) -> None:
        for key, question in questions.items():
            if not question.taken.acquire(blocking=False):
                continue  # another thread has it
            question.asked = time.monotonic()
            try:
                question.answer = (self._ask(key),)
            except BaseException as error:
                question.error = error
            question.ended.set()


def within(ask: Callable[[], V], limit: float = PATIENCE) -> V | None:
    """What a function returns, None where it takes longer; it goes on in a thread. Raises: what it raises."""
    return Patient[str, V](lambda key: ask(), limit).ask([""]).get("")


def _start(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()
