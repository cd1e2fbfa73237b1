"""A worker's word about its run: how it is, and that it lives, every few seconds from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from core.errors import HalodeckError
from core.runs.run import Run
from core.runs.status import HEARTBEAT, State


class Pulse:
    """The status that is told; what is said anew is kept."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status: dict[str, Any] = {"state": "running", "step": 0, "steps": 0, "values": {}, "message": "starting"}
        self.lock = threading.Lock()

    def say(self, **status: Any) -> None:
        with self.lock:
            self.status.update(status)
            self.run.write_status(**self.status)

    def end(self, state: State, message: str, again: bool = False) -> None:
        """The last word; `again` where the work is to go on by itself. Where it cannot be written, what ended the work
        matters more."""
        with suppress(HalodeckError):
            self.say(state=state, message=message, again=again)
            self.run.emit("state", state=state, **({"text": message} if state == "failed" else {}))

    def beat(self, until: threading.Event) -> None:
        while not until.wait(HEARTBEAT):
            with suppress(HalodeckError):  # a full disk is the training's to report
                self.say()


@contextmanager
def beating(run: Run) -> Iterator[Pulse]:
    """A pulse that tells of life until the end."""
    pulse, end = Pulse(run), threading.Event()
    pulse.say()
    thread = threading.Thread(target=pulse.beat, args=(end,), daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        end.set()
        thread.join()
