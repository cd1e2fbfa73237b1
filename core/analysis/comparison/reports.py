"""Reports of several runs as one: numbers in a table, curves of one name in one figure, other figures in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.analysis.comparison import seeds
from core.errors import HalodeckError, RunError
from core.figures import Curves, Figure, Report, Row, Series, Table
from core.runs.report_file import read_report

if TYPE_CHECKING:
    from core.runs.run import Run


SettingTexts: TypeAlias = Mapping[str, str]
"""The settings of a run as text, by dotted name."""


def compare_kept(
    runs: Sequence[Run], names: Sequence[str], baseline: str = "", read: Callable[[Run], Report] = read_report
) -> Report:
    """The reports that runs have, compared; a note says which runs have none that can be read, and why.

    Raises: RunError where none has one.
    """
    reports: list[tuple[str, Report]] = []
    told, missing = [], []
    for run, name in zip(runs, names, strict=True):
        try:
            reports.append((name, read(run)))
            told.append(settings_of(run))
        except HalodeckError as error:
            missing.append(str(error))
    if not reports:
        raise RunError("none of these runs has a report", f"make them with `halodeck report {' '.join(names)} --again`")
    if baseline and baseline not in [name for name, _ in reports]:
        missing.append(f"{baseline}, which the others were to be compared with, has no report")
        baseline = ""
    report = compare_reports(reports, told, baseline)
    return replace(report, notes=(*missing, *report.notes))


def compare_reports(
    reports: Sequence[tuple[str, Report]], settings: Sequence[SettingTexts] = (), baseline: str = ""
) -> Report:
    """Numbers side by side; curves of one name in one figure, other figures in a row. With a `baseline`, one of the
    runs, what the others' numbers are above it.

    What all runs share are facts, what differs is a table. Runs that differ by their seed alone, as `settings` tell,
    have their mean and scatter: of numbers where there are no others, of curves as a band.
    """
    names = [name for name, _ in reports]
    facts = [{key: value for key, value in report.facts.items() if key != "run"} for _, report in reports]
    changed = _differing(settings)
    # settings that only some recipes have would hide the others
    everywhere = [key for key in changed if all(key in of for of in settings) and key not in facts[0]]
    figures: dict[str, Figure] = {"numbers": numbers_beside(reports, changed == ["seed"], baseline)}
    rows = [
        (key, *(of.get(key) for of in told))
        for told, keys in ((settings, everywhere), (facts, _differing(facts)))
        for key in keys
    ]
    if rows:
        figures["differences"] = Table("What differs", ("setting", *names), tuple(rows))
    alike = seeds.groups(names, settings)
    for name in dict.fromkeys(name for _, report in reports for name in report.figures):
        shown = [(run, report.figures[name]) for run, report in reports if name in report.figures]
        banded = seeds.together(shown, alike)
        # where all runs are seeds of one, no curve needs a run's name
        figures[name] = banded[0][1] if len(banded) == 1 < len(shown) else beside(banded)
    notes = tuple(dict.fromkeys(note for _, report in reports for note in report.notes))
    shared = {key: value for key, value in facts[0].items() if key not in _differing(facts)}
    return Report(f"{len(reports)} runs compared", (), figures, notes, shared)


def _differing(told: Sequence[Mapping[str, str]]) -> list[str]:
    """The names under which not all are told the same."""
    return [key for key in dict.fromkeys(k for of in told for k in of) if len({of.get(key) for of in told}) > 1]


def settings_of(run: Run) -> SettingTexts:
    """What a run was told: its recipe, universes and settings."""
    from core.forms import settings_values
    from core.runs.registry import open_recipe

    config = run.config()
    name, on = str(config["recipe"]), [Path(path).stem for path in config.get("universes", ())]
    told = settings_values(open_recipe(run))
    return {"recipe": name, "universes": f"{len(on)}, {on[0]} to {on[-1]}" if on else "", **told}


def numbers_beside(reports: Sequence[tuple[str, Report]], scatter: bool = False, baseline: str = "") -> Table:
    """A row for each number with a column for each run; below it errors, papers' values where they differ, ceilings.

    With `scatter` also mean and standard deviation over the runs, with a `baseline` what each is above that run.
    """
    runs = [name for name, _ in reports]
    every = [{number.key: number for number in report.numbers} for _, report in reports]
    columns = ("quantity", *runs, *(("mean", "scatter") if scatter else ()), "paper")
    rows: list[tuple[str | float | None, ...]] = []

    def put(label: str, values: Sequence[float | None], *more: float | None) -> None:
        rows.append((label, *values, *more, *(None for _ in columns[1 + len(values) + len(more) :])))

    for key in dict.fromkeys(key for of in every for key in of):
        found = [of.get(key) for of in every]
        first = next(number for number in found if number)
        values, errors, papers = (
            [getattr(number, what) if number else None for number in found] for what in ("value", "error", "paper")
        )
        told = {paper for paper in papers if paper is not None}
        over = _over(values) if scatter else ()
        label = f"{first.name} [{first.unit}]" if first.unit else first.name
        put(label, values, *over, told.pop() if len(told) == 1 else None)
        if baseline and (base := values[runs.index(baseline)]) is not None:
            above = [None if value is None else value - base for value in values]
            others = [None if run == baseline else d for run, d in zip(runs, above, strict=True)]
            if any(value is not None for value in others):
                put(f"  - {baseline}", others)
        if any(error is not None for error in errors):
            put("  +-", errors)
        if told:
            put("  paper", papers)
        ceilings = [number.ceiling if number else None for number in found]
        if any(ceiling is not None for ceiling in ceilings):
            put("  ceiling", ceilings)
    return Table(f"Runs side by side, and minus {baseline}" if baseline else "Runs side by side", columns, tuple(rows))


def minus(table: Table, baseline: str) -> Table:
    """A table with a column for each method, minus the column of one of them; errors, which do not subtract, go."""
    place = table.columns.index(baseline)

    def above(value: str | float | None, of: str | float | None) -> float | None:
        return value - of if isinstance(value, (int, float)) and isinstance(of, (int, float)) else None

    def without(cells: Sequence[str | float | None]) -> list[str | float | None]:
        return [cell for number, cell in enumerate(cells) if number != place]

    rows = tuple(
        (row[0], *(above(cell, row[place]) for cell in without(row)[1:]))
        for row in table.rows
        if not str(row[0]).endswith("+-")
    )
    return Table(f"{table.title}, minus {baseline}", ("quantity", *map(str, without(table.columns)[1:])), rows)


def _over(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of what all runs have."""
    known = [value for value in values if value is not None]
    return (float(np.mean(known)), float(np.std(known, ddof=1))) if len(known) == len(values) else (None, None)


