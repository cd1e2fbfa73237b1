"""What is told of runs, by name: settings, metrics, numbers of reports; which of them differ, sorting, filtering.

Names: those of a setting, dotted; `training.NAME` and `validation.NAME` for the last values of a metric (`loss` and
`validation` for the two losses), `report.KEY` for a number of the report. The end of a name will do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from core.conditions import Value, as_number, conditions, is_unknown
from core.errors import UsageError, did_you_mean
from core.runs.listing import Entry

_OWN: Mapping[str, Callable[[Entry], Value]] = {
    "run": lambda entry: entry.name,
    "recipe": lambda entry: entry.recipe,
    "state": lambda entry: entry.state,
    "step": lambda entry: float(entry.status.step),
    "loss": lambda entry: (entry.status.values or {}).get("loss"),
    "validation": lambda entry: entry.validated.get("loss"),
    "speed": lambda entry: entry.status.speed if entry.status.alive else None,
    "left": lambda entry: entry.status.remaining,
    "device": lambda entry: entry.device,
    "sweep": lambda entry: entry.sweep,
    "age": lambda entry: -entry.created if entry.created else None,
    "tags": lambda entry: " ".join(entry.notes.tags),
}
"""What every run has, in the order of a list."""
_MEASURES: Mapping[str, Callable[[Entry], Mapping[str, float]]] = {
    "validation": lambda entry: entry.validated,
    "report": lambda entry: entry.numbers,
    "training": lambda entry: entry.status.values or {},
}
_FALLING = re.compile(r"(^|[._])(loss|rms|error|likelihood|distance|seconds|false|scatter|bias|mae|mse)")
_RISING = re.compile(
    r"(^|[._])(dice|auc|correlation|accuracy|complete|completeness|pure|purity|information|score|matched|r2)"
)


def value(entry: Entry, name: str) -> Value:
    """What a run has to say under a full name; None where it has nothing."""
    if name in _OWN:
        return _OWN[name](entry)
    kind, _, rest = name.partition(".")
    if kind in _MEASURES:
        return _MEASURES[kind](entry).get(rest)
    found = entry.settings.get(name)
    return None if found is None else as_number(found)


def said(entry: Entry, name: str) -> Value:
    """The same under a full name or the end of one: of a setting before that of a measure."""
    found = value(entry, name)
    if found is None and name not in _OWN:
        for key in entry.settings:
            if key.endswith(f".{name}"):
                return value(entry, key)
        for kind, of in _MEASURES.items():
            if name in of(entry):
                return value(entry, f"{kind}.{name}")
    return found


def names(entries: Sequence[Entry]) -> list[str]:
    """Every name under which one of the runs has something to say."""
    found = dict.fromkeys(_OWN)
    for kind, of in _MEASURES.items():
        found |= dict.fromkeys(f"{kind}.{key}" for entry in entries for key in of(entry))
    found |= dict.fromkeys(key for entry in entries for key in entry.settings)
    return [name for name in found if name not in ("validation.loss", "training.loss")]


def short(name: str) -> str:
    """A name as the head of a column: its last part."""
    return name.rpartition(".")[2]


# several runs


def differing(entries: Sequence[Entry]) -> list[str]:
    """The settings in which runs of one recipe differ: those of the recipe with most runs first.

    Of a recipe those with most values come first, and the seed last.
    """
    recipes: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.problem:
            recipes.setdefault(entry.recipe, []).append(entry)
    found: dict[str, None] = {}
    for alike in sorted(recipes.values(), key=len, reverse=True):
        values: dict[str, set[str]] = {}
        for entry in alike:  # a setting that is not there is of another version
            for key, text in entry.settings.items():
                values.setdefault(key, set()).add(text)
        differ = [key for key, told in values.items() if len(told) > 1]
        found |= dict.fromkeys(sorted(differ, key=lambda key: (key == "seed", -len(values[key]))))
    return list(found)


def better(name: str) -> int:
    """Whether a metric is better when larger (1) or smaller (-1); 0 where that is not known."""
    if name in ("loss", "validation") or _FALLING.search(name):
        return -1
    return 1 if _RISING.search(name) else 0


def best(entries: Sequence[Entry], name: str) -> set[str]:
    """The names of the runs that are best in a metric, of each recipe with several runs one."""
    sign = better(name)
    recipes: dict[str, list[tuple[float, str]]] = {}
    for entry in entries if sign else ():
        found = value(entry, name)
        if isinstance(found, float) and math.isfinite(found):
            recipes.setdefault(entry.recipe, []).append((sign * found, entry.name))
    return {max(known)[1] for known in recipes.values() if len(known) > 1}


def ordered(entries: Sequence[Entry], name: str, falling: bool = False) -> list[Entry]:
    """Runs sorted by what they say under a name, numbers before texts, those without a value last; equal ones stay."""
    told = [(value(entry, name), entry) for entry in entries]
    known = [(found, entry) for found, entry in told if not is_unknown(found)]

    def place(item: tuple[Value, Entry]) -> tuple[bool, float, str]:
        found = item[0]
        return (False, found, "") if isinstance(found, float) else (True, 0.0, str(found))

    return [
        *(entry for _, entry in sorted(known, key=place, reverse=falling)),
        *(entry for found, entry in told if is_unknown(found)),
    ]


# filters


def matching(entries: Sequence[Entry], line: str) -> list[Entry]:
    """The runs with all the words of a line in their name, recipe, state or tags, and for which its conditions hold."""
    wanted, words = conditions(line)
    return [
        entry
        for entry in entries
        if all(word in _words_of(entry) for word in words)
        and all(each.holds(said(entry, each.name)) for each in wanted)
    ]


def _words_of(entry: Entry) -> str:
    return " ".join((entry.name, entry.recipe, entry.state, *entry.notes.tags)).lower()


def known(wanted: Sequence[str], entries: Sequence[Entry]) -> list[str]:
    """The full names of these, or their ends. Raises: UsageError for one that no run knows."""
    every = names(entries)
    found = []
    for name in wanted:
        full = [name] if name in every else [each for each in every if each.endswith(f".{name}")]
        if not full:
            raise UsageError(f"no run knows {name!r}", did_you_mean(name, [*every, *map(short, every)]))
        settings = [each for each in full if each.partition(".")[0] not in _MEASURES]
        found.append((settings or full)[0])
    return found
