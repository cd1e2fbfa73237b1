"""Requests to the worker of a run: lines of one file, added by anybody, taken by the worker between its steps.

No request is lost to a later one: a stop counts whatever is asked after it, of pause and resume the last.
"""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO, Any, Literal, cast, get_args

from core.files import explain

Request = Literal["pause", "resume", "stop"]

_PATIENCE = 1.0
"""Seconds to wait for another process that writes; file systems without locks are written at once."""
_MOST = 4096
"""Bytes of requests that are looked at."""


def ask(path: Path, request: Request) -> None:
    """Add a request to those in a file. Raises: ResourceError."""
    try:
        with path.open("a", encoding="ascii") as file:
            deadline = time.monotonic() + _PATIENCE
            while not _locked(file) and time.monotonic() < deadline:
                time.sleep(0.01)
            file.write(f"{request}\n")
    except OSError as error:
        raise explain(error, path) from error


def take(path: Path) -> Request | None:
    """What is asked for in a file, which is empty then."""
    try:
        if not path.stat().st_size:
            return None
        with path.open("r+", encoding="ascii", errors="replace") as file:
            if not _locked(file):
                return None  # it is being written: the next look finds it
            words = file.read(_MOST).split()
            file.truncate(0)
    except OSError:
        return None
    asked = [cast(Request, word) for word in words if word in get_args(Request)]
    return "stop" if "stop" in asked else asked[-1] if asked else None


def _locked(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # some network file systems know no locks
    return True
