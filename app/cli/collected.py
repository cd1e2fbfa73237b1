"""The values in two texts: those that were collected, and those that the same command prints now."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:,\d{3})+|\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?!\.?\w)", re.IGNORECASE)
_CELL = re.compile(r"\S+(?: \S+)*")
_MEASURED = re.compile(r"[-+.,()e\d± ]*\d[-+.,()e\d± ]*", re.IGNORECASE)
_ERROR = re.compile(r"\s*(?:\+-|±)\s*")
_POWER = re.compile(r"\s*\)e([-+]?\d+)")


def values_that_differ(before: str, now: str) -> list[str]:
    """What is another value, with what stands before it: "Dice 0.91 is 0.89 now".

    Values are those after "=" and the cells of a table that are numbers; lines are the same that begin alike. A number
    is the same within its error, where one follows, else within one of its last digit; a whole one exactly.
    """
    known = [_parted(line) for line in now.splitlines()]
    differ = []
    for label, values in map(_parted, before.splitlines()):
        if not (label and values):
            continue
        # how much of a label stands in one line depends on the room of its table
        new = next(
            (item for item in known if item[1] and (item[0].startswith(label) or label.startswith(item[0]))), None
        )
        if new is None:
            differ.append(f"{label} {values[0].text} is no longer there")
            continue
        known.remove(new)
        wrong = [(old, f"{other.text} now") for old, other in zip(values, new[1], strict=False) if old != other]
        wrong += [(old, "no longer there") for old in values[len(new[1]) :]]
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
    """What a line begins with, and its values: none in a text."""
    cells = [(match.start(), match.group()) for match in _CELL.finditer(line)]
    if len(cells) > 1:
        values = [
            value for at, cell in cells[1:] if _MEASURED.fullmatch(cell) for value in _values(line, at, len(cell))
        ]
        return " ".join(cells[0][1].split()), values
    at = line.find(" = ")
    label = line[: min(at, line.find("(") if "(" in line else at)]
    return ("", []) if at < 0 else (label.strip(), _values(line, 0, len(line)))


def _values(line: str, start: int, length: int) -> list[_Value]:
    """The numbers in a part of a line."""
    found = list(_NUMBER.finditer(line, start, start + length))
    values: list[_Value] = []
    for k, match in enumerate(found):
        after = found[k + 1] if k + 1 < len(found) else None
        has_error = after is not None and _ERROR.fullmatch(line[match.end() : after.start()])
        end = after.end() if after and has_error else match.end()
        power = _POWER.match(line, end)
        error = float(after.group()) if after and has_error else 0.0
        before = re.sub(r"\s+", " ", line[: match.start()].lstrip())
        values.append(_Value(before, match.group(), error, int(power[1]) if power else 0))
    return values
