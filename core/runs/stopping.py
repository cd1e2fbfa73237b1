"""What ends a worker before its time: signals, requests, the end of its job, the loss of what launched it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from core.cluster.allocation import allocation, makes_room
from core.errors import Interrupted
from core.runs.run import Run


class Stop:
    """Whether a signal has asked for the end: at once, or, while training, after the step and with a checkpoint."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.number: int | None = None
        self.waits = False
        """Whether a signal waits for the end of a step."""
        self.parent = os.getppid()

    def handle(self, number: int, frame: FrameType | None) -> None:
        again = self.number is not None and number == signal.SIGINT
        self.number = number
        if again:
            raise KeyboardInterrupt  # the second Ctrl-C does not wait for the step to end
        if not self.waits:
            self.check()

    def check(self, where: str = "") -> None:
        """End here if asked to. Raises: Interrupted."""
        if self.number is not None:
            raise self.interrupted(where, again=self.number == signal.SIGUSR1)

    def room_is_wanted(self) -> bool:
        """Whether the job that this worker is in is to end, or what launched its ranks is gone."""
        here = allocation()
        launched = "TORCHELASTIC_RUN_ID" in os.environ
        return makes_room(self.run.path) or (here is not None and here.is_over()) or (launched and self._orphaned())

    def interrupted(self, where: str = "", again: bool = False) -> Interrupted:
        """What ends the work; `again` where it is to go on as soon as there is room."""
        number = self.number or (signal.SIGUSR1 if again else signal.SIGINT)
        words = f"run {self.run.name} was stopped{where}"
        return Interrupted(words, "`halodeck resume` goes on from here", number, again)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What must not be torn: a signal is kept until its end, or until somebody checks."""
        self.waits = True
        try:
            yield
        finally:
            self.waits = False

    def _orphaned(self) -> bool:
        return os.getppid() != self.parent


@contextmanager
def on_signals(run: Run) -> Iterator[Stop]:
    """Obey SIGTERM, SIGINT, SIGHUP (a lost terminal) and SIGUSR1 (a scheduler that wants room), in the main thread."""
    stop = Stop(run)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    wanted = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop.handle) for number in wanted}
    try:
        yield stop
    finally:
        for number, action in before.items():
            signal.signal(number, action)
