"""One line of an examination."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "warning", "bad", "absent"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, whether that is well, and what to do where it is not."""

    part: str
    name: str
    found: str
    verdict: Verdict = "good"
    remedy: str = ""


def examined(part: str, examinations: Iterable[Callable[[], Iterable[Finding]]]) -> list[Finding]:
    """The findings of several examinations; one that breaks is a finding of its own and stops no other."""
    findings: list[Finding] = []
    for look in examinations:
        try:
            findings += look()
        except Exception as error:  # whatever a driver or a disk may answer
            words = f"{type(error).__name__}: {error}".splitlines()[0]
            findings.append(Finding(part, look.__name__.strip("_").replace("_", " "), words, "bad", "mend it first"))
    return findings
