"""The values in two texts: those that were collected, and those that the same command prints now."""

from __future__ import annotations

import re
from collections import defaultdict

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:,\d{3})+|\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?!\.?\w)", re.IGNORECASE)
_ERROR = re.compile(r"\s*(?:\+-|±)\s*")
_POWER = re.compile(r"\s*\)e([-+]?\d+)")


def values_that_differ(before: str, now: str) -> list[str]:
    """What is another value, with what stands before it: "Dice 0.91 is 0.89 now"; lines are the same that begin alike.

    A number is the same within its error, where one follows, else within one of its last digit; a whole one exactly.
    """
    known: dict[str, list[list[_Value]]] = defaultdict(list)
    for line in now.splitlines():
        label, values = _parted(line)
        known[label].append(values)
    differ = []
    for line in before.splitlines():
        label, values = _parted(line)
        if not (label and values):
            continue
        if not known[label]:
            differ.append(f"{label} {values[0].text} is no longer there")
            continue
        new = known[label].pop(0)
        wrong = [(old, f"{other.text} now") for old, other in zip(values, new, strict=False) if old != other]
        wrong += [(old, "no longer there") for old in values[len(new) :]]
        differ += [f"{old.before}{old.text} is {words}" for old, words in wrong]
    return differ


class _Value:
    """A number as it is printed, and by how much it may differ."""

    def __init__(self, before: str, text: str, error: float, power: int) -> None:
        self.before = before
        self.text = text if not power else f"{text}e{power}"
        digits = text.replace(",", "").lower()
        self.number = float(digits) * 10.0**power
        mantissa, _, exponent = digits.partition("e")
        decimals = len(mantissa.partition(".")[2])
        whole = "." not in mantissa and not exponent
        unit = 0.0 if whole else 10.0 ** (int(exponent or 0) - decimals)
        self.within = max(error, unit) * 10.0**power * (1 + 1e-9)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Value) and abs(self.number - other.number) <= self.within

    __hash__ = None  # type: ignore[assignment]  # what is about the same has no hash


def _parted(line: str) -> tuple[str, list[_Value]]:
    """What a line begins with, and its numbers."""
    found = list(_NUMBER.finditer(line))
    values: list[_Value] = []
    for k, match in enumerate(found):
        after = found[k + 1] if k + 1 < len(found) else None
        has_error = after is not None and _ERROR.fullmatch(line[match.end() : after.start()])
        end = after.end() if after and has_error else match.end()
        power = _POWER.match(line, end)
        error = float(after.group()) if after and has_error else 0.0
        before = re.sub(r"\s+", " ", line[: match.start()].lstrip())
        values.append(_Value(before, match.group(), error, int(power[1]) if power else 0))
    return " ".join(line[: found[0].start()].split()) if found else "", values
