"""Commands that list runs and what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.runs import RUN_KEYS, RUNS, RunsArgument, RunsOption, duration, told_of
from app.cli.show import print_figure, say, width
from core.conditions import conditions
from core.errors import UsageError
from core.runs.listing import entries, look_at_run, read_entry, read_measured

if TYPE_CHECKING:
    from core.figures import Table
    from core.runs.listing import Entry

_COLUMNS = ("state", "step", "loss", "validation", "speed", "left", "tags")


def list_runs(
    columns: Annotated[
        str,
        typer.Option(
            help="Settings, validation.NAME, report.KEY or training.NAME by comma, or all; else what differs."
        ),
    ] = "",
    where: Annotated[
        str, typer.Option(help="Only runs with these words or conditions: 'halonet seed=3 validation<0.1 dice>=0.9'.")
    ] = "",
    sort: Annotated[str, typer.Option(help="Sort by a column, a setting or a metric.")] = "",
    falling: Annotated[bool, typer.Option("--falling", help="The largest first.")] = False,
    runs: RunsOption = RUNS,
) -> None:
    """List the runs, newest first, with the settings that differ between runs of one recipe."""
    from core.runs import told

    found = entries(runs, read=read_measured)
    if not found:
        tell(runs=[])
        say(f"no runs in {runs}; start one with `halodeck train` or `halodeck demo`")
        return
    wanted = told.known([name for name in columns.split(",") if name not in ("", "all")], found)
    asked, words = conditions(where)
    told.known([each.name for each in asked], found)
    if wrong := [word for word in words if set(word) & set("<>=")]:
        raise UsageError(f"--where {wrong[0]!r} is no condition", "write seed=3, dice>0.9 or recipe!=infall")
    every_run, found = len(found), told.matching(found, where)
    if not found:
        tell(runs=[])
        say(f"none of the {every_run} runs in {runs} is so: {where}")
        return
    if sort:
        found = told.ordered(found, told.known([sort], found)[0] if found else sort, falling)
    tell(runs=[_measured(entry) for entry in found])
    every = [name for name in told.names(found) if "." in name] if columns == "all" else wanted
    names = every or told.differing(found)
    rows = [
        (entry.name, *_own(entry), *(told.value(entry, name) for name in names), _created(entry)) for entry in found
    ]
    problems = [entry.problem for entry in found if entry.problem]
    print_figure(_fitting(f"Runs in {runs}", ("run", *_COLUMNS, *names, "created"), rows, problems))


def _fitting(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str | float | None]], notes: Sequence[str]
) -> Table:
    """The columns in which somebody has something to say, as many as fit without cutting any; the others are named."""
    from app.draw.tables import whole_width
    from core.figures import Table

    def table(columns: Sequence[int], out: Sequence[str]) -> Table:
        more = [f"{len(out)} more columns: {', '.join(out)}; see --columns"] if out else []
        cells = tuple(tuple(row[k] for k in columns) for row in rows)
        return Table(title, tuple(heads[k] for k in columns), cells, "\n".join([*notes, *more]))

    used = [k for k in range(len(heads)) if k < 2 or any(row[k] not in (None, "") for row in rows)]
    out: list[str] = []
    while len(used) > 2 and whole_width(table(used, ())) > width():
        out.insert(0, heads[used.pop()])
    return table(used, out)


def _created(entry: Entry) -> str | None:
    from core.runs.run import age

    return age(entry.created) if entry.created else None


def _own(entry: Entry) -> Sequence[str | float | None]:
    """What every run has."""
    if entry.problem:
        return (entry.state, *[None] * (len(_COLUMNS) - 1))
    status = entry.status
    return (
        entry.state,
        f"{status.step}/{status.steps}",
        (status.values or {}).get("loss"),
        entry.validated.get("loss"),
        f"{status.speed:.2f}/s" if status.speed and entry.state == "running" else None,
        duration(status.remaining),
        " ".join(entry.notes.tags) or None,
    )


def _measured(entry: Entry) -> dict[str, Any]:
    """A run for machines, with what it was told and has measured."""
    more = {"settings": entry.settings, "validation": entry.validated, "report": entry.numbers}
    return told_of(entry) if entry.problem else {**told_of(entry), "recipe": entry.recipe, "sweep": entry.sweep, **more}


def settings(
    names: RunsArgument,
    everything: Annotated[bool, typer.Option("--all", help="Those that are the same, too.")] = False,
    runs: RunsOption = RUNS,
) -> None:
    """Show the settings of a run that are not the paper's, or those in which several runs differ."""
    from core.runs.differences import differences

    chosen = [look_at_run(runs, name) for name in names]
    for run in chosen:
        run.config()  # says what is wrong with it
    found = [read_entry(run.path) for run in chosen]
    tell(settings={entry.name: entry.settings for entry in found})
    print_figure(differences(found, everything))


_MORE = {
    "settings": "as texts by their dotted names",
    "validation": "what the last validation measured",
    "report": "its numbers by their keys",
    "recipe": "its recipe",
    "sweep": "the sweep that it is part of",
}
COMMANDS = (
    Command("runs", list_runs, 14, answer={"runs": f"list, newest first, of {', '.join({**RUN_KEYS, **_MORE})}"}),
    Command("settings", settings, 14, answer={"settings": "by run, every setting as text by its dotted name"}),
)
