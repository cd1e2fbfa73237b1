"""Everything that can go wrong, said to the user in one line.

HalodeckError
├── UsageError        an unknown name or option                        exit code 2
│   └── ConfigError   one or more wrong settings, all told at once     exit code 2
├── InputError        a file or array that cannot be used              exit code 1
├── RunError          a run that is missing, broken or busy            exit code 1
└── ResourceError     no space, memory, device or permission           exit code 1

`Interrupted` is no error: work stopped because somebody asked for it (exit code 128 + the signal, 130 without one).
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable
from signal import SIGINT


class HalodeckError(Exception):
    """What is wrong and where (`problem`), and what to do about it (`remedy`)."""

    exit_code = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}" if self.remedy else self.problem


class UsageError(HalodeckError):
    exit_code = 2


class ConfigError(UsageError):
    """All wrong settings of one configuration, each as `dotted.path: what is wrong`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class InputError(HalodeckError):
    pass


class RunError(HalodeckError):
    pass


class ResourceError(HalodeckError):
    pass


class Interrupted(HalodeckError):
    """Work that ended before its time because somebody asked for it, by a signal where it has a number.

    `again`: only to make room, and to go on when there is some.
    """

    def __init__(self, problem: str, remedy: str = "", signal: int = SIGINT, again: bool = False) -> None:
        super().__init__(problem, remedy)
        self.signal, self.again = signal, again
        self.exit_code = 128 + signal


LONGEST_LIST = 160
"""Characters of known names in a remedy."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy for a misspelt name: the closest known one, else a list, cut where it is no longer one line."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    if close:
        return f"did you mean {close[0]!r}?"
    listed = textwrap.shorten(", ".join(names), LONGEST_LIST, placeholder=f" ... ({len(names)} in all)")
    return f"known: {listed}" if names else "there are none yet"
