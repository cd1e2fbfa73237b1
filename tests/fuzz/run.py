"""Counts what damaged files come to, kind by kind; one that holds its reader up or ends it is a count, and no hang."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[1]
_PATHS = [str(TESTS), str(TESTS / "core/cosmos/formats"), str(TESTS.parent)]
_WORKER = f"import sys; sys.path[:0] = {_PATHS!r}; from fuzz.worker import serve; serve()"


@dataclass
class Counted:
    """How often each outcome came, and the seeds and words of those that must not be."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Reader:
    """A worker, and another one when it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def count(self, kind: str, files: int, first: int = 0) -> Counted:
        """The outcomes of so many files of a kind."""
        counted, seed, end = Counted(), first, first + files
        while seed < end:
            process = self._ask(kind, seed, end)
            assert process.stdout
            began = seed
            for line in process.stdout:
                said = json.loads(line)
                if "began" in said:
                    began = said["began"]
                if "outcome" in said:
                    counted.outcomes[said["outcome"]] += 1
                    if said["outcome"] == "traceback":
                        counted.failures.append(f"{kind}, seed {said['seed']}: {said['words']}")
                if "done" in said:
                    return counted
            code = process.wait()
            if code == 1:  # it says why on standard error
                raise RuntimeError(f"{kind} cannot be damaged: its reader ends before")
            outcome = "no answer" if code == -14 else "crash"
            counted.outcomes[outcome] += 1
            counted.failures.append(f"{kind}, seed {began}: {outcome} (code {code})")
            self._process = None
            seed = began + 1
        return counted

    def close(self) -> None:
        if self._process:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def _ask(self, kind: str, first: int, end: int) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"kind": kind, "first": first, "end": end}) + "\n")
        self._process.stdin.flush()
        return self._process


def count_all(kinds: Iterable[str], files: int, jobs: int, first: int = 0) -> dict[str, Counted]:
    """The outcomes of so many files of each kind, by some workers at once."""
    readers = [Reader() for _ in range(jobs)]
    names = list(kinds)

    def some(number: int) -> dict[str, Counted]:
        try:
            return {name: readers[number].count(name, files, first) for name in names[number::jobs]}
        finally:
            readers[number].close()

    with ThreadPoolExecutor(jobs) as pool:
        found = {name: counted for part in pool.map(some, range(jobs)) for name, counted in part.items()}
    return {name: found[name] for name in names}
