"""What a list is filtered by: words, and conditions such as `loss<0.1`, `seed=3` or `recipe!=infall`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | float | None
_CONDITION = re.compile(r"([\w.]+)(<=|>=|!=|=|<|>)([^<>=].*)")


@dataclass(frozen=True)
class Condition:
    """A name, a sign of comparison, and the value that is wanted."""

    name: str
    sign: str
    wanted: str

    def holds(self, found: Value) -> bool:
        """Whether what is found under the name is so; where nothing is known it is not."""
        wanted = as_number(self.wanted)
        if is_unknown(found) and self.sign != "!=":
            return False
        if self.sign in ("=", "!="):
            alike = found == wanted or str(found).lower() == self.wanted.lower()
            return alike == (self.sign == "=")
        if not (isinstance(found, float) and isinstance(wanted, float)):
            return False
        return {"<": found < wanted, ">": found > wanted, "<=": found <= wanted, ">=": found >= wanted}[self.sign]


def conditions(line: str) -> tuple[list[Condition], list[str]]:
    """The conditions in a line, and its other words; those with a sign of comparison are none that can be read."""
    found = [(word, _CONDITION.fullmatch(word)) for word in line.split()]
    return [Condition(*match.groups()) for _, match in found if match], [w.lower() for w, match in found if not match]


def as_number(found: str | float) -> Value:
    """A number where the text is one."""
    try:
        return float(found)
    except ValueError:
        return found


def is_unknown(found: Value) -> bool:
    """Nothing, an empty text, or no number."""
    return found is None or found == "" or (isinstance(found, float) and math.isnan(found))
