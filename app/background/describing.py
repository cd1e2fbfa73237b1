"""What files are, found out by a helper process: a damaged file may make a library spin for ever or crash.

HDF5 holds Python's lock while it spins, so that in this process nothing would answer any more, no key and no signal.
The helper is started once and kept; paths go to it as lines of JSON, facts come back as lines of JSON. One that does
not answer within the limit is killed, and the next question starts another.
"""

from __future__ import annotations

import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HalodeckError, InputError, Interrupted, ResourceError
from core.patience import within
from core.reading import before_hdf5, parse_json
from core.typed import typed

if TYPE_CHECKING:
    from core.cosmos.formats.recognise import Described

LIMIT = 5.0
"""Seconds for one file, from when the helper begins with it."""
PATIENT = 20.0
"""The same for a command that opens universes to work with them."""
_START = 60.0
"""Seconds for the helper to be there: on a busy network disk its libraries take their time."""
_IDLE = 60.0
"""Seconds without a question after which the helper leaves."""
_LOOK = 0.05
"""Seconds between looks whether the answer is still wanted."""
_PATIENCE = 0.3
"""Seconds for which an answer is waited for that is no longer wanted: a new helper takes longer."""
# -P keeps the working directory out of the module path
_PROGRAM = ("-P", "-c", "import sys; from app.background.describing import serve; serve(float(sys.argv[1]))")


@dataclass(frozen=True)
class _Answer:
    """A line from the helper: it begins with a file, or is done with it."""

    began: bool = False
    kind: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    holds: str | None = None
    problem: str = ""
    remedy: str = ""


class _Gone(InputError):
    """The helper has ended of its own accord."""