def beside(shown: Sequence[tuple[str, Figure]]) -> Figure:
    """Figures of one name from several runs: curves in one figure, also panel by panel; others in a row."""
    figures = [figure for _, figure in shown]
    curves = [(run, figure) for run, figure in shown if isinstance(figure, Curves)]
    if len(curves) == len(shown):
        return overlay(curves)
    rows = [figure.figures for figure in figures if isinstance(figure, Row)]
    if len(rows) == len(shown) and len({len(row) for row in rows}) == 1:
        names = [run for run, _ in shown]
        panels = [list(zip(names, column, strict=True)) for column in zip(*rows, strict=True)]
        if all(isinstance(panel, Curves) for column in panels for _, panel in column):
            return Row(figures[0].title, tuple(beside(column) for column in panels))
    alike = len({figure.title for figure in figures}) == 1
    titles = [run if alike else f"{run}: {figure.title}" for run, figure in shown]
    parts = tuple(replace(figure, title=title) for figure, title in zip(figures, titles, strict=True))
    return Row(figures[0].title, parts)


def overlay(many: Sequence[tuple[str, Curves]]) -> Curves:
    """Curves of several runs in one figure; what is equal in all of them, such as the truth, is drawn once."""
    first = many[0][1]
    common = [
        item for item in first.series if len(many) > 1 and all(_same(item, _named(c, item.name)) for _, c in many)
    ]
    shared = {item.name for item in common}
    own = [replace(item, name=f"{run}: {item.name}") for run, c in many for item in c.series if item.name not in shared]
    reference = first.ratio_to if first.ratio_to in shared else None
    return replace(first, series=(*common, *own), ratio_to=reference)


def _named(curves: Curves, name: str) -> Series | None:
    return next((item for item in curves.series if item.name == name), None)


def _same(a: Series, b: Series | None) -> bool:
    return b is not None and np.array_equal(a.x, b.x, equal_nan=True) and np.array_equal(a.y, b.y, equal_nan=True)
