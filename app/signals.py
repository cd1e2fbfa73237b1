"""Signals that end or stop a command: nothing is lost by them, and the terminal is as it was."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Ended(BaseException):
    """A signal that asks the process to end, raised where it is: what is half-written is removed on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.exit_code = 128 + number


@contextmanager
def ending() -> Iterator[None]:
    """Raise Ended on SIGTERM, SIGHUP (a lost terminal) and SIGUSR1 (the end of a job), where nobody has asked for
    something else."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    default = [n for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1) if signal.getsignal(n) == signal.SIG_DFL]
    for number in default:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def around_a_stop(before: Callable[[], object], after: Callable[[], object]) -> Iterator[None]:
    """Do something before the process is stopped by Ctrl-Z, and after it goes on."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGTSTP"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        before()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        # here it stands still, until somebody has it go on
        signal.signal(signal.SIGTSTP, stop)
        after()

    was = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, was)


def silence() -> None:
    """Let nothing more be written: the reader, or the terminal, is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