class Describer:
    """Asks the helper, one file at a time, from any thread."""

    def __init__(self, limit: float = LIMIT, program: Sequence[str] = _PROGRAM) -> None:
        self._limit, self._program = limit, program
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._proven: set[tuple[Path, int, int]] = set()

    def describe(self, path: Path, unwanted: Callable[[], bool] = lambda: False) -> Described:
        """What a path is, as `recognise` says.

        Raises: InputError for what does not answer in time, and what `recognise` raises; Interrupted when it becomes
        unwanted.
        """
        from core.cosmos.formats.recognise import Described

        absolute = path.absolute()
        answer = self._ask(absolute, path, unwanted)
        if answer.problem:
            raise InputError(answer.problem.replace(str(absolute), str(path)), answer.remedy)
        return Described(path, answer.kind, answer.facts, answer.holds)  # type: ignore[arg-type]

    def prove(self, path: Path) -> None:
        """Let the helper go first where this process is to open a file. Raises: InputError if it does not come back."""
        try:
            stat = path.stat()
        except OSError:
            return  # told where it is opened
        key = path.absolute(), stat.st_mtime_ns, stat.st_size
        if key not in self._proven:
            self._ask(path.absolute(), path)
            self._proven.add(key)

    def close(self) -> None:
        """End the helper."""
        process, self._process = self._process, None
        if process:
            process.kill()
            # one that waits for a dead disk ends when that answers
            threading.Thread(target=process.wait, daemon=True).start()
            assert process.stdin
            with suppress(OSError):
                process.stdin.close()

    def _ask(self, absolute: Path, path: Path, unwanted: Callable[[], bool] = lambda: False) -> _Answer:
        with self._lock:
            try:
                return self._ask_once(absolute, path, unwanted)
            except _Gone:  # it left just now because nobody had asked for long
                return self._ask_once(absolute, path, unwanted)

    def _ask_once(self, absolute: Path, path: Path, unwanted: Callable[[], bool]) -> _Answer:
        if unwanted():
            raise Interrupted("no longer wanted")
        fresh = not (self._process and self._process.poll() is None)
        if fresh:
            self.close()
            self._start()
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"path": str(absolute)}).encode() + b"\n")
            self._process.stdin.flush()
            self._answer(path, _START if fresh else self._limit, unwanted)
            return self._answer(path, self._limit, unwanted)
        except OSError as error:  # it has just ended
            self.close()
            raise _Gone(f"{path} was not looked into ({error.strerror})", "try again") from error
        except BaseException:  # whatever it would say now is not for the next question
            self.close()
            raise

    def _answer(self, path: Path, limit: float, unwanted: Callable[[], bool]) -> _Answer:
        """The next line of the helper. Raises: InputError where there is none in time."""
        begun = time.monotonic()
        while True:
            try:
                line = self._lines.get(timeout=_LOOK)
                break
            except queue.Empty:
                waited = time.monotonic() - begun
            if waited > limit:
                raise _silent(path, self._limit)
            if waited > _PATIENCE and unwanted():
                raise Interrupted("no longer wanted")
        if not line:
            assert self._process
            code = self._process.wait()
            if code == -signal.SIGALRM:
                raise _silent(path, self._limit)
            if code == 0:
                raise _Gone(f"{path} was not looked into", "try again")
            raise InputError(f"{path} ends its reader with code {code} (it may be damaged)", "copy or make it again")
        return typed(_Answer, parse_json(line))

    def _start(self) -> None:
        self._lines = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                [sys.executable, *self._program, str(self._limit)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ResourceError(f"no helper can be started ({error.strerror})", "end other processes") from error
        threading.Thread(target=_listen, args=(self._process, self._lines), daemon=True).start()


@cache
def describer() -> Describer:
    """The one of this process."""
    return Describer()


@cache
def _patient() -> Describer:
    return Describer(PATIENT)


def guard_this_process() -> None:
    """From now on no universe is opened here before the helper has come back from it."""
    before_hdf5.append(describer().prove)


@contextmanager
def guarded() -> Iterator[None]:
    """Meanwhile no universe is opened here before a helper has come back from it; it starts with the first one.

    It has more time than where somebody looks at a screen: a batch job must not fail for a disk that is slow.
    """

    def prove(path: Path) -> None:
        _patient().prove(path)

    before_hdf5.append(prove)
    try:
        yield
    finally:
        before_hdf5.remove(prove)


def serve(limit: float, idle: float = _IDLE) -> None:
    """Answer until standard input ends or nobody asks for long: a worker trains for days after it has opened its files.

    A file that takes too long ends this process, even where Python is held up.
    """
    # what libraries print must not come between the answers
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    import h5py  # noqa: F401  # whatever takes its time is here before the first file

    from core.cosmos.formats.recognise import recognise

    def say(answer: _Answer) -> None:
        answers.write(json.dumps(asdict(answer)) + "\n")
        answers.flush()

    # one question at a time: none waits behind the one that is read
    while select.select([sys.stdin], [], [], idle)[0] and (line := sys.stdin.readline()):
        path = Path(json.loads(line)["path"])
        say(_Answer(began=True))
        signal.setitimer(signal.ITIMER_REAL, limit + 1)
        answer = _described(recognise, path)
        signal.setitimer(signal.ITIMER_REAL, 0)
        say(answer)


def _described(recognise: Callable[[Path], Described], path: Path) -> _Answer:
    try:
        found = recognise(path)
        return _Answer(kind=found.kind, facts=found.facts, holds=found.holds)
    except HalodeckError as error:
        return _Answer(problem=error.problem, remedy=error.remedy)
    except Exception as error:  # this process goes on whatever a file does to it
        words = f"{path} cannot be described ({type(error).__name__}: {error})".splitlines()[0]
        return _Answer(problem=words, remedy="it may be damaged: copy or make it again")


def _listen(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Pass the lines on, an empty one at the end: the body of the thread."""
    assert process.stdout
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put(b"")


def _silent(path: Path, limit: float) -> InputError:
    words = f"{path} does not answer within {limit:g} s"
    if within(path.is_file, _PATIENCE) is not True:
        return InputError(words, "check its disk, or the network that it is on")
    return InputError(f"{words} (its HDF5 may be damaged)", "copy or make it again")
