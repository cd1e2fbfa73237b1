"""Numbers of reports as tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.figures import Number, Report, Table

BASELINES = {"ionization": "chance or the mean", "ionization_map": "smoothed density"}
"""What stands beside the numbers of a recipe whose report does not name it and where it is not boosted trees."""


def numbers(reports: Sequence[tuple[str, Report]], keys: Sequence[str]) -> str:
    """A row for each number, for each run its value with error, the baseline and the ceiling; the paper's last."""
    every = [{number.key: number for number in report.numbers} for _, report in reports]
    shown = [key for key in keys or dict.fromkeys(key for of in every for key in of) if any(key in of for of in every)]
    columns: list[tuple[str, list[str]]] = []
    for (name, report), of in zip(reports, every, strict=True):
        found = [of.get(key) for key in shown]
        columns.append((name, [_value(number) for number in found]))
        columns += _further(found, "baseline", f"{name}: {baseline(name, report)}") + _further(
            found, "ceiling", "ceiling"
        )
    first = [next(of[key] for of in every if key in of) for key in shown]
    columns += _further(first, "paper", "paper")
    rows = [_words(number) for number in first]
    return _markdown(["", *(name for name, _ in columns)], [rows, *(values for _, values in columns)])


def baseline(name: str, report: Report) -> str:
    """What its baseline is called in the head of a column."""
    told = report.facts.get("baseline") or BASELINES.get(name.split()[0], "trees")
    return "trees" if "trees" in told else re.split("[,:]", told)[0]


def whole(made: Table) -> str:
    """A table of a report as it is."""
    return _markdown(made.columns, [[_cell(row[i]) for row in made.rows] for i in range(len(made.columns))])


def turned(made: Table, keys: Sequence[str]) -> str:
    """A table of a report, its rows as columns: those whose first cell, spaces as _, begins with a key, or all."""
    rows = [row for row in made.rows if not keys or any(str(row[0]).replace(" ", "_").startswith(key) for key in keys)]
    ways = list(made.columns[1:])
    return _markdown(
        ["", *(str(row[0]) for row in rows)], [ways, *([_cell(value) for value in row[1:]] for row in rows)]
    )


def _further(found: Sequence[Number | None], attribute: str, title: str) -> list[tuple[str, list[str]]]:
    """One more column, none where it would be empty."""
    values = [None if number is None else getattr(number, attribute) for number in found]
    return [(title, [_cell(value) for value in values])] if any(value is not None for value in values) else []


def _words(number: Number) -> str:
    return f"{number.name} [{number.unit}]" if number.unit else number.name


def _value(number: Number | None) -> str:
    if number is None or number.value is None:
        return ""
    return _cell(number.value) + ("" if number.error is None else f" ± {number.error:.2g}")


def _cell(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:.4g}"


def _markdown(head: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    rows = [list(head), ["---"] * len(head), *(list(row) for row in zip(*columns, strict=True))]
    # a bar within a cell would end it
    rows = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|" for row in rows)
